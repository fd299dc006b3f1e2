extension OrganisationName {
    /// The name as look-alikes share it: without case, blanks, punctuation and marks, and with letters of other scripts
    /// that pass for Latin ones replaced by those (decision D-6; after the skeletons of Unicode's UTS 39, for what is
    /// common).
    public var folded: String {
        var folded = ""
        for scalar in text.lowercased().unicodeScalars {
            switch scalar.properties.generalCategory {
            case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber:
                folded += Self.lookAlikes[Self.narrow(scalar)] ?? String(Character(Self.narrow(scalar)))
            default: continue
            }
        }
        for (pair, letter) in [("rn", "m"), ("vv", "w"), ("cl", "d")] { folded = folded.replacing(pair, with: letter) }
        return folded.isEmpty ? text : folded
    }

    /// The ordinary form of a full-width letter or digit.
    private static func narrow(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        (0xFF01...0xFF5E).contains(scalar.value) ? Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar : scalar
    }

    /// Cyrillic and Greek small letters, digits and accented letters that look like a Latin letter; `i`, `l` and `1` are
    /// one, as a capital `I` is a small one in lower case.
    private static let lookAlikes: [Unicode.Scalar: String] = [
        "а": "a", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "i", "м": "m", "о": "o",
        "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "ѵ": "v", "ԝ": "w", "х": "x", "у": "y", "в": "b", "н": "h", "г": "r",
        "α": "a", "ε": "e", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "γ": "y",
        "0": "o", "1": "i", "l": "i", "ı": "i", "ł": "i", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe",
        "à": "a", "á": "a", "â": "a", "ã": "a", "ä": "a", "å": "a", "ā": "a", "ą": "a", "ç": "c", "ć": "c", "č": "c",
        "ď": "d", "è": "e", "é": "e", "ê": "e", "ë": "e", "ē": "e", "ę": "e", "ě": "e", "ğ": "g", "ì": "i", "í": "i",
        "î": "i", "ï": "i", "ī": "i", "ñ": "n", "ń": "n", "ň": "n", "ò": "o", "ó": "o", "ô": "o", "õ": "o", "ö": "o",
        "ō": "o", "ő": "o", "ř": "r", "ś": "s", "š": "s", "ş": "s", "ť": "t", "ù": "u", "ú": "u", "û": "u", "ü": "u",
        "ū": "u", "ů": "u", "ű": "u", "ý": "y", "ÿ": "y", "ź": "z", "ž": "z", "ż": "z",
    ]
}
