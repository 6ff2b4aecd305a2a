# shellcheck shell=bash
# A run without a view, and what is said at the end of every run. Sourced by scripts/demo.

status=0 is_wrong=''

run_unattended() {
  say "Running $seconds s"
  while [[ -z $is_stopping ]] && ((SECONDS - started < seconds)); do
    sleep 1 || true
    supervise
    add_rules || true
    if (((SECONDS - started) % 10 == 0)); then
      say "$(printf '%4d s  %s ticks produced' $((SECONDS - started)) "$(grouped "$(end_offsets prices.raw)")")"
    fi
  done
}

# Whether all that was produced has come out at the other end, and nothing waits in between.
is_drained() {
  [[ $(count_tick_rows) -ge $produced && $(count_keys price) -ge $(count_coins) ]] || return 1
  fetch_figures
  [[ ${figures[persister_lag]:-0} == 0 && ${figures[cacher_lag]:-0} == 0 ]]
}

# Ends the source, waits for what is on its way, and says what came of it.
summarise() {
  say "Ending, when the last ticks have come out at the other end; Ctrl-C ends at once"
  local ran=$((SECONDS - started)) deadline=$((SECONDS + 30))
  fetch_figures
  end TERM 30 ingestor
  unset 'process_ids[ingestor]'
  produced=$(end_offsets prices.raw)
  until is_drained || ((SECONDS >= deadline)); do
    supervise
    sleep 0.5 || true
  done
  fetch_figures
  rows=$(($(count_rows raw_price_data) - rows_before))
  coin_count=$(count_coins)
  price_keys=$(count_keys price)
  summary_table "$ran"
  summary_words
}

entry() { # what, figure
  printf '  %-36s %14s\n' "$1" "$2"
}

summary_table() { # seconds
  local table count
  printf '\n%s\n' "Tickline ran $1 s with the source $source"
  entry "ticks produced (end of prices.raw)" "$(grouped "$produced")"
  for table in raw_price_data cryptocurrencies price_aggregates_1m price_alerts processing_metadata; do
    count=$(count_rows "$table")
    [[ $table != raw_price_data || $rows_before == 0 ]] || table="$table, $(grouped "$rows_before") of them older"
    entry "rows in $table" "$(grouped "$count")"
  done
  entry "one-minute candles closed" "$(grouped "${figures[candles]:-0}")"
  entry "alerts" "$(grouped "${figures[alerts]:-0}")"
  entry "late ticks, dead letters" "${figures[late]:-0}, ${figures[dead]:-0}"
  entry "keys in Redis: prices" "$(grouped "$price_keys")"
  entry "keys in Redis: candles" "$(grouped "$(count_keys candle)")"
  entry "tick to Redis, p50" "${figures[p50]:--} ms"
  entry "tick to Redis, p99" "${figures[p99]:--} ms"
}

# What explains the figures, and whether they are as they should be.
summary_words() {
  local note
  if ((${figures[candles]:-0} == 0)); then
    say "  No candle has closed: one does a second after each full minute. A longer run shows some."
  fi
  # Without a view they were said when they happened.
  [[ -n $seconds ]] || for note in "${notes[@]}"; do say "  $note"; done
  if ((produced == 0)); then
    warn "no tick was produced: $(cause ingestor)"
    failed
  fi
  if ((rows != produced)); then
    warn "$produced ticks were produced, but $rows rows were written"
    failed
  fi
  if ((price_keys != coin_count)); then
    warn "$coin_count coins had ticks, but there are $price_keys prices in Redis"
    failed
  fi
  [[ -n $is_wrong ]] || say "Every tick produced is a row, and every coin a key."
}

# Ctrl-C keeps its own exit code.
failed() {
  is_wrong=yes
  ((status)) || status=1
}
