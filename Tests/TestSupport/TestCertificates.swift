import Foundation

/// An authority of a test's own and a server's certificate from it, made by the `openssl` command in a temporary folder.
public final class TestCertificates: Sendable {
    /// The authority, as a PEM file.
    public let authority: String
    /// The server's certificate, as a PEM file.
    public let certificate: String
    /// The key of the server's certificate, as a PEM file.
    public let key: String
    private let folder: URL

    /// Makes them; blocks for as long as openssl takes.
    /// - Parameters:
    ///   - names: the names that the certificate is for.
    ///   - addresses: the addresses that it is for.
    ///   - days: for how long it is valid from now on; negative ones make it expired.
    public init(names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"], days: Int = 2) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tickline-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        authority = folder.appending(path: "ca.pem").path
        certificate = folder.appending(path: "cert.pem").path
        key = folder.appending(path: "key.pem").path
        let (caKey, request) = (folder.appending(path: "ca.key").path, folder.appending(path: "request.pem").path)
        let extensions = folder.appending(path: "extensions").path
        let alternatives = names.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
        try "subjectAltName=\(alternatives.joined(separator: ","))\n"
            .write(toFile: extensions, atomically: true, encoding: .utf8)
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try openssl(
            ["req", "-x509"] + newKey + ["-keyout", caKey, "-out", authority, "-subj", "/CN=Test", "-days", "2"]
        )
        try openssl(["req"] + newKey + ["-keyout", key, "-out", request, "-subj", "/CN=test.invalid"])
        try openssl([
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", caKey, "-CAcreateserial", "-days", "\(days)",
            "-extfile", extensions, "-out", certificate,
        ])
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// librdkafka's properties for a broker that shows them.
    /// - Parameter forClient: whether the client shows the same certificate.
    public func kafkaProperties(forClient: Bool = false) -> [String: String] {
        let ours = ["ssl.certificate.location": certificate, "ssl.key.location": key]
        return ["security.protocol": "SSL", "ssl.ca.location": authority].merging(forClient ? ours : [:]) { $1 }
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let output = Pipe()
        process.standardError = output
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: String(decoding: text, as: UTF8.self)) }
    }

    /// What openssl says.
    private struct Failure: Error {
        let text: String
    }
}
