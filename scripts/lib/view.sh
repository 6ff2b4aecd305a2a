# shellcheck shell=bash
# The live view. Sourced by scripts/demo.

is_viewing='' is_stopping='' has_rules=''
currency=${INGESTOR_VS_CURRENCIES:-usd} currency=${currency%%,*}

# The first Ctrl-C stops the running, so that the summary follows; the second one ends the script.
stop_running() {
  is_stopping=yes
  status=130
  trap 'exit 130' INT
}

# Takes the terminal: another screen, no cursor, no echo of keys. How to give it back is written down, for the watcher.
enter_view() {
  mkdir "$folder/terminal"
  stty -g >"$folder/terminal/settings"
  # Each is a nicety that a terminal may lack.
  { tput sgr0 && tput cnorm && tput rmcup; } >"$folder/terminal/leave" || true
  is_viewing=yes
  stty -echo -icanon
  tput smcup || true
  tput civis || true
}

leave_view() {
  [[ -n $is_viewing ]] || return 0
  is_viewing=''
  restore_terminal
}

# Blocks where the terminal has them: mosh, ssh and containers often leave the locale unset.
choose_bars() {
  bars='_ . - ~ = + * #'
  case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
    *[Uu][Tt][Ff]*) bars='▁ ▂ ▃ ▄ ▅ ▆ ▇ █' ;;
    '') [[ -n ${TMUX:-} || $TERM == linux ]] || bars='▁ ▂ ▃ ▄ ▅ ▆ ▇ █' ;;
  esac
}

# The size of the terminal; one that doesn't know it counts as 80 columns and 24 lines.
measure_terminal() {
  read -r height width < <(stty size 2>/dev/null || echo 24 80)
  ((height >= 2 && width >= 20)) || height=24 width=80
}

# The figures that are no service's own: the ticks a second since the last look, and the database's count.
add_figures() {
  local now=${EPOCHREALTIME/[.,]/}
  figures[rate]=$(((${figures[produced]:-0} - last_produced) * 1000000 / (now - last_look)))
  # A service that was started again counts from 0.
  ((figures[rate] >= 0)) || figures[rate]=0
  last_produced=${figures[produced]:-0} last_look=$now
  figures[rows]=$(patience=3 count_tick_rows 2>/dev/null || echo '?')
}

frame_lines() {
  local name text
  addresses | while IFS= read -r text; do printf 'L\t%s\n' "$text"; done
  for name in "${!figures[@]}"; do printf 'F\t%s\t%s\n' "$name" "${figures[$name]}"; done
  ((${#notes[@]} == 0)) || printf 'N\t%s\n' "${notes[@]}"
  # More coins than lines nobody sees, more than 60 minutes neither.
  patience=3 redis_command EVAL "$(<"$root/scripts/lib/frame.lua")" 0 "$key_prefix" "$currency" "$height" 60 8 2>/dev/null ||
    printf 'N\tRedis does not answer\n'
}

draw() {
  measure_terminal
  add_figures
  local frame
  frame=$(frame_lines | LC_ALL=C awk -v width="$width" -v height="$height" -v bars="$bars" -v source="$source" \
    -v clock="$(date -u +%H:%M:%S)" -v elapsed="$((SECONDS - started))" -v bold="$bold" -v plain="$plain" \
    -v green="$green" -v red="$red" -v rest="$clear_line" -v below="$clear_below" -f "$root/scripts/lib/frame.awk")
  printf '%s%s' "$home" "$frame"
}

run_live() {
  local key
  bold=$(tput bold) plain=$(tput sgr0) green=$(tput setaf 2) red=$(tput setaf 1)
  home=$(tput home) clear_line=$(tput el) clear_below=$(tput ed)
  last_produced=0 last_look=${EPOCHREALTIME/[.,]/}
  choose_bars
  enter_view
  while [[ -z $is_stopping ]]; do
    supervise
    add_rules || true
    fetch_figures || true
    draw 2>"$folder/log/view.log" || true
    key=''
    read -r -s -n 1 -t 1 key || true
    [[ $key != q ]] || break
  done
  leave_view
}
