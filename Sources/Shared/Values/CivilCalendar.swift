/// The proleptic Gregorian calendar in integers: days since 1970-01-01 to year, month, day and back.
///
/// The method is Howard Hinnant's ("chrono-compatible low-level date algorithms"): years begin in March, so that the
/// leap day is the last one, and 400 years are 146 097 days.
enum CivilCalendar {
    /// The number of days from 1970-01-01 to that date; the date must exist, and be within 400 000 years of year 0.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // A thousand times 400 years later nothing is negative, so that each division is a multiplication or a shift.
        let shifted = UInt64(truncatingIfNeeded: (month <= 2 ? year &- 1 : year) &+ 400_000)
        let century = shifted / 100
        let monthFromMarch = UInt64(truncatingIfNeeded: month > 2 ? month &- 3 : month &+ 9)
        let daysOfYears = shifted &* 365 &+ shifted / 4 &- century &+ century / 4
        let days = daysOfYears &+ (153 &* monthFromMarch &+ 2) / 5
        return Int64(truncatingIfNeeded: days) &+ day &- 1 &- 146_097_000 &- 719_468
    }

    /// The date that many days after 1970-01-01.
    static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days &+ 719_468
        let era = (shifted >= 0 ? shifted : shifted &- 146_096) / 146_097
        let dayOfEra = shifted &- era &* 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1_460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let monthFromMarch = (5 &* dayOfYear &+ 2) / 153
        let day = dayOfYear &- (153 &* monthFromMarch &+ 2) / 5 &+ 1
        let month = monthFromMarch < 10 ? monthFromMarch &+ 3 : monthFromMarch &- 9
        return (yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0), month, day)
    }

    /// The number of days of a month from 1 to 12.
    static func dayCount(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
