# shellcheck shell=bash
# The broker, PostgreSQL, Redis and the services of the demo. Sourced by scripts/demo.

build() {
  binaries=${TICKLINE_DEMO_BINARIES:-}
  [[ -z $binaries ]] || return 0
  say "Building ($configuration); the first time takes some minutes"
  local log
  log=$(mktemp)
  if ! swift build --package-path "$root" -c "$configuration" >"$log" 2>&1; then
    grep -E 'error|warning' "$log" | sort -u | head -n 20 >&2 || true
    fail "the build failed; without a network the Swift packages can't be fetched. The whole output is in $log"
  fi
  rm -f "$log"
  binaries=$(swift build --package-path "$root" -c "$configuration" --show-bin-path)
}

start_broker() {
  launch broker "$binaries/localbroker" run --address-file "$folder/broker.address"
}

start_redis() {
  launch redis redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$folder/redis" \
    --appendonly yes --save '' --daemonize no
}

# PostgreSQL refuses to run as root.
as_postgres=()

start_postgres() {
  launch postgres "${as_postgres[@]}" "$postgres_binaries/postgres" -D "$folder/postgres" -p "$postgres_port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories=
}

# Debian keeps the server's programs out of the PATH.
find_initdb() {
  find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -name initdb 2>/dev/null | sort -V | tail -n 1 | grep . ||
    command -v initdb
}

prepare_postgres() {
  postgres_binaries=$(dirname "$(find_initdb)")
  mkdir "$folder/postgres"
  local password
  password=$(od -An -N 12 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$password" >"$folder/postgres.password"
  if [[ $(id -u) == 0 ]]; then
    id postgres >/dev/null 2>&1 || fail "there is no user postgres, and PostgreSQL refuses to run as root"
    chown postgres: "$folder/postgres" "$folder/postgres.password"
    as_postgres=(setpriv --reuid postgres --regid postgres --init-groups)
  fi
  chmod 700 "$folder/postgres"
  "${as_postgres[@]}" "$postgres_binaries/initdb" -D "$folder/postgres" -U tickline --pwfile "$folder/postgres.password" \
    --auth scram-sha-256 --encoding UTF8 --locale C >"$folder/log/initdb.log" 2>&1 ||
    fail "initdb failed: $(last_words initdb)"
  rm -f "$folder/postgres.password"
  postgres_url="postgresql://tickline:$password@127.0.0.1:$postgres_port/postgres"
}

query() {
  psql --no-psqlrc -qAtX -d "$postgres_url" -c "$1"
}

# Redis' command line client; commands come from standard input or as arguments.
redis_command() {
  redis-cli -u "$redis_url" --no-auth-warning "$@"
}

redis_answers() {
  [[ $(redis_command PING 2>/dev/null) == PONG ]]
}

start_servers() {
  topic_prefix='' key_prefix=''
  if [[ -n $kafka ]]; then
    bootstrap=$kafka
    topic_prefix="demo-$(date -u +%Y%m%dT%H%M%S)."
    "$binaries/localbroker" create-topics --bootstrap-servers "$kafka" --prefix "$topic_prefix" \
      >"$folder/log/topics.log" 2>&1 || fail "no topics could be made on $kafka: $(last_words topics)"
    say "Kafka       $kafka, topics with the prefix $topic_prefix"
  else
    start_broker
    await broker 20 test -s "$folder/broker.address" || fail "the broker did not start: $(last_words broker)"
    bootstrap=$(cat "$folder/broker.address")
    export KAFKA_SESSION_TIMEOUT_MS=${KAFKA_SESSION_TIMEOUT_MS:-6000} KAFKA_FETCH_WAIT_MAX_MS=${KAFKA_FETCH_WAIT_MAX_MS:-10}
    say "Kafka       $bootstrap, librdkafka's mock: in memory, 5 MiB a partition, transactions not isolated"
  fi

  if [[ -n $postgres ]]; then
    postgres_url=$postgres
    await - 10 query 'SELECT 1' || fail "PostgreSQL doesn't answer: $(query 'SELECT 1' 2>&1 | tail -n 1)"
    say "PostgreSQL  as given"
  else
    postgres_port=$(free_port)
    prepare_postgres
    start_postgres
    await postgres 30 query 'SELECT 1' || fail "PostgreSQL did not start on port $postgres_port: $(last_words postgres)"
    say "PostgreSQL  $postgres_url"
  fi

  if [[ -n $redis ]]; then
    redis_url=$redis
    key_prefix="demo-$(date -u +%Y%m%dT%H%M%S):"
    await - 10 redis_answers || fail "Redis doesn't answer: $(redis_command PING 2>&1 | tail -n 1)"
    say "Redis       as given, keys with the prefix $key_prefix"
  else
    redis_port=$(free_port)
    redis_url="redis://127.0.0.1:$redis_port/0"
    mkdir "$folder/redis"
    start_redis
    await redis 20 redis_answers || fail "Redis did not start on port $redis_port: $(last_words redis)"
    say "Redis       $redis_url"
  fi

  SCHEMA_DIR="$root/schema" POSTGRES_URL=$postgres_url "$binaries/persister" migrate >"$folder/log/migrate.log" 2>&1 ||
    fail "the database could not be migrated: $(last_words migrate)"
}

# Says where the ticks come from; auto asks CoinGecko.
choose_source() {
  if [[ $source == auto ]]; then
    if curl -sf -o /dev/null -m 3 https://api.coingecko.com/api/v3/ping; then
      source=coingecko
      say "Source      CoinGecko: it answers"
    else
      source=simulator
      say "Source      simulator, $coins coins, $rate ticks/s: CoinGecko did not answer within 3 s"
    fi
  else
    say "Source      $source${replay_file:+ $replay_file}"
  fi
}

# Runs a service with what all of them share.
start_service() { # name, NAME=value …
  local name=$1
  shift
  launch "$name" env KAFKA_BOOTSTRAP_SERVERS="$bootstrap" KAFKA_TOPIC_PREFIX="$topic_prefix" LOG_FORMAT=text \
    HTTP_HOST=127.0.0.1 HTTP_PORT="${http_ports[$name]}" "$@" "$binaries/$name"
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

is_ready() {
  curl -sf -o /dev/null -m 2 "http://127.0.0.1:${http_ports[$1]}/readyz"
}

# The readers first: then the ingestor's first tick meets a pipeline that is ready.
start_services() {
  local name
  declare -gA http_ports=()
  for name in aggregator persister cacher ingestor; do http_ports[$name]=$(free_port); done
  rows_before=$(query 'SELECT count(*) FROM raw_price_data')
  start_aggregator
  start_persister
  start_cacher
  for name in aggregator persister cacher; do
    await "$name" 60 is_ready "$name" || fail "$name is not ready: $(last_words "$name")"
  done
  began=$(date +%s)
  start_ingestor
  await ingestor 10 curl -sf -o /dev/null "http://127.0.0.1:${http_ports[ingestor]}/healthz" ||
    [[ $source == replay ]] || fail "the ingestor did not start: $(last_words ingestor)"
  started=$SECONDS
}
