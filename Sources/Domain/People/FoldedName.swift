extension OrganisationName {
    /// The name as look-alikes share it: without case, blanks, punctuation and marks, and with letters of other scripts
    /// that pass for Latin ones replaced by those (decision D-6; after the skeletons of Unicode's UTS 39, for what is
    /// common).
    public var folded: String {
        var folded = ""
        for scalar in text.lowercased().unicodeScalars {
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber:
                folded.unicodeScalars.append(Self.lookAlikes[Self.narrow(scalar)] ?? Self.narrow(scalar))
            default: continue
            }
        }
        return folded.isEmpty ? text : folded
    }

    /// The ordinary form of a full-width letter or digit.
    private static func narrow(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        (0xFF01...0xFF5E).contains(scalar.value) ? Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar : scalar
    }

    /// Cyrillic and Greek small letters, and digits, that look like a Latin letter.
    private static let lookAlikes: [Unicode.Scalar: Unicode.Scalar] = [
        "а": "a", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m", "о": "o",
        "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "ѵ": "v", "ԝ": "w", "х": "x", "у": "y", "в": "b", "н": "h", "г": "r",
        "α": "a", "ε": "e", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "γ": "y",
        "0": "o", "1": "l", "ı": "i", "ł": "l", "ø": "o", "đ": "d",
    ]
}
