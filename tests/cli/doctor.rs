//! `kit doctor` on projects in which one thing is wrong, each planted for real: the line that says so, its hint, the exit
//! code, and that nothing else is complained of. And on projects in which nothing is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod hints;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::support::commands;
use crate::support::database::Database;
use crate::support::pooler::Pooler;
use crate::support::projects::{On, creates, index, migration};
use crate::support::{self, projects};
use crate::support::{Sandbox, Transcript};
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::LEDGER;
use kit_runtime::lock;
use kit_runtime::wire::{Holder, Locking};
use serde_json::Value;

const MANIFEST: &str = r#"[workspace]

[package]
name = "app"
version = "0.1.0"
edition = "2024"
rust-version = "1.85"

[dependencies]
sea-orm = { version = "2.0", features = ["sqlx-mysql", "sqlx-postgres", "sqlx-sqlite"] }
sea-orm-migration = "2.0"
"#;

/// A line that is not OK: name, state, and the names, numbers, paths and commands, with `|` between them, that the finding and
/// the hint have.
type Complaint = (&'static str, &'static str, &'static str, &'static str);

fn lock_file(sea_orm: &str, migration: &str) -> String {
    let package = |name: &str, version: &str| format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
    format!("version = 4\n{}{}", package("sea-orm", sea_orm), package("sea-orm-migration", migration))
}

#[expect(clippy::disallowed_methods, reason = "the clock of the servers is that of this machine")]
fn real_clock() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

fn script(sandbox: &Sandbox, name: &str, text: &str) {
    let path = format!("bin/{name}");
    sandbox.write(&path, &format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(sandbox.root().join(path), Permissions::from_mode(0o755)).unwrap();
}

fn git(sandbox: &Sandbox, arguments: &[&str]) {
    let root = sandbox.root();
    assert!(Command::new("git").current_dir(root).args(arguments).status().unwrap().success(), "{arguments:?}");
}

/// A project in which nothing is wrong, with a toolchain of its own. It is in a repository.
fn healthy() -> Sandbox {
    let sandbox = Sandbox::new().clock(real_clock);
    let sandbox = sandbox
        .file("Cargo.toml", MANIFEST)
        .file("Cargo.lock", &lock_file("2.0.4", "2.0.4"))
        .file("migrations/mod.rs", &index(&["m1_a", "m2_b"]))
        .file("migrations/m1_a.rs", &creates("a"))
        .file("migrations/m2_b.rs", &creates("b"))
        .file(".env", "APP_ENV=development\n")
        .file(".gitignore", ".env\n");
    script(&sandbox, "cargo", "echo 'cargo 1.94.0 (x 2026-01-01)'");
    script(&sandbox, "rustc", "echo 'rustc 1.94.0 (x 2026-01-01)'");
    script(&sandbox, "cc", "true");
    let git_itself =
        ["/usr/bin/git", "/usr/local/bin/git", "/bin/git"].into_iter().find(|path| fs::exists(path).unwrap());
    symlink(git_itself.unwrap(), sandbox.root().join("bin/git")).unwrap();
    git(&sandbox, &["init", "--quiet", "."]);
    let (path, cache) = (sandbox.root().join("bin"), sandbox.root().join("cache"));
    sandbox.env("PATH", path.to_str().unwrap()).env("KIT_CACHE_DIR", cache.to_str().unwrap())
}

/// The same, and its migrations count as applied in the database.
async fn applied(database: &Database) -> Sandbox {
    let sandbox = healthy();
    On::new(&sandbox, database).ok(&["migrate:mark", "--all", "--force"]);
    if database.dialect == Dialect::MySql {
        // A server's own default may be another.
        let name = database.dialect.quote(&name_of(database));
        database.execute(&[&format!("ALTER DATABASE {name} CHARACTER SET utf8mb4")]).await;
    }
    sandbox.env("DATABASE_URL", database.url())
}

/// In a thread of its own, since kit brings its own runtime.
fn doctor(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    std::thread::scope(|scope| scope.spawn(|| sandbox.kit(&[&["doctor"], arguments].concat())).join().unwrap())
}

fn lines(transcript: &Transcript) -> Vec<BTreeMap<String, Option<String>>> {
    let found: Value = serde_json::from_str(&transcript.stdout).unwrap_or_else(|error| panic!("{error}: {transcript}"));
    found["findings"].as_array().unwrap().iter().map(|line| serde_json::from_value(line.clone()).unwrap()).collect()
}

/// These and no others are complained of.
#[track_caller]
fn complains(what: &str, sandbox: &Sandbox, arguments: &[&str], expected: &[Complaint]) {
    let said = doctor(sandbox, &[&["--json"], arguments].concat());
    assert_eq!(said.stderr, "", "{what}");
    assert!(!said.to_string().contains("s3cr3t"), "{what}: {said}");
    let lines = lines(&said);
    // How full the disk is, is this machine's.
    let own = lines.iter().filter(|line| line["name"].as_deref() != Some("disk"));
    let complaints: Vec<_> = own.filter(|line| line["state"].as_deref() != Some("ok")).collect();
    for line in &lines {
        assert_eq!(line["hint"].is_some(), line["state"].as_deref() != Some("ok"), "{what}: {line:?}");
    }
    assert_eq!(complaints.len(), expected.len(), "{what}: {complaints:#?}");
    for (line, (name, state, found, hint)) in complaints.iter().zip(expected) {
        let of = |key: &str| line[key].as_deref().unwrap();
        assert_eq!((of("name"), of("state")), (*name, *state), "{what}: {line:#?}");
        let has = |key: &str, data: &str| data.split('|').all(|part| of(key).contains(part));
        assert!(has("found", found) && has("hint", hint), "{what}: {line:#?}");
    }
    let fails = expected.iter().any(|(_, state, _, _)| *state == "fail");
    assert_eq!(said.code, u8::from(fails), "{what}");
}

/// A file of the project or a setting of the machine; what the second one says is where it is wrong.
type Plant = (&'static str, fn(Sandbox) -> Sandbox, &'static [Complaint]);

fn without(sandbox: Sandbox, path: &str) -> Sandbox {
    fs::remove_file(sandbox.root().join(path)).unwrap();
    sandbox
}

fn with_mode(sandbox: Sandbox, path: &str, mode: u32) -> Sandbox {
    fs::set_permissions(sandbox.root().join(path), Permissions::from_mode(mode)).unwrap();
    sandbox
}

fn with_script(sandbox: Sandbox, name: &str, text: &str) -> Sandbox {
    script(&sandbox, name, text);
    sandbox
}

/// The lock file of a run with this process.
fn locked_by(sandbox: Sandbox, pid: u32) -> Sandbox {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let holder = Holder { host, pid, command: "migrate".to_owned(), since: 1_700_000_000 };
    sandbox.file("app.sqlite.kit-lock", &serde_json::to_string(&holder).unwrap())
}

/// A cache of 2 MB whose limit is less.
fn with_many_builds(sandbox: Sandbox) -> Sandbox {
    let sandbox = sandbox.file("cache/migrators/kit-migrator-0123456789ab/Cargo.toml", &"x".repeat(2_000_000));
    with_mode(sandbox, "cache", 0o700).env("KIT_CACHE_LIMIT", "1MB")
}

/// Each command of the hint deletes what is due, and the second one all of it.
#[test]
fn the_hint_for_a_large_cache_makes_it_small() {
    let sandbox = with_many_builds(healthy());
    let hint = lines(&doctor(&sandbox, &["--json"])).into_iter().find_map(|mut line| line.remove("hint")?).unwrap();
    let commands = commands(&hint);
    assert_eq!(commands.len(), 2, "{hint}");
    for command in commands {
        projects::ok(sandbox.kit(&command));
    }
    let after =
        lines(&doctor(&sandbox, &["--json"])).into_iter().find(|line| line["name"].as_deref() == Some("build_cache"));
    assert_eq!(after.unwrap()["state"].as_deref(), Some("ok"));
}

const MACHINE: &[Plant] = &[
    ("no cargo", |s| without(s, "bin/cargo"), &[("cargo", "fail", "", "https://rustup.rs")]),
    (
        "an old rustc",
        |s| with_script(s, "rustc", "echo 'rustc 1.70.0 (x)'"),
        &[("rustc", "fail", "1.70.0|1.94", "`rustup update stable`")],
    ),
    (
        "a project that needs a newer rustc",
        |s| s.file("Cargo.toml", &MANIFEST.replace("1.85", "1.99")),
        &[("rustc", "fail", "1.94.0|1.99", "`rustup update stable`")],
    ),
    (
        "a toolchain that is not there",
        |s| with_script(s, "rustc", "echo \"error: toolchain 'x' is not installed\" >&2; exit 1"),
        &[("rustc", "fail", "toolchain 'x' is not installed", "`rustup toolchain install`")],
    ),
    ("no linker", |s| without(s, "bin/cc"), &[("linker", "fail", "", "`apt install build-essential`")]),
    (
        "an entry of one's own that is not there",
        |s| s.file("kit.toml", "[migrator]\ncommand = [\"./migrator\"]\n"),
        &[("migrator", "fail", "./migrator", "[migrator]|kit.toml")],
    ),
    (
        "no place for builds",
        |s| s.env("KIT_CACHE_DIR", ""),
        &[("build_cache", "fail", "KIT_CACHE_DIR", "KIT_CACHE_DIR")],
    ),
    (
        "a place for builds that others can write",
        |s| with_mode(s.file("cache/x", ""), "cache", 0o777),
        &[("build_cache", "fail", "", "`chmod go-w")],
    ),
    (
        "a place for builds that others can read",
        |s| with_mode(s.file("cache/x", ""), "cache", 0o755),
        &[("build_cache", "warn", "", "`chmod 700")],
    ),
    (
        "more builds than the limit allows",
        with_many_builds,
        &[("build_cache", "warn", "MiB", "`kit cache --older-than 7`|`kit cache --clear`")],
    ),
    (
        "a limit without a unit",
        |s| s.env("KIT_CACHE_LIMIT", "20"),
        &[("build_cache", "fail", "KIT_CACHE_LIMIT", "KIT_CACHE_LIMIT|20GiB")],
    ),
    (
        "a file in the place for builds",
        |s| {
            let file = s.root().join("Cargo.toml");
            s.env("KIT_CACHE_DIR", file.to_str().unwrap())
        },
        &[("build_cache", "fail", "", "KIT_CACHE_DIR")],
    ),
];

const PROJECT: &[Plant] = &[
    (
        "a broken kit.toml",
        |s| s.file("kit.toml", "[database]\nurl = \"postgres://u:s3cr3t@h/x\"\n"),
        &[("kit_toml", "fail", "kit.toml line 2", "prohibit_destructive")],
    ),
    (
        "a broken .env",
        |s| s.file(".env", "DATABASE_URL postgres://u:s3cr3t@h/x\n"),
        &[("dotenv", "fail", "line 1", ".env|NAME=value")],
    ),
    ("an .env that others can write", |s| with_mode(s, ".env", 0o666), &[("dotenv", "warn", "", "`chown $USER")]),
    ("an .env that git does not ignore", |s| without(s, ".gitignore"), &[("dotenv", "warn", "", "`.env`|.gitignore")]),
    (
        "an .env in git",
        |s| {
            git(&s, &["add", "--force", ".env"]);
            s
        },
        &[("dotenv", "warn", "", "`git rm --cached .env`")],
    ),
    (
        "files that were being written",
        |s| s.file(".kit-plan/journal.json", "{\"files\":[]}"),
        &[("files", "warn", "", "`kit migrate:status`")],
    ),
    ("no package", |s| without(s, "Cargo.toml"), &[("cargo_toml", "fail", "", "`cargo init --lib`")]),
    ("no lock file", |s| without(s, "Cargo.lock"), &[("cargo_lock", "warn", "", "`cargo generate-lockfile`")]),
    (
        "a SeaORM that kit does not know",
        |s| s.file("Cargo.lock", &lock_file("0.12.15", "0.12.15")),
        &[("seaorm", "fail", "sea-orm-migration|0.12.15", "cargo update -p sea-orm-migration")],
    ),
    (
        "two versions of SeaORM",
        |s| s.file("Cargo.lock", &lock_file("1.1.20", "2.0.4")),
        &[("seaorm", "warn", "sea-orm|1.1.20|sea-orm-migration|2.0.4", "")],
    ),
    (
        "the driver of another database",
        |s| s.file("Cargo.toml", &MANIFEST.replace("\"sqlx-postgres\", \"sqlx-sqlite\"", "\"sqlx-postgres\"")),
        &[("drivers", "warn", "sqlx-mysql|sqlx-postgres", "\"sqlx-sqlite\"|sea-orm")],
    ),
    (
        "a library of another version",
        |s| s.file("vendor/kit-runtime/Cargo.toml", "[package]\nname = \"kit-runtime\"\nversion = \"0.0.7\"\n"),
        &[("kit_runtime", "warn", "0.0.7|0.1.0", "`kit init --library --force`")],
    ),
    (
        "a library of the same version that is another",
        |s| s.file("vendor/kit-runtime/Cargo.toml", "[package]\nname = \"kit-runtime\"\nversion = \"0.1.0\"\n"),
        &[("kit_runtime", "warn", "", "`kit init --library --force`")],
    ),
    (
        "a migration that is not in the list",
        |s| s.file("migrations/m3_c.rs", &creates("c")),
        &[("unregistered", "warn", "migrations/m3_c.rs", "`mod m3_c;`|`Box::new(m3_c::Migr|migrations/mod.rs")],
    ),
    (
        "a migration without a file",
        |s| without(s, "migrations/m2_b.rs"),
        &[("missing_files", "fail", "migrations/m2_b.rs", "`m2_b`|migrations/mod.rs")],
    ),
    (
        "two of one name",
        |s| {
            let text = creates("b").replace("#[derive(DeriveMigrationName)]\n", "");
            let named =
                "impl MigrationName for Migration {\n    fn name(&self) -> &str {\n        \"m1_a\"\n    }\n}\n";
            s.file("migrations/m2_b.rs", &(text + named))
        },
        &[
            ("duplicate_names", "fail", "m1_a", ""),
            ("modified", "warn", "m1_a", "--accept-checksum|m1_a"),
            ("missing", "warn", "m2_b", ""),
        ],
    ),
    (
        "a list in another order",
        |s| s.file("migrations/mod.rs", &index(&["m2_b", "m1_a"])),
        &[("order", "warn", "m1_a", "`migrations()`")],
    ),
    (
        "a list that is no Rust",
        |s| s.file("migrations/mod.rs", "impl MigratorTrait for X {\n"),
        &[("registration", "fail", "mod.rs", "`cargo check`|migrations/mod.rs")],
    ),
    (
        "no list",
        |s| s.file("migrations/mod.rs", "mod m1_a;\nmod m2_b;\n"),
        &[("registration", "fail", "`impl MigratorTrait for …`", "")],
    ),
    (
        "a migration that has changed since",
        |s| s.file("migrations/m2_b.rs", &creates("changed")),
        &[("modified", "warn", "m2_b", "`kit migrate:repair --accept-checksum m2_b`")],
    ),
    (
        "one to run",
        |s| s.file("migrations/mod.rs", &index(&["m1_a", "m2_b", "m3_c"])).file("migrations/m3_c.rs", &creates("c")),
        &[("migrations", "warn", "1|m3_c", "`kit migrate`")],
    ),
    (
        "one to run before those that ran",
        |s| s.file("migrations/mod.rs", &index(&["m0_c", "m1_a", "m2_b"])).file("migrations/m0_c.rs", &creates("c")),
        &[("out_of_order", "warn", "`m0_c`", ""), ("migrations", "warn", "1|m0_c", "`kit migrate`")],
    ),
    (
        "a fixture without a table",
        |s| s.file("database/fixtures/lost.yaml", "- id: 1\n"),
        &[("fixtures", "warn", "database/fixtures/lost.yaml", "")],
    ),
    (
        "a fixture of another kind",
        |s| s.file("database/fixtures/a.csv", "id\n1\n").file("database/fixtures/b.txt", ""),
        &[("fixtures", "warn", "database/fixtures/b.txt", "`TABLE.yaml`")],
    ),
    (
        "two fixtures for one table",
        |s| s.file("database/fixtures/a.csv", "id\n1\n").file("database/fixtures/a.yaml", "- id: 1\n"),
        &[("fixtures", "warn", "", "`TABLE.yaml`")],
    ),
    ("a run that was killed", |s| locked_by(s, 0x7fff_fff0), &[("lock", "warn", "2147483632", "`kit migrate:repair`")]),
    ("a run that is at work", |s| locked_by(s, std::process::id()), &[("lock", "warn", "`kit migrate`", "")]),
];

const URLS: &[Plant] = &[
    (
        "a URL that is none",
        |s| s.env("DATABASE_URL", "postgres://u:s3cr3t@h"),
        &[("database", "fail", "", "postgres://user:password@host/name")],
    ),
    (
        "a server that is not there",
        |s| s.env("DATABASE_URL", "mysql://u:s3cr3t@127.0.0.1:1/x"),
        &[("connection", "fail", "Connection refused", "DATABASE_URL")],
    ),
    (
        "a host that is not there, and nothing said of encryption",
        |s| s.env("DATABASE_URL", "postgres://u:s3cr3t@db.invalid/x"),
        &[("connection", "fail", "lookup", "DATABASE_URL"), ("tls", "warn", "", "sslmode=verify-full")],
    ),
    (
        "a way that is not encrypted, and has to be",
        |s| s.env("DATABASE_URL", "postgres://u:s3cr3t@db/x").env("KIT_REQUIRE_TLS", "1"),
        &[("tls", "fail", "KIT_REQUIRE_TLS", "sslmode=verify-full")],
    ),
    (
        "a password in kit.toml",
        |s| s.env("DATABASE_URL", "").file("kit.toml", "[connections.a]\nurl = \"mysql://u:s3cr3t@127.0.0.1:1/x\"\n"),
        &[
            ("password", "warn", "kit.toml", ".env"),
            ("connection", "fail", "Connection refused", "[connections.a]|kit.toml"),
        ],
    ),
    (
        "a password that kit.toml leaves to a variable",
        |s| {
            let s = s.env("DATABASE_URL", "").env("A_URL", "mysql://u:s3cr3t@127.0.0.1:1/x");
            s.file("kit.toml", "[connections.a]\nenv = \"A_URL\"\n")
        },
        &[("connection", "fail", "Connection refused", "A_URL")],
    ),
    (
        "a variable that is not set",
        |s| s.env("DATABASE_URL", "").file("kit.toml", "[connections.a]\nenv = \"A_URL\"\n"),
        &[("database", "fail", "A_URL", "A_URL")],
    ),
    (
        "a file that is not there",
        |s| s.env("DATABASE_URL", "sqlite://other.sqlite"),
        &[("connection", "warn", "", "`kit migrate --create-database`")],
    ),
    (
        "a file that is no database",
        |s| s.file("other.sqlite", &"no database ".repeat(100)).env("DATABASE_URL", "sqlite://other.sqlite"),
        &[("connection", "fail", "file is not a database", "DATABASE_URL")],
    ),
    (
        "a file that may only be read",
        |s| s.env("DATABASE_URL", "sqlite://app.sqlite?mode=ro"),
        &[("permissions", "fail", "mode=ro", "mode=ro")],
    ),
];

#[tokio::test]
async fn what_is_wrong_with_machine_project_or_url_is_found() {
    let template = healthy();
    let file = template.root().join("app.sqlite");
    let database = Database::of(Dialect::Sqlite, &format!("sqlite://{}?mode=rwc", file.display())).await;
    database.execute(&["CREATE TABLE a (id int)"]).await;
    On::new(&template, &database).ok(&["migrate:mark", "--all", "--force"]);
    drop(database);
    for (what, plant, expected) in [MACHINE, PROJECT, URLS].concat() {
        let sandbox = healthy();
        fs::copy(&file, sandbox.root().join("app.sqlite")).unwrap();
        complains(what, &plant(sandbox.env("DATABASE_URL", "sqlite://app.sqlite")), &[], expected);
    }
}

/// Statements that make something wrong in a database, where `{name}` is its name.
type Sql = (&'static str, &'static [Dialect], &'static [&'static str], &'static [Complaint]);

const EVERYWHERE: &[Dialect] = &[Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

const STATEMENTS: &[Sql] = &[
    (
        "a replica",
        &[Dialect::Postgres],
        &["ALTER DATABASE {name} SET default_transaction_read_only = on"],
        &[("writes", "fail", "transaction_read_only", "")],
    ),
    (
        "an old server",
        &[Dialect::Postgres],
        &[
            "CREATE FUNCTION public.version() RETURNS text LANGUAGE sql AS $$ SELECT 'PostgreSQL 9.6.24 on x' $$",
            "ALTER DATABASE {name} SET search_path = public, pg_catalog",
        ],
        &[("server", "fail", "PostgreSQL|9.6.24|12", "12")],
    ),
    (
        "an index that was never built to the end",
        &[Dialect::Postgres],
        &[
            "CREATE TABLE t (id int)",
            "CREATE INDEX broken ON t (id)",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass",
        ],
        &[("indexes", "warn", "broken", "`kit migrate:repair --drop-invalid-indexes`")],
    ),
    (
        "an encoding with few characters",
        &[Dialect::MySql],
        &["ALTER DATABASE {name} CHARACTER SET latin1"],
        &[("encoding", "warn", "latin1", "CHARACTER SET utf8mb4")],
    ),
    (
        "a ledger that is a view",
        EVERYWHERE,
        &["DROP TABLE seaql_migrations", "CREATE VIEW seaql_migrations AS SELECT 'x' AS version, 1 AS applied_at"],
        &[("ledger", "fail", "", "`version`")],
    ),
    (
        "a ledger with one column more",
        &[Dialect::Sqlite, Dialect::MySql],
        &[
            "DROP TABLE seaql_migrations",
            "CREATE TABLE seaql_migrations (version varchar(99) PRIMARY KEY, applied_at bigint, who int NOT NULL)",
        ],
        &[("ledger", "fail", "`who`", "")],
    ),
    (
        "a ledger without a key",
        &[Dialect::Sqlite, Dialect::MySql],
        &["DROP TABLE seaql_migrations", "CREATE TABLE seaql_migrations (version varchar(99), applied_at bigint)"],
        &[("ledger", "fail", "`version`", "")],
    ),
    (
        "another table in place of kit's",
        &[Dialect::Sqlite, Dialect::MySql],
        &["DROP TABLE kit_migrations", "CREATE TABLE kit_migrations (id int)"],
        &[("ledger", "fail", "`kit_migrations`", "`kit migrate:install`")],
    ),
    (
        "a migration that failed",
        &[Dialect::Sqlite, Dialect::MySql],
        &[
            "DELETE FROM seaql_migrations WHERE version = 'm2_b'",
            "UPDATE kit_migrations SET state = 'failed', applied_at = NULL, error = 'no such thing' WHERE version = 'm2_b'",
        ],
        &[("failed", "fail", "m2_b", "`kit migrate:repair`")],
    ),
    (
        "a migration that was begun and did nothing",
        &[Dialect::Postgres],
        &[
            "DELETE FROM seaql_migrations WHERE version = 'm2_b'",
            "UPDATE kit_migrations SET state = 'starting', applied_at = NULL WHERE version = 'm2_b'",
        ],
        &[("interrupted", "warn", "`m2_b`", "`kit migrate`")],
    ),
    (
        "one that ran and has no file",
        &[Dialect::Sqlite],
        &["INSERT INTO seaql_migrations VALUES ('m9_gone', 1)"],
        &[("missing", "warn", "m9_gone", "")],
    ),
    (
        "a newer kit",
        &[Dialect::Sqlite],
        &["UPDATE kit_migrations SET kit_version = '99.1.0' WHERE version = 'm1_a'"],
        &[("version", "warn", "99.1.0|0.1.0", "`./install.sh`")],
    ),
    (
        "a run that was killed",
        &[Dialect::MySql],
        &[
            "INSERT INTO kit_lock (id, host, pid, session_id, command, acquired_at) VALUES (1, 'there', 7, 0, 'migrate', 5)",
        ],
        &[("lock", "warn", "`kit migrate`|7", "`kit migrate:repair`")],
    ),
    (
        "a lease whose owner is dead",
        &[Dialect::Postgres],
        &[
            "CREATE TABLE kit_probe (owner text NOT NULL PRIMARY KEY, n bigint NOT NULL)",
            "INSERT INTO kit_probe VALUES ('x', 3)",
            "INSERT INTO kit_lock (id, host, pid, session_id, command, acquired_at, owner) VALUES (2, 'there', 7, 0, 'migrate', 5, 'x')",
        ],
        &[("lock", "warn", "7|1970-01-01|00:00:05|UTC", "")],
    ),
];

fn name_of(database: &Database) -> String {
    database.url().rsplit_once('/').unwrap().1.to_owned()
}

async fn planted_in(dialect: Dialect) {
    for (what, _, statements, expected) in STATEMENTS.iter().filter(|(_, dialects, ..)| dialects.contains(&dialect)) {
        let database = Database::empty(dialect).await;
        let sandbox = applied(&database).await;
        for sql in *statements {
            database.execute(&[&sql.replace("{name}", &dialect.quote(&name_of(&database)))]).await;
        }
        complains(what, &sandbox, &[], expected);
    }
}

#[tokio::test]
async fn what_is_wrong_in_a_database_is_found_sqlite() {
    planted_in(Dialect::Sqlite).await;
}

#[tokio::test]
async fn what_is_wrong_in_a_database_is_found_postgres() {
    planted_in(Dialect::Postgres).await;
}

#[tokio::test]
async fn what_is_wrong_in_a_database_is_found_mysql() {
    planted_in(Dialect::MySql).await;
}

#[tokio::test]
async fn where_nothing_is_wrong_nothing_is_said_and_nothing_is_written() {
    for database in Database::all().await {
        let sandbox = applied(&database).await;
        let all = async || {
            let files = sandbox.files().into_iter().map(|file| (fs::read(sandbox.root().join(&file)).unwrap(), file));
            let ledger = database.query("SELECT version FROM kit_migrations ORDER BY 1").await;
            (files.collect::<Vec<_>>(), database.everything().await, ledger)
        };
        let before = all().await;
        complains("nothing", &sandbox, &[], &[]);
        let said = doctor(&sandbox, &[]);
        assert_eq!(said.code, 0, "{said}");
        assert!(all().await == before);
        assert!(!sandbox.root().join("cache").exists());
    }
}

/// The database's URL with another user, host or path.
fn changed(database: &Database, change: impl Fn(&mut url::Url)) -> String {
    let mut url = url::Url::parse(database.url()).unwrap();
    change(&mut url);
    url.to_string()
}

#[tokio::test]
async fn a_user_without_rights_is_told_which_statement_gives_them() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let (name, is_mysql) = (name_of(&database), database.dialect == Dialect::MySql);
        let user = format!("{name}_r");
        let role = if is_mysql { format!("'{user}'@'127.0.0.1'") } else { user.clone() };
        let login = if is_mysql { "IDENTIFIED BY" } else { "LOGIN PASSWORD" };
        let make = format!("CREATE {} {role} {login} 'r3s3cr3t'", if is_mysql { "USER" } else { "ROLE" });
        database.execute(&[&make]).await;
        let sandbox = applied(&database).await;
        if !is_mysql {
            // Until PostgreSQL 15 everyone may create tables in this schema.
            database.execute(&["REVOKE CREATE ON SCHEMA public FROM public"]).await;
        }
        let read = match is_mysql {
            true => format!("GRANT SELECT ON `{name}`.* TO {role}"),
            false => format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"),
        };
        database.execute(&[&read]).await;
        let sandbox = sandbox.env(
            "DATABASE_URL",
            &changed(&database, |url| {
                url.set_username(&user).unwrap();
                url.set_password(Some("r3s3cr3t")).unwrap();
            }),
        );
        let expected: &[Complaint] = match is_mysql {
            true => &[("permissions", "fail", "INSERT|UPDATE|DELETE|CREATE", "GRANT|SELECT|INSERT|UPDATE")],
            false => &[
                ("permissions", "fail", "", "GRANT|USAGE|CREATE|ON|SCHEMA|\"public\""),
                ("permissions", "fail", "kit_history|kit_lock|kit_migrations|seaql_migrations", "GRANT|SELECT|INSERT"),
            ],
        };
        complains("a user that may only read", &sandbox, &[], expected);
        // What it says to do is all there is to do.
        for line in lines(&doctor(&sandbox, &["--json"])) {
            if let Some((_, statement)) = line["hint"].as_deref().and_then(|hint| hint.split_once("execute: ")) {
                database.execute(&[statement]).await;
            }
        }
        complains("one that was given the rights", &sandbox, &[], &[]);

        if is_mysql {
            let url = changed(&database, |url| url.set_password(Some("s3cr3t?")).unwrap());
            let login = ("connection", "fail", "", "DATABASE_URL");
            complains("a wrong password", &sandbox.env("DATABASE_URL", &url), &[], &[login]);
        }
        let drop = match is_mysql {
            true => vec![format!("DROP USER {role}")],
            false => vec![format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")],
        };
        for sql in &drop {
            database.execute(&[sql]).await;
        }
    }
}

#[tokio::test]
async fn what_is_wrong_between_kit_and_its_server_is_found() {
    let database = Database::postgres().await;
    let sandbox = applied(&database).await;
    let sandbox = sandbox.clock(support::now);
    complains("two clocks", &sandbox, &[], &[("clock", "warn", "", "`timedatectl set-ntp true`")]);

    let sandbox = sandbox
        .clock(real_clock)
        .env("DATABASE_URL", &changed(&database, |url| url.set_host(Some("0.0.0.0")).unwrap()));
    let plain = ("tls", "fail", "", "sslmode=verify-full");
    complains("a plain way to another machine", &sandbox, &[], &[plain]);

    let sandbox = sandbox.env("DATABASE_URL", database.url()).env("DATABASE_SCHEMA", "nowhere");
    let lacking = ("permissions", "fail", "", "CREATE|SCHEMA|IF|NOT|EXISTS|GRANT");
    complains("a schema that is not there", &sandbox, &[], &[lacking]);

    let sandbox = sandbox.env("DATABASE_SCHEMA", "");
    let session = database.session().await;
    let locking = Locking { command: "migrate:fresh".to_owned(), ..Locking::default() };
    let mut lock = lock::acquire(&session, LEDGER, &locking, &mut |_| {}).await.unwrap();
    lock.announce(&session).await;
    let busy = ("lock", "warn", "`kit migrate:fresh`", "`kit migrate:repair --unlock`");
    complains("a run that is at work", &sandbox, &[], &[busy]);
    lock.release(&session).await.unwrap();

    let pooler = Pooler::start(database.url());
    let sandbox = sandbox.env("DATABASE_URL", &pooler.url);
    complains("a pooler", &sandbox, &[], &[("sessions", "warn", "", "DIRECT_DATABASE_URL")]);
}

#[tokio::test]
async fn an_encoding_that_cannot_be_changed_is_found() {
    let database = Database::postgres().await;
    let name = format!("{}_l", name_of(&database));
    let create = format!("CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    database.execute(&[&create]).await;
    let sandbox = healthy().env("DATABASE_URL", &changed(&database, |url| url.set_path(&name)));
    let expected: &[Complaint] = &[
        ("encoding", "warn", "LATIN1", "CREATE|DATABASE|…|ENCODING|'UTF8'"),
        ("migrations", "warn", "2|m1_a|m2_b", "`kit migrate`"),
    ];
    complains("latin1", &sandbox, &[], expected);
    database.execute(&[&format!("DROP DATABASE {name} WITH (FORCE)")]).await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_given_up() {
    let database = Database::postgres().await;
    let sandbox = applied(&database).await;
    database.execute(&["BEGIN", "LOCK TABLE seaql_migrations IN ACCESS EXCLUSIVE MODE"]).await;
    let stuck = ("answers", "fail", "10", "");
    complains("a table that somebody has locked", &sandbox, &[], &[stuck]);
    database.execute(&["ROLLBACK"]).await;
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u:s3cr3t@{}/x", silent.local_addr().unwrap());
    let sandbox = healthy();
    let expected: &[Complaint] = &[("password", "warn", "--database", "DATABASE_URL"), ("connection", "fail", "5", "")];
    complains("silence", &sandbox, &["--database", &url], expected);
}

/// Root may write everywhere, so somebody else looks.
#[test]
fn a_folder_that_the_user_cannot_write_is_found() {
    use std::os::unix::process::CommandExt;
    let sandbox = without(healthy(), ".env");
    sandbox.write("data/app.sqlite", "");
    let (root, program) = (sandbox.root(), sandbox.root().join("kit"));
    fs::copy(env!("CARGO_BIN_EXE_kit"), &program).unwrap();
    let _sandbox = with_mode(with_mode(sandbox, "data", 0o555), "data/app.sqlite", 0o666);
    fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
    let mut kit = Command::new(program);
    if rustix::process::geteuid().is_root() {
        kit.uid(65_534).gid(65_534);
    }
    let output = kit.args(["doctor", "--json"]).current_dir(&root).env_clear().env("PATH", root.join("bin"));
    let output = output.env("DATABASE_URL", "sqlite://data/app.sqlite").env("KIT_CACHE_DIR", root.join("data/cache"));
    let output = output.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let found: Value = serde_json::from_str(&said).unwrap();
    let of =
        |name: &str| found["findings"].as_array().unwrap().iter().find(|line| line["name"] == name).cloned().unwrap();
    let (cache, permissions) = (of("build_cache"), of("permissions"));
    assert_eq!((&cache["state"], &permissions["state"]), (&"fail".into(), &"fail".into()), "{said}");
    assert!(cache["hint"].as_str().unwrap().contains("set KIT_CACHE_DIR to a folder"), "{cache}");
    assert!(permissions["found"].as_str().unwrap().contains("/data"), "{permissions}");
    assert!(permissions["hint"].as_str().unwrap().contains("`chown $USER "), "{permissions}");
}

#[test]
fn outside_of_a_project_the_machine_is_looked_at() {
    let sandbox = Sandbox::new().env("PATH", "/nowhere");
    let said = doctor(&sandbox, &["--json"]);
    let names: Vec<String> = lines(&said).into_iter().filter_map(|mut line| line.remove("name")?).collect();
    assert_eq!(names, ["kit", "cargo", "rustc", "linker", "build_cache", "project"]);
    assert_eq!(said.code, 1);
    let project = &lines(&said)[5];
    let hint = project["hint"].as_deref().unwrap();
    assert!(hint.contains("`kit init`") && hint.contains("--project"), "{project:?}");
}

/// What is different from machine to machine and run to run.
fn steady(transcript: &Transcript) -> String {
    let line = |line: &str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        let text = match name {
            "Disk" | "Connection" | "Server" | "Clock" | "TLS" => format!("  {name} . OK"),
            _ => line.to_owned(),
        };
        text.split(' ')
            .map(|word| if word.trim_matches('.').is_empty() && !word.is_empty() { "." } else { word })
            .collect::<Vec<_>>()
            .join(" ")
    };
    transcript.to_string().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_healthy_and_a_sick_project_whole() {
    let database = Database::postgres().await;
    let sandbox = applied(&database).await;
    let url = database.url().to_owned();
    let shown = |transcript: &Transcript| steady(transcript).replace(&url.replace("s3cr3t", "***"), "[URL]");
    insta::assert_snapshot!("healthy", shown(&doctor(&sandbox, &[])));
    script(&sandbox, "rustc", "echo 'rustc 1.70.0 (x)'");
    sandbox.write("migrations/m3_c.rs", &creates("c"));
    sandbox.write("migrations/m1_a.rs", &migration("Ok(())", "Ok(())"));
    database
        .execute(&[
            "UPDATE kit_migrations SET state = 'running', error = NULL, applied_at = NULL WHERE version = 'm2_b'",
            "DELETE FROM seaql_migrations WHERE version = 'm2_b'",
        ])
        .await;
    let sandbox = without(sandbox, "Cargo.lock");
    insta::assert_snapshot!("sick", shown(&doctor(&sandbox, &[])));
}
