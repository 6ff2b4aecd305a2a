# One frame of the demo's view, made to fit a terminal of `width` columns and `height` lines. Fields are separated by tabs:
#   L name line          an address; a line longer than the terminal is wrapped by it, so that it is copied as one
#   F name value         a figure
#   C …, A …             coins and alerts, as frame.lua gives them
#   N note               what happened, the oldest first
# The terminal's codes come as bold, plain, green, red, rest (clears the rest of a line) and below; bars are the steps of a
# sparkline, from low to high.

BEGIN { FS = "\t"; levels = split(bars, bar, " ") }
$1 == "L" { address[++addresses] = $3; rows_of_addresses += rows($3) }
$1 == "F" { figure[$2] = $3 }
$1 == "C" { coin[++coins] = $0 }
$1 == "A" { alert[++alerts] = $0 }
$1 == "N" { note[++notes] = substr($0, 3) }
END { layout(); draw_all() }

function rows(text) { return int((length(text) + width - 1) / width) }

# How many lines each part gets: the fixed ones first, the coins the rest.
function layout() {
  # At most half of it is addresses; the first is the page's.
  while (addresses > 1 && rows_of_addresses > height / 2) rows_of_addresses -= rows(address[addresses--])
  wide = width >= 76 && height >= 20
  totals = wide ? 4 : 2
  alert_rows = wide ? (height < 30 ? 2 : height < 45 ? 4 : 8) : (notes ? 0 : 1)
  note_rows = wide ? (height < 30 ? 1 : height < 45 ? 3 : 5) : (notes ? 1 : 0)
  if (note_rows > notes) note_rows = notes
  gaps = wide && height >= 24 ? 2 : 0
  coin_rows = height - rows_of_addresses - (wide ? 2 : 0) - totals - alert_rows - note_rows - gaps
  if (coin_rows < 1) coin_rows = 1
}

function draw_all(i, first) {
  if (wide) line(bold cut(sprintf("Tickline  %s UTC  %s s  source %s  Ctrl-C or q ends it", clock, elapsed, source)) plain)
  for (i = 1; i <= addresses; i++) line(address[i], length(address[i]) >= width && length(address[i]) % width == 0)
  if (gaps) line("")
  columns()
  if (wide) line(bold heading() plain)
  if (coins == 0) line("no price yet")
  for (i = 1; i <= coin_rows && (i <= coins || wide); i++) if (i <= coins) line(coin_line(coin[i])); else if (i > 1) line("")
  if (gaps) line("")
  wide ? long_totals() : short_totals()
  for (i = 1; i <= alert_rows; i++) line(i <= alerts ? alert_line(alert[i]) : i == 1 ? "no alert yet" : "")
  first = notes - note_rows + 1
  for (i = first; i <= notes; i++) line(cut(note[i]))
  printf "%s", below
}

# Lines beyond the terminal are left out; one that fills its last row needs no clearing, which would take its end away.
function line(text, is_full) {
  if (++drawn > height - rows_of_addresses + addresses) return
  printf "%s%s%s", (drawn > 1 ? "\r\n" : ""), text, (is_full ? "" : rest)
}

function cut(text) {
  gsub(/[^ -~]/, "?", text)
  return substr(text, 1, width - 1)
}

# Which columns there is room for, and how wide they are.
function columns(i, j, field, room) {
  name_width = width < 30 ? 6 : width < 60 ? 10 : width < 100 ? 13 : 18
  price_width = 5
  for (i = 1; i <= coins && i <= coin_rows; i++) {
    split(coin[i], field, "\t")
    for (j = 3; j <= 6; j++) if (j != 4 && length(field[j]) > price_width) price_width = length(field[j])
  }
  room = width - 1 - name_width - 10
  if (price_width > room) price_width = room
  room -= price_width
  has_range = room >= 2 * (price_width + 1) + 8
  if (has_range) room -= 2 * (price_width + 1)
  has_minute = room >= 2 * price_width + 26 + 30
  if (has_minute) room -= 2 * price_width + 25
  spark_width = room - 1 > 60 ? 60 : room - 1
}

function heading(text) {
  text = sprintf("%-*s %*s %8s", name_width, "coin", price_width, "price", "24 h")
  if (has_range) text = text sprintf(" %*s %*s", price_width, "high", price_width, "low")
  if (has_minute) text = text sprintf("  %-*s", 2 * price_width + 23, "at (UTC)  last minute: open > close, ticks")
  if (spark_width >= 8) text = text " by minutes"
  return substr(text, 1, width - 1)
}

function coin_line(record, field, text) {
  split(record, field, "\t")
  text = sprintf("%-*s %s ", name_width, substr(field[2], 1, name_width), number(field[3]))
  text = text coloured(field[4] == "" ? sprintf("%8s", "-") : sprintf("%+7.2f%%", field[4]), field[4] + 0)
  if (has_range) text = text " " number(field[5]) " " number(field[6])
  if (has_minute) text = text "  " sprintf("%-8s  ", substr(field[7], 12, 8)) minute(field[9], field[10], field[11])
  return text spark(field[8] " " field[3])
}

# A price with all its digits, or as many as there is room for.
function number(text) {
  if (text == "") text = "-"
  if (length(text) > price_width) text = substr(text, 1, price_width - 1) "~"
  return sprintf("%*s", price_width, text)
}

function minute(opened, closed, ticks, text) {
  text = opened == "" ? "none yet" : opened " > " closed ", " ticks
  return coloured(sprintf("%-*s", 2 * price_width + 13, substr(text, 1, 2 * price_width + 13)), closed - opened)
}

function coloured(text, sign) { return (sign > 0 ? green text plain : sign < 0 ? red text plain : text) }

# The closes of the latest minutes and the price of now, from the lowest to the highest.
function spark(text, value, count, first, i, low, high, drawing) {
  if (spark_width < 2) return ""
  count = split(text, value, " ")
  first = count > spark_width ? count - spark_width + 1 : 1
  low = high = value[first]
  for (i = first; i <= count; i++) {
    if (value[i] + 0 < low + 0) low = value[i]
    if (value[i] + 0 > high + 0) high = value[i]
  }
  for (i = first; i <= count; i++)
    drawing = drawing bar[high + 0 == low + 0 ? 1 : 1 + int((levels - 1) * (value[i] - low) / (high - low) + 0.5)]
  return " " drawing
}

function grouped(text, sign, result) {
  if (text !~ /^[0-9]+$/) return text
  while (length(text) > 3) {
    result = " " substr(text, length(text) - 2) result
    text = substr(text, 1, length(text) - 3)
  }
  return text result
}

function total(name, count, what, tail) { line(cut(sprintf("%-11s %10s %-14s %s", name, count, what, tail))) }
function lag(name) { return sprintf("lag %-7s", grouped(figure[name "_lag"])) }

function long_totals() {
  total("ingestor", grouped(figure["produced"]), "ticks", grouped(figure["rate"]) "/s")
  total("aggregator", grouped(figure["candles"]), "candles closed", \
    lag("aggregator") " " "alerts " grouped(figure["alerts"]) ", late ticks " grouped(figure["late"]))
  total("persister", grouped(figure["rows"]), "rows of ticks", \
    lag("persister") " dead letters " grouped(figure["dead"]))
  total("cacher", grouped(figure["writes"]), "writes", \
    lag("cacher") " p50 " figure["p50"] " ms, p99 " figure["p99"] " ms")
}

function short_totals() {
  line(cut(grouped(figure["produced"]) " ticks " grouped(figure["rate"]) "/s, " grouped(figure["candles"]) " candles"))
  line(cut("lag " figure["persister_lag"] ", late " figure["late"] ", dead " figure["dead"] ", p99 " figure["p99"] " ms"))
}

# A time, the coin, and what it did.
function alert_line(record, field, what) {
  split(record, field, "\t")
  what = field[4] == "change_pct" ? sprintf("%+.2f%% in %s", field[7], field[6]) : field[4] " " field[5] ": " field[7]
  return cut(substr(field[2], 12, 8) " " field[3] " " what)
}
