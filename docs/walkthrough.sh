#!/usr/bin/env bash
# Records docs/walkthrough-*.md: kit from an empty folder to migrate:fresh, as it prints it, on each of the three
# databases; and docs/killed.md: a migration that is killed half-way, and how it goes on. What differs from run to run (times, folders, servers) is replaced by the same text everywhere.
#
#   docs/walkthrough.sh           writes the transcripts anew
#   docs/walkthrough.sh --check   compares them with a new recording, exit 1 with the difference
#
# KIT is the program [default: built from this clone]. KIT_TEST_POSTGRES_URL and KIT_TEST_MYSQL_URL are servers
# (`./test.sh --serve` prints two); a database of its own is created on each and dropped in the end.
# shellcheck disable=SC2016  # backticks are markdown here
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'walkthrough.sh: %s\n' "$*" >&2; exit 1; }

case "${1:-}" in
  '') check= ;;
  --check) check=yes ;;
  *) die "unknown argument: $1" ;;
esac
[ -n "${KIT_TEST_POSTGRES_URL:-}" ] || die "KIT_TEST_POSTGRES_URL is not set"
[ -n "${KIT_TEST_MYSQL_URL:-}" ] || die "KIT_TEST_MYSQL_URL is not set"
if [ -z "${KIT:-}" ]; then
  cargo build --quiet
  KIT=${CARGO_TARGET_DIR:-target}/debug/kit
fi
KIT=$(realpath "$KIT")
docs=$PWD/docs

temp=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/kit-walkthrough.XXXXXX")")
database=kit_walkthrough_$$
servers=()
stop() {
  trap - EXIT
  local drop="DROP DATABASE IF EXISTS $database" server
  for server in "${servers[@]}"; do
    case $server in
      postgres) on_server "$KIT_TEST_POSTGRES_URL" psql -q -d postgres -c 'SET client_min_messages = error' -c "$drop" ;;
      mysql) on_server "$KIT_TEST_MYSQL_URL" mariadb -e "$drop" ;;
    esac || printf 'walkthrough.sh: %s is still on the server\n' "$database" >&2
  done
  rm -rf "$temp"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# on_server URL CLIENT ARGUMENT…: the client on the URL's server, the password out of sight.
on_server() {
  local url=$1 client=$2 user password host port
  shift 2
  [[ $url =~ ^[a-z]+://([^:@]*)(:([^@]*))?@([^:/]+)(:([0-9]+))?/ ]] || die "cannot read the URL of the server"
  user=${BASH_REMATCH[1]} password=${BASH_REMATCH[3]} host=${BASH_REMATCH[4]} port=${BASH_REMATCH[6]}
  printf -v password '%b' "${password//%/\\x}"
  case $client in
    psql) PGPASSWORD=$password psql -X -h "$host" -p "${port:-5432}" -U "$user" "$@" ;;
    mariadb) MYSQL_PWD=$password mariadb --no-defaults --protocol=tcp -h "$host" -P "${port:-3306}" -u "$user" "$@" ;;
  esac
}

# The same text for what differs from run to run: folder, server, the clock, other builds. A line with dots keeps its 80 columns.
normalise() {
  sed -E \
    -e "s#$temp/[a-z]+#/home/you#g" \
    -e "s#(postgres|mysql)://[^ ]*/$database#\1://you:***@localhost/blog#g" \
    -e '/^  INFO  Waiting for another build to end$/d' \
    -e 's/m[0-9]{8}_[0-9]{6}_/m20260102_030405_/g' \
    -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}/2026-01-02 03:05:06/g' \
    | awk 'match($0, / \.+ ([0-9]+(ms|s|m) ?)+ DONE$/) {
        left = substr($0, 1, RSTART)
        dots = sprintf("%" (80 - length(left) - length(" 12ms DONE")) "s", "")
        gsub(/ /, ".", dots)
        print left dots " 12ms DONE"
        next
      }
      { print }'
}

say() { printf '%s\n' "$@" >>"$page"; }

# shown COMMAND ARGUMENT…: the command line and what it prints, both streams in the order of a terminal.
shown() {
  local status=0 expected=0
  case $1 in fails) expected=1; shift ;; esac
  { printf '```console\n$ '; printf '%s' "$1"; printf ' %s' "${@:2}"; printf '\n'; } >>"$page"
  [ "$1" != kit ] || set -- "$KIT" "${@:2}"
  env -u DATABASE_URL -u DATABASE_SCHEMA -u APP_ENV -u NO_COLOR -u CLICOLOR_FORCE \
    "$@" >"$temp/output" 2>&1 </dev/null || status=$?
  normalise <"$temp/output" >>"$page"
  say '```' ''
  if [ "$status" -ne "$expected" ]; then
    cat "$temp/output" >&2
    die "exit $status: ${*:2}"
  fi
}

# record FILE NAME URL
record() {
  local file=$1 name=$2 url=$3 scheme=${3%%:*} migration
  page=$temp/$file
  mkdir -p "$temp/$scheme/blog"
  cd "$temp/$scheme/blog"
  say "# From an empty folder to \`migrate:fresh\`, on $name" '' \
    'Recorded by `docs/walkthrough.sh` and checked by a test. Folder, server and times are replaced by fixed text,' \
    'since they differ from run to run; everything else is as kit printed it.' ''

  say '## A project' ''
  shown kit init
  if [ "$scheme" = sqlite ]; then
    say 'The database is a file in `database/`; there is nothing to install.' ''
  else
    # As init wrote it, with the connection changed; a password goes here, never on the command line.
    printf 'DATABASE_URL=%s\n' "$url" >.env
    say "The database is named in \`.env\`, which git ignores:" '' '```console' '$ cat .env' >>"$page"
    printf 'DATABASE_URL=%s://you:secret@localhost/blog\n' "$scheme" >>"$page"
    say '```' '' \
      "Kit brings its own drivers. The application needs the feature \`sqlx-$scheme\` of sea-orm-migration in Cargo.toml." ''
  fi

  say '## A migration' ''
  shown kit make:migration create_posts_table
  migration=$(echo migrations/m*_create_posts_table.rs)
  cp "$migration" "$temp/before"
  sed -i '/^    Id,$/a\    Title,\n    Body,' "$migration"
  # Two columns, before the first of the timestamps.
  awk '{ line[NR] = $0 }
    /ColumnDef::new\(Posts::CreatedAt\)/ && !at { at = NR - 1 }
    END {
      for (n = 1; n <= NR; n++) {
        if (n == at) {
          print "                    .col(ColumnDef::new(Posts::Title).string().not_null())"
          print "                    .col(ColumnDef::new(Posts::Body).text())"
        }
        print line[n]
      }
    }' "$migration" >"$temp/after"
  cp "$temp/after" "$migration"
  say 'Two columns are added by hand:' '' '```diff'
  { diff -u --label before --label after "$temp/before" "$migration" || true; } | sed 1,2d >>"$page"
  say '```' ''

  say '## Up and down' ''
  if [ "$scheme" = sqlite ]; then
    shown kit migrate
  else
    say 'The database is not there yet. On a terminal kit asks whether to create it; `--force` says yes.' ''
    shown kit migrate --force
  fi
  shown kit migrate:status
  say 'What loses data asks first. Here nobody is there to ask, so it is `--force` again.' ''
  shown kit migrate:rollback --force
  shown kit migrate:status
  shown kit migrate

  say '## Anew' ''
  shown kit migrate:fresh --force
  shown kit migrate:status
  # One empty line less at the end.
  sed -i '$ d' "$page"
}

# kill_half_way URL: starts kit migrate, and kills it when its migration has come to its slow statement.
kill_half_way() {
  local url=$1 pid
  setsid "$KIT" migrate >"$temp/output" 2>&1 </dev/null &
  pid=$!
  for _ in $(seq 3000); do
    if [ "$(on_server "$url" mariadb -N "$database" -e 'SELECT n FROM visits' 2>/dev/null)" = 11 ]; then break; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$pid" || { cat "$temp/output" >&2; die "it was not there to be killed"; }
  wait "$pid" 2>/dev/null || true
  # The server goes on with the statement of its dead client; until that is over the next run would wait.
  for _ in $(seq 600); do
    sleep 0.1
    [ "$(on_server "$url" mariadb -N -e "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '$database'")" != 0 ] || break
  done
}

# killed URL: a migration that is killed half-way on a server that commits every statement.
killed() {
  local url=$1
  page=$temp/killed.md
  mkdir -p "$temp/killed/blog"
  cd "$temp/killed/blog"
  on_server "$url" mariadb -e "DROP DATABASE $database; CREATE DATABASE $database"
  "$KIT" init >/dev/null 2>&1 </dev/null
  printf 'DATABASE_URL=%s\n' "$url" >.env
  "$KIT" make:migration count_visits >/dev/null 2>&1 </dev/null
  cat >"$(echo migrations/m*_count_visits.rs)" <<'RUST'
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: [&str; 5] = [
    "CREATE TABLE visits (id int PRIMARY KEY, n int NOT NULL) ENGINE InnoDB COLLATE utf8mb4_bin",
    "INSERT INTO visits VALUES (1, 10)",
    "UPDATE visits SET n = n + 1",
    "DO SLEEP(3)",
    "UPDATE visits SET n = n * 2",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in UP {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("visits").to_owned()).await
    }
}
RUST
  say '# A migration that is killed half-way' '' \
    'Recorded by `docs/walkthrough.sh` and checked by a test, on MariaDB, which commits every statement that changes the' \
    'schema. On PostgreSQL and SQLite a migration is one transaction: killed, it leaves nothing, and the next `kit migrate`' \
    'goes on by itself.' '' \
    'The migration creates a table, fills it, and changes its row twice, with something slow between:' '' '```rust'
  sed -n '/^const UP/,/^];/p' migrations/m*_count_visits.rs >>"$page"
  say '```' '' 'Kit and its migrator are killed with `kill -9` during the slow statement.' ''
  kill_half_way "$url"
  { printf '```console\n$ kit migrate\n'; normalise <"$temp/output"; printf 'Killed\n```\n\n'; } >>"$page"
  say 'The next run changes nothing. It reports what happened, and the command that shows more:' ''
  shown fails kit migrate
  shown fails kit migrate:repair
  say 'The first three statements ran. The fourth was running and changes nothing; the fifth was never sent. The row shows the' 'same:' ''
  client "$url" 'SELECT * FROM visits'
  say '10 + 1: only the last statement is missing. The first way to repair it is to execute that statement by hand:' ''
  client "$url" 'UPDATE visits SET n = n * 2'
  shown kit migrate:repair --applied count_visits
  shown kit migrate:status
  shown kit migrate
  "$KIT" migrate:rollback --force >/dev/null 2>&1 </dev/null
  kill_half_way "$url"
  say 'The other way, after a rollback and another kill at the same place, is to undo what ran, with the SQL that kit names:' ''
  client "$url" 'DROP TABLE visits'
  shown kit migrate:repair --rolled-back count_visits
  shown kit migrate
  client "$url" 'SELECT * FROM visits'
  say 'Both ways end with 22. kit keeps who repaired what:' ''
  client "$url" 'SELECT command, what FROM kit_history'
  sed -i '$ d' "$page"
}

# client URL SQL: shown as the client's own.
client() {
  { printf '```console\n$ mariadb blog -e "%s"\n' "$2"; on_server "$1" mariadb -t "$database" -e "$2"; printf '```\n\n'; } >>"$page"
}

record walkthrough-sqlite.md SQLite sqlite://database/app.sqlite
servers+=(postgres)
record walkthrough-postgres.md PostgreSQL "${KIT_TEST_POSTGRES_URL%/*}/$database"
servers+=(mysql)
record walkthrough-mariadb.md MariaDB "${KIT_TEST_MYSQL_URL%/*}/$database"
killed "${KIT_TEST_MYSQL_URL%/*}/$database"

cd "$docs"
for file in walkthrough-sqlite.md walkthrough-postgres.md walkthrough-mariadb.md killed.md; do
  if [ -z "$check" ]; then
    cp "$temp/$file" "$file"
  elif ! diff -u --label "docs/$file" --label 'recorded now' "$file" "$temp/$file"; then
    differs=yes
  fi
done
if [ -n "${differs:-}" ]; then
  die "the transcripts are not what kit prints: run docs/walkthrough.sh"
fi
