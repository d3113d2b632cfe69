//! `[migrator] command`: the project's own program in the place of the generated one, and programs that are none.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests have no main.rs that reads the environment for them")]

use std::io::ErrorKind;

use crate::support::database::Database;
use crate::support::projects::{On, creates, executes, index, life, ok};
use crate::support::{Sandbox, Transcript, assert_error, assert_failure};
use kit::error::Error;
use kit_runtime::wire::{Failure, PROTOCOL};

const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/kit-cache");

/// A program whose migrations nobody else can reach, with the library in it and an entry of its own.
fn own_entry(version: &str) -> Sandbox {
    let sandbox = Sandbox::new().env("KIT_CACHE_DIR", CACHE).env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc").file(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"own-entry\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n\
             sea-orm-migration = {{ version = \"{version}\", default-features = false, features = [\"runtime-tokio-rustls\", \"sqlx-sqlite\"] }}\n\
             async-trait = \"0.1\"\n"
        ),
    );
    ok(sandbox.kit(&["init", "--library"]));
    let manifest = sandbox.read("Cargo.toml");
    let added = "kit-runtime = { path = \"vendor/kit-runtime\", features = [\"sqlx-sqlite\"] }";
    assert!(manifest.contains(added), "{manifest}");
    // Everything as in the builds that are there already, so that SeaORM is not compiled once more.
    let dependency = "kit-runtime = { path = \"vendor/kit-runtime\", features = [\"config\", \"drivers\", \"testing\"] }\n\
                      tokio = { version = \"1\", default-features = false, features = [\"rt\"] }";
    let manifest = manifest.replace(added, dependency);
    sandbox.write("Cargo.toml", &format!("{manifest}\n[profile.dev]\ndebug = 0\n"));
    let lock = crate::support::cache::kept_lock(std::path::Path::new(CACHE), version);
    if let Ok(lock) = std::fs::read_to_string(lock) {
        sandbox.write("Cargo.lock", &lock);
    }
    // As the error of a private module says.
    let folder = TARGET;
    sandbox
        .file(
            "kit.toml",
            &format!("[migrator]\ncommand = [\"cargo\", \"run\", \"--quiet\", \"--target-dir\", {folder:?}, \"--bin\", \"entry\"]\n"),
        )
        .file("src/bin/entry.rs", &format!("#[path = \"../secret/mod.rs\"]\nmod secret;\n{ENTRY}"))
        .file("src/main.rs", "mod secret;\nfn main() {}\n")
        .file("src/secret/mod.rs", &index(&["m1_a", "m2_b", "m3_count"]))
        .file("src/secret/m1_a.rs", &creates("a"))
        .file("src/secret/m2_b.rs", &creates("b"))
        .file("src/secret/m3_count.rs", &executes("INSERT INTO a (n) VALUES (1)", "DELETE FROM a"))
}

const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/kit-cache/target");

/// With URLs it is an application: each is the server of a test database, which it opens as kit.toml's.
const ENTRY: &str = r#"
use kit_runtime::{config::Config, testing::TestDatabase};
use sea_orm_migration::sea_orm::{ConnectionTrait, TransactionTrait};

fn main() -> std::process::ExitCode {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    if urls.is_empty() {
        return kit_runtime::main::<secret::Migrator>();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { for url in urls { lives(&url).await } });
    std::process::ExitCode::SUCCESS
}

async fn lives(url: &str) {
    let db = TestDatabase::new::<secret::Migrator>(url).await.unwrap();
    let transaction = db.begin().await.unwrap();
    transaction.execute_unprepared("INSERT INTO b (n) VALUES (1)").await.unwrap();
    transaction.commit().await.unwrap();
    let own = db.url().to_owned();
    let config = Config::with("switches", move |name| (name == "URL").then(|| own.clone())).unwrap();
    let pool = config.main().unwrap().connect::<secret::Migrator>().await.unwrap();
    assert_eq!(pool.execute_unprepared("DELETE FROM a").await.unwrap().rows_affected(), 1);
    assert_eq!(pool.execute_unprepared("DELETE FROM b").await.unwrap().rows_affected(), 0);
    pool.close().await.unwrap();
    db.close().await.unwrap();
}
"#;

#[test]
fn the_projects_own_entry_lives_on_2_0() {
    let project = own_entry("2.0.4");
    life(&project, "sqlite://app.sqlite?mode=rwc");
    has_test_databases(&project);
}

#[test]
fn the_projects_own_entry_lives_on_1_1() {
    let project = own_entry("1.1.0");
    life(&project, "sqlite://app.sqlite?mode=rwc");
    has_test_databases(&project);
}

fn has_test_databases(project: &Sandbox) {
    project.write("switches/kit.toml", "[connections.main]\nenv = \"URL\"\ndangerously_recreate = true\n");
    let servers = ["KIT_TEST_POSTGRES_URL", "KIT_TEST_MYSQL_URL"].map(|name| std::env::var(name).unwrap());
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--target-dir", TARGET, "--bin", "entry", "--", "sqlite::memory:"]).args(servers);
    let output = cargo.current_dir(project.root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A project whose migrator is a line of shell.
fn shell(script: &str) -> Sandbox {
    Sandbox::new()
        .file("migrations/mod.rs", &index(&["m1_a"]))
        .file("migrations/m1_a.rs", &creates("a"))
        .file("kit.toml", &format!("[migrator]\ncommand = [\"sh\", \"-c\", {script:?}]\n"))
        .env("KIT_CACHE_DIR", CACHE)
}

#[tokio::test]
async fn a_program_that_is_no_migrator_is_a_clear_error() {
    let database = Database::postgres().await;
    let fails = |script: &str| -> Transcript { On::new(&shell(script), &database).fails(&["migrate"]) };
    let hello = |protocol: u32| format!("echo '{{\"event\":\"hello\",\"protocol\":{protocol}}}'");
    let garbage = "echo garbage; printf '\\377\\376\\n{}\\n'; cat >/dev/null";
    let half_a_line = "yes '{\"event\":\"hello\"' | head -100000; exec 1>&-; sleep 0.2";
    let started = hello(PROTOCOL) + "; echo '{\"event\":\"started\",\"direction\":\"up\",\"name\":\"m1_a\"}'; exit 0";
    for (script, expected) in [
        ("exit 7", "exit status: 7"),
        (garbage, "exit status: 0"),
        ("kill -9 $$", "signal: 9"),
        (half_a_line, "exit status: 0"),
        (started.as_str(), "exit status: 0"),
    ] {
        let run = fails(script);
        assert_error!(run, Error::MigratorDied { status } if status.starts_with(expected));
        assert_eq!(run.hinted(), [["migrate:status"]]);
        assert!(run.hint().contains("`kit_runtime::main`"));
        assert_eq!(database.tables().await, Vec::<String>::new());
    }
    let failed = hello(PROTOCOL) + "; echo '{\"event\":\"failed\",\"failure\":\"protocol\",\"migrator\":6}'";
    for (script, version) in [("read r; ".to_owned() + &hello(99) + "; echo '{\"event\":\"done\"}'", 99), (failed, 6)] {
        let run = fails(&script);
        assert_failure!(run, Failure::Protocol { migrator } if *migrator == version);
        assert_eq!(run.hinted(), [["init", "--library", "--force"]]);
        assert_eq!(database.tables().await, Vec::<String>::new());
    }
    // It gets the URL on its standard input and in its environment, not in its arguments; what it prints is cleaned.
    let sandbox = shell("tr '\\0' ' ' < /proc/$$/cmdline; echo; cat; echo $DATABASE_URL; echo $APP_ENV; exit 3");
    let said = On::new(&sandbox, &database).fails(&["migrate", "-vvv", "--env", "staging"]);
    assert!(said.shows("staging") && said.shows("kit:***@") && said.hides("s3cr3t"), "{said}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_clear_error() {
    let database = Database::sqlite().await;
    for (command, expected) in [
        ("[\"no-such-program\"]", Some(ErrorKind::NotFound)),
        ("[\"./kit.toml\"]", Some(ErrorKind::PermissionDenied)),
        ("[\"\"]", None),
    ] {
        let sandbox = shell("").file("kit.toml", &format!("[migrator]\ncommand = {command}\n"));
        let said = On::new(&sandbox, &database).fails(&["migrate"]);
        assert_error!(said, Error::Program { program, source }
            if command == format!("[{program:?}]") && expected.is_none_or(|kind| source.kind() == kind));
        assert!(said.hint().contains("[migrator] command"), "{said}");
    }
    let sandbox = shell("").file("kit.toml", "[migrator]\ncommand = \"kit\"\n");
    let said = On::new(&sandbox, &database).fails(&["migrate"]);
    assert_error!(said, Error::Config { origin, .. } if origin.ends_with("kit.toml line 2"));
}
