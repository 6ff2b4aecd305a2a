# shellcheck shell=bash
# Processes of the demo: started, watched, started again. Sourced by scripts/demo; ending.sh ends them.

declare -A process_ids=() failures=() log_starts=()
notes=()
# A service that ends so often within a minute will not get better.
most_failures=5
most_notes=20

# Makes the folder, and starts the process that ends everything and removes it, whatever becomes of this script.
open_folder() {
  folder=$(mktemp -d "${TMPDIR:-/tmp}/tickline-demo.XXXXXX")
  chmod 755 "$folder"
  mkdir "$folder/log" "$folder/processes"
  cp "$root/scripts/lib/ending.sh" "$folder/stop"
  chmod 755 "$folder/stop"
  mkfifo "$folder/alive"
  # Descriptor 4 is what keeps the watcher waiting: it is closed by the end of this script, and of nobody else.
  exec 4<>"$folder/alive"
  setsid bash "$folder/stop" watch <"$folder/alive" 4>&- &
  watcher=$!
  # The shell's own words on processes that are killed go to a log; what the demo has to say goes to descriptor 3.
  exec 2>>"$folder/log/demo.log"
  trap finish EXIT
  # No end without a word, also when a command fails that nothing was expected of.
  set -o errtrace
  trap '[[ $BASHPID != "$$" ]] || give_up "\"$BASH_COMMAND\" failed in line $LINENO of ${BASH_SOURCE[0]##*/}"' ERR
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
}

# Starts a command in the background, in a session of its own: it doesn't hear the terminal's Ctrl-C, so that all end in
# their order. It holds descriptor 4 until its id is written down; so the watcher misses none.
launch() { # name, command …
  local name=$1
  shift
  log_starts[$name]=$(stat -c %s "$folder/log/$name.log" 2>/dev/null || echo 0)
  {
    read -r -a stat <"/proc/$BASHPID/stat"
    printf '%s %s\n' "$BASHPID" "${stat[21]}" >"$folder/processes/$name"
    exec 4<&-
    exec setsid "$@"
  } >>"$folder/log/$name.log" 2>&1 </dev/null &
  process_ids[$name]=$!
}

is_running() {
  [[ -n ${process_ids[$1]:-} ]] && kill -0 "${process_ids[$1]}" 2>/dev/null
}

# Waits for a process that was launched; its exit code.
await_end() {
  local code=0
  wait "${process_ids[$1]}" || code=$?
  unset "process_ids[$1]"
  return "$code"
}

# Why a process ended, from its log since its start, in one line: the last line that is an error, else the last one.
cause() { # name
  local text line
  text=$(log_since_start "$1" | tail -n 200)
  line=$(grep -E ' (ERROR|CRITICAL) | (FATAL|PANIC|ERROR): | # .*(atal|ailed|rror)|[Ee]rror: ' <<<"$text" | tail -n 1) ||
    line=$(tail -n 1 <<<"$text")
  sed -E 's/^[^ ]+ +[A-Z]+ +[a-z-]+: //; s/^the service ends: //; s/^.* (FATAL|PANIC|ERROR): +//' <<<"$line" |
    LC_ALL=C tr -d '\000-\037' | cut -c 1-400
}

note() {
  local line
  line="$(date -u +%H:%M:%S) $*"
  notes=("${notes[@]: -$((${#notes[@]} < most_notes ? ${#notes[@]} : most_notes - 1))}" "$line")
  [[ -n $is_viewing ]] || say "$line"
}

# Ends with a sentence, which must not go away with the view.
give_up() {
  leave_view
  fail "$*"
}

# "exit code 1: why", or "SIGKILL", for which the process itself knows no reason.
how_it_ended() { # name, exit code
  local signal=''
  (($2 <= 128)) || signal=$(kill -l $(($2 - 128)))
  case $signal in
    '') printf 'exit code %s: %s' "$2" "$(cause "$1")" ;;
    KILL | TERM | INT | HUP) printf 'SIG%s' "$signal" ;;
    *) printf 'SIG%s: %s' "$signal" "$(cause "$1")" ;;
  esac
}

# Counts an end of a process; whether it ended too often within a minute.
fails_often() {
  local now=$SECONDS time recent=''
  for time in ${failures[$1]:-} "$now"; do
    ((now - time >= 60)) || recent+="$time "
  done
  failures[$1]=$recent
  read -r -a recent <<<"$recent"
  ((${#recent[@]} >= most_failures))
}

# Starts every process again that has ended, and says why it ended.
supervise() {
  local name code how
  for name in "${!process_ids[@]}"; do
    ! is_running "$name" || continue
    code=0
    await_end "$name" || code=$?
    if [[ $name == ingestor && $code == 0 ]]; then
      note "the source is at its end$(replay_result)"
      continue
    fi
    ((code != 78)) || give_up "$name refuses its settings: $(cause "$name")"
    how=$(how_it_ended "$name" "$code")
    [[ $name != broker ]] ||
      give_up "the broker ended, and with it all that it held in memory ($how)"
    # A replay that is started again begins at the first line.
    [[ $name != ingestor || $source != replay ]] || give_up "the replay ended ($how)"
    ! fails_often "$name" || give_up "$name ended $most_failures times within a minute, the last time with $how"
    note "$name ended and is started again ($how)"
    "start_$name"
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

# Leaves the ending to the watcher, as every other end of this script does, and waits for it.
finish() {
  local code=$?
  trap - EXIT
  trap '' INT TERM HUP PIPE
  set +e
  leave_view
  [[ -z $keep ]] || say_what_stays "$code"
  exec 4<&-
  # The watcher itself may have been killed.
  wait "$watcher" || tidy_up
  exit "$code"
}

# After --keep: servers and data stay, after an error the logs alone.
say_what_stays() { # exit code
  if [[ ! -e $folder/left ]] || (($1 != 0 && $1 < 128)); then
    printf 'logs\n' >"$folder/left"
    warn "the logs are in $folder/log"
    return
  fi
  say "The services have ended; these go on, with their data:"
  say_addresses
  say_stop
}

say_stop() { say "To end them and remove their data: $folder/stop"; }

# A server that finds port after port in use gives up in the end.
most_ports=50

# Starts a server that takes no port 0 on a loopback port, NAME_port, and waits until it answers; on another one when somebody
# else is there, or comes first.
start_on_free_port() { # name, seconds, command …
  local name=$1 seconds=$2 port tries
  shift 2
  for ((tries = 0; tries < most_ports; tries++)); do
    port=$((20000 + RANDOM % 12000))
    if is_taken "$port"; then continue; fi
    declare -g "${name}_port=$port"
    "start_$name"
    if await "$name" "$seconds" "$@"; then return; fi
    if is_running "$name" || ! log_since_start "$name" | grep -q 'ddress already in use'; then return 1; fi
  done
  return 1
}

# What a process has written since its latest start.
log_since_start() { # name
  tail -c "+$((${log_starts[$1]:-0} + 1))" "$folder/log/$1.log" 2>/dev/null
}
