import Shared

/// The values of `aggregator.state`: one JSON object each, its shape told by the kind of the key.
extension StateValue {
    /// Writes the value as one JSON object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        switch self {
        case .position(let state): Self.write(state, to: &json)
        case .coin(let record): Self.write(record, to: &json)
        case .pane(let state): Self.write(state, to: &json)
        case .alert(let state): Self.write(state, to: &json)
        }
        json.endObject()
    }

    private static func write(_ state: PositionState, to json: inout JSONWriter) {
        json.member("next_offset", Int(state.nextOffset))
        json.member("watermark", state.watermark)
        if let closed = state.closedThrough { json.member("closed_through", closed) }
        json.member("largest_event_time", state.largestEventTime)
        json.member("complete_from", state.completeFrom)
        json.member("kept_from", state.keptFrom)
        json.member("trades_from", state.tradesFrom)
        json.member("refused_through", state.refusedThrough)
        json.key("pane")
        json.duration(microseconds: state.paneLength)
        json.key("windows")
        json.beginArray()
        for window in state.windows { json.string(window.description) }
        json.endArray()
        guard !state.reportedRules.isEmpty else { return }
        json.key("reported_rules")
        json.beginObject()
        for (partition, next) in state.reportedRules.sorted(by: { $0.key < $1.key }) {
            json.key(String(partition))
            json.integer(next)
        }
        json.endObject()
    }

    private static func write(_ record: CoinRecord, to json: inout JSONWriter) {
        json.member("last_event_time", record.lastEventTime)
        json.member("close", record.close)
        json.member("volume", record.volume)
        if record.hasTrades { json.member("trades", true) }
        json.member("close_time", record.closeTime)
        json.member("complete_from", record.completeFrom)
    }

    private static func write(_ state: PaneState, to json: inout JSONWriter) {
        json.member("count", Int(state.count))
        if state.count > 0 {
            json.member("open", state.open)
            json.member("high", state.high)
            json.member("low", state.low)
            json.member("close", state.close)
            json.member("sum", state.sum)
            json.member("volume", state.volume)
            json.member("first", state.firstTime)
            json.member("last", state.lastTime)
        }
        json.member("emitted", Int(state.emitted))
        if let trades = state.trades {
            json.member("trades", Int(trades.count))
            json.member("size_sum", trades.size)
            json.member("quote_sum", trades.quote.description)
        }
        guard !state.revisions.isEmpty else { return }
        json.key("revisions")
        json.beginArray()
        for revision in state.revisions { json.integer(Int(revision)) }
        json.endArray()
    }

    private static func write(_ state: AlertState, to json: inout JSONWriter) {
        if let holds = state.holds { json.member("holds", holds) }
        json.member("fired_at", state.firedAt)
        json.member("kind", state.kind.rawValue)
        json.member("threshold", state.threshold)
        guard let window = state.windowMicroseconds else { return }
        json.key("window")
        json.duration(microseconds: window)
    }
}

extension StateValue {
    /// Reads the value of a record.
    /// - Parameters:
    ///   - json: the record's value.
    ///   - key: the record's key, which tells the shape.
    /// - Throws: ``JSONError`` when the bytes aren't one JSON object of that shape.
    public init(json: Span<UInt8>, for key: StateKey) throws(JSONError) {
        var scanner = JSONScanner(json)
        try scanner.beginObject()
        switch key {
        case .position: self = .position(try Self.position(&scanner, json))
        case .coin: self = .coin(try Self.coin(&scanner, json))
        case .pane: self = .pane(try Self.pane(&scanner, json))
        case .alert: self = .alert(try Self.alert(&scanner, json))
        }
        try scanner.end()
    }

    private static func position(_ scanner: inout JSONScanner, _ json: Span<UInt8>) throws(JSONError) -> PositionState {
        var state = PositionState(nextOffset: -1, paneLength: 0, windows: [])
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "next_offset": state.nextOffset = Int64(try scanner.integer())
            case "watermark": state.watermark = try scanner.eventTime()
            case "closed_through": state.closedThrough = try scanner.eventTime()
            case "largest_event_time": state.largestEventTime = try scanner.eventTime()
            case "complete_from": state.completeFrom = try scanner.eventTime()
            case "kept_from": state.keptFrom = try scanner.eventTime()
            case "trades_from": state.tradesFrom = try scanner.eventTime()
            case "refused_through": state.refusedThrough = try scanner.eventTime()
            case "pane": state.paneLength = TextDuration.microseconds(try scanner.string()) ?? 0
            case "windows": state.windows = try windows(&scanner)
            case "reported_rules": state.reportedRules = try reportedRules(&scanner, json)
            default: try scanner.skipValue()
            }
        }
        guard state.nextOffset >= 0 else { throw JSONError(.missingField("next_offset"), at: scanner.position) }
        if let fault = state.fault { throw JSONError(.invalidValue(fault), at: scanner.position) }
        return state
    }

    private static func windows(_ scanner: inout JSONScanner) throws(JSONError) -> [WindowSpec] {
        var windows: [WindowSpec] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            let start = scanner.position
            let text = try scanner.string()
            guard let window = WindowSpec(text) else {
                throw JSONError(.invalidValue("\(text) is not a window"), at: start)
            }
            windows.append(window)
        }
        return windows
    }

    private static func reportedRules(
        _ scanner: inout JSONScanner,
        _ json: Span<UInt8>
    ) throws(JSONError) -> [Int32: Int64] {
        var reported: [Int32: Int64] = [:]
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            let next = Int64(try scanner.integer())
            if let partition = Int32(key.string(in: json)) { reported[partition] = next }
        }
        return reported
    }

    private static func coin(_ scanner: inout JSONScanner, _ json: Span<UInt8>) throws(JSONError) -> CoinRecord {
        var record = CoinRecord()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "last_event_time": record.lastEventTime = try scanner.eventTime()
            case "close": record.close = try scanner.price()
            case "volume": record.volume = try scanner.price()
            case "trades": record.hasTrades = try scanner.bool()
            case "close_time": record.closeTime = try scanner.eventTime()
            case "complete_from": record.completeFrom = try scanner.eventTime()
            default: try scanner.skipValue()
            }
        }
        return record
    }

    private static func pane(_ scanner: inout JSONScanner, _ json: Span<UInt8>) throws(JSONError) -> PaneState {
        var state = PaneState(count: 0, emitted: 0)
        var trades = PaneState.Trades(count: 0, size: .zero, quote: .zero)
        while let key = try scanner.nextKey() {
            // A restore reads hundreds of thousands of these: no String is made of a key.
            if key.equals("count", in: json) {
                state.count = UInt32(clamping: try scanner.integer())
            } else if key.equals("open", in: json) {
                state.open = try scanner.price()
            } else if key.equals("high", in: json) {
                state.high = try scanner.price()
            } else if key.equals("low", in: json) {
                state.low = try scanner.price()
            } else if key.equals("close", in: json) {
                state.close = try scanner.price()
            } else if key.equals("sum", in: json) {
                state.sum = try scanner.price()
            } else if key.equals("volume", in: json) {
                state.volume = try scanner.price()
            } else if key.equals("first", in: json) {
                state.firstTime = try scanner.eventTime()
            } else if key.equals("last", in: json) {
                state.lastTime = try scanner.eventTime()
            } else if key.equals("emitted", in: json) {
                state.emitted = UInt16(clamping: try scanner.integer())
            } else if key.equals("revisions", in: json) {
                try scanner.beginArray()
                while try scanner.nextElement() { state.revisions.append(UInt32(clamping: try scanner.integer())) }
            } else if key.equals("trades", in: json) {
                trades.count = UInt32(clamping: try scanner.integer())
            } else if key.equals("size_sum", in: json) {
                trades.size = try scanner.price()
            } else if key.equals("quote_sum", in: json) {
                trades.quote = try productSum(&scanner, json)
            } else {
                try scanner.skipValue()
            }
        }
        if trades != PaneState.Trades(count: 0, size: .zero, quote: .zero) { state.trades = trades }
        guard state.count == 0 else { return state }
        // No tick, so no price and no time, whatever the record says.
        var empty = PaneState(count: 0, emitted: state.emitted)
        (empty.trades, empty.revisions) = (state.trades, state.revisions)
        return empty
    }

    private static func productSum(
        _ scanner: inout JSONScanner,
        _ json: Span<UInt8>
    ) throws(JSONError) -> ProductSum {
        let start = scanner.position
        let text = try scanner.text()
        guard let sum = text.withUTF8(in: json, { ProductSum(utf8: $0) }) else {
            throw JSONError(.invalidValue("not a sum of products"), at: start)
        }
        return sum
    }

    private static func alert(_ scanner: inout JSONScanner, _ json: Span<UInt8>) throws(JSONError) -> AlertState {
        var state = AlertState(kind: .above, threshold: .zero)
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "holds": state.holds = try scanner.bool()
            case "fired_at": state.firedAt = try scanner.eventTime()
            case "kind": state.kind = try scanner.choice()
            case "threshold": state.threshold = try scanner.price()
            case "window": state.windowMicroseconds = try scanner.duration()
            default: try scanner.skipValue()
            }
        }
        return state
    }
}
