# shellcheck shell=bash
# The pipeline's figures, read from outside: /metrics, PostgreSQL, Redis, Kafka. Sourced by scripts/demo.

declare -A figures=()

# Reads the services' metrics into figures; what a service that is away said last stays.
fetch_figures() {
  local name value urls=()
  for name in ingestor aggregator persister cacher; do
    ! knows_port "$name" || urls+=(-o "$folder/metrics/$name.metrics.new" "http://127.0.0.1:${http_ports[$name]}/metrics")
  done
  mkdir -p "$folder/metrics"
  curl -s -m 2 "${urls[@]}" || true
  for name in ingestor aggregator persister cacher; do
    [[ ! -s $folder/metrics/$name.metrics.new ]] || mv "$folder/metrics/$name.metrics.new" "$folder/metrics/$name.metrics"
  done
  # Nothing was fetched yet: then there is no figure either.
  while read -r name value; do
    figures[$name]=$value
  done < <(awk -f "$root/scripts/lib/figures.awk" "$folder"/metrics/*.metrics 2>/dev/null)
}

# How many records were ever written to a topic: the sum of its partitions' end offsets, as the broker says.
end_offsets() { # topic
  local topic=$topic_prefix$1 partition sum=0 offset
  for partition in $(kcat -b "$bootstrap" -L -t "$topic" 2>/dev/null | awk '$1 == "partition" { print $2 + 0 }'); do
    offset=$(kcat -b "$bootstrap" -Q -t "$topic:$partition:-1" 2>/dev/null | grep -oE '[0-9]+$' || echo 0)
    sum=$((sum + offset))
  done
  printf '%s\n' "$sum"
}

# Asks PostgreSQL; one that stands still is not waited for longer than `patience` in seconds.
query() {
  PGCONNECT_TIMEOUT=5 timeout "${patience:-30}" psql --no-psqlrc -qAtX -d "$postgres_url" -c "$1"
}

# Redis' command line client; commands come from standard input or as arguments.
redis_command() {
  timeout "${patience:-10}" redis-cli -u "$redis_url" --no-auth-warning "$@"
}

redis_answers() {
  [[ $(redis_command PING 2>/dev/null) == PONG ]]
}

count_rows() {
  query "SELECT count(*) FROM $1"
}

# How many ticks of this demo are rows, as the Persister's own position says: that costs nothing to ask.
count_tick_rows() {
  query "SELECT coalesce(sum(rows_written), 0) FROM processing_metadata WHERE topic = '${topic_prefix}prices.raw'"
}

count_coins() {
  query "SELECT count(DISTINCT (coin_id, vs_currency)) FROM raw_price_data WHERE ingested_at >= to_timestamp($began)"
}

# How many keys of a kind there are.
count_keys() {
  redis_command --scan --pattern "$key_prefix$1:*" | grep -c . || true
}

# What a replay that is at its end says of itself: ": 1234 ticks, 3 bad lines".
replay_result() {
  [[ $source == replay ]] || return 0
  local words
  words=$(grep -oE 'is done: [0-9]+ ticks, [0-9]+ bad lines' "$folder/log/ingestor.log" | tail -n 1) || return 0
  words=${words#is done}
  printf '%s skipped' "${words/bad lines/lines}"
}

# 1234567 -> 1 234 567
grouped() {
  sed -E ':again; s/^([0-9]+)([0-9]{3})/\1 \2/; t again' <<<"$1"
}
