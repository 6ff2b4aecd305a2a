/// Trades of Binance and its candles of the same time, from two repositories. Both recorded `aggTrade`, which holds all trades
/// that one order made at one price; those here hold one trade each, so that they are shown as what they are.
///
/// The history is of XRPETH on 2019-10-12, from github.com/freqtrade/freqtrade, commit 56de81a1,
/// tests/testdata/XRP_ETH-trades.json.gz and XRP_ETH-1m.json, which has no counts. All 3560 minutes from 2019-10-11 00:00 on
/// that both hold agree as the eight here do, 1091 of them without a trade, and so do the 712 candles of five minutes beside
/// them. The messages are of DOTUSDT on 2021-04-04, from github.com/bmoscon/cryptofeed, commit 29970208,
/// sample_data/BINANCE-ee25be.0: 91 s that hold one start of a minute. It has the running candles of that minute, of BTCUSDT,
/// ETHUSDT and DOTUSDT, 53 times; two of them end within an `aggTrade`, and all 51 others agree in price, volume and quote
/// volume as the three here do.
enum BinanceCandleRecordings {
    /// Recorded: every trade of eight minutes of XRPETH, of which two are without any, the one before them and the one behind
    /// them.
    static let history = #"""
        [{"id":15383817,"price":"0.00149343","qty":"15.00000000","time":1570902135461,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383818,"price":"0.00149344","qty":"14.00000000","time":1570902207888,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383819,"price":"0.00149499","qty":"20.00000000","time":1570902231336,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383820,"price":"0.00149518","qty":"20.00000000","time":1570902231422,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383821,"price":"0.00149520","qty":"10.00000000","time":1570902244636,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383822,"price":"0.00149464","qty":"60.00000000","time":1570902262426,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383823,"price":"0.00149567","qty":"11.00000000","time":1570902262558,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383824,"price":"0.00149571","qty":"10.00000000","time":1570902262655,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383825,"price":"0.00149571","qty":"11.00000000","time":1570902443643,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383826,"price":"0.00149612","qty":"73.00000000","time":1570902473740,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383827,"price":"0.00149612","qty":"177.00000000","time":1570902473948,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383828,"price":"0.00149612","qty":"757.00000000","time":1570902474054,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383829,"price":"0.00149459","qty":"16.00000000","time":1570902521384,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383830,"price":"0.00149462","qty":"11.00000000","time":1570902529994,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383831,"price":"0.00149478","qty":"13.00000000","time":1570902553699,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383832,"price":"0.00149483","qty":"15.00000000","time":1570902574420,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383833,"price":"0.00149484","qty":"16.00000000","time":1570902579867,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383834,"price":"0.00149631","qty":"97.00000000","time":1570902607812,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383835,"price":"0.00149513","qty":"15.00000000","time":1570902611738,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383836,"price":"0.00149639","qty":"30.00000000","time":1570902612885,"isBuyerMaker":false,"isBestMatch":true},
        {"id":15383837,"price":"0.00149513","qty":"86.00000000","time":1570902637605,"isBuyerMaker":true,"isBestMatch":true},
        {"id":15383838,"price":"0.00149559","qty":"14.00000000","time":1570902694683,"isBuyerMaker":false,"isBestMatch":true}]
        """#
    /// Recorded: the candles that Binance published of the same minutes.
    static let candles = [
        ExchangeCandle(1_570_902_180, ohlc: "0.00149344 0.00149518 0.00149344 0.00149518", volume: "54.0"),
        ExchangeCandle(1_570_902_240, ohlc: "0.0014952 0.00149571 0.00149464 0.00149571", volume: "91.0"),
        ExchangeCandle(1_570_902_300, ohlc: "0.00149571 0.00149571 0.00149571 0.00149571", volume: "0.0"),
        ExchangeCandle(1_570_902_360, ohlc: "0.00149571 0.00149571 0.00149571 0.00149571", volume: "0.0"),
        ExchangeCandle(1_570_902_420, ohlc: "0.00149571 0.00149612 0.00149571 0.00149612", volume: "1018.0"),
        ExchangeCandle(1_570_902_480, ohlc: "0.00149459 0.00149462 0.00149459 0.00149462", volume: "27.0"),
        ExchangeCandle(1_570_902_540, ohlc: "0.00149478 0.00149484 0.00149478 0.00149484", volume: "44.0"),
        ExchangeCandle(1_570_902_600, ohlc: "0.00149631 0.00149639 0.00149513 0.00149513", volume: "228.0"),
    ]
    /// Recorded: the last trade of DOTUSDT before 20:04, and the first fifteen behind it.
    static let messages = #"""
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566638445,"s":"DOTUSDT","t":63392693,"p":"43.52280000","q":"5.00000000","T":1617566638444,"m":false,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566640115,"s":"DOTUSDT","t":63392694,"p":"43.51460000","q":"40.00000000","T":1617566640113,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566640115,"s":"DOTUSDT","t":63392695,"p":"43.51450000","q":"32.10000000","T":1617566640113,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566640115,"s":"DOTUSDT","t":63392696,"p":"43.51420000","q":"11.88000000","T":1617566640113,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566640115,"s":"DOTUSDT","t":63392697,"p":"43.51390000","q":"110.81000000","T":1617566640113,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566640381,"s":"DOTUSDT","t":63392698,"p":"43.52340000","q":"0.44000000","T":1617566640380,"m":false,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566641873,"s":"DOTUSDT","t":63392699,"p":"43.52430000","q":"0.57000000","T":1617566641872,"m":false,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566642961,"s":"DOTUSDT","t":63392700,"p":"43.52340000","q":"0.30000000","T":1617566642959,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566642961,"s":"DOTUSDT","t":63392701,"p":"43.51290000","q":"0.46000000","T":1617566642959,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566643772,"s":"DOTUSDT","t":63392702,"p":"43.52430000","q":"0.30000000","T":1617566643771,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566643897,"s":"DOTUSDT","t":63392703,"p":"43.51390000","q":"1.30000000","T":1617566643896,"m":false,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566644376,"s":"DOTUSDT","t":63392704,"p":"43.51360000","q":"1.18000000","T":1617566644374,"m":true,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566646069,"s":"DOTUSDT","t":63392705,"p":"43.51390000","q":"0.41000000","T":1617566646068,"m":false,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566646229,"s":"DOTUSDT","t":63392706,"p":"43.51390000","q":"0.46000000","T":1617566646228,"m":false,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566647139,"s":"DOTUSDT","t":63392707,"p":"43.51390000","q":"0.30000000","T":1617566647137,"m":false,"M":true}}
        {"stream":"dotusdt@trade","data":{"e":"trade","E":1617566648613,"s":"DOTUSDT","t":63392708,"p":"43.51390000","q":"0.30000000","T":1617566648612,"m":false,"M":true}}
        """#
    /// Recorded: the candle of 20:04 as it stood when the feed published it, and the last trade in it.
    static let states = [
        (
            last: 63_392_699,
            candle: ExchangeCandle(
                1_617_566_640,
                ohlc: "43.51460000 43.52430000 43.51390000 43.52430000",
                volume: "195.80000000",
                quoteVolume: "8520.08255200",
                count: 6
            )
        ),
        (
            last: 63_392_704,
            candle: ExchangeCandle(
                1_617_566_640,
                ohlc: "43.51460000 43.52430000 43.51290000 43.51360000",
                volume: "199.34000000",
                quoteVolume: "8674.12691400",
                count: 11
            )
        ),
        (
            last: 63_392_708,
            candle: ExchangeCandle(
                1_617_566_640,
                ohlc: "43.51460000 43.52430000 43.51290000 43.51390000",
                volume: "200.81000000",
                quoteVolume: "8738.09234700",
                count: 15
            )
        ),
    ]
}
