public import Domain
import Foundation

extension Language {
    /// The first language of ours that a text names.
    ///
    /// - Parameter tag: A language tag (`de-CH`; RFC 5646), or a list as in Accept-Language, in the order of preference.
    ///   Weights are not read: browsers list the preferred language first. English where none fits.
    public init(tag: String) {
        let primaries = tag.prefix(Self.tagCharactersMax).split(separator: ",").map { range in
            range.drop { $0 == " " || $0 == "\t" }.prefix { $0.isASCII && $0.isLetter }.lowercased()
        }
        self = primaries.lazy.compactMap(Self.init(rawValue:)).first ?? .english
    }

    /// How much of a tag or list is read.
    static let tagCharactersMax = 200

    /// A moment as people of this language write it, to the minute, in UTC: a mail doesn't know its reader's zone.
    ///
    /// - Parameter moment: The moment.
    /// - Returns: For instance `14 March 2026, 09:30 (UTC)`.
    public func text(of moment: Timestamp) -> String {
        let parts = UTCDate(moment)
        let time = "\(twoDigits(parts.hour)):\(twoDigits(parts.minute))"
        let month = months[parts.month - 1]
        return switch self {
        case .english: "\(parts.day) \(month) \(parts.year), \(time) (UTC)"
        case .french: "\(parts.day == 1 ? "1er" : "\(parts.day)") \(month) \(parts.year) à \(time) (UTC)"
        case .german: "\(parts.day). \(month) \(parts.year), \(time) Uhr (UTC)"
        }
    }

    private var months: [String] {
        switch self {
        case .english:
            [
                "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                "November", "December",
            ]
        case .french:
            [
                "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
                "novembre", "décembre",
            ]
        case .german:
            [
                "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
                "November", "Dezember",
            ]
        }
    }
}
