import Foundation

/// A file for the time of a test.
enum TemporaryFile {
    /// Writes a text, calls `body` with the path, and removes the file.
    static func with<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let path = try keep(text)
        defer { remove(path) }
        return try body(path)
    }

    /// Writes a text to a file of its own.
    /// - Returns: the path.
    static func keep(_ text: String) throws -> String {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("tickline-\(UUID().uuidString)")
        try Data(text.utf8).write(to: url)
        return url.path
    }

    /// Writes bytes to a file with this name in a folder of its own.
    /// - Returns: the path.
    static func keep(_ bytes: [UInt8], named name: String) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tickline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appendingPathComponent(name)
        try Data(bytes).write(to: url)
        return url.path
    }

    /// Removes a file, and the folder of its own if it has one.
    static func remove(_ path: String) {
        let folder = URL(filePath: path).deletingLastPathComponent()
        let isItsOwn = folder.lastPathComponent.hasPrefix("tickline-")
        try? FileManager.default.removeItem(atPath: isItsOwn ? folder.path : path)
    }
}
