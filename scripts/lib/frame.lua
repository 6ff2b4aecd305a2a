-- What one frame of the demo's view shows of Redis, in one read: C lines are coins by rank, A lines the latest alerts.
-- Redis runs it; it writes nothing. ARGV: key prefix, currency, coins, candles a coin, alerts.
local prefix, currency = ARGV[1], ARGV[2]

-- Ids come from outside: what could steer the terminal is shown as a question mark.
local function plain(value)
  if not value then return "" end
  return (string.gsub(tostring(value), "[^\32-\126]", "?"))
end

local function escaped(id)
  return (string.gsub(id, "[:%%]", { [":"] = "%3A", ["%"] = "%25" }))
end

local function decoded(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == "table" and value or {}
end

local lines = {}
for _, id in ipairs(redis.call("ZRANGE", prefix .. "coins:" .. currency, 0, ARGV[3] - 1)) do
  local key = escaped(id) .. ":" .. escaped(currency)
  local tick = redis.call("HMGET", prefix .. "price:" .. key, "price", "price_change_percentage_24h", "high_24h",
    "low_24h", "timestamp")
  local closes, highest, lowest, last = {}, nil, nil, {}
  for _, entry in ipairs(redis.call("ZRANGE", prefix .. "candles:" .. key .. ":1m", -ARGV[4], -1)) do
    last = decoded(entry)
    closes[#closes + 1] = plain(last.c)
    local high, low = tonumber(last.h), tonumber(last.l)
    if high and (not highest or high > tonumber(highest)) then highest = last.h end
    if low and (not lowest or low < tonumber(lowest)) then lowest = last.l end
  end
  lines[#lines + 1] = table.concat({
    "C", plain(id), plain(tick[1]), plain(tick[2]), plain(tick[3] or highest), plain(tick[4] or lowest), plain(tick[5]),
    table.concat(closes, " "), plain(last.o), plain(last.c), plain(last.n),
  }, "\t")
end
for _, entry in ipairs(redis.call("ZREVRANGE", prefix .. "alerts", 0, ARGV[5] - 1)) do
  local alert = decoded(entry)
  -- As written: a Lua number has not all the digits.
  local function digits(name) return string.match(entry, '"' .. name .. '":%s*([-+%d.eE]+)') end
  lines[#lines + 1] = table.concat({
    "A", plain(alert.triggered_at), plain(alert.coin_id), plain(alert.kind), plain(digits("threshold")),
    plain(alert.window), plain(digits("value")),
  }, "\t")
end
return lines
