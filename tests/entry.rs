//! `[migrator] command`: the project's own program in the place of the generated one, and programs that are none.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests have no main.rs that reads the environment for them")]

#[path = "support/database.rs"]
mod database;
#[path = "support/projects.rs"]
mod projects;
mod support;

use database::Database;
use projects::{On, creates, executes, index, life, ok};
use support::Sandbox;

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
    let lock = format!("{CACHE}/sea-orm-{}.lock", version.split('.').next().unwrap());
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
    for (script, expected, hint) in [
        ("exit 7", "the migrator ended unexpectedly: exit status: 7", "has to call `kit_runtime::main`"),
        (
            "echo garbage; printf '\\377\\376\\n{}\\n'; cat >/dev/null",
            "the migrator ended unexpectedly: exit status: 0",
            "kit migrate:status",
        ),
        ("kill -9 $$", "the migrator ended unexpectedly: signal: 9", "kit migrate:status"),
        (
            "yes '{\"event\":\"hello\"' | head -100000; exec 1>&-; sleep 0.2",
            "ended unexpectedly: exit status: 0",
            "kit migrate:status",
        ),
        (
            "read r; echo '{\"event\":\"hello\",\"protocol\":99}'; echo '{\"event\":\"done\"}'",
            "the migrator speaks version 99 of the wire, kit 5",
            "update kit-runtime in the project: `kit init --library --force`",
        ),
        (
            "echo '{\"event\":\"hello\",\"protocol\":5}'; echo '{\"event\":\"failed\",\"failure\":\"protocol\",\"migrator\":6}'",
            "the migrator speaks version 6 of the wire, kit 5",
            "update kit-runtime",
        ),
        (
            "echo '{\"event\":\"hello\",\"protocol\":5}'; echo '{\"event\":\"started\",\"direction\":\"up\",\"name\":\"m1_a\"}'; exit 0",
            "the migrator ended unexpectedly",
            "run `kit migrate:status` to see what was done",
        ),
    ] {
        let sandbox = shell(script);
        let on = On::new(&sandbox, &database);
        let said = on.fails(&["migrate"]);
        assert!(
            said.contains(&format!("ERROR  {expected}")) || said.contains(expected),
            "{script}: {}",
            &said[said.len().saturating_sub(2000)..]
        );
        assert!(said.contains("hint: ") && said.contains(hint), "{script}: {said}");
        assert_eq!(database.tables().await, Vec::<String>::new());
    }
    // It gets the URL on its standard input and in its environment, not in its arguments; what it prints is cleaned.
    let sandbox = shell("tr '\\0' ' ' < /proc/$$/cmdline; echo; cat; echo $DATABASE_URL; echo $APP_ENV; exit 3");
    let said = On::new(&sandbox, &database).fails(&["migrate", "-vvv", "--env", "staging"]);
    assert!(said.contains("staging") && said.contains("kit:***@"), "{said}");
    assert!(!said.contains("s3cr3t"), "{said}");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_clear_error() {
    let database = Database::sqlite().await;
    for (command, expected) in [
        ("[\"no-such-program\"]", "cannot run `no-such-program`: No such file"),
        ("[\"./kit.toml\"]", "cannot run `./kit.toml`: Permission denied"),
        ("[\"\"]", "cannot run ``: "),
    ] {
        let sandbox = shell("").file("kit.toml", &format!("[migrator]\ncommand = {command}\n"));
        let said = On::new(&sandbox, &database).fails(&["migrate"]);
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("hint: name a program that is there: [migrator] command in kit.toml"), "{said}");
    }
    let sandbox = shell("").file("kit.toml", "[migrator]\ncommand = \"kit\"\n");
    let said = On::new(&sandbox, &database).fails(&["migrate"]);
    assert!(said.contains("kit.toml line 2: "), "{said}");
}
