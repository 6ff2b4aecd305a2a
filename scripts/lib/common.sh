# shellcheck shell=bash
# What the scripts share: words for the user, packages, the Swift toolchain. Sourced, not run.

program=$(basename "$0")

say() { printf '%s\n' "$*"; }

# Descriptor 3 stays with the user when stderr goes to a log.
exec 3>&2

warn() { printf '%s: %s\n' "$program" "$*" >&3; }

# Ends with a sentence that says what to do.
fail() {
  warn "$*"
  exit 1
}

# Whether somebody listens on a loopback port.
is_taken() { # port
  (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

has() { command -v "$1" >/dev/null 2>&1; }

# What the Swift packages link with, on Debian and its kin.
build_packages=(librdkafka-dev libpq-dev libhiredis-dev libssl-dev libcurl4-openssl-dev zlib1g-dev libzstd-dev pkg-config)

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Runs a command as root.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Installs the Debian packages that are missing, and says which. Servers among them are not started: the scripts start
# their own, on ports of their own.
need_packages() {
  local missing=() package
  if ! has dpkg-query || ! has apt-get; then
    warn "this is no Debian: nothing is installed by itself. What is needed, by Debian's names: $*"
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if [[ $(id -u) != 0 ]] && ! has sudo; then
    fail "these packages are missing, and only root can install them: apt-get install ${missing[*]}"
  fi
  say "Installing from Debian: ${missing[*]}"
  local log policy=/usr/sbin/policy-rc.d wrote_policy='' status=0
  log=$(mktemp)
  if [[ ! -e $policy ]]; then
    # 101 forbids maintainer scripts to start what they install (Debian policy 9.3.3).
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    wrote_policy=yes
  fi
  {
    as_root apt-get update &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 || status=$?
  [[ -z $wrote_policy ]] || as_root rm -f "$policy"
  if ((status)); then
    tail -n 5 "$log" >&2
    fail "apt-get could not install ${missing[*]}. Without a network? The whole output is in $log"
  fi
  rm -f "$log"
}

need_swift() {
  local version
  has swift || fail "Swift is missing: install 6.2 or newer from https://www.swift.org/install, then run this again."
  version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9.]+')
  if [[ $(printf '6.2\n%s\n' "$version" | sort -V | head -n 1) != 6.2 ]]; then
    fail "Swift $version is too old: install 6.2 or newer from https://www.swift.org/install, then run this again."
  fi
}

# Makes an environment of Python with packages from PyPI, once for each list of them; `python` is its interpreter then.
#   need_python NAME PACKAGE==VERSION …
need_python() {
  local name=$1 tools
  shift
  tools=.build/python-$name-$(printf '%s\n' "$@" | sha256sum | cut -c 1-12)
  # shellcheck disable=SC2034  # for whoever sources this
  python=$tools/bin/python
  [[ ! -e $tools/complete ]] || return 0
  mkdir -p .build
  (
    # Two scripts that begin at once would each remove what the other installs.
    ! has flock || flock 9
    [[ ! -e $tools/complete ]] || exit 0
    say "Installing from PyPI: $*"
    rm -rf "$tools"
    /usr/bin/python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "$@" ||
      fail "PyPI gave no $*. Without a network?"
    touch "$tools/complete"
  ) 9>"$tools.lock"
}
