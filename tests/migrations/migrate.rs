//! The options of the migrate family, through kit's own commands and one real migrator, on each database. What a
//! question asks and what a state means has tests of its own.
#![allow(clippy::unwrap_used, reason = "tests")]

mod hints;

use crate::support::database::Database;
use crate::support::projects::{FAMILY, On, applied, executes, family, index, migration_manifest};
use crate::support::{Sandbox, assert_error, assert_failure};
use kit::error::Error;
use kit_runtime::wire::{Direction, Failure, Warning};

const PENDING: &str = "pending";
const RAN: &str = "ran";

/// Batch of each applied migration, by name.
async fn batches(database: &Database) -> Vec<String> {
    let dialect = database.dialect;
    let sql =
        format!("SELECT {}, {} FROM kit_migrations ORDER BY version", dialect.text("version"), dialect.text("batch"));
    let rows = database.query(&sql).await;
    rows.into_iter().map(|row| format!("{}: {}", &row[0].as_ref().unwrap()[17..], row[1].as_ref().unwrap())).collect()
}

#[tokio::test]
async fn every_option_of_migrate() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        let run = |arguments: &[&str]| {
            let said = on.ok(&[&["migrate", "--json"], arguments].concat());
            applied(&said.stdout).iter().map(|name| name[17..].to_owned()).collect::<Vec<_>>()
        };
        let reset = || on.ok(&["migrate:reset", "--force"]);

        assert_eq!(run(&["--limit", "0"]), Vec::<String>::new());
        assert_eq!(run(&["--limit", "1"]), ["create_a"]);
        assert_eq!(run(&["--to", FAMILY[1]]), ["create_b"]);
        assert_eq!(run(&["--to", FAMILY[1]]), Vec::<String>::new());
        assert_eq!(run(&["--to", "_create_c", "--limit", "1"]), ["count"]);
        assert_eq!(run(&["--step"]), ["create_c"]);
        assert_eq!(run(&[]), Vec::<String>::new());
        assert_eq!(batches(&database).await, ["create_a: 1", "create_b: 2", "count: 3", "create_c: 4"]);
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));

        reset();
        assert_eq!(batches(&database).await, Vec::<String>::new());
        assert_eq!(run(&["--step", "--limit", "2"]), ["create_a", "create_b"]);
        assert_eq!(run(&[]), ["count", "create_c"]);
        assert_eq!(batches(&database).await, ["create_a: 1", "create_b: 2", "count: 3", "create_c: 3"]);

        reset();
        let file = format!("migration/src/{}.rs", FAMILY[3]);
        assert_eq!(run(&["--path", &file, FAMILY[0]]), ["create_a", "create_c"]);
        let early = on.fails(&["migrate", "--strict"]);
        assert_failure!(early, Failure::Strict(Warning::OutOfOrder { name, after }) if name == FAMILY[1] && after == FAMILY[3]);
        assert_eq!(on.states(), [RAN, PENDING, PENDING, RAN]);
        // Without --strict, which the hint says to drop, it is a warning that names both.
        let warned = on.ok(&["migrate", "--limit", "1"]);
        assert!(warned.shows(FAMILY[1]) && warned.shows(FAMILY[3]), "{warned}");
        assert_eq!(on.states(), [RAN, RAN, PENDING, RAN]);
        let early: Vec<bool> = on.ok(&["migrate:status", "--json"]).json()["migrations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["out_of_order"].as_bool().unwrap())
            .collect();
        assert_eq!(early, [false, false, true, false]);
    }
}

#[tokio::test]
async fn a_name_that_fits_none_or_several_is_refused_and_json_stays_json() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    let created = [FAMILY[0], FAMILY[1], FAMILY[3]];
    for (arguments, candidates) in [
        (["--to", "nosuch"], &[][..]),
        (["--to", "create"], &created),
        (["--to", ""], &FAMILY),
        (["--path", "src/m1_else.rs"], &[]),
    ] {
        let run = on.fails(&[&["migrate"], &arguments[..]].concat());
        assert_eq!(run.stdout, "", "{run}");
        assert_error!(run, Error::NoSuchMigration { name, similar } if name == arguments[1] && similar == candidates);
        // The hint names the candidates, or the command that lists the names.
        assert!(candidates.iter().all(|name| run.hint().contains(name)), "{run}");
        if candidates.is_empty() {
            assert_eq!(run.hinted(), [["migrate:status"]], "{run}");
        }

        let json = on.fails(&[&["migrate", "--json"], &arguments[..]].concat());
        assert_eq!(json.json()["error"]["message"], run.error().to_string(), "{json}");
        assert_eq!(applied(&json.stdout), Vec::<String>::new());

        let graceful = on.ok(&[&["migrate", "--graceful"], &arguments[..]].concat());
        assert!(graceful.shows(run.error().to_string()), "{graceful}");
    }
    assert_eq!(on.kit(&["migrate", "--limit", "x"]).code, 2);
    assert_eq!(on.kit(&["migrate:rollback", "--step", "1", "--batch"]).code, 2);
    assert_eq!(database.tables().await, Vec::<String>::new(), "a refusal leaves no trace");
}

#[tokio::test]
async fn a_failure_says_what_was_done_and_what_goes_on() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        database.execute(&["CREATE TABLE c (id int)"]).await;
        let run = on.fails(&["migrate", "--json"]);
        assert_eq!(applied(&run.stdout), FAMILY[..3]);
        // Its first statement failed.
        assert_failure!(run, Failure::Migration { name, direction: Direction::Up, rolled_back: true, .. } if name == FAMILY[3]);
        assert_eq!(run.json()["error"]["message"], run.error().to_string());
        assert!(run.hides("s3cr3t"), "{run}");
        assert_eq!(run.hinted(), [["migrate"]]);
        assert_eq!(on.states(), [RAN, RAN, RAN, PENDING]);
        database.execute(&["DROP TABLE c"]).await;
        assert_eq!(applied(&on.ok(&["migrate", "--json"]).stdout), FAMILY[3..]);
        assert_eq!(on.states(), [RAN; 4]);
        // Applied once, although the run went on after a failure.
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn rollback_by_steps_by_batch_and_to_a_name() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        let back = |arguments: &[&str]| {
            let said = on.ok(&[&["migrate:rollback", "--force"], arguments].concat());
            said.stdout
                .lines()
                .filter_map(|line| Some(line.split_whitespace().next()?[17..].to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(on.ok(&["migrate:rollback"]).stdout, "");
        assert_eq!(database.tables().await, Vec::<String>::new());

        on.ok(&["migrate", "--limit", "2"]);
        on.ok(&["migrate"]);
        assert_eq!(back(&[]), ["create_c"]);
        assert_eq!(back(&["--batch", "1"]), ["create_b", "create_a"]);
        assert_eq!(on.states(), [PENDING, PENDING, RAN, PENDING]);
        assert_eq!(back(&["--batch", "7"]), Vec::<String>::new());
        let pending = on.fails(&["migrate:rollback", "--force", "--to", "create_b"]);
        assert_failure!(pending, Failure::Unknown { name } if name == FAMILY[1]);

        // `count` fills a table that was dropped: its down fails, and nothing else is touched.
        let failed = on.fails(&["migrate:rollback", "--force"]);
        assert_failure!(failed, Failure::Migration { name, direction: Direction::Down, rolled_back: true, .. } if name == FAMILY[2]);
        assert_eq!(failed.hinted(), [["migrate:rollback"]]);
        on.ok(&["migrate:fresh", "--force"]);
        assert_eq!(back(&["--to", "count"]), ["create_c"]);
        assert_eq!(back(&["--step", "2"]), ["count", "create_b"]);
        assert_eq!(back(&["--step", "9"]), ["create_a"]);
        assert_eq!(back(&["--batch"]), Vec::<String>::new());
    }
}

#[tokio::test]
async fn reset_refresh_and_redo() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        for command in ["migrate:reset", "migrate:redo"] {
            assert_eq!(on.ok(&[command]).stdout, "");
        }
        assert_eq!(database.tables().await, Vec::<String>::new());
        on.ok(&["migrate:refresh"]);
        assert_eq!(on.states(), [RAN; 4], "nothing to roll back, everything to run");
        on.ok(&["migrate:reset", "--step", "3", "--force"]);
        assert_eq!(on.states(), [RAN, PENDING, PENDING, PENDING]);
        on.ok(&["migrate:redo", "--force"]);
        assert_eq!(on.states(), [RAN, PENDING, PENDING, PENDING], "what was pending stays so");
        on.ok(&["migrate", "--limit", "2"]);
        on.ok(&["migrate:redo", "--step", "2", "--force"]);
        assert_eq!(on.states(), [RAN, RAN, RAN, PENDING]);
        on.ok(&["migrate:refresh", "--step", "1", "--force"]);
        assert_eq!(on.states(), [RAN; 4]);
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));

        // Half-way: `create_c` and `count` go, then `create_b` cannot.
        database.execute(&["DROP TABLE b"]).await;
        let transcript = on.fails(&["migrate:refresh", "--force"]);
        let lines: Vec<&str> = transcript.stdout.lines().collect();
        assert_eq!(lines.len(), 3, "{transcript}");
        for (line, (name, outcome)) in lines.iter().zip([(FAMILY[3], "DONE"), (FAMILY[2], "DONE"), (FAMILY[1], "FAIL")])
        {
            assert!(line.contains(name) && line.ends_with(outcome), "{transcript}");
        }
        assert_failure!(transcript, Failure::Migration { name, direction: Direction::Down, .. } if name == FAMILY[1]);
        assert_error!(transcript, Error::Migrator { done, again: true, .. } if *done == [FAMILY[3], FAMILY[2]]);
        // The hint leads to where the refresh was to end.
        database.execute(&["CREATE TABLE b (id int)"]).await;
        let hinted = transcript.hinted();
        assert_eq!(hinted, [["migrate:rollback"], ["migrate"]]);
        for command in &hinted {
            on.ok(&[command[0].as_str(), "--force"]);
        }
        assert_eq!(on.states(), [RAN; 4]);
    }
}

#[tokio::test]
async fn install_makes_both_tables_and_runs_nothing() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:install"]);
        assert_eq!(database.tables().await, database.own_tables());
        let before = database.everything().await;
        on.ok(&["migrate:install"]);
        assert_eq!(database.everything().await, before);
        assert_eq!(on.states(), [PENDING; 4]);
        database.execute(&["DROP TABLE kit_migrations"]).await;
        on.ok(&["migrate:install"]);
        assert_eq!(database.everything().await, before);
    }
}

#[tokio::test]
async fn what_another_tool_applied_has_no_batch_and_is_rolled_back_all_the_same() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate", "--limit", "1"]);
        let insert = format!("INSERT INTO seaql_migrations VALUES ('{}', 9999999999)", FAMILY[1]);
        database.execute(&["CREATE TABLE b (id int)", &insert]).await;
        let lines = on.ok(&["migrate:status", "--json"]).json()["migrations"].clone();
        assert_eq!((&lines[0]["batch"], &lines[0]["state"]), (&1.into(), &RAN.into()));
        assert_eq!((&lines[1]["batch"], &lines[1]["state"]), (&serde_json::Value::Null, &RAN.into()));
        assert_eq!(lines[1]["applied_at"], "2286-11-20T17:46:39Z");
        on.ok(&["migrate:rollback", "--force"]);
        assert_eq!(on.states(), [RAN, PENDING, PENDING, PENDING]);
        assert!(!database.has_table("b").await);
    }
}

#[tokio::test]
async fn a_fresh_that_does_not_compile_drops_nothing() {
    let database = Database::sqlite().await;
    let name = "m20240101_000001_broken";
    let sandbox = Sandbox::new()
        .env("KIT_CACHE_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/kit-cache"))
        .file("migration/Cargo.toml", &migration_manifest("2.0.4"))
        .file("migration/src/lib.rs", &index(&[name]))
        .file(&format!("migration/src/{name}.rs"), &executes("SELECT 1", "SELECT 1").replace(".map(", ".mop("));
    database.execute(&["CREATE TABLE precious (id int)", "INSERT INTO precious VALUES (1)"]).await;
    let failed = On::new(&sandbox, &database).fails(&["migrate:fresh", "--force"]);
    assert_error!(failed, Error::Build { what: "migrations", .. });
    assert!(failed.quotes("error[E0599]"), "{failed}");
    assert_eq!(database.value("(SELECT COUNT(*) FROM precious)").await.as_deref(), Some("1"));
}

/// Every command that runs migrations prints what it did as JSON, and nothing else, also where it fails.
#[tokio::test]
async fn what_ran_is_printed_as_json() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    on.ok(&["migrate"]);
    for (arguments, directions) in [
        (&["migrate:rollback", "--step", "2"] as &[&str], &["rolled_back", "rolled_back"] as &[&str]),
        (&["migrate:redo"], &["rolled_back", "applied"]),
        (&["migrate:refresh"], &["rolled_back", "rolled_back", "applied", "applied", "applied", "applied"]),
        (&["migrate:reset"], &["rolled_back", "rolled_back", "rolled_back", "rolled_back"]),
        (&["migrate:fresh"], &["applied", "applied", "applied", "applied"]),
    ] {
        let answer = on.ok(&[arguments, &["--force", "--json"]].concat()).json();
        let ran: Vec<&str> =
            answer["migrations"].as_array().unwrap().iter().map(|ran| ran["action"].as_str().unwrap()).collect();
        assert_eq!(ran, directions, "{arguments:?}: {answer}");
        assert_eq!(answer["migrations"].as_array().unwrap().len(), directions.len(), "{answer}");
        assert!(answer["error"].is_null() && answer["interrupted"].is_null(), "{answer}");
    }
    let pretended = on.ok(&["migrate:rollback", "--pretend", "--json"]).json();
    assert_eq!(pretended["pretended"][0]["action"], "rolled_back");
    let refused = on.fails(&["migrate:reset", "--json"]);
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("4 migrations"), "{refused}");
    assert_eq!(refused.json()["migrations"], serde_json::json!([]));
}
