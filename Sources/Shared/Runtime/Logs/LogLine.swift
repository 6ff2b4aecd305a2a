import Logging

/// One log event as the bytes of one line, line feed included.
struct LogLine {
    /// RFC 3339.
    let time: String
    let level: Logger.Level
    let service: String
    let message: String
    let metadata: Logger.Metadata

    /// A JSON object with `time`, `level`, `service`, `message` and, if there is any, `metadata`.
    var json: [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        line.append(contentsOf: #"{"time":"\#(time)","level":"\#(level.rawValue)","service":"#.utf8)
        JSONEscape.append(service, to: &line)
        line.append(contentsOf: #","message":"#.utf8)
        JSONEscape.append(message, to: &line)
        if !metadata.isEmpty {
            line.append(contentsOf: #","metadata":"#.utf8)
            Self.append(.dictionary(metadata), to: &line)
        }
        line.append(contentsOf: "}\n".utf8)
        return line
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

    private static func append(_ value: Logger.MetadataValue, to line: inout [UInt8]) {
        switch value {
        case .string(let text):
            JSONEscape.append(text, to: &line)
        case .stringConvertible(let convertible):
            JSONEscape.append(convertible.description, to: &line)
        case .array(let elements):
            line.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                append(element, to: &line)
            }
            line.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            line.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { line.append(UInt8(ascii: ",")) }
                JSONEscape.append(member.key, to: &line)
                line.append(UInt8(ascii: ":"))
                append(member.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
    }
}
