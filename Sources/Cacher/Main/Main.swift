import ArgumentParser
import Cacher

@main
enum Main {
    static func main() async {
        await CacherCommand.main()
    }
}
