import ArgumentParser
import Shared

/// A span of time on the command line, written as in the settings: `500ms`, `90s`, `5m`. A bare number is seconds, as
/// `--wait` took it first.
struct WaitTime: ExpressibleByArgument {
    /// The time.
    let duration: Duration

    /// A time that is known.
    init(duration: Duration) {
        self.duration = duration
    }

    /// Takes the text of an argument, or nil if it is no time.
    init?(argument: String) {
        guard let microseconds = TextDuration.microseconds(argument) ?? TextDuration.microseconds(argument + "s") else {
            return nil
        }
        duration = .microseconds(microseconds)
    }

    /// What `--help` shows.
    var defaultValueDescription: String {
        TextDuration.text(microseconds: duration.wholeMicroseconds)
    }
}
