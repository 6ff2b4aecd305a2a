import ArgumentParser
import Persister

@main
enum Main {
    static func main() async {
        await PersisterCommand.main()
    }
}
