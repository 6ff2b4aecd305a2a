import CLibCurl
import Shared

/// Why there is no answer from a server. Every libcurl error is classified here and nowhere else.
struct HTTPError: ClassifiedError, CustomStringConvertible {
    /// What kind of failure it is.
    enum Kind: Sendable, Hashable {
        /// The service was asked to stop while it waited.
        case cancelled
        /// The server could not be reached, the connection broke, or what came is no HTTP: the next attempt may work.
        case unreachable
        /// The body was larger than the client accepts.
        case tooLarge
        /// No attempt can work before a setting is changed.
        case misconfigured
    }

    /// What kind of failure it is.
    var kind: Kind
    /// What happened, in one sentence with the URL.
    var description: String

    /// Makes an error from a libcurl result.
    /// - Parameters:
    ///   - code: what `curl_easy_perform` returned; never `CURLE_OK`.
    ///   - detail: the text in libcurl's error buffer, empty when it wrote none.
    ///   - url: where the request went.
    ///   - wasSent: whether the request left. What goes wrong then is no setting, whatever libcurl calls it: an answer
    ///     that is no HTTP is an "unsupported protocol" like a URL that begins with `ftp`.
    init(code: CURLcode, detail: String, url: String, wasSent: Bool = false) {
        kind =
            switch code {
            case CURLE_ABORTED_BY_CALLBACK: .cancelled
            case CURLE_WRITE_ERROR, CURLE_FILESIZE_EXCEEDED: .tooLarge
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_NOT_BUILT_IN, CURLE_UNKNOWN_OPTION,
                CURLE_BAD_FUNCTION_ARGUMENT, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ENGINE_NOTFOUND:
                wasSent ? .unreachable : .misconfigured
            default: .unreachable
            }
        let reason = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        description = "no answer from \(MaskedURL.withoutUser(url)): \(reason) (curl \(code.rawValue))"
    }

    /// Only a wrong setting ends the service; everything else is tried again.
    var disposition: Disposition {
        kind == .misconfigured ? .fatal : .retry
    }
}
