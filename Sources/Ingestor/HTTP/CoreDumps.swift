import CLibCurl

/// What a process leaves behind when it crashes.
enum CoreDumps {
    /// Keeps the memory of this process, keys in it, out of every core file, wherever the system's pattern sends them.
    static func forbid() {
        _ = tickline_forbid_core_dumps()
    }
}
