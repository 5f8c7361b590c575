# Shared by the scripts of `make services`: where things lie, and how a server is started, watched and stopped.
# shellcheck shell=bash
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SERVICES=${CHIASM_SERVICES:-$ROOT/out/services}
ENV_FILE=$SERVICES/env
PYTHON=$(command -v python3)

say() { echo "services: $*"; }
fail() { echo "services: $*" >&2; exit 1; }

# install PROGRAM PACKAGE...: installs the packages where the program is missing and apt may be used.
install() {
  local program=$1; shift
  command -v "$program" >/dev/null && return
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "$program is missing: apt install $*"
  say "installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq --no-install-recommends "$@" </dev/null >"$SERVICES/apt.log" 2>&1 ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" </dev/null >"$SERVICES/apt.log" 2>&1; } ||
    fail "apt could not install $*; see $SERVICES/apt.log"
}

# port NAME DEFAULT: the port recorded for a server; the default where it is free, else any that is.
port() {
  local file=$SERVICES/$1.port
  [ -s "$file" ] || "$PYTHON" - "$2" >"$file" <<'PY'
import socket, sys
for wanted in (int(sys.argv[1]), 0):
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", wanted))
        except OSError:
            continue
        print(one.getsockname()[1])
        break
PY
  cat "$file"
}

# alive NAME: whether the server whose process was recorded still runs.
alive() {
  local file=$SERVICES/$1.pid
  [ -s "$file" ] && kill -0 "$(cat "$file")" 2>/dev/null
}

# launch NAME COMMAND...: starts it apart from this terminal, its output in NAME.log, its process in NAME.pid.
launch() {
  local name=$1; shift
  alive "$name" && return
  setsid "$@" >"$SERVICES/$name.log" 2>&1 </dev/null &
  echo $! >"$SERVICES/$name.pid"
}

# halt NAME: stops it, and kills it where it has not gone after three seconds.
halt() {
  local name=$1 pid turn
  alive "$name" || { rm -f "$SERVICES/$name.pid"; return 0; }
  pid=$(cat "$SERVICES/$name.pid")
  kill "$pid" 2>/dev/null || true
  for turn in $(seq 30); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$SERVICES/$name.pid"
}

# answers SECONDS COMMAND...: waits until the command succeeds.
answers() {
  local turns=$(($1 * 5)) turn; shift
  for turn in $(seq "$turns"); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done
  return 1
}
