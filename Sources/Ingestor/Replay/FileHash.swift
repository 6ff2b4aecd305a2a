import CCrypto
import Glibc

/// The SHA-256 of a file's bytes as they are on the disk: by it a replay knows the file again, whatever it is called then.
enum FileHash {
    /// The digest, as 64 hexadecimal digits.
    /// - Parameters:
    ///   - path: the file.
    ///   - whileReading: called once a MiB; what it throws ends the reading.
    /// - Throws: ``ReplayError`` when the file can't be read.
    static func sha256(of path: String, whileReading: () throws(ReplayError) -> Void) throws(ReplayError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ReplayError("cannot open \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard let context = EVP_MD_CTX_new() else { throw ReplayError("there is no memory to read \(path)") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else { throw ReplayError("there is no SHA-256 here") }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            try whileReading()
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw ReplayError("cannot read \(path): \(String(cString: strerror(errno)))")
            }
            EVP_DigestUpdate(context, buffer.baseAddress, count)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw ReplayError("there is no SHA-256 here") }
        return digest.map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0\(digits)" : digits
        }.joined()
    }
}
