# shellcheck shell=bash
# Processes of the demo: started, watched, started again, ended by their ids. Sourced by scripts/demo.

declare -A process_ids=() restarts=()
notes=()

# Starts a command in the background. It ends when this script is killed, and it doesn't hear the terminal's Ctrl-C, so
# that the demo can end its processes in their order.
launch() { # name, command …
  local name=$1
  shift
  setsid setpriv --pdeathsig TERM "$@" >>"$folder/log/$name.log" 2>&1 </dev/null &
  process_ids[$name]=$!
}

is_running() {
  [[ -n ${process_ids[$1]:-} ]] && kill -0 "${process_ids[$1]}" 2>/dev/null
}

# The last words of a process.
last_words() {
  tail -n 1 "$folder/log/$1.log" 2>/dev/null | cut -c 1-400
}

note() {
  local line
  line="$(date +%H:%M:%S) $*"
  notes+=("$line")
  [[ -z $seconds ]] || say "$line"
}

# Starts every process again that has ended, and says so.
supervise() {
  local name code
  for name in "${!process_ids[@]}"; do
    ! is_running "$name" || continue
    code=0
    wait "${process_ids[$name]}" || code=$?
    if [[ $name == ingestor && $code == 0 ]]; then
      unset "process_ids[$name]"
      note "the source is at its end"
      continue
    fi
    if ((code == 78)); then
      fail "$name refuses its settings: $(last_words "$name")"
    fi
    if [[ $name == broker ]]; then
      fail "the broker ended (exit code $code), and with it everything it held in memory: $(last_words broker)"
    fi
    restarts[$name]=$((${restarts[$name]:-0} + 1))
    if ((restarts[$name] > 20)); then
      fail "$name ended 20 times, the last time with: $(last_words "$name")"
    fi
    note "$name ended (exit code $code) and is started again"
    "start_$name"
  done
}

# Ends processes: asks, waits, and then insists.
end() { # signal, seconds, name …
  local signal=$1 patience=$2 name deadline
  shift 2
  for name in "$@"; do
    ! is_running "$name" || kill -s "$signal" "${process_ids[$name]}" 2>/dev/null || true
  done
  deadline=$((SECONDS + patience))
  for name in "$@"; do
    while is_running "$name" && ((SECONDS <= deadline)); do sleep 0.05; done
    if is_running "$name"; then
      warn "$name does not end by itself and is killed"
      kill -KILL "${process_ids[$name]}" 2>/dev/null || true
    fi
    [[ -z ${process_ids[$name]:-} ]] || wait "${process_ids[$name]}" 2>/dev/null || true
    unset "process_ids[$name]"
  done
}

# Waits until a command succeeds, as long as a process lives.
await() { # name of the process or -, seconds, command …
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [[ $name != - ]] && ! is_running "$name"; then return 1; fi
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# Ends everything, in order, and removes the data; keeps the logs when something went wrong.
finish() {
  local code=$?
  trap - EXIT
  trap '' INT TERM HUP
  leave_view
  [[ -n $seconds ]] || say "Ending what was started …"
  end TERM 30 ingestor
  end TERM 30 aggregator persister cacher
  end INT 20 postgres
  end TERM 20 redis broker
  if ((code == 0 || code >= 128)); then
    rm -rf "$folder"
  else
    rm -rf "$folder/postgres" "$folder/redis"
    warn "the logs are in $folder/log"
  fi
  exit "$code"
}

# A loopback port that nobody listens on.
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 12000))
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      printf '%s\n' "$port"
      return
    fi
  done
}
