import ArgumentParser
import LocalBroker

@main
enum Main {
    static func main() async {
        await LocalBrokerCommand.main()
    }
}
