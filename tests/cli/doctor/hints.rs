//! The commands in the hints of `kit doctor` are followed, and the finding is gone.

use kit::error::{BuildObstacle, Error};
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::Failure;

use super::{applied, doctor, healthy, lines, locked_by, projects, real_clock, with_many_builds};
use crate::support::database::Database;
use crate::support::projects::{On, creates, seaorm};
use crate::support::{Sandbox, Transcript, assert_error, commands};

/// The hint of the finding of this name; nothing if there is none, or all is well.
fn hint(sandbox: &Sandbox, name: &str) -> Option<String> {
    let mut found =
        lines(&doctor(sandbox, &["--json"])).into_iter().filter(|line| line["name"].as_deref() == Some(name));
    found.find_map(|mut line| line.remove("hint")?)
}

/// kit brings its own runtime.
fn kit(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    std::thread::scope(|scope| scope.spawn(|| sandbox.kit(arguments)).join().unwrap())
}

/// Runs each command of the finding's hint with `more` at its end.
#[track_caller]
fn follow(sandbox: &Sandbox, name: &str, more: &[&str]) -> Vec<Transcript> {
    let hint = hint(sandbox, name).unwrap_or_else(|| panic!("no hint: {}", doctor(sandbox, &[])));
    let commands = commands(&hint);
    assert!(!commands.is_empty(), "no command: {hint}");
    let run = |command: &Vec<String>| {
        let line: Vec<&str> = command.iter().map(String::as_str).chain(more.iter().copied()).collect();
        projects::ok(kit(sandbox, &line))
    };
    commands.iter().map(run).collect()
}

#[test]
fn findings_about_files_are_gone_after_the_command() {
    let library = |text: &str| healthy().file("vendor/kit-runtime/Cargo.toml", text);
    for (name, sandbox) in [
        ("files", healthy().file(".kit-plan/journal.json", "{\"files\":[]}")),
        ("kit_runtime", library("[package]\nname = \"kit-runtime\"\nversion = \"0.0.7\"\n")),
    ] {
        let sandbox = sandbox.env("DATABASE_URL", "sqlite://app.sqlite").file("app.sqlite", "");
        follow(&sandbox, name, &[]);
        assert_eq!(hint(&sandbox, name), None);
    }
}

/// A migrator of another protocol comes from an older library; the hint names the same command as that of the finding.
#[test]
fn the_library_of_another_protocol_is_replaced() {
    let sandbox =
        healthy().file("vendor/kit-runtime/Cargo.toml", "[package]\nname = \"kit-runtime\"\nversion = \"0.0.7\"\n");
    let failure = Failure::Protocol { migrator: 1 };
    let error = Error::Migrator { failure, database: String::new(), done: Vec::new(), again: false };
    for command in commands(&error.hint().unwrap()) {
        projects::ok(sandbox.kit(&command));
    }
    assert_eq!(hint(&sandbox, "kit_runtime"), None);
}

#[test]
fn a_full_disk_is_freed_of_builds() {
    let sandbox = with_many_builds(healthy());
    for command in commands(Error::Obstacle(BuildObstacle::DiskFull).hint().unwrap().as_str()) {
        projects::ok(sandbox.kit(&command));
    }
    assert!(!sandbox.files().iter().any(|file| file.starts_with("cache/migrators/")));
}

#[tokio::test]
async fn findings_about_the_ledger_are_gone_after_the_command() {
    let database = Database::sqlite().await;
    let sandbox = applied(&database).await.file("migrations/m2_b.rs", &creates("changed"));
    follow(&sandbox, "modified", &[]);
    assert_eq!(hint(&sandbox, "modified"), None);

    let database = Database::postgres().await;
    let sandbox = applied(&database).await;
    let plant = [
        "CREATE TABLE t (id int)",
        "CREATE INDEX broken ON t (id)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass",
    ];
    database.execute(&plant).await;
    follow(&sandbox, "indexes", &["--force"]);
    assert_eq!(hint(&sandbox, "indexes"), None);
}

/// The command lists what the killed run left, which is nothing; the next run takes the lock.
#[tokio::test]
async fn the_lock_of_a_run_that_was_killed_is_taken() {
    let sandbox = healthy().file("app.sqlite", "").env("DATABASE_URL", "sqlite://app.sqlite");
    let sandbox = locked_by(sandbox, 0x7fff_fff0);
    follow(&sandbox, "lock", &[]);
    projects::ok(kit(&sandbox, &["migrate:install"]));
    assert_eq!(hint(&sandbox, "lock"), None);
}

#[tokio::test]
async fn a_server_that_was_busy_answers_again() {
    let database = Database::postgres().await;
    let sandbox = applied(&database).await;
    database.execute(&["BEGIN", "LOCK TABLE seaql_migrations IN ACCESS EXCLUSIVE MODE"]).await;
    let found = hint(&sandbox, "answers").unwrap();
    database.execute(&["ROLLBACK"]).await;
    for command in commands(&found) {
        assert_eq!(command, ["doctor"]);
        assert_eq!(hint(&sandbox, "answers"), None);
    }
}

/// Pending migrations, one that is out of order, a fixture for a table that a pending one creates, and a lease of a dead owner.
#[tokio::test]
async fn what_a_run_settles_is_gone_after_the_run() {
    for database in Database::all().await {
        let names = ["m20240101_000001_create_a", "m20240101_000002_create_b"];
        let sandbox = seaorm("2.0.4", &[(names[0], creates("a")), (names[1], creates("b"))])
            .clock(real_clock)
            .file("database/fixtures/a.yaml", "- id: 1\n")
            .env("DATABASE_URL", database.url());
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:mark", "--applied", names[1]]);
        let mut findings = vec!["out_of_order", "migrations", "fixtures"];
        if database.dialect == Dialect::Postgres {
            findings.push("lock");
            let probe = "CREATE TABLE kit_probe (owner text NOT NULL PRIMARY KEY, n bigint NOT NULL)";
            let lease = "INSERT INTO kit_lock (id, host, pid, session_id, command, acquired_at, owner) \
                         VALUES (2, 'there', 7, 0, 'migrate', 5, 'x')";
            database.execute(&[probe, "INSERT INTO kit_probe VALUES ('x', 3)", lease]).await;
        }
        let hints: Vec<String> = findings.iter().map(|name| hint(&sandbox, name).unwrap()).collect();
        for found in &hints {
            on.follow(found, &["--force"]);
        }
        assert_eq!(on.states(), ["ran"; 2]);
        for name in findings {
            assert_eq!(hint(&sandbox, name), None, "{name}");
        }
    }
}

/// Without a package a command that migrates and `kit doctor` say the same. The Cargo.toml that the cargo commands of the hint write
/// is written here: they need the registry.
#[test]
fn migrations_without_a_package_have_one_once_the_hint_is_followed() {
    let sandbox = Sandbox::project();
    assert_eq!(sandbox.kit(&["make:migration", "create_posts_table", "title:string"]).code, 0);
    let refused = sandbox.kit(&["migrate", "--create-database"]);
    assert_error!(refused, Error::NoManifest { folder } if folder.ends_with("migrations"));
    assert_eq!(refused.code, 1, "{refused}");
    assert_eq!(hint(&sandbox, "cargo_toml"), Some(refused.hint()));
    sandbox.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nsea-orm = \"2.0.4\"\nsea-orm-migration = \"2.0.4\"\n",
    );
    assert_eq!(hint(&sandbox, "cargo_toml"), None);
}
