#!/usr/bin/env bash
# A real three-node Galera cluster on loopback, and the tests that need one. It ends only the servers it has started.
#
#   tests/galera.sh                    starts a cluster, runs tests/galera.rs, stops the cluster
#   tests/galera.sh restart FOLDER I   starts node I again after it was killed; the tests call this
#
# Debian: mariadb-server galera-4 rsync socat lsof, which ./test.sh --galera installs.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin:/sbin:$HOME/.cargo/bin"

say() { printf 'galera.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# as COMMAND…: servers refuse to run as root.
as() {
  if [ "$(id -u)" -eq 0 ]; then exec setpriv --reuid=mysql --regid=mysql --init-groups "$@"; fi
  exec "$@"
}

provider() {
  local file
  for file in /usr/lib/galera/libgalera_smm.so /usr/lib64/galera-4/libgalera_smm.so; do
    if [ -r "$file" ]; then printf '%s\n' "$file"; return; fi
  done
  die "no Galera: install galera-4"
}

# port I WHAT: sql, group, state, donor. Four neighbours from a base that was free.
port() {
  local base
  base=$(cat "$folder/base")
  case $2 in
    sql) echo $((base + $1 * 10)) ;;
    group) echo $((base + $1 * 10 + 1)) ;;
    state) echo $((base + $1 * 10 + 2)) ;;
    donor) echo $((base + $1 * 10 + 3)) ;;
  esac
}

configure() {
  local home=$folder/n$1
  mkdir -p "$home/data" "$home/tmp"
  cat >"$home/my.cnf" <<CNF
[mysqld]
datadir=$home/data
socket=$home/socket
pid-file=$home/pid
log-error=$home/log
tmpdir=$home/tmp
port=$(port "$1" sql)
bind-address=127.0.0.1
skip-name-resolve
binlog_format=ROW
default_storage_engine=InnoDB
innodb_autoinc_lock_mode=2
innodb_buffer_pool_size=64M
innodb_log_file_size=32M
innodb_flush_log_at_trx_commit=0
innodb_use_native_aio=0
performance_schema=OFF
max_connections=120
wsrep_on=ON
wsrep_provider=$(provider)
wsrep_cluster_name=$(basename "$folder")
wsrep_cluster_address=gcomm://127.0.0.1:$(port 1 group),127.0.0.1:$(port 2 group),127.0.0.1:$(port 3 group)
wsrep_node_name=n$1
wsrep_node_address=127.0.0.1:$(port "$1" group)
wsrep_sst_method=rsync
wsrep_sst_receive_address=127.0.0.1:$(port "$1" donor)
wsrep_slave_threads=1
wsrep_provider_options="base_host=127.0.0.1;base_port=$(port "$1" group);gmcast.listen_addr=tcp://127.0.0.1:$(port "$1" group);ist.recv_addr=127.0.0.1:$(port "$1" state);gcache.size=64M;socket.ssl=no;evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT6S;evs.install_timeout=PT6S"
CNF
  if [ "$(id -u)" -eq 0 ]; then chown -R mysql "$home"; fi
}

# start I [OPTION]: starts a node and waits until it has joined.
start() {
  local node=$1 home=$folder/n$1 pid
  shift
  rm -f "$home/pid"
  (as env -i PATH="$PATH" HOME="$home" setsid mariadbd --defaults-file="$home/my.cnf" "$@") </dev/null >>"$home/out" 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    kill -0 "$pid" 2>/dev/null || break
    if mariadb --no-defaults -uroot -S "$home/socket" -NBe "SHOW STATUS LIKE 'wsrep_local_state_comment'" 2>/dev/null | grep -q Synced; then
      return
    fi
    sleep 0.2
  done
  tail -20 "$home/log" >&2
  die "node $node does not join"
}

# Ends what runs with this cluster's own configuration, and nothing else.
stop() {
  trap - EXIT
  local file pid
  for file in "$folder"/n*/pid; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--defaults-file=$folder/"; then
      kill -KILL "$pid" 2>/dev/null || true
    fi
  done
  sleep 0.5
  [ -n "${KIT_TEST_KEEP:-}" ] || rm -rf "$folder"
}

if [ "${1:-}" = restart ]; then
  folder=$2
  start "$3"
  exit
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/kit-galera.XXXXXX")
chmod 711 "$folder"
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
begun=$SECONDS
for try in $(seq 5); do
  echo $((20000 + RANDOM % 11000)) >"$folder/base"
  for node in 1 2 3; do configure "$node"; done
  (as mariadb-install-db --no-defaults --datadir="$folder/n1/data" --auth-root-authentication-method=normal --skip-test-db \
    --innodb-use-native-aio=0) >"$folder/install" 2>&1 || { cat "$folder/install" >&2; die "mariadb-install-db failed"; }
  if (start 1 --wsrep-new-cluster); then break; fi
  [ "$try" -lt 5 ] || die "no cluster"
  rm -rf "$folder"/n?
done
mariadb --no-defaults -uroot -S "$folder/n1/socket" \
  -e "CREATE USER kit@'127.0.0.1' IDENTIFIED BY 's3cr3t'; GRANT ALL ON *.* TO kit@'127.0.0.1'"
start 2
start 3
say "three nodes after $((SECONDS - begun)) s"
export KIT_TEST_GALERA_FOLDER=$folder
KIT_TEST_GALERA_URLS=$(for node in 1 2 3; do printf 'mysql://kit:s3cr3t@127.0.0.1:%s/mysql ' "$(port "$node" sql)"; done)
export KIT_TEST_GALERA_URLS
# One after the other: they kill nodes.
cargo nextest run --run-ignored only --test-threads 1 --no-capture -E 'binary(galera) and not test(/^child$/)' "$@"
