/// Trades of Coinbase and its candles of the same time: BTC-USD on 2026-08-09, from github.com/bmoscon/cryptofeed, branch
/// v3, commit 57d5f18d, sample_data/COINBASE.jsonl.zst: 25 s of the Advanced Trade feed, whose snapshot of trades reaches back
/// 73 s.
///
/// That feed's candles are of five minutes; it publishes the one that is running every few seconds, with the trades before a
/// full ten seconds. The recording has the candle of 21:05 six times, three times of BTC-USD, three times of ETH-USD, and all
/// six agree; here are those of BTC-USD, whose last one is the whole minute. No recording of the REST's `/candles` beside
/// every trade of their minutes could be found.
enum CoinbaseCandleRecordings {
    /// Recorded: every trade of the minute 21:05, the one before it and the one behind it; the side is the maker's, as it is in
    /// the REST, whose shape this has.
    static let history = #"""
        [{"time":"2026-08-09T21:06:00.124705Z","trade_id":1068572123,"price":"65083.67","size":"0.00014937","side":"sell"},
        {"time":"2026-08-09T21:05:59.937562Z","trade_id":1068572122,"price":"65083.67","size":"0.00076056","side":"sell"},
        {"time":"2026-08-09T21:05:59.930874Z","trade_id":1068572121,"price":"65083.67","size":"0.00304224","side":"sell"},
        {"time":"2026-08-09T21:05:59.852346Z","trade_id":1068572120,"price":"65083.66","size":"0.00002627","side":"buy"},
        {"time":"2026-08-09T21:05:59.396311Z","trade_id":1068572119,"price":"65083.67","size":"0.00045634","side":"sell"},
        {"time":"2026-08-09T21:05:59.034049Z","trade_id":1068572118,"price":"65083.67","size":"0.00037328","side":"sell"},
        {"time":"2026-08-09T21:05:58.759174Z","trade_id":1068572117,"price":"65083.67","size":"0.00149313","side":"sell"},
        {"time":"2026-08-09T21:05:58.411602Z","trade_id":1068572116,"price":"65083.67","size":"0.00037328","side":"sell"},
        {"time":"2026-08-09T21:05:58.196972Z","trade_id":1068572115,"price":"65083.67","size":"0.00037328","side":"sell"},
        {"time":"2026-08-09T21:05:58.134186Z","trade_id":1068572114,"price":"65083.67","size":"0.00007606","side":"sell"},
        {"time":"2026-08-09T21:05:57.361763Z","trade_id":1068572113,"price":"65083.66","size":"0.00000015","side":"buy"},
        {"time":"2026-08-09T21:05:57.309108Z","trade_id":1068572112,"price":"65083.67","size":"0.00007606","side":"sell"},
        {"time":"2026-08-09T21:05:57.159412Z","trade_id":1068572111,"price":"65083.67","size":"0.00007606","side":"sell"},
        {"time":"2026-08-09T21:05:57.043489Z","trade_id":1068572110,"price":"65083.67","size":"0.00076056","side":"sell"},
        {"time":"2026-08-09T21:05:56.931515Z","trade_id":1068572109,"price":"65083.67","size":"0.00373283","side":"sell"},
        {"time":"2026-08-09T21:05:56.844976Z","trade_id":1068572108,"price":"65083.67","size":"0.0000146","side":"sell"},
        {"time":"2026-08-09T21:05:55.789514Z","trade_id":1068572107,"price":"65083.67","size":"0.00015211","side":"sell"},
        {"time":"2026-08-09T21:05:55.552974Z","trade_id":1068572106,"price":"65083.67","size":"0.00008746","side":"sell"},
        {"time":"2026-08-09T21:05:55.420993Z","trade_id":1068572105,"price":"65083.67","size":"0.00011295","side":"sell"},
        {"time":"2026-08-09T21:05:55.420993Z","trade_id":1068572104,"price":"65083.67","size":"0.00018565","side":"sell"},
        {"time":"2026-08-09T21:05:53.943157Z","trade_id":1068572103,"price":"65083.66","size":"0.00030868","side":"buy"},
        {"time":"2026-08-09T21:05:53.915769Z","trade_id":1068572102,"price":"65083.67","size":"0.00063806","side":"sell"},
        {"time":"2026-08-09T21:05:53.915769Z","trade_id":1068572101,"price":"65083.67","size":"0.00010851","side":"sell"},
        {"time":"2026-08-09T21:05:53.811159Z","trade_id":1068572100,"price":"65083.66","size":"0.04356637","side":"buy"},
        {"time":"2026-08-09T21:05:53.360819Z","trade_id":1068572099,"price":"65083.66","size":"0.00000015","side":"buy"},
        {"time":"2026-08-09T21:05:52.446846Z","trade_id":1068572098,"price":"65083.67","size":"0.00037161","side":"sell"},
        {"time":"2026-08-09T21:05:51.747315Z","trade_id":1068572097,"price":"65083.67","size":"0.00015211","side":"sell"},
        {"time":"2026-08-09T21:05:51.426861Z","trade_id":1068572096,"price":"65083.66","size":"0.00100346","side":"buy"},
        {"time":"2026-08-09T21:05:51.376358Z","trade_id":1068572095,"price":"65083.67","size":"0.00322434","side":"sell"},
        {"time":"2026-08-09T21:05:51.205638Z","trade_id":1068572094,"price":"65083.66","size":"0.00037368","side":"buy"},
        {"time":"2026-08-09T21:05:49.507468Z","trade_id":1068572093,"price":"65083.67","size":"0.00152112","side":"sell"},
        {"time":"2026-08-09T21:05:49.205817Z","trade_id":1068572092,"price":"65083.66","size":"0.00171442","side":"buy"},
        {"time":"2026-08-09T21:05:48.167634Z","trade_id":1068572091,"price":"65083.67","size":"0.01034361","side":"sell"},
        {"time":"2026-08-09T21:05:42.514318Z","trade_id":1068572090,"price":"65083.67","size":"0.002186","side":"sell"},
        {"time":"2026-08-09T21:05:41.139922Z","trade_id":1068572089,"price":"65083.67","size":"0.00064389","side":"sell"},
        {"time":"2026-08-09T21:05:38.50436Z","trade_id":1068572088,"price":"65083.66","size":"0.00007299","side":"buy"},
        {"time":"2026-08-09T21:05:36.813536Z","trade_id":1068572087,"price":"65083.66","size":"0.00100346","side":"buy"},
        {"time":"2026-08-09T21:05:36.095473Z","trade_id":1068572086,"price":"65083.67","size":"0.00028369","side":"sell"},
        {"time":"2026-08-09T21:05:36.028948Z","trade_id":1068572085,"price":"65083.67","size":"0.00014731","side":"sell"},
        {"time":"2026-08-09T21:05:35.55624Z","trade_id":1068572084,"price":"65083.67","size":"0.0015885","side":"sell"},
        {"time":"2026-08-09T21:05:35.135623Z","trade_id":1068572083,"price":"65083.67","size":"0.00047155","side":"sell"},
        {"time":"2026-08-09T21:05:34.740864Z","trade_id":1068572082,"price":"65083.67","size":"0.00025707","side":"sell"},
        {"time":"2026-08-09T21:05:33.235776Z","trade_id":1068572081,"price":"65083.66","size":"0.00000015","side":"buy"},
        {"time":"2026-08-09T21:05:33.224805Z","trade_id":1068572080,"price":"65083.66","size":"0.00012414","side":"buy"},
        {"time":"2026-08-09T21:05:32.673612Z","trade_id":1068572079,"price":"65083.66","size":"0.00769899","side":"buy"},
        {"time":"2026-08-09T21:05:31.543506Z","trade_id":1068572078,"price":"65083.67","size":"0.00050775","side":"sell"},
        {"time":"2026-08-09T21:05:29.540566Z","trade_id":1068572077,"price":"65083.67","size":"0.00116594","side":"sell"},
        {"time":"2026-08-09T21:05:29.273889Z","trade_id":1068572076,"price":"65083.67","size":"0.02650288","side":"sell"},
        {"time":"2026-08-09T21:05:27.596243Z","trade_id":1068572075,"price":"65083.72","size":"0.02130947","side":"buy"},
        {"time":"2026-08-09T21:05:27.596243Z","trade_id":1068572074,"price":"65083.72","size":"0.00332558","side":"buy"},
        {"time":"2026-08-09T21:05:27.596243Z","trade_id":1068572073,"price":"65083.72","size":"0.00008692","side":"buy"},
        {"time":"2026-08-09T21:05:27.596243Z","trade_id":1068572072,"price":"65083.72","size":"0.12","side":"buy"},
        {"time":"2026-08-09T21:05:27.596243Z","trade_id":1068572071,"price":"65083.72","size":"0.12","side":"buy"},
        {"time":"2026-08-09T21:05:27.596243Z","trade_id":1068572070,"price":"65083.72","size":"0.1374017","side":"buy"},
        {"time":"2026-08-09T21:05:27.414041Z","trade_id":1068572069,"price":"65083.72","size":"0.00023601","side":"buy"},
        {"time":"2026-08-09T21:05:26.429435Z","trade_id":1068572068,"price":"65083.72","size":"0.00352242","side":"buy"},
        {"time":"2026-08-09T21:05:25.222635Z","trade_id":1068572067,"price":"65083.73","size":"0.00038028","side":"sell"},
        {"time":"2026-08-09T21:05:24.347232Z","trade_id":1068572066,"price":"65083.73","size":"0.00058283","side":"sell"},
        {"time":"2026-08-09T21:05:24.044708Z","trade_id":1068572065,"price":"65083.72","size":"0.00108092","side":"buy"},
        {"time":"2026-08-09T21:05:23.135029Z","trade_id":1068572064,"price":"65083.72","size":"0.00100346","side":"buy"},
        {"time":"2026-08-09T21:05:21.378103Z","trade_id":1068572063,"price":"65083.72","size":"0.00000015","side":"buy"},
        {"time":"2026-08-09T21:05:21.17453Z","trade_id":1068572062,"price":"65083.73","size":"0.0015211","side":"sell"},
        {"time":"2026-08-09T21:05:20.553491Z","trade_id":1068572061,"price":"65083.72","size":"0.0001361","side":"buy"},
        {"time":"2026-08-09T21:05:20.469305Z","trade_id":1068572060,"price":"65083.72","size":"0.00001924","side":"buy"},
        {"time":"2026-08-09T21:05:20.013275Z","trade_id":1068572059,"price":"65083.74","size":"0.00182149","side":"sell"},
        {"time":"2026-08-09T21:05:18.83671Z","trade_id":1068572058,"price":"65083.75","size":"0.00567329","side":"sell"},
        {"time":"2026-08-09T21:05:16.915094Z","trade_id":1068572057,"price":"65083.56","size":"0.00009805","side":"buy"},
        {"time":"2026-08-09T21:05:16.21926Z","trade_id":1068572056,"price":"65084.7","size":"0.00380237","side":"sell"},
        {"time":"2026-08-09T21:05:16.1542Z","trade_id":1068572055,"price":"65086.36","size":"0.12781711","side":"buy"},
        {"time":"2026-08-09T21:05:16.152896Z","trade_id":1068572054,"price":"65088.42","size":"0.032071","side":"buy"},
        {"time":"2026-08-09T21:05:16.140202Z","trade_id":1068572053,"price":"65089.17","size":"0.001546","side":"buy"},
        {"time":"2026-08-09T21:05:16.140202Z","trade_id":1068572052,"price":"65089.68","size":"0.01536342","side":"buy"},
        {"time":"2026-08-09T21:05:16.140202Z","trade_id":1068572051,"price":"65089.68","size":"0.01536342","side":"buy"},
        {"time":"2026-08-09T21:05:16.140202Z","trade_id":1068572050,"price":"65089.81","size":"0.04164991","side":"buy"},
        {"time":"2026-08-09T21:05:16.140202Z","trade_id":1068572049,"price":"65090.74","size":"0.29999998","side":"buy"},
        {"time":"2026-08-09T21:05:16.140202Z","trade_id":1068572048,"price":"65090.99","size":"0.00164195","side":"buy"},
        {"time":"2026-08-09T21:05:16.140202Z","trade_id":1068572047,"price":"65090.99","size":"0.00001968","side":"buy"},
        {"time":"2026-08-09T21:05:14.689509Z","trade_id":1068572046,"price":"65091","size":"0.00222332","side":"sell"},
        {"time":"2026-08-09T21:05:12.851593Z","trade_id":1068572045,"price":"65090.99","size":"0.00000015","side":"buy"},
        {"time":"2026-08-09T21:05:12.839561Z","trade_id":1068572044,"price":"65090.99","size":"0.00002212","side":"buy"},
        {"time":"2026-08-09T21:05:12.44519Z","trade_id":1068572043,"price":"65091","size":"0.00000015","side":"sell"},
        {"time":"2026-08-09T21:05:11.127542Z","trade_id":1068572042,"price":"65091","size":"0.00015209","side":"sell"},
        {"time":"2026-08-09T21:05:10.563297Z","trade_id":1068572041,"price":"65091","size":"0.00156658","side":"sell"},
        {"time":"2026-08-09T21:05:08.709139Z","trade_id":1068572040,"price":"65090.99","size":"0.00100346","side":"buy"},
        {"time":"2026-08-09T21:05:05.745564Z","trade_id":1068572039,"price":"65091","size":"0.00218484","side":"sell"},
        {"time":"2026-08-09T21:05:03.527687Z","trade_id":1068572038,"price":"65091","size":"0.0125407","side":"sell"},
        {"time":"2026-08-09T21:05:01.701498Z","trade_id":1068572037,"price":"65090.99","size":"0.01551674","side":"buy"},
        {"time":"2026-08-09T21:05:00.683052Z","trade_id":1068572036,"price":"65091","size":"0.00661612","side":"sell"},
        {"time":"2026-08-09T21:05:00.045078Z","trade_id":1068572035,"price":"65091","size":"0.00000152","side":"sell"},
        {"time":"2026-08-09T21:04:59.51427Z","trade_id":1068572034,"price":"65091","size":"0.00001521","side":"sell"}]
        """#
    /// Recorded: the candle as it stood when the feed published it, and the instant up to which it holds the trades.
    static let states = [
        (
            end: "2026-08-09T21:05:40Z",
            candle: ExchangeCandle(1_786_309_500, ohlc: "65091 65091 65083.56 65083.66", volume: "1.03912606")
        ),
        (
            end: "2026-08-09T21:05:50Z",
            candle: ExchangeCandle(1_786_309_500, ohlc: "65091 65091 65083.56 65083.67", volume: "1.0555351")
        ),
        (
            end: "2026-08-09T21:06:00Z",
            candle: ExchangeCandle(1_786_309_500, ohlc: "65091 65091 65083.56 65083.67", volume: "1.11745494")
        ),
    ]
}
