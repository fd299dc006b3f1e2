/// A language that mails and pages are written in.
public enum Language: String, Sendable, CaseIterable {
    /// English
    case english = "en"
    /// French
    case french = "fr"
    /// German
    case german = "de"
}
