# shellcheck shell=bash
# The services of the demo, the page, and the addresses of all. Sourced by scripts/demo.

# Says where the ticks come from; auto asks CoinGecko.
choose_source() {
  local why=''
  if [[ $source == auto ]]; then
    if curl -sf -o /dev/null -m 3 https://api.coingecko.com/api/v3/ping; then
      source=coingecko
    else
      source=simulator why=': CoinGecko did not answer within 3 s'
    fi
  fi
  case $source in
    simulator) say "Source      simulator, $coins coins, $rate ticks/s$why" ;;
    *) say "Source      $source${replay_file:+ $replay_file}" ;;
  esac
  [[ -z $rate_note || $source != simulator ]] || say "Rate        $rate_note"
}

# Runs a service with what all of them share. The kernel picks the port of its endpoints: knows_port.
start_service() { # name, NAME=value …
  local name=$1
  shift
  http_ports[$name]=
  launch "$name" env KAFKA_BOOTSTRAP_SERVERS="$bootstrap" KAFKA_TOPIC_PREFIX="$topic_prefix" LOG_FORMAT=text \
    HTTP_HOST=127.0.0.1 HTTP_PORT=0 "$@" "$binaries/$name"
}

start_aggregator() {
  # Small bounds, so that a minute's window closes a second after the minute.
  start_service aggregator \
    AGGREGATOR_OUT_OF_ORDERNESS="${AGGREGATOR_OUT_OF_ORDERNESS:-1s}"
}

start_persister() {
  start_service persister POSTGRES_URL="$postgres_url"
}

start_cacher() {
  start_service cacher REDIS_URL="$redis_url" CACHER_KEY_PREFIX="$key_prefix"
}

start_ingestor() {
  start_service ingestor INGESTOR_SOURCE="$source" INGESTOR_COINS="${INGESTOR_COINS:-$coins}" INGESTOR_RATE="$rate" \
    INGESTOR_REPLAY_FILE="$replay_file"
}

# The page and its API.
start_page() {
  http_ports[page]=
  launch page env REDIS_URL="$redis_url" CACHER_KEY_PREFIX="$key_prefix" LOG_FORMAT=text HTTP_HOST=127.0.0.1 \
    HTTP_PORT=0 CACHER_HTTP_HOST="${CACHER_HTTP_HOST:-127.0.0.1}" CACHER_HTTP_PORT="$page_port" "$binaries/cacher" serve
}

# Whether the port of a service's endpoints is known, which the service says once it has one.
knows_port() { # name
  [[ -n ${http_ports[$1]} ]] || http_ports[$1]=$(port_in_log "$1" 'listens on')
  [[ -n ${http_ports[$1]} ]]
}

# The port of the first address behind some words, in what a service has written since its start.
port_in_log() { # name, words
  log_since_start "$1" | sed -En "0,/$2/s|.*$2 http://[^ ]*:([0-9]+).*|\1|p"
}

is_healthy() {
  knows_port "$1" && curl -sf -o /dev/null -m 2 "http://127.0.0.1:${http_ports[$1]}/healthz"
}

is_ready() {
  knows_port "$1" && curl -sf -o /dev/null -m 2 "http://127.0.0.1:${http_ports[$1]}/readyz"
}

# The readers first: then the ingestor's first tick meets a pipeline that is ready.
start_services() {
  local name
  declare -gA http_ports=()
  # Their logs say which ports they have.
  case ${LOG_LEVEL:-info} in notice | warning | error | critical) export LOG_LEVEL=info ;; esac
  choose_page_port
  rows_before=$(query 'SELECT count(*) FROM raw_price_data')
  start_aggregator
  start_persister
  start_cacher
  start_page
  for name in aggregator persister cacher page; do
    await "$name" 60 is_ready "$name" || fail "$name is not ready: $(cause "$name")"
  done
  # It stays where it is, also when it is started again.
  [[ $page_port != 0 ]] || page_port=$(port_in_log page 'the page is at')
  began=$(date +%s)
  start_ingestor
  await ingestor 10 is_healthy ingestor ||
    [[ $source == replay ]] || fail "the ingestor did not start: $(cause ingestor)"
  started=$SECONDS
}

# The page's port; 0 until it has found one itself.
choose_page_port() {
  page_port=${CACHER_HTTP_PORT:-8080}
  if [[ $page_port != 0 ]] && is_taken "$page_port"; then
    say "Page        port $page_port is taken, so the page is on another"
    page_port=0
  fi
}

# Where everything is, as lines that can be copied into a shell. Passwords of servers that were given stay unseen.
say_addresses() {
  local name text
  while IFS=$'\t' read -r name text; do say "  $text"; done < <(addresses)
}

addresses() { # name, tab, line
  printf 'page\thttp://127.0.0.1:%s/\n' "$page_port"
  [[ -n $postgres ]] || printf 'psql\tpsql %s\n' "$postgres_url"
  [[ -n $redis ]] || printf "redis\tredis-cli -p %s PSUBSCRIBE 'prices:*'\n" "$redis_port"
  printf 'kcat\tkcat -b %s -Ct %sprices.raw\n' "$bootstrap" "$topic_prefix"
}

# Two alert rules, once there is a price: the largest coin crosses what it cost at first, any coin rises within five
# minutes. Real prices move less than the simulator's.
add_rules() {
  [[ -z $has_rules ]] || return 0
  local coin price rise=1
  [[ $source == simulator ]] || rise=0.2
  coin=$(redis_command ZRANGE "${key_prefix}coins:$currency" 0 0)
  [[ $coin =~ ^[a-z0-9-]+$ ]] || return 0
  price=$(redis_command HGET "${key_prefix}price:$coin:$currency" price)
  [[ -n $price ]] || return 0
  printf '%s:{"rule_id":"%s","coin_id":"%s","vs_currency":"%s","enabled":true,%s}\n' \
    demo-crosses demo-crosses "$coin" "$currency" "\"kind\":\"above\",\"threshold\":$price,\"cooldown\":\"1m\"" \
    demo-rises demo-rises '*' "$currency" \
    "\"kind\":\"change_pct\",\"threshold\":$rise,\"window\":\"5m\",\"cooldown\":\"5m\"" |
    kcat -b "$bootstrap" -P -t "${topic_prefix}alerts.rules" -K: -X partitioner=murmur2_random && has_rules=yes
}
