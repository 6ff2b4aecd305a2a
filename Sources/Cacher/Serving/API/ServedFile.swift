import CServedFiles
import NIOCore

/// The files that the executable holds.
enum ServedFile: String, CaseIterable {
    case page = "/"
    case icon = "/favicon.svg"
    case description = "/openapi.json"

    /// The file of a path; nil when there is none.
    init?(path: String) {
        self.init(rawValue: path)
    }

    /// Its media type.
    var contentType: String {
        switch self {
        case .page: "text/html; charset=utf-8"
        case .icon: "image/svg+xml"
        case .description: "application/json"
        }
    }

    /// Its bytes.
    var bytes: UnsafeRawBufferPointer {
        let file =
            switch self {
            case .page: tickline_page()
            case .icon: tickline_icon()
            case .description: tickline_openapi()
            }
        return UnsafeRawBufferPointer(start: file.bytes, count: file.count)
    }
}
