import Logging

/// One log event as the bytes of one line, line feed included.
struct LogLine {
    /// When it happened; whole milliseconds.
    let time: EventTime
    let level: Logger.Level
    let service: String
    let message: String
    let metadata: Logger.Metadata

    /// A JSON object with `time`, `level`, `service`, `message` and, if there is any, `metadata`.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("time")
        writer.string(time.description)
        writer.key("level")
        writer.string(level.rawValue)
        writer.key("service")
        writer.string(service)
        writer.key("message")
        writer.string(message)
        if !metadata.isEmpty {
            writer.key("metadata")
            Self.write(.dictionary(metadata), to: &writer)
        }
        writer.endObject()
        return writer.withUnsafeBytes { $0 + [UInt8(ascii: "\n")] }
    }

    /// Text: control characters are escaped, so that an event is one line and no message can steer the terminal.
    var text: [UInt8] {
        let name = level.rawValue.uppercased()
        let padding = String(repeating: " ", count: max(0, 8 - name.count))
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        var line = Array("\(time) \(name)\(padding) \(service): ".utf8)
        for scalar in (message + pairs).unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            line.append(contentsOf: (isControl ? scalar.escaped(asASCII: true) : String(scalar)).utf8)
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func write(_ value: Logger.MetadataValue, to writer: inout JSONWriter) {
        switch value {
        case .string(let text):
            writer.string(text)
        case .stringConvertible(let convertible):
            writer.string(convertible.description)
        case .array(let elements):
            writer.beginArray()
            for element in elements {
                write(element, to: &writer)
            }
            writer.endArray()
        case .dictionary(let members):
            writer.beginObject()
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                write(member, to: &writer)
            }
            writer.endObject()
        }
    }
}
