import ArgumentParser
import Glibc
import UnixSignals

/// Runs the mock cluster until SIGTERM or SIGINT.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a broker in memory until SIGTERM or Ctrl-C (the default).",
        discussion: """
            It is librdkafka's mock cluster: it speaks Kafka's protocol on a loopback port of its own choice, keeps \
            5 MiB a partition in memory, and forgets everything when it ends. Transactions succeed but are not isolated.
            """
    )

    @Option(help: "Topics to create, as NAME:PARTITIONS separated by commas (default: the suite's topics, 3 each).")
    var topics: String?

    @Option(help: "Put before the names of the suite's topics.")
    var prefix = ""

    @Option(help: "A file to write the bootstrap address to, once the broker answers.")
    var addressFile: String?

    func validate() throws {
        _ = try topics.map(TopicArgument.list)
    }

    func run() async throws {
        let topics = try topics.map(TopicArgument.list) ?? TopicArgument.suite(prefix: prefix)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let cluster = try MockCluster(topics: topics.map { ($0.name, $0.partitions) })
        print(cluster.bootstrapServers)
        print("A mock broker: in memory, 5 MiB a partition, transactions not isolated. For demos and tests only.")
        fflush(nil)
        if let addressFile {
            try write(cluster.bootstrapServers, to: addressFile)
        }
        for await _ in signals {
            break
        }
        withExtendedLifetime(cluster) {}
    }

    /// Writes beside the file and renames, so that a reader never sees half an address.
    private func write(_ address: String, to path: String) throws {
        let temporary = "\(path).\(getpid())"
        guard let file = fopen(temporary, "w") else {
            throw ValidationError("can't write \(temporary): \(String(cString: strerror(errno)))")
        }
        fputs(address + "\n", file)
        if fclose(file) != 0 || rename(temporary, path) != 0 {
            throw ValidationError("can't write \(path): \(String(cString: strerror(errno)))")
        }
    }
}
