import FoundationEssentials
import Glibc
import Shared

/// The folder that holds the steps of the schema.
enum SchemaDirectory {
    /// `SCHEMA_DIR`.
    static let setting = Setting.text(
        "SCHEMA_DIR",
        allowed: "the path of a folder",
        help:
            "The folder with the schema's steps; without it `schema` in the working folder, beside the program or above it, else /app/schema."
    )

    /// The folder to use when none is set: in a checkout the one above `.build`, in the image /app/schema.
    static func find() -> String {
        var candidates = ["schema"]
        if var folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            while let slash = folder.lastIndex(of: "/") {
                folder = String(folder[..<slash])
                candidates.append(folder + "/schema")
            }
        }
        candidates.append("/app/schema")
        return candidates.first { (try? files(in: $0))?.isEmpty == false } ?? "/app/schema"
    }

    /// The steps in a folder, in order.
    /// - Throws: ``MigrationError`` if the folder cannot be read, holds no step, or two steps have one number.
    static func read(_ path: String) throws(MigrationError) -> [MigrationFile] {
        let files = try files(in: path)
        guard !files.isEmpty else { throw .unreadable(path: path, reason: "it holds no file like 001_tables.sql") }
        for (file, next) in zip(files, files.dropFirst()) where file.number == next.number {
            throw .sameNumber(file.fileName, next.fileName)
        }
        return files
    }

    private static func files(in path: String) throws(MigrationError) -> [MigrationFile] {
        // The system's words, because Foundation's errors describe themselves over many lines.
        guard let folder = opendir(path) else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        closedir(folder)
        var files: [MigrationFile] = []
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() {
            guard MigrationFile(fileName: name, sql: "") != nil else { continue }
            guard let sql = try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) else {
                throw .unreadable(path: path, reason: "\(name) is no UTF-8 text that can be read")
            }
            if let file = MigrationFile(fileName: name, sql: sql) { files.append(file) }
        }
        return files
    }
}
