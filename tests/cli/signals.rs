//! Signals that kit receives while its program is at work: real processes, real signals, all databases.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::database::Database;
use crate::support::projects::{On, creates, index, kit_cache, migration};
use crate::support::{self, projects};
use crate::support::{Sandbox, assert_failure};
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Direction, Failure};
use serde_json::{Value, json};

const NAMES: [&str; 3] = ["m1_first", "m2_slow", "m3_last"];

/// The second migration changes the schema and then waits as `SLOW` says: in a statement, in Rust, in a thread that nothing can
/// interrupt, or by ignoring that its statements fail. It prints a line first.
fn project() -> Sandbox {
    let slow = r#"let db = manager.get_connection();
        let backend = manager.get_database_backend();
        let wait = match backend {
            sea_orm::DbBackend::Postgres => "SELECT pg_sleep(60)",
            sea_orm::DbBackend::MySql => "SELECT SLEEP(60) FROM slow WHERE id = 1",
            _ => "INSERT INTO slow WITH RECURSIVE c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n < 4000000000) SELECT n FROM c WHERE n < 0",
        };
        let slow = std::env::var("SLOW").unwrap_or_default();
        if !slow.is_empty() {
            println!("WAITS");
        }
        match slow.as_str() {
            "statement" => {
                db.execute_unprepared(wait).await?;
            }
            "deaf" => loop {
                let _ = db.execute_unprepared(wait).await;
            },
            "rust" => std::future::pending::<()>().await,
            "thread" => std::thread::sleep(std::time::Duration::from_secs(60)),
            _ => {}
        }"#;
    let up = format!(
        "manager.get_connection().execute_unprepared(\"CREATE TABLE slow (id int PRIMARY KEY)\").await?;\n        \
         manager.get_connection().execute_unprepared(\"INSERT INTO slow VALUES (1)\").await?;\n        {slow}\n        Ok(())"
    );
    let down = format!(
        "manager.get_connection().execute_unprepared(\"CREATE TABLE undone (id int)\").await?;\n        {slow}\n        \
         db.execute_unprepared(\"DROP TABLE undone\").await?;\n        \
         db.execute_unprepared(\"DROP TABLE slow\").await?;\n        Ok(())"
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects/signalled");
    let sandbox = Sandbox::at(&folder).env("KIT_CACHE_DIR", &kit_cache().display().to_string());
    for (path, text) in [
        ("Cargo.toml".to_owned(), "[workspace]\nmembers = [\"migration\"]\nresolver = \"2\"\n".to_owned()),
        ("migration/Cargo.toml".to_owned(), projects::migration_manifest("2.0.4")),
        ("migration/src/lib.rs".to_owned(), index(&NAMES)),
        (format!("migration/src/{}.rs", NAMES[0]), creates("first")),
        (format!("migration/src/{}.rs", NAMES[1]), migration(&up, &down)),
        (format!("migration/src/{}.rs", NAMES[2]), creates("last")),
    ] {
        if fs::read_to_string(folder.join(&path)).ok().as_ref() != Some(&text) {
            sandbox.write(&path, &text);
        }
    }
    sandbox
}

/// A run of the program `kit`, in a process group of its own.
struct Run {
    kit: Child,
    errors: BufReader<std::process::ChildStderr>,
}

/// How it ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    /// Shown when an assertion fails.
    #[expect(dead_code, reason = "only printed")]
    errors: String,
    took: Duration,
}

impl Run {
    /// Starts `kit` and waits until the slow migration is at work.
    fn start(sandbox: &Sandbox, database: &Database, arguments: &[&str], slow: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
        command.args(arguments).args(["--no-interaction", "--color", "never"]).current_dir(sandbox.root());
        command.env("KIT_CACHE_DIR", kit_cache()).env("DATABASE_URL", database.url()).env("SLOW", slow);
        let mut kit = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(kit.stderr.take().unwrap());
        let mut said = String::new();
        while !said.ends_with("WAITS\n") {
            assert!(errors.read_line(&mut said).unwrap() > 0, "{said}");
        }
        std::thread::sleep(Duration::from_millis(300));
        Self { kit, errors }
    }

    /// Sends a signal to kit, or to it and its program as a terminal does.
    fn send(&self, signal: &str, to_all: bool) {
        let process = format!("{}{}", if to_all { "-" } else { "" }, self.kit.id());
        assert!(Command::new("kill").args([signal, "--", &process]).status().unwrap().success());
    }

    fn end(mut self) -> Ended {
        let clock = Instant::now();
        let mut stdout = String::new();
        self.kit.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.kit.wait().unwrap().code();
        let took = clock.elapsed();
        let mut errors = String::new();
        self.errors.read_to_string(&mut errors).unwrap();
        Ended { code, stdout, errors, took }
    }
}

impl Ended {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Nothing of the slow migration is in the database.
fn takes_back(database: &Database) -> bool {
    database.dialect != Dialect::MySql
}

/// The next run: it goes on if everything was rolled back; otherwise it is refused, and repair settles the migration.
async fn the_next_run_goes_on(on: &On<'_>, database: &Database) {
    if !takes_back(database) {
        let refused = on.fails(&["migrate", "--wait", "0"]);
        assert_failure!(refused, Failure::Halted { name, direction: Direction::Up, .. } if name == NAMES[1]);
        assert_eq!(refused.hinted(), [["migrate:repair"]]);
        assert_eq!(on.kit(&["migrate:repair", "--json"]).json()["halted"][0]["state"], "interrupted");
        database.execute(&["DROP TABLE slow"]).await;
        on.ok(&["migrate:repair", "--rolled-back", NAMES[1]]);
    }
    assert!(!database.has_table("slow").await);
    on.ok(&["migrate", "--wait", "0"]);
    assert_eq!(on.states(), ["ran", "ran", "ran"]);
}

#[tokio::test]
async fn an_interrupted_migration_is_rolled_back_or_reported_as_interrupted() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        for (slow, signal, number, to_all) in [
            ("statement", "-INT", 2, false),
            ("statement", "-INT", 2, true),
            ("rust", "-TERM", 15, false),
            ("deaf", "-HUP", 1, true),
        ] {
            let context = format!("{:?} {slow} {signal} {to_all}", database.dialect);
            on.ok(&["migrate", "--limit", "1"]);
            let run = Run::start(&sandbox, &database, &["migrate", "--json"], slow);
            run.send(signal, to_all);
            let ended = run.end();
            assert_eq!(ended.code, Some(128 + number), "{context} {ended:?}");
            assert!(ended.took < Duration::from_secs(20), "{context} {ended:?}");
            let interrupted = json!({
                "signal": number, "name": NAMES[1], "action": "applied", "rolled_back": takes_back(&database),
            });
            assert_eq!(ended.json()["interrupted"], interrupted, "{context}");
            assert_eq!(ended.json()["migrations"], json!([]), "{context}");
            let state = if takes_back(&database) { "pending" } else { "interrupted" };
            assert_eq!(on.states(), ["ran", state, "pending"], "{context}");
            the_next_run_goes_on(&on, &database).await;
            on.ok(&["migrate:reset", "--force"]);
        }
    }
}

#[tokio::test]
async fn migrations_before_the_interrupted_one_stay_applied_and_are_reported() {
    let sandbox = project();
    for database in Database::all().await {
        for (command, dropped) in [("migrate", false), ("migrate:fresh", true)] {
            let on = On::new(&sandbox, &database);
            let run = Run::start(&sandbox, &database, &[command, "--force"], "statement");
            run.send("-INT", true);
            let ended = run.end();
            assert_eq!(ended.code, Some(130), "{command} {ended:?}");
            assert!(support::shows(&ended.stdout, NAMES[0]) && support::shows(&ended.stdout, NAMES[1]), "{ended:?}");
            let state = if takes_back(&database) { "pending" } else { "interrupted" };
            assert_eq!(on.states(), ["ran", state, "pending"], "{command} {dropped}");
            the_next_run_goes_on(&on, &database).await;
        }
    }
}

#[tokio::test]
async fn an_interrupted_rollback_is_undone_or_reported_as_interrupted() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        for arguments in [
            &["migrate:rollback", "--step", "2", "--force"] as &[&str],
            &["migrate:refresh", "--force"],
            &["migrate:reset", "--force"],
        ] {
            on.ok(&["migrate"]);
            let run = Run::start(&sandbox, &database, arguments, "statement");
            run.send("-INT", false);
            let ended = run.end();
            assert_eq!(ended.code, Some(130), "{arguments:?} {ended:?}");
            let state = if takes_back(&database) { "ran" } else { "interrupted" };
            assert_eq!(on.states(), ["ran", state, "pending"], "{arguments:?}");
            assert_eq!(database.has_table("undone").await, !takes_back(&database));
            if !takes_back(&database) {
                let refused = on.fails(&["migrate:rollback", "--force", "--wait", "0"]);
                assert_failure!(refused, Failure::Halted { name, direction: Direction::Down, .. } if name == NAMES[1]);
                database.execute(&["DROP TABLE undone"]).await;
                on.ok(&["migrate:repair", "--applied", NAMES[1]]);
            }
            on.ok(&["migrate:reset", "--force", "--wait", "0"]);
        }
    }
}

/// A seeder is one transaction on every database.
#[tokio::test]
async fn an_interrupted_seeder_is_rolled_back() {
    const SEEDER: &str = "use kit_runtime::seeding::prelude::*;\nuse sea_orm::{ConnectionTrait, DbErr};\n\n
        pub struct DatabaseSeeder;\n\nimpl Seeder for DatabaseSeeder {
            async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {
                seeds.db().execute_unprepared(\"INSERT INTO first (n) VALUES (7)\").await?;
                println!(\"WAITS\");
                std::future::pending::<()>().await;
                Ok(())
            }
        }\n";
    let sandbox = projects::started()
        .file("database/seeders/mod.rs", SEEDER)
        .file("migrations/mod.rs", &index(&["m1_first"]))
        .file("migrations/m1_first.rs", &creates("first"));
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        let run = Run::start(&sandbox, &database, &["db:seed", "--class", "DatabaseSeeder"], "");
        run.send("-INT", true);
        let ended = run.end();
        assert_eq!(ended.code, Some(130), "{:?} {ended:?}", database.dialect);
        assert_eq!(database.value("(SELECT COUNT(*) FROM first)").await.as_deref(), Some("0"));
        on.ok(&["migrate:rollback", "--force", "--wait", "0"]);
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_run_at_once() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate", "--limit", "1"]);
        let run = Run::start(&sandbox, &database, &["migrate", "--json"], "thread");
        run.send("-INT", false);
        std::thread::sleep(Duration::from_millis(1_500));
        run.send("-INT", false);
        let ended = run.end();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert!(ended.took < Duration::from_secs(10), "{ended:?}");
        assert_eq!(ended.json()["interrupted"]["signal"], 2);
        the_next_run_goes_on(&on, &database).await;
    }
}

/// On databases without transactional DDL, the statements that ran are known after `kill -9`.
#[tokio::test]
async fn a_killed_run_names_the_statements_that_ran_and_the_one_that_was_running() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate", "--limit", "1"]);
        let run = Run::start(&sandbox, &database, &["migrate"], "statement");
        run.send("-KILL", true);
        assert_eq!(run.end().code, None);
        let halted = on.kit(&["migrate:repair", "--json"]).json()["halted"].clone();
        if takes_back(&database) {
            assert_eq!(halted, json!([]), "{:?}", database.dialect);
            continue;
        }
        let steps = halted[0]["statements"].as_array().unwrap();
        let of = |key: &str| steps.iter().map(|step| step[key].clone()).collect::<Vec<Value>>();
        assert_eq!(of("state"), ["ran", "ran", "running"], "{halted}");
        assert_eq!(of("undo"), [json!(["DROP TABLE `slow`"]), json!([]), Value::Null], "{halted}");
        assert_eq!(of("undone_with"), [Value::Null, json!(1), Value::Null]);
        assert_eq!(of("not_undoable"), [Value::Null, Value::Null, json!("unknown")]);
        assert!(steps[2]["sql"].as_str().unwrap().contains("SLEEP"), "{halted}");
        let said = on.kit(&["migrate:repair"]);
        assert!(said.shows("INSERT INTO slow VALUES (1)") && said.shows("DROP TABLE `slow`"), "{said}");
    }
}

#[tokio::test]
async fn a_run_that_waits_for_another_ends_and_changes_nothing() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate", "--limit", "1"]);
        let first = Run::start(&sandbox, &database, &["migrate"], "statement");
        let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
        command.args(["migrate", "--json", "--wait", "60"]).current_dir(sandbox.root());
        command.env("KIT_CACHE_DIR", kit_cache()).env("DATABASE_URL", database.url());
        let mut waiting = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = BufReader::new(waiting.stderr.take().unwrap());
        let second = Run { kit: waiting, errors };
        std::thread::sleep(Duration::from_secs(3));
        second.send("-INT", false);
        let ended = second.end();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        let interrupted = json!({ "signal": 2, "name": null, "action": null, "rolled_back": null });
        assert_eq!(ended.json()["interrupted"], interrupted);
        first.send("-INT", false);
        assert_eq!(first.end().code, Some(130));
        the_next_run_goes_on(&on, &database).await;
    }
}
