/// The Lua that runs inside Redis, so that comparing, writing and telling subscribers are one step that nobody sees half.
///
/// A key of another type is left alone, and costs no more than what would have been written there: a script adds
/// ``hashInTheWay`` or ``setInTheWay`` to its answer. A value whose channel is empty is written and not published.
public struct CacheScript: Sendable, Hashable {
    /// The script's text.
    public var text: String
    /// Added to an answer when the hash, `KEYS[1]`, is of another type.
    static let hashInTheWay: Int64 = 4
    /// Added to an answer when the sorted set is of another type.
    static let setInTheWay: Int64 = 8
    /// Added to the answer of ``candle`` when the history holds no later window.
    static let isLastCandle: Int64 = 16

    /// Added to the answer of ``price`` when another sorted set is.
    static let marketCapInTheWay: Int64 = 32
    static let volumeInTheWay: Int64 = 64

    /// Replaces a coin's latest price when what comes is newer, and publishes it; answers 1, or 0 when it is not.
    ///
    /// The indexes have the ``maximumCoins`` first of their currency at most, and go with the last of their hashes: who makes
    /// up coins and currencies must not fill Redis for good.
    public static let price = CacheScript(
        text: """
            -- KEYS: the hash, the coins by rank, by market capitalisation, by volume
            -- ARGV: time_us, order, milliseconds to live (0: for ever), channel, message, coin, rank,
            -- milliseconds for the indexes to live (0: as they are), market capitalisation, volume (empty: unknown),
            -- field, value, ...
            \(replace)
            if not replace(11) then return blocked end
            local function index(key, score, last, bit)
              local changed
              if score == '' then
                changed = redis.pcall('ZREM', key, ARGV[6])
              else
                changed = redis.pcall('ZADD', key, score, ARGV[6])
              end
              if type(changed) == 'table' then
                if not isInTheWay(changed) then redis.call('ZADD', key, score, ARGV[6]) end
                blocked = blocked + bit
                return
              end
              if changed == 1 and score ~= '' then redis.call('ZREMRANGEBYRANK', key, last[1], last[2]) end
              if ARGV[8] ~= '0' then redis.call('PEXPIRE', key, ARGV[8]) end
            end
            index(KEYS[2], ARGV[7], {\(maximumCoins), -1}, \(setInTheWay))
            index(KEYS[3], ARGV[9], {0, -1 - \(maximumCoins)}, \(marketCapInTheWay))
            index(KEYS[4], ARGV[10], {0, -1 - \(maximumCoins)}, \(volumeInTheWay))
            publish()
            return 1 + blocked
            """
    )

    /// Says by how much a coin's price has changed over the last hour and day, when that candle is its latest: from the
    /// opens of the candles that began then, or of the first one after that.
    static let movers = CacheScript(
        text: """
            -- KEYS: the history of one-minute candles, the movers of the hour, of the day
            -- ARGV: coin, the window's start in ms, its close, milliseconds to live (0: for ever)
            local last = redis.pcall('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
            if last.err or not last[2] or tonumber(last[2]) ~= tonumber(ARGV[2]) then return 0 end
            for i, length in ipairs({3600000, 86400000}) do
              local start = tonumber(ARGV[2]) + 60000 - length
              local found = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.0f', start),
                string.format('%.0f', start + length / 12), 'LIMIT', 0, 1)
              local open = found[1] and tonumber(string.match(found[1], '"o":"([^"]+)"'))
              if open and open > 0 then
                local change = string.format('%.17g', (tonumber(ARGV[3]) / open - 1) * 100)
                if redis.call('ZADD', KEYS[1 + i], change, ARGV[1]) == 1 then
                  redis.call('ZREMRANGEBYRANK', KEYS[1 + i], \(maximumCoins), -1)
                end
                if ARGV[4] ~= '0' then redis.call('PEXPIRE', KEYS[1 + i], ARGV[4]) end
              else
                redis.call('ZREM', KEYS[1 + i], ARGV[1])
              end
            end
            return 1
            """
    )

    /// Takes coins out of the sorted sets of a currency whose price is gone; answers how many.
    static let sweep = CacheScript(
        text: """
            -- KEYS: the sorted sets, the prices' hashes
            -- ARGV: how many sorted sets, the coins
            local count, gone = tonumber(ARGV[1]), 0
            for i = 2, #ARGV do
              if redis.call('EXISTS', KEYS[count + i - 1]) == 0 then
                gone = gone + 1
                for set = 1, count do redis.pcall('ZREM', KEYS[set], ARGV[i]) end
              end
            end
            return gone
            """
    )

    /// Puts a candle into its coin's history, and makes it the coin's latest when it is newer, which is published; answers
    /// 1, 2 when it is not the latest but has changed the history, and 0 when it has changed nothing; ``isLastCandle`` more
    /// when it is the latest and the history holds no later one.
    public static let candle = CacheScript(
        text: """
            -- KEYS: the hash, the history by the windows' starts
            -- ARGV: time_us, order, milliseconds to live (0: for ever), channel, message, window_start in ms, the history's
            -- entry, how many entries to keep (0: none), field, value, ...
            \(replace)
            local changed = 0
            if ARGV[8] ~= '0' then
              local found = redis.pcall('ZRANGEBYSCORE', KEYS[2], ARGV[6], ARGV[6])
              local old = found[1]
              local revision = old and tonumber(string.match(old, '"r":(%d+)'))
              if found.err then
                if not isInTheWay(found) then return found end
                blocked = \(setInTheWay)
              elseif not revision or revision < tonumber(ARGV[2]) then
                redis.call('ZADD', KEYS[2], ARGV[6], ARGV[7])
                if old then redis.call('ZREM', KEYS[2], old) end
                redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - ARGV[8])
                if redis.call('ZSCORE', KEYS[2], ARGV[7]) then changed = 2 end
                if ARGV[3] ~= '0' then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
              end
            end
            if not replace(9) then return changed + blocked end
            publish()
            if blocked == 0 then
              local last = ARGV[8] ~= '0' and redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
              if not last or tonumber(last[2]) == tonumber(ARGV[6]) then blocked = \(isLastCandle) end
            end
            return 1 + blocked
            """
    )

    /// Lua that replaces the hash `KEYS[1]` when `ARGV` is newer, and says whether it was.
    ///
    /// The guard stands in the hash it guards (`time_us`, `order`), so the two can't be lost or expire apart. Doubles,
    /// Lua's only numbers, hold microseconds exactly until the year 2255.
    private static let replace = """
        local blocked = 0
        \(isInTheWay)
        local function publish()
          if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
        end
        local function replace(first)
          local stored = redis.pcall('HMGET', KEYS[1], 'time_us', 'order')
          if stored.err then
            -- Once more, for the error to be the script's own.
            if not isInTheWay(stored) then redis.call('HMGET', KEYS[1], 'time_us') end
            blocked = blocked + \(hashInTheWay)
            return false
          end
          local time, order = tonumber(stored[1]), tonumber(stored[2])
          if time and order then
            local newTime, newOrder = tonumber(ARGV[1]), tonumber(ARGV[2])
            if newTime < time or (newTime == time and newOrder <= order) then return false end
          end
          -- HSET comes first: a DEL before it would switch off Redis' check of maxmemory for the rest of the script.
          redis.call('HSET', KEYS[1], 'time_us', ARGV[1], 'order', ARGV[2], unpack(ARGV, first))
          -- An empty value takes its field away.
          local absent = {}
          for i = first, #ARGV, 2 do
            if ARGV[i + 1] == '' then absent[#absent + 1] = ARGV[i] end
          end
          if absent[1] then redis.call('HDEL', KEYS[1], unpack(absent)) end
          if ARGV[3] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
          return true
        end
        """

    /// Lua that says whether an error is that of a key of another type.
    private static let isInTheWay =
        "local function isInTheWay(answer) return string.find(answer.err, 'WRONGTYPE', 1, true) ~= nil end"

    /// How many coins of a currency the index keeps; CoinGecko has some 17 000.
    public static let maximumCoins = 100_000

    /// Adds an alert to the sorted set of recent ones and publishes it; answers 1, or 0 when it was there already or is
    /// older than all that are kept.
    public static let alert = CacheScript(
        text: """
            -- KEYS: the sorted set of alerts
            -- ARGV: triggered_at in ms, how many to keep, channel, message, the channel of all alerts
            \(isInTheWay)
            local added = redis.pcall('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[4])
            if type(added) == 'table' then return isInTheWay(added) and \(setInTheWay) or added end
            if added == 0 then return 0 end
            redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
            if not redis.call('ZSCORE', KEYS[1], ARGV[4]) then return 0 end
            if ARGV[3] ~= '' then
              redis.call('PUBLISH', ARGV[3], ARGV[4])
              redis.call('PUBLISH', ARGV[5], ARGV[4])
            end
            return 1
            """
    )

    /// Makes a writer the owner of partitions, see ``Ownership``; answers which claim it is.
    static let claim = CacheScript(
        text: """
            -- KEYS: the hash of owners
            -- ARGV: the token, ms to live (0: for ever), the partitions
            for i = 3, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], ARGV[1]) end
            if ARGV[2] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
            return redis.call('HINCRBY', KEYS[1], 'claims', 1)
            """
    )
}
