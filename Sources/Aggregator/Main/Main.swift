import Aggregator
import ArgumentParser

@main
enum Main {
    static func main() async {
        await AggregatorCommand.main()
    }
}
