# PostgreSQL for tests: a cluster of its own, on the loopback alone, durable as in production.
# shellcheck shell=bash

# PostgreSQL refuses to run as root; root lends it the account that Debian's package made, and a folder
# which that account can reach.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

postgres_bin() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
  [ -n "$found" ] || found=$(command -v initdb) || return 1
  dirname "$(readlink -f "$found")"
}

postgres_data() {
  local data=$SERVICES/postgres
  mkdir -p "$data"
  if [ "$(id -u)" = 0 ]; then
    chown postgres: "$data"
    # A project below a private home cannot be entered by another account.
    as_postgres test -x "$data" || { data=/var/lib/postgresql/chiasm-$(echo "$ROOT" | md5sum | cut -c1-8); mkdir -p "$data"; chown postgres: "$data"; }
  fi
  echo "$data"
}

postgres_up() {
  postgres_bin >/dev/null || install initdb postgresql
  local bin data port
  bin=$(postgres_bin) && data=$(postgres_data) && port=$(port postgres 55432)
  if ! [ -s "$data/cluster/PG_VERSION" ]; then
    rm -rf "$data/cluster"
    (cd / && as_postgres "$bin/initdb" -D "$data/cluster" -U chiasm -A trust -E UTF8 --locale=C.UTF-8) >"$SERVICES/initdb.log" 2>&1 ||
      fail "initdb failed; see $SERVICES/initdb.log"
  fi
  if ! (cd / && as_postgres "$bin/pg_ctl" -D "$data/cluster" status) >/dev/null; then
    (cd / && as_postgres "$bin/pg_ctl" -D "$data/cluster" -l "$data/log" -w -t 60 start \
      -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200") >/dev/null ||
      fail "PostgreSQL did not start; see $data/log"
  fi
  "$bin/psql" -h 127.0.0.1 -p "$port" -U chiasm -d postgres -Atc "select 1 from pg_database where datname='chiasm'" | grep -q 1 ||
    "$bin/createdb" -h 127.0.0.1 -p "$port" -U chiasm chiasm || fail "PostgreSQL makes no database"
  echo "CHIASM_TEST_POSTGRES=postgresql://chiasm@127.0.0.1:$port/chiasm" >>"$ENV_FILE.new"
}

postgres_down() {
  local bin data
  bin=$(postgres_bin) || return 0
  data=$(postgres_data)
  (cd / && as_postgres "$bin/pg_ctl" -D "$data/cluster" -m fast -w stop) >/dev/null 2>&1 || true
}
