# shellcheck shell=bash disable=SC2034
# The command line of scripts/demo. Sourced by it.

# Ticks a second that the broker in memory carries without loss, measured with a margin of 5 and of 2: see docs/demo.md.
most_embedded_rate=20000 most_debug_rate=2500

usage() {
  cat <<'TEXT'
Usage: scripts/demo [OPTION …]

Runs the whole of Tickline on this machine and shows it live: coins with price, change, high, low and the last hour,
alerts, and the pipeline's counts and lag, in the terminal and on a page. It installs what is missing from Debian, builds,
starts a Kafka broker (in memory), PostgreSQL and Redis on free loopback ports with a data folder of their own, and the
services. Ctrl-C or q prints a summary, ends everything it started, and removes the data.

  --source auto          CoinGecko without a key if it answers within 3 s, otherwise the simulator (the default)
  --source coingecko     CoinGecko; COINGECKO_API_KEY and COINGECKO_PLAN are passed on
  --source kraken        every trade of an exchange: kraken, coinbase, or binance (in usdt)
  --source simulator     a random walk
  --source replay FILE   ticks from a file: NDJSON, or CSV with timestamp,coin_id,price[,size]
  --coins N              how many coins, 1 to 10000 (default 25); not for replay
  --rate N               the simulator's ticks a second over all coins, 1 to 1000000 (default 100); the broker in memory
                         carries 20000, more need --kafka
  --seconds N            run N seconds without a terminal view, then print a summary; exit 0 only if every tick produced
                         is a row and every coin a key
  --keep                 at the end leave the servers, the page and the data, and say how to end them; after an error
                         leave the logs
  --kafka HOST:PORT      use this broker; the topics get a prefix of their own
  --postgres URL         use this database, postgresql://user:password@host:port/name
  --redis URL            use this server, redis://[:password@]host:port; the keys get a prefix of their own
  --help                 this text

--option=value works as well. The page is on port 8080, or CACHER_HTTP_PORT; if that is taken, on a free one. Other
settings of the services pass through the environment: AGGREGATOR_…, PERSISTER_…, INGESTOR_… (see docs/settings.md).
TICKLINE_DEMO_CONFIGURATION=debug builds without optimisation; TICKLINE_DEMO_BINARIES=FOLDER takes executables that are
there already. Exit codes: 0, 64 for a mistake on the command line, 130 after Ctrl-C, 143 after SIGTERM, 1 otherwise.
TEXT
}

# Ends with a sentence about the command line (EX_USAGE).
misused() {
  warn "$*; see scripts/demo --help"
  exit 64
}

number() { # name, text, lowest, highest
  if ! [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || (($2 < $3 || $2 > $4)); then
    misused "$1 is \"$2\", allowed: a whole number from $3 to $4"
  fi
}

matches() { # name, text, pattern, what is allowed
  [[ $2 =~ $3 ]] || misused "$1 is not as it should be, allowed: $4"
}

# Takes the options apart, into variables.
read_options() {
  source=auto replay_file='' coins=25 rate=100 seconds='' keep='' kafka='' postgres='' redis=''
  configuration=${TICKLINE_DEMO_CONFIGURATION:-release}
  local option value
  while (($#)); do
    if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}" && value=given; else value=''; fi
    option=$1
    shift
    case $option in
      --help | -h | --keep)
        [[ -z $value ]] || misused "$option takes no value"
        [[ $option == --keep ]] || { usage && exit; }
        keep=yes
        continue
        ;;
      --source | --coins | --rate | --seconds | --kafka | --postgres | --redis)
        (($#)) || misused "$option needs a value"
        ;;
      *) misused "there is no option $option" ;;
    esac
    value=$1
    shift
    case $option in
      --source)
        source=$value
        [[ $source =~ ^(auto|coingecko|coinbase|kraken|binance|simulator|replay)$ ]] ||
          misused "--source is \"$source\", allowed: auto, coingecko, coinbase, kraken, binance, simulator, replay FILE"
        if [[ $source == binance && -z ${INGESTOR_VS_CURRENCIES:-} ]]; then
          # It has nothing in usd.
          export INGESTOR_VS_CURRENCIES=usdt
          # shellcheck disable=SC2034 # the view's
          currency=usdt
        fi
        if [[ $source == replay ]]; then
          (($#)) || misused "--source replay needs a file"
          find_replay_file "$1"
          shift
        fi
        ;;
      --coins) number "$option" "$value" 1 10000 && coins=$value ;;
      --rate) number "$option" "$value" 1 1000000 && rate=$value ;;
      --seconds) number "$option" "$value" 1 86400 && seconds=$value ;;
      --kafka) matches "$option" "$value" '^[^:/]+:[0-9]+$' HOST:PORT && kafka=$value ;;
      --postgres)
        matches "$option" "$value" '^postgres(ql)?://' postgresql://user:password@host:port/name && postgres=$value
        ;;
      --redis) matches "$option" "$value" '^redis://' 'redis://[:password@]host:port[/database]' && redis=$value ;;
    esac
  done
  bound_rate
  check_terminal
}

find_replay_file() {
  replay_file=$(realpath -- "$1" 2>/dev/null || true)
  [[ -f $replay_file && -r $replay_file ]] || misused "the file to replay can't be read: $1"
}

# librdkafka's mock keeps 5 MiB, or 100 000 batches, a partition: what the slowest reader has not read by then is gone.
bound_rate() {
  rate_note=''
  local most=$most_embedded_rate
  # Without optimisation the readers are slower.
  [[ $configuration != debug && ${TICKLINE_DEMO_BINARIES:-} != *debug* ]] || most=$most_debug_rate
  if [[ -z $kafka ]] && ((rate > most)); then
    rate_note="at most $most ticks/s, not $rate: the broker in memory would lose ticks; --kafka takes more"
    rate=$most
  fi
}

check_terminal() {
  if [[ -z $seconds ]] && ! { [[ -t 0 && -t 1 ]] && tput cup 0 0 >/dev/null 2>&1; }; then
    misused "the live view needs a terminal that can move its cursor; without one use --seconds N"
  fi
}
