/// Messages of Kraken's WebSocket v2 and of its REST.
///
/// The history and the candles are of 2025-11-10, BTC/USDT, from github.com/nautechsystems/nautilus_trader,
/// crates/adapters/kraken/test_data/http_trades.json and http_ohlc.json; all 272 whole minutes that both hold agree as the
/// five here do. The session is of 2024-07-27, from a comment in trade_data_source/kraken_websocket_api.py of a course that
/// several public repositories follow. For snapshots, refusals and other states only examples of docs.kraken.com could be had.
enum KrakenRecordings {
    /// Recorded: what comes after connecting.
    static let status = #"""
        {"channel":"status","data":[{"api_version":"v2","connection_id":15564437896659189083,"system":"online","version":"2.0.7"}],"type":"update"}
        """#
    /// Recorded.
    static let subscribed = #"""
        {"method":"subscribe","result":{"channel":"trade","snapshot":false,"symbol":"BTC/USD"},"success":true,"time_in":"2024-07-27T21:15:57.923475Z","time_out":"2024-07-27T21:15:57.923542Z"}
        """#
    /// Recorded.
    static let heartbeat = #"{"channel":"heartbeat"}"#
    /// Recorded.
    static let update = #"""
        {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":68580.0,"qty":0.14225864,"ord_type":"limit","trade_id":72166031,"timestamp":"2024-07-27T21:16:00.512060Z"}]}
        """#
    /// Documentation.
    static let snapshot = #"""
        {"channel":"trade","type":"snapshot","data":[
        {"symbol":"MATIC/USD","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market","trade_id":4665846,"timestamp":"2023-09-25T07:48:36.925533Z"},
        {"symbol":"MATIC/USD","side":"buy","price":0.5118,"qty":10.5,"ord_type":"limit","trade_id":4665847,"timestamp":"2023-09-25T07:49:36.925603Z"}]}
        """#
    /// Documentation.
    static let refused = #"""
        {"error":"Currency pair not supported MATIC/USD","method":"subscribe","req_id":1,"success":false,"symbol":"MATIC/USD","time_in":"2023-04-25T13:22:53.729066Z","time_out":"2023-04-25T13:22:53.729098Z"}
        """#
    /// Recorded: five minutes of BTC/USDT, every trade of them.
    static let history = #"""
        {"error":[],"result":{"XBTUSDT":[
            ["105410.10000","0.00005000",1762795457.8467374,"b","m","",10218209],
            ["105383.80000","0.00012460",1762795473.9373446,"b","m","",10218210],
            ["105383.80000","0.00885072",1762795473.9373446,"b","m","",10218211],
            ["105383.70000","0.00007235",1762795483.306824,"s","l","",10218212],
            ["105351.10000","0.00045603",1762795491.8510275,"s","m","",10218213],
            ["105413.70000","0.00229159",1762795600.6521199,"b","l","",10218214],
            ["105413.70000","0.01600841",1762795616.311265,"b","m","",10218215],
            ["105413.70000","0.00012214",1762795616.311265,"b","m","",10218216],
            ["105413.70000","0.37972444",1762795616.311265,"b","m","",10218217],
            ["105413.70000","0.02796960",1762795616.311265,"b","m","",10218218],
            ["105413.70000","0.00474383",1762795616.311265,"b","m","",10218219],
            ["105413.70000","0.00700000",1762795616.311265,"b","m","",10218220],
            ["105413.70000","0.06328200",1762795616.311265,"b","m","",10218221],
            ["105413.70000","0.01134878",1762795616.311265,"b","m","",10218222],
            ["105413.70000","0.02845929",1762795616.311265,"b","m","",10218223],
            ["105413.70000","0.07524000",1762795616.311265,"b","m","",10218224],
            ["105413.70000","0.01966719",1762795616.311265,"b","m","",10218225],
            ["105413.70000","0.36643432",1762795616.311265,"b","m","",10218226],
            ["105413.60000","0.00712248",1762795631.381029,"s","l","",10218227],
            ["105413.60000","0.01187752",1762795631.4222581,"s","l","",10218228],
            ["105424.80000","0.00050000",1762795696.8688185,"b","l","",10218229],
            ["105485.00000","0.00012860",1762795696.8688185,"b","l","",10218230],
            ["105485.10000","0.00052981",1762795696.8688185,"b","l","",10218231],
            ["105464.70000","0.00033193",1762795712.3639321,"s","m","",10218232],
            ["105380.70000","0.00012976",1762795806.1988666,"b","l","",10218233],
            ["105380.80000","0.00034233",1762795806.1988666,"b","l","",10218234]
        ],"last":"1762795806198866600"}}
        """#
    /// Recorded: the candles that Kraken published of the same minutes. A VWAP has the product's decimals; what is beyond them
    /// is cut off.
    static let candles = [
        ExchangeCandle(
            1_762_795_440,
            ohlc: "105410.1 105410.1 105351.1 105351.1",
            volume: "0.0095537",
            vwap: "105382.3",
            count: 5
        ),
        ExchangeCandle(
            1_762_795_560,
            ohlc: "105413.7 105413.7 105413.7 105413.7",
            volume: "1.00229159",
            vwap: "105413.7",
            count: 13
        ),
        ExchangeCandle(
            1_762_795_620,
            ohlc: "105413.6 105413.6 105413.6 105413.6",
            volume: "0.019",
            vwap: "105413.6",
            count: 2
        ),
        ExchangeCandle(
            1_762_795_680,
            ohlc: "105424.8 105485.1 105424.8 105464.7",
            volume: "0.00149034",
            vwap: "105460.3",
            count: 4
        ),
        ExchangeCandle(
            1_762_795_800,
            ohlc: "105380.7 105380.8 105380.7 105380.8",
            volume: "0.00047209",
            vwap: "105380.7",
            count: 2
        ),
    ]
}
