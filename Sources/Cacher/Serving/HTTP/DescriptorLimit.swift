import Glibc
import Logging

/// How many descriptors, and so connections, the process may have.
enum DescriptorLimit {
    /// Raises the limit as far as the system allows, and says when that is too little.
    static func raise(to wanted: Int, logger: Logger) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < wanted else {
            return
        }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < wanted else { return }
        logger.warning(
            """
            the system allows \(limit.rlim_cur) open descriptors, \(wanted) would be needed: raise the limit (ulimit -n), or \
            lower CACHER_HTTP_CONNECTIONS and CACHER_HTTP_READERS
            """
        )
    }
}
