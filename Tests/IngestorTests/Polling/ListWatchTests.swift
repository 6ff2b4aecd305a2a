import Testing

@testable import Ingestor

@Suite("A list that changes")
struct ListWatchTests {
    @Test("the first whole round is no change; then what is new is told at once, and what is gone after two rounds")
    func changes() {
        var watch = ListWatch(pages: 2)
        watch.add(["a", "b"], page: 1, isLast: false)
        #expect(watch.judge() == nil)
        watch.add(["c", "d"], page: 2, isLast: false)
        #expect(watch.judge() == nil)
        #expect(watch.count == 4)
        watch.add(["c", "e"], page: 2, isLast: false)
        #expect(watch.judge() == ListWatch.Change(added: ["e"], dropped: []))
        #expect(watch.judge() == ListWatch.Change(added: [], dropped: ["d"]))
        #expect(watch.judge() == nil)
        #expect(watch.count == 4)
    }

    @Test("a coin that is between two pages for a round is neither gone nor new")
    func between() {
        var watch = ListWatch(pages: 2)
        watch.add(["a", "b"], page: 1, isLast: false)
        watch.add(["c"], page: 2, isLast: false)
        _ = watch.judge()
        watch.add(["a", "c"], page: 1, isLast: false)
        #expect(watch.judge() == nil, "b is on neither page, c on both")
        watch.add(["b"], page: 2, isLast: false)
        #expect(watch.judge() == nil)
    }

    @Test("an empty page ends the list: what stood behind it is gone")
    func shorter() {
        var watch = ListWatch(pages: 3)
        for page in 1...3 { watch.add(["c\(page)"], page: page, isLast: false) }
        _ = watch.judge()
        watch.add([], page: 2, isLast: true)
        #expect(watch.judge() == nil)
        #expect(watch.judge() == ListWatch.Change(added: [], dropped: ["c2", "c3"]))
    }

    @Test("a long change is one line of bounded length")
    func line() {
        let change = ListWatch.Change(added: (0..<500).map { "n\($0)" }, dropped: ["x"])
        #expect(change.description.hasSuffix("n9 and 490 others; gone: x"), "\(change)")
        #expect(ListWatch.Change(added: [], dropped: ["x", "y"]).description == "gone: x, y")
    }
}
