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

    /// Replaces a coin's latest price when what comes is newer, and publishes it; answers 1, or 0 when it is not.
    ///
    /// The index has the ``maximumCoins`` first of its currency at most, and goes with the last of their hashes: who makes
    /// up coins and currencies must not fill Redis for good.
    public static let price = CacheScript(
        text: """
            -- KEYS: the hash, the index of coins by rank
            -- ARGV: time_us, order, milliseconds to live (0: for ever), channel, message, coin, rank,
            -- milliseconds for the index to live (0: as it is), field, value, ...
            \(replace)
            if not replace() then return blocked end
            local added = redis.pcall('ZADD', KEYS[2], ARGV[7], ARGV[6])
            if type(added) == 'table' then
              if not isInTheWay(added) then return added end
              blocked = \(setInTheWay)
            else
              if added == 1 then redis.call('ZREMRANGEBYRANK', KEYS[2], \(maximumCoins), -1) end
              if ARGV[8] ~= '0' then redis.call('PEXPIRE', KEYS[2], ARGV[8]) end
            end
            publish()
            return 1 + blocked
            """
    )

    /// Puts a candle into its coin's history, and makes it the coin's latest when it is newer, which is published; answers
    /// 1, 2 when it is not the latest but has changed the history, and 0 when it has changed nothing.
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
            if not replace() then return changed + blocked end
            publish()
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
        local function replace()
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
          redis.call('HSET', KEYS[1], 'time_us', ARGV[1], 'order', ARGV[2], unpack(ARGV, 9))
          -- An empty value takes its field away.
          local absent = {}
          for i = 9, #ARGV, 2 do
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
            -- ARGV: triggered_at in ms, how many to keep, channel, message
            \(isInTheWay)
            local added = redis.pcall('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[4])
            if type(added) == 'table' then return isInTheWay(added) and \(setInTheWay) or added end
            if added == 0 then return 0 end
            redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
            if not redis.call('ZSCORE', KEYS[1], ARGV[4]) then return 0 end
            if ARGV[3] ~= '' then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
            return 1
            """
    )

    /// Moves positions on, each if it is there and not behind what it has to be; answers for each what it was: -1 when it
    /// was missing, -2 when a key of another type is in its place.
    ///
    /// A Redis that has lost what lay before a position has lost the position with it, and must not get it back before
    /// what it stands for.
    static let positions = CacheScript(
        text: """
            -- KEYS: the positions
            -- ARGV: milliseconds to live (0: for ever), then for each position what it is at least, and what it becomes
            local stored = {}
            for i, key in ipairs(KEYS) do
              local text = redis.pcall('GET', key)
              if type(text) == 'table' then
                stored[i] = -2
              else
                stored[i] = text and tonumber(string.match(text, '^%d+$') or -1) or -1
                if stored[i] >= tonumber(ARGV[2 * i]) then
                  redis.call('SET', key, ARGV[2 * i + 1])
                  if ARGV[1] ~= '0' then redis.call('PEXPIRE', key, ARGV[1]) end
                end
              end
            end
            return stored
            """
    )
}
