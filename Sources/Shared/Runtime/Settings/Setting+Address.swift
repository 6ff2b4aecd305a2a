import Glibc

extension Setting where Value == String {
    /// A setting that is an address to listen on, as digits; all addresses of the machine when it isn't set.
    public static func address(_ name: String, help: String) -> Setting {
        Setting(
            name,
            default: "0.0.0.0",
            allowed: "an IPv4 or IPv6 address of this machine, or localhost (127.0.0.1)",
            help: help
        ) { text in
            let address = text == "localhost" ? "127.0.0.1" : text
            var bytes = in6_addr()
            let isAddress = inet_pton(AF_INET, address, &bytes) == 1 || inet_pton(AF_INET6, address, &bytes) == 1
            return isAddress ? address : nil
        }
    }
}
