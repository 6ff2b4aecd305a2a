# shellcheck shell=bash
# The live view and the summary. Sourced by scripts/demo.

is_viewing=''

leave_view() {
  [[ -n $is_viewing ]] || return 0
  is_viewing=''
  tput cnorm || true
  tput smam || true
  tput rmcup || true
}

# The coins' lines: price and change from the newest tick, and the last closed candle; by rank.
coin_table() { # lines
  local coins=() coin fields
  mapfile -t coins < <(redis_command ZRANGE "${key_prefix}coins:usd" 0 $(($1 - 1)))
  if ((${#coins[@]} == 0)) || [[ -z ${coins[0]} ]]; then
    printf '\n  no price yet\n'
    return
  fi
  # One connection for all: every command answers with as many lines as it has fields.
  fields="price price_change_percentage_24h timestamp"
  for coin in "${coins[@]}"; do
    printf 'HMGET %sprice:%s:usd %s\n' "$key_prefix" "$coin" "$fields"
    printf 'HMGET %scandle:%s:usd:1m window_start open close sample_count\n' "$key_prefix" "$coin"
  done | redis_command | paste -d '|' - - - - - - - | paste -d '|' <(printf '%s\n' "${coins[@]}") - |
    awk -F '|' -v bold="$bold" -v green="$green" -v red="$red" -v plain="$plain" '
      function money(text, value) {
        if (text == "") return "-"
        value = text + 0
        if (value >= 1 || value <= -1) return sprintf("%.2f", value)
        return sprintf("%.8g", value)
      }
      function coloured(text, sign) { return (sign > 0 ? green : sign < 0 ? red : "") text plain }
      BEGIN {
        printf "%s  %-16s %14s %9s  %-8s  %s%s\n", bold, "coin", "price in usd", "24 h", "at (UTC)", \
          "last closed minute: open > close", plain
      }
      {
        change = $3 == "" ? sprintf("%9s", "-") : coloured(sprintf("%+8.2f%%", $3), $3 + 0)
        candle = "none yet"
        if ($5 != "") {
          candle = substr($5, 12, 5) "  " coloured(money($6) " > " money($7), $7 - $6) "  " $8 ($8 == 1 ? " tick" : " ticks")
        }
        printf "  %-16.16s %14s %s  %-8s  %s\n", $1, money($2), change, substr($4, 12, 8), candle
      }'
}

# Four lines, one a service, from their /metrics; the database's own count stands beside the Persister's.
pipeline_lines() {
  local produced rows now
  now=${EPOCHREALTIME/[.,]/}
  produced=$(metric ingestor tickline_ingestor_ticks_acknowledged_total)
  rows=$(query "SELECT coalesce(sum(rows_written), 0) FROM processing_metadata WHERE topic = '${topic_prefix}prices.raw'" \
    2>/dev/null || echo '?')
  printf '  %-12s %12s ticks   %s/s\n' ingestor "$(grouped "$produced")" "$(grouped "$(((produced - last_produced) * 1000000 / (now - last_look)))")"
  printf '  %-12s %12s windows closed   lag %s\n' aggregator \
    "$(grouped "$(metric aggregator tickline_aggregator_windows_total 'kind="closed",window="tumbling:1m"')")" \
    "$(grouped "$(metric aggregator tickline_aggregator_lag_records)")"
  printf '  %-12s %12s rows of ticks    lag %s\n' persister "$(grouped "$rows")" \
    "$(grouped "$(metric persister tickline_persister_lag_records)")"
  printf '  %-12s %12s writes           lag %s\n  %-12s %12s ms p50, %s ms p99\n' cacher \
    "$(grouped "$(metric cacher tickline_cacher_writes_total)")" \
    "$(grouped "$(metric cacher tickline_cacher_lag_records)")" "tick > Redis" \
    "$(quantile cacher tickline_cacher_tick_to_redis_seconds 0.5)" \
    "$(quantile cacher tickline_cacher_tick_to_redis_seconds 0.99)"
  last_produced=$produced last_look=$now
}

draw() {
  local height frame shown
  height=$(tput lines)
  shown=$((height - 13 > 1 ? height - 13 : 1))
  frame=$(
    printf '%sTickline%s  %s  %ss  source %s  Ctrl-C ends it\n\n' "$bold" "$plain" "$(date -u +%H:%M:%S)" \
      "$((SECONDS - started))" "$source"
    coin_table "$shown"
    printf '\n'
    cat "$folder/pipeline"
    if ((${#notes[@]})); then printf '\n'; printf '  %s\n' "${notes[@]: -3}"; fi
  )
  # Lines end by clearing their rest, so that nothing flickers and nothing old stays.
  printf '%s%s%s' "$home" "$(head -n "$height" <<<"$frame" | sed "s/\$/$clear_line/")" "$clear_below"
}

run_live() {
  bold=$(tput bold) plain=$(tput sgr0) green=$(tput setaf 2) red=$(tput setaf 1)
  home=$(tput home) clear_line=$(tput el) clear_below=$(tput ed)
  last_produced=0 last_look=${EPOCHREALTIME/[.,]/}
  is_viewing=yes
  # Each is a nicety that a terminal may lack (tmux and screen can't keep long lines from wrapping).
  tput smcup || true
  tput civis || true
  tput rmam || true
  while true; do
    supervise
    fetch_metrics
    pipeline_lines >"$folder/pipeline"
    draw
    sleep 1
  done
}

# Whether all that was produced has come out at the other end, and nothing waits in between.
is_drained() {
  [[ $(($(count_rows raw_price_data) - rows_before)) -ge $produced ]] &&
    [[ $(count_keys price) -ge $(count_coins) ]] &&
    fetch_metrics &&
    [[ $(metric persister tickline_persister_lag_records) == 0 ]] &&
    [[ $(metric cacher tickline_cacher_lag_records) == 0 ]]
}

count_coins() {
  query "SELECT count(DISTINCT (coin_id, vs_currency)) FROM raw_price_data WHERE ingested_at >= to_timestamp($began)"
}

run_unattended() {
  say "Running $seconds s"
  while ((SECONDS - started < seconds)); do
    sleep 1
    supervise
    if (((SECONDS - started) % 10 == 0)); then
      say "$(printf '%4d s  %s ticks produced' $((SECONDS - started)) "$(grouped "$(end_offsets prices.raw)")")"
    fi
  done
  end TERM 30 ingestor
  ended=$(date +%s)
  produced=$(end_offsets prices.raw)
  local deadline=$((SECONDS + 60))
  until is_drained || ((SECONDS >= deadline)); do
    supervise
    sleep 0.5
  done
  fetch_metrics
  summary
}

summary() {
  local table rows coins price_keys candle_keys ticks windows minutes status=0
  ticks=$(($(count_rows raw_price_data) - rows_before))
  coins=$(count_coins)
  price_keys=$(count_keys price)
  candle_keys=$(count_keys candle)
  windows=$(count_records prices.aggregates.1m)
  minutes=$((ended / 60 - began / 60))
  printf '\n%s\n' "Tickline ran $seconds s with the source $source"
  printf '  %-36s %14s\n' "ticks produced (end of prices.raw)" "$(grouped "$produced")"
  for table in raw_price_data cryptocurrencies price_aggregates_1m price_alerts processing_metadata; do
    rows=$(count_rows "$table")
    [[ $table != raw_price_data || $rows_before == 0 ]] || table="$table, $(grouped "$rows_before") of them older"
    printf '  %-36s %14s\n' "rows in $table" "$(grouped "$rows")"
  done
  printf '  %-36s %14s\n' "results of one-minute windows" "$(grouped "$windows")"
  printf '  %-36s %14s\n' "keys in Redis: prices" "$(grouped "$price_keys")"
  printf '  %-36s %14s\n' "keys in Redis: candles" "$(grouped "$candle_keys")"
  printf '  %-36s %14s\n' "tick to Redis, p50" "$(quantile cacher tickline_cacher_tick_to_redis_seconds 0.5) ms"
  printf '  %-36s %14s\n' "tick to Redis, p99" "$(quantile cacher tickline_cacher_tick_to_redis_seconds 0.99) ms"
  if ((windows == 0 && minutes == 0)); then
    say "  No minute ended while it ran, so no window could close: that is no error, a longer run shows some."
  elif ((windows == 0)); then
    say "  A minute ended while it ran, but no window has closed yet: the watermark has not passed its end."
  fi
  if ((produced == 0)); then
    warn "no tick was produced: $(last_words ingestor)"
    status=1
  fi
  if ((ticks != produced)); then
    warn "$produced ticks were produced, but $ticks rows were written"
    status=1
  fi
  if ((price_keys != coins)); then
    warn "$coins coins had ticks, but there are $price_keys prices in Redis"
    status=1
  fi
  ((status)) || say "Every tick produced is a row, and every coin a key."
  exit "$status"
}
