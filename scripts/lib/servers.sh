# shellcheck shell=bash
# The build, the broker, PostgreSQL and Redis of the demo. Sourced by scripts/demo.

# Builds the executables, and shows how far it is.
build() {
  binaries=${TICKLINE_DEMO_BINARIES:-}
  [[ -z $binaries ]] || return 0
  say "Building ($configuration); the first time takes some minutes"
  launch build swift build --package-path "$root" -c "$configuration"
  local shown='' step
  while is_running build; do
    sleep 0.5
    step=$(tail -n 5 "$folder/log/build.log" 2>/dev/null | grep -oE '^(\[[0-9]+/[0-9]+\]|Fetching|Creating working copy)' |
      tail -n 1) || continue
    if [[ -t 1 ]]; then
      printf '\r  %s %4d s%s' "$step" "$SECONDS" "$(tput el || true)"
    elif [[ ${step%/*} != "$shown" ]] && ((SECONDS % 10 == 0)); then
      say "  $step $SECONDS s"
      shown=${step%/*}
    fi
  done
  [[ ! -t 1 ]] || printf '\r%s' "$(tput el || true)"
  if ! await_end build; then
    grep -E 'error: ' "$folder/log/build.log" | sort -u | head -n 20 >&3 || tail -n 5 "$folder/log/build.log" >&3
    fail "the build failed; without a network the Swift packages can't be fetched (--keep keeps its whole output)"
  fi
  binaries=$(swift build --package-path "$root" -c "$configuration" --show-bin-path)
}

start_broker() {
  launch broker "$binaries/localbroker" run --address-file "$folder/broker.address"
}

# start_on_free_port sets the ports.
postgres_port='' redis_port=''

start_redis() {
  redis_url="redis://127.0.0.1:$redis_port/0"
  launch redis redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$folder/redis" \
    --appendonly yes --save '' --daemonize no
}

# What answers may be somebody else's, who was first on that port.
redis_is_ours() {
  [[ $(redis_command INFO server 2>/dev/null) == *process_id:"${process_ids[redis]}"[!0-9]* ]]
}

# PostgreSQL refuses to run as root.
as_postgres=()

start_postgres() {
  postgres_url="postgresql://tickline:$postgres_password@127.0.0.1:$postgres_port/postgres"
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
  postgres_password=$(od -An -N 8 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$postgres_password" >"$folder/postgres.password"
  if [[ $(id -u) == 0 ]]; then
    id postgres >/dev/null 2>&1 || fail "there is no user postgres, and PostgreSQL refuses to run as root"
    chown postgres: "$folder/postgres" "$folder/postgres.password"
    as_postgres=(setpriv --reuid postgres --regid postgres --init-groups)
  fi
  chmod 700 "$folder/postgres"
  "${as_postgres[@]}" "$postgres_binaries/initdb" -D "$folder/postgres" -U tickline --pwfile "$folder/postgres.password" \
    --auth scram-sha-256 --encoding UTF8 --locale C >"$folder/log/initdb.log" 2>&1 ||
    fail "initdb failed: $(cause initdb)"
  rm -f "$folder/postgres.password"
}

start_servers() {
  topic_prefix='' key_prefix=''
  prepare_kafka
  if [[ -n $postgres ]]; then
    postgres_url=$postgres
    await - 10 query 'SELECT 1' || fail "PostgreSQL doesn't answer: $(query 'SELECT 1' 2>&1 | head -n 1)"
  else
    prepare_postgres
    start_on_free_port postgres 30 query 'SELECT 1' || fail "PostgreSQL did not start on port $postgres_port: $(cause postgres)"
  fi
  prepare_redis
  launch migrate env SCHEMA_DIR="$root/schema" POSTGRES_URL="$postgres_url" "$binaries/persister" migrate
  await_end migrate || fail "the database could not be migrated: $(cause migrate)"
}

prepare_kafka() {
  if [[ -n $kafka ]]; then
    bootstrap=$kafka
    topic_prefix="demo-$(date -u +%Y%m%dT%H%M%S)."
    "$binaries/localbroker" create-topics --bootstrap-servers "$kafka" --prefix "$topic_prefix" \
      >"$folder/log/topics.log" 2>&1 || fail "no topics could be made on $kafka: $(cause topics)"
  else
    start_broker
    await broker 20 test -s "$folder/broker.address" || fail "the broker did not start: $(cause broker)"
    bootstrap=$(<"$folder/broker.address")
    export KAFKA_SESSION_TIMEOUT_MS=${KAFKA_SESSION_TIMEOUT_MS:-6000} KAFKA_FETCH_WAIT_MAX_MS=${KAFKA_FETCH_WAIT_MAX_MS:-10}
  fi
}

prepare_redis() {
  if [[ -n $redis ]]; then
    redis_url=$redis
    key_prefix="demo-$(date -u +%Y%m%dT%H%M%S):"
    await - 10 redis_answers || fail "Redis doesn't answer: $(redis_command PING 2>&1 | tail -n 1)"
  else
    mkdir "$folder/redis"
    start_on_free_port redis 20 redis_is_ours || fail "Redis did not start on port $redis_port: $(cause redis)"
  fi
}
