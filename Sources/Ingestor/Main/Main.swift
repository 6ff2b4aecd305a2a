import ArgumentParser
import Ingestor

@main
enum Main {
    static func main() async {
        await IngestorCommand.main()
    }
}
