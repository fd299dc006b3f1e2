import Domain
import Foundation

/// A moment's date and time of day in UTC, Gregorian.
struct UTCDate {
    let year: Int
    /// 1...12.
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int
    /// 1 is Sunday.
    let weekday: Int

    init(_ moment: Timestamp) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second, .weekday], from: date)
        year = parts.year ?? 1970
        month = parts.month ?? 1
        day = parts.day ?? 1
        hour = parts.hour ?? 0
        minute = parts.minute ?? 0
        second = parts.second ?? 0
        weekday = parts.weekday ?? 1
    }

    /// As a mail's Date field has it (RFC 5322, section 3.3).
    var fieldText: String {
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = [hour, minute, second].map(twoDigits).joined(separator: ":")
        return "\(weekdays[weekday - 1]), \(twoDigits(day)) \(months[month - 1]) \(year) \(time) +0000"
    }
}

/// A number of 0...99 in two digits.
func twoDigits(_ number: Int) -> String {
    number < 10 ? "0\(number)" : "\(number)"
}
