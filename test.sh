#!/usr/bin/env bash
# The one test command: installs what is missing, starts throwaway PostgreSQL and MariaDB servers on
# loopback, runs every test against them and stops them again. A missing server is an error, not a skip.
#
#   ./test.sh                     everything but what takes minutes, doctests included
#   ./test.sh --all               that, too: entities of large public schemas
#   ./test.sh -E 'test(wipe)'     arguments go to cargo nextest
#   ./test.sh --galera            only what needs a cluster of three nodes: starts one, minutes
#   ./test.sh --faults            kills, crashes, races and broken networks by the hundred, and a table of what came of them
#   ./test.sh --servers           the tests of databases on PostgreSQL 13 to 18, which it downloads
#   ./test.sh --serve             only the servers: prints what to export, waits until interrupted
#
# A URL that is already exported (KIT_TEST_POSTGRES_URL, KIT_TEST_MYSQL_URL) is used instead of a server.
set -euo pipefail
cd "$(dirname "$0")"
# Servers live where an ordinary user's PATH does not look.
PATH="$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin"

say() { printf 'test.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

postgres_bin() {
  local folder
  if have pg_config && [ -x "$(pg_config --bindir)/postgres" ]; then pg_config --bindir; return; fi
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) /usr/local/bin /usr/bin; do
    if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then printf '%s\n' "$folder"; return; fi
  done
  return 1
}

install_missing() {
  local packages=() tool
  [ "$servers_wanted" = yes ] || [ -n "${KIT_TEST_POSTGRES_URL:-}" ] || postgres_bin >/dev/null || packages+=(postgresql)
  [ -n "${KIT_TEST_MYSQL_URL:-}" ] || { have mariadbd && have mariadb-install-db; } || packages+=(mariadb-server)
  have pgbouncer || packages+=(pgbouncer)
  if [ "$galera" = yes ]; then
    have mariadbd || packages+=(mariadb-server)
    [ -r /usr/lib/galera/libgalera_smm.so ] || packages+=(galera-4)
    for tool in rsync socat lsof; do
      have "$tool" || packages+=("$tool")
    done
  fi
  if [ "$servers_wanted" = yes ]; then
    have npm || packages+=(npm)
    python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
    # Servers do not run as root.
    [ "$(id -u)" -ne 0 ] || getent passwd postgres >/dev/null || packages+=(postgresql-common)
  fi
  for tool in sqlite3 zsh fish shellcheck expect tmux; do
    have "$tool" || packages+=("$tool")
  done
  # Not a program: what bash loads completions with.
  [ -r /usr/share/bash-completion/bash_completion ] || packages+=(bash-completion)
  # A linker, for cargo.
  have cc || packages+=(gcc libc6-dev)
  if [ "${#packages[@]}" -gt 0 ]; then
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
      have sudo || die "missing: ${packages[*]}; install them as root"
      sudo=(sudo)
    fi
    have apt-get || die "missing: ${packages[*]}; this machine has no apt-get to install them with"
    say "installing ${packages[*]}"
    # Debian starts every server it installs; these tests bring their own.
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 sh -c 'apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null' sh "${packages[@]}" \
      || die "could not install ${packages[*]}"
  fi
  have cargo || die "no cargo: install Rust from https://rustup.rs"
}

servers=()
folder=
galera=no
servers_wanted=no
if [ "${1:-}" = --galera ]; then
  galera=yes
  shift
elif [ "${1:-}" = --servers ]; then
  servers_wanted=yes
  shift
fi

stop() {
  trap - EXIT
  local pid
  for pid in "${servers[@]}"; do
    # Throwaway data: nothing to be saved by an orderly end.
    kill -QUIT "$pid" 2>/dev/null || true
  done
  for pid in "${servers[@]}"; do
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  [ -z "$folder" ] || rm -rf "$folder"
}

# as USER COMMAND…: becomes the server, so that $! is the server itself. Servers refuse to run as root.
as() {
  local user=$1
  shift
  if [ "$(id -u)" -eq 0 ]; then
    cd / && exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"
  fi
  exec "$@"
}

# own USER FOLDER: a folder that the server may write.
own() {
  mkdir -p "$2"
  if [ "$(id -u)" -eq 0 ]; then chown "$1" "$2"; fi
}

# serve NAME LOG READY START: starts the server on a free port, by trying: another run may take any port that
# was found free a moment ago. START and READY get the port as $1. Leaves the port in $port.
serve() {
  local name=$1 log=$2 ready=$3 start=$4 pid
  for _ in $(seq 20); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    "$start" "$port" >"$log" 2>&1 &
    pid=$!
    for _ in $(seq 300); do
      if ! kill -0 "$pid" 2>/dev/null; then break; fi
      # Asked twice: who answers must be the server just started, not a neighbour on the same port.
      if "$ready" "$port" >/dev/null 2>&1 && kill -0 "$pid" 2>/dev/null; then
        servers+=("$pid")
        return
      fi
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  cat "$log" >&2
  die "$name does not start"
}

password=s3cr3t

# The schema of Zabbix, 173 tables on each database, out of Debian's packages, without installing them.
download_zabbix() {
  local to=target/zabbix package
  have apt-get || { say "no apt-get: Zabbix is not tried"; return; }
  for package in zabbix-server-pgsql zabbix-server-mysql zabbix-proxy-sqlite3; do
    [ -d "$to/usr/share/$package" ] || {
      mkdir -p "$to"
      (cd "$to" && apt-get download -qq "$package" && dpkg -x "$package"_*.deb . && rm "$package"_*.deb) \
        || say "no package $package: Zabbix is not tried on its database"
    }
  done
  export KIT_TEST_ZABBIX="$PWD/$to"
}

# Ends the server that was started last. Throwaway data: nothing to be saved by an orderly end.
end_last_server() {
  local pid=${servers[-1]}
  unset 'servers[-1]'
  kill -QUIT "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

postgres_start() {
  as postgres "$bin/postgres" -D "$data" -p "$1" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200
}
postgres_ready() { PGPASSWORD=$password PGCONNECT_TIMEOUT=3 "$psql" -h 127.0.0.1 -p "$1" -U kit -d postgres -c 'SELECT 1'; }

# start_postgres PROGRAMS DATA: initializes a cluster in the folder DATA and starts its server.
start_postgres() {
  bin=$1 data=$2
  if [ -x "$bin/psql" ]; then psql=$bin/psql; else psql=psql; fi
  own postgres "$data"
  printf '%s\n' "$password" >"$folder/password"
  chmod 644 "$folder/password"
  (as postgres "$bin/initdb" -D "$data" -U kit --auth=scram-sha-256 --pwfile="$folder/password" \
    --encoding=UTF8 --locale=C --no-sync) >"$folder/postgres.log" 2>&1 || { cat "$folder/postgres.log" >&2; die "initdb failed"; }
  serve PostgreSQL "$folder/postgres.log" postgres_ready postgres_start
  export KIT_TEST_POSTGRES_URL="postgres://kit:$password@127.0.0.1:$port/postgres"
}

mariadb_start() {
  as mysql mariadbd --no-defaults --datadir="$folder/mariadb/data" --port="$1" --tmpdir="$folder/mariadb" --bind-address=127.0.0.1 \
    --socket="$folder/mariadb/socket" --pid-file="$folder/mariadb/pid" --skip-name-resolve --skip-log-bin \
    --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-use-native-aio=0 --max-connections=400 \
    --event-scheduler=ON --init-file="$folder/init.sql"
}
mariadb_ready() { MYSQL_PWD=$password mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P "$1" -u kit -e 'SELECT 1'; }

start_mariadb() {
  own mysql "$folder/mariadb"
  printf "CREATE USER IF NOT EXISTS 'kit'@'127.0.0.1' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO 'kit'@'127.0.0.1' WITH GRANT OPTION;\n" \
    "$password" >"$folder/init.sql"
  chmod 644 "$folder/init.sql"
  (as mysql mariadb-install-db --no-defaults --datadir="$folder/mariadb/data" --auth-root-authentication-method=normal \
    --skip-test-db --innodb-use-native-aio=0) >"$folder/mariadb.log" 2>&1 || { cat "$folder/mariadb.log" >&2; die "mariadb-install-db failed"; }
  serve MariaDB "$folder/mariadb.log" mariadb_ready mariadb_start
  export KIT_TEST_MYSQL_URL="mysql://kit:$password@127.0.0.1:$port/mysql"
}

all=()
if [ "${1:-}" = --all ]; then
  shift
  all=(--run-ignored all)
  download_zabbix
fi

install_missing
if [ "$galera" = yes ]; then exec tests/galera.sh "$@"; fi
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
folder=$(mktemp -d "${TMPDIR:-/tmp}/kit-test.XXXXXX")
# The servers' own users have to pass through.
chmod 711 "$folder"
[ "$servers_wanted" = yes ] || [ -n "${KIT_TEST_POSTGRES_URL:-}" ] || start_postgres "$(postgres_bin)" "$folder/postgres"
[ -n "${KIT_TEST_MYSQL_URL:-}" ] || start_mariadb

have_nextest() { cargo nextest --version >/dev/null 2>&1; }

if [ "$servers_wanted" = yes ]; then
  # shellcheck source=tests/servers.sh
  . tests/servers.sh
  outcome=0
  run_servers "$@" || outcome=$?
  exit "$outcome"
fi

if [ "${1:-}" = --serve ]; then
  printf 'export KIT_TEST_POSTGRES_URL=%s\nexport KIT_TEST_MYSQL_URL=%s\n' "$KIT_TEST_POSTGRES_URL" "$KIT_TEST_MYSQL_URL"
  # In the background and waited for: a trap runs at once only during `wait`.
  sleep infinity &
  servers+=("$!")
  wait "$!"
  exit
fi

# Rows of `suite | database | tool | counts`, by database, with their heads.
show_faults() {
  # shellcheck disable=SC2016 # nothing is to be expanded
  printf '\nWhat came of it. `alone`: the next run went on; `by hand`: it said what to look at, and went on after that;\n'
  # shellcheck disable=SC2016 # as above
  printf '`stuck`: neither; `wrong`: it said that all is well, and it was not; `data`: changes lost or done twice.\n\n'
  { printf 'suite | database | tool | runs | alone | by hand | stuck | wrong | data\n'; sort -t '|' -k 2,2 -k 1,1 -k 3,3 "$1"; } |
    awk -F ' [|] ' '{ printf "%-36s %-16s %-18s %5s %6s %8s %6s %6s %5s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9 }'
}

if [ "${1:-}" = --faults ]; then
  shift
  export KIT_FAULTS_REPORT="$folder/faults"
  : >"$KIT_FAULTS_REPORT"
  outcome=0
  if have_nextest; then
    cargo nextest run --no-fail-fast --run-ignored all --test faults "$@" || outcome=$?
  else
    cargo test --test faults -- --include-ignored --test-threads 2 || outcome=$?
  fi
  show_faults "$KIT_FAULTS_REPORT"
  exit "$outcome"
fi

# What the tests took, added up for each binary and for the slowest files, from nextest's report.
show_durations() {
  local report=target/nextest/default/junit.xml
  [ -s "$report" ] || return 0
  tr '>' '\n' <"$report" | awk '
    function value(key) { return match($0, " " key "=\"[^\"]*") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : "" }
    /<testcase / {
      binary = value("classname"); file = value("name"); seconds = value("time")
      sub(/::.*/, "", file)
      binaries[binary] += seconds; count[binary]++; files[binary " " file] += seconds
    }
    END {
      for (name in binaries) printf "1 %8.1f s %5d tests  %s\n", binaries[name], count[name], name
      for (name in files) if (files[name] >= 30) printf "2 %8.1f s              %s\n", files[name], name
    }' | sort -k 1,1n -k 2,2nr | cut -c 3- >&2
}

if have_nextest; then
  outcome=0
  cargo nextest run --workspace --no-tests=warn --no-fail-fast "${all[@]}" "$@" || outcome=$?
  show_durations
  [ "$outcome" -eq 0 ] || exit "$outcome"
  # Arguments choose tests, and nextest knows no doctests.
  [ "$#" -gt 0 ] || cargo test --quiet --workspace --doc
else
  [ "$#" -eq 0 ] || say "no cargo-nextest: the arguments go to cargo test"
  [ "${#all[@]}" -eq 0 ] || set -- "$@" -- --include-ignored
  cargo test --workspace "$@"
fi
