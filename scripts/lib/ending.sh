#!/usr/bin/env bash
# Ends what a demo started, in order and by process id, and removes the demo's folder. The demo copies this file into its
# folder as `stop`, and sources it.
#
#   FOLDER/stop          ends everything and removes the folder (after scripts/demo --keep)
#   FOLDER/stop watch    waits until its standard input ends, then does the same; the demo holds the other end, so
#                        whatever ends the demo, kill -9 too, starts this
#
# What the folder says:
#   processes/NAME       process id and start time (22nd field of /proc/ID/stat: an id may be given away again)
#   left                 what is to stay: `servers` with their data, or the `logs` alone
#   terminal/            settings of the terminal and how to leave the view, while there is one

# Whether a process is there; one that has ended and waits for its parent is not.
is_alive() { # process id, start time
  local stat fields
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  # The name in brackets may hold blanks; the state follows it.
  read -r -a fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z && ${fields[19]} == "$2" ]]
}

# Whether a process of the demo is there; its id is in `id` then.
finds() { # name
  local start
  read -r id start 2>/dev/null <"$folder/processes/$1" && is_alive "$id" "$start"
}

# Ends processes: asks all, waits, and then insists.
end() { # signal, seconds, name …
  local signal=$1 deadline=$((SECONDS + $2)) name id
  shift 2
  for name in "$@"; do
    ! finds "$name" || kill -s "$signal" "$id" 2>/dev/null || true
  done
  for name in "$@"; do
    while finds "$name" && ((SECONDS <= deadline)); do sleep 0.05; done
    if finds "$name"; then
      printf 'demo: %s does not end by itself and is killed\n' "$name" >&2
      kill -KILL "$id" 2>/dev/null || true
    fi
    rm -f "$folder/processes/$name"
  done
}

# The readers end before the servers they write to. What stays with --keep are the servers and the page.
end_all() {
  # Swift ends its compilers at this signal only.
  end INT 10 build
  end TERM 10 migrate
  # check-compose has a second source, the feed.
  end TERM 30 ingestor feed
  end TERM 30 aggregator persister cacher
  [[ $1 != servers ]] || return 0
  end TERM 30 page
  end INT 20 postgres
  end TERM 20 redis broker
}

# Gives the terminal back: its settings, the cursor, the screen from before the view.
restore_terminal() {
  [[ -d $folder/terminal ]] || return 0
  stty "$(<"$folder/terminal/settings")" <&1 2>/dev/null || true
  cat "$folder/terminal/leave" 2>/dev/null || true
  rm -rf "$folder/terminal"
}

# Ends what is to end and removes what is to go.
tidy_up() {
  local left=''
  [[ ! -e $folder/left ]] || left=$(<"$folder/left")
  restore_terminal
  end_all "$left"
  case $left in
    servers) ;;
    logs) find "$folder" -mindepth 1 -maxdepth 1 ! -name log -exec rm -rf {} + ;;
    *) rm -rf "$folder" ;;
  esac
}

main() {
  folder=$(cd "$(dirname "$0")" && pwd)
  if [[ $folder != */tickline-demo.* || ! -d $folder/processes ]]; then
    printf 'stop: %s is not the folder of a demo\n' "$folder" >&2
    exit 1
  fi
  cd /
  if [[ ${1:-} == watch ]]; then
    trap '' INT TERM HUP QUIT PIPE
    # Nobody writes: this returns when the last one that holds the other end is gone.
    read -r _ || true
  else
    rm -f "$folder/left"
  fi
  tidy_up
  exit 0
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
