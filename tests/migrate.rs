//! The options of the migrate family, through kit's own commands and one real migrator, on each database. What a
//! question asks and what a state means has tests of its own.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/database.rs"]
mod database;
#[path = "support/projects.rs"]
mod projects;
mod support;

use database::Database;
use projects::{FAMILY, On, applied, executes, family, index, migration_manifest};
use support::Sandbox;

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
        assert!(early.contains(&format!("refused by --strict: `{}` is out of order", FAMILY[1])), "{early}");
        assert!(early.contains("hint: rename the migration so that it comes last, or drop --strict"), "{early}");
        assert_eq!(on.states(), [RAN, PENDING, PENDING, RAN]);
        let warned = on.ok(&["migrate", "--limit", "1"]).stderr;
        assert!(warned.contains(&format!("WARN  `{}` is out of order: `{}`", FAMILY[1], FAMILY[3])), "{warned}");
        assert_eq!(on.states(), [RAN, RAN, PENDING, RAN]);
        let status = on.ok(&["migrate:status"]).stdout;
        assert!(status.contains("Pending, out of order"), "{status}");
    }
}

#[tokio::test]
async fn a_name_that_fits_none_or_several_is_refused_and_json_stays_json() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    for (arguments, expected, hint) in [
        (["--to", "nosuch"], "no single migration is `nosuch`", "run `kit migrate:status` for the names"),
        (
            ["--to", "create"],
            "no single migration is `create`",
            "choose one of: m20240101_000001_create_a, m20240101_000002",
        ),
        (["--to", ""], "no single migration is ``", "choose one of"),
        (["--path", "src/m1_else.rs"], "no single migration is `src/m1_else.rs`", "run `kit migrate:status`"),
    ] {
        let transcript = on.kit(&[&["migrate"], &arguments[..]].concat());
        assert_eq!((transcript.code, transcript.stdout.as_str()), (1, ""), "{transcript}");
        assert!(transcript.stderr.contains(expected), "{transcript}");
        assert!(transcript.stderr.contains(&format!("hint: {hint}")), "{transcript}");

        let transcript = on.kit(&[&["migrate", "--json"], &arguments[..]].concat());
        assert_eq!(transcript.code, 1, "{transcript}");
        let answer: serde_json::Value = serde_json::from_str(&transcript.stdout).unwrap();
        assert_eq!(answer["error"], expected, "{transcript}");
        assert_eq!(applied(&transcript.stdout), Vec::<String>::new());

        let transcript = on.kit(&[&["migrate", "--graceful"], &arguments[..]].concat());
        assert_eq!(transcript.code, 0, "{transcript}");
        assert!(transcript.stderr.contains(&format!("WARN  {expected}")), "{transcript}");
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
        let transcript = on.kit(&["migrate", "--json"]);
        assert_eq!(transcript.code, 1, "{transcript}");
        assert_eq!(applied(&transcript.stdout), FAMILY[..3]);
        let answer: serde_json::Value = serde_json::from_str(&transcript.stdout).unwrap();
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("applying `{}` failed: ", FAMILY[3])), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
        // Its first statement failed.
        let hint = "hint: nothing of it was kept: mend it, then run `kit migrate`";
        assert!(transcript.stderr.contains(hint), "{transcript}");
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
        let nothing = on.ok(&["migrate:rollback"]);
        assert!(nothing.stderr.contains("Nothing to roll back"), "{nothing:?}");
        assert_eq!(database.tables().await, Vec::<String>::new());

        on.ok(&["migrate", "--limit", "2"]);
        on.ok(&["migrate"]);
        assert_eq!(back(&[]), ["create_c"]);
        assert_eq!(back(&["--batch", "1"]), ["create_b", "create_a"]);
        assert_eq!(on.states(), [PENDING, PENDING, RAN, PENDING]);
        assert_eq!(back(&["--batch", "7"]), Vec::<String>::new());
        let gone = on.fails(&["migrate:rollback", "--force", "--to", "create_b"]);
        assert!(gone.contains(&format!("no migration `{}` to go to", FAMILY[1])), "{gone}");

        // The table of `count` is gone: its down fails, and nothing else was touched.
        let failed = on.fails(&["migrate:rollback", "--force"]);
        assert!(failed.contains(&format!("rolling back `{}` failed", FAMILY[2])), "{failed}");
        assert!(failed.contains("mend its `down`, then run `kit migrate:rollback`\n"), "{failed}");
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
            let said = on.ok(&[command]);
            assert!(said.stderr.contains("Nothing to roll back"), "{said:?}");
        }
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
        let transcript = on.kit(&["migrate:refresh", "--force"]);
        assert_eq!(transcript.code, 1, "{transcript}");
        let lines: Vec<&str> = transcript.stdout.lines().collect();
        assert_eq!(lines.len(), 3, "{transcript}");
        for (line, (name, outcome)) in lines.iter().zip([(FAMILY[3], "DONE"), (FAMILY[2], "DONE"), (FAMILY[1], "FAIL")])
        {
            assert!(line.contains(name) && line.ends_with(outcome), "{transcript}");
        }
        assert!(transcript.stderr.contains(&format!("ERROR  rolling back `{}` failed", FAMILY[1])), "{transcript}");
        let goes_on = "then run `kit migrate:rollback`, and at the end `kit migrate`";
        assert!(transcript.stderr.contains(goes_on), "{transcript}");
        database.execute(&["CREATE TABLE b (id int)"]).await;
        on.ok(&["migrate:rollback", "--force"]);
        on.ok(&["migrate"]);
        assert_eq!(on.states(), [RAN; 4]);
    }
}

#[tokio::test]
async fn install_makes_both_tables_and_runs_nothing() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        assert!(on.ok(&["migrate:install"]).stderr.contains("Created the migration table"));
        assert_eq!(database.tables().await, database.own_tables());
        assert!(on.ok(&["migrate:install"]).stderr.contains("there already"));
        assert_eq!(on.states(), [PENDING; 4]);
        database.execute(&["DROP TABLE kit_migrations"]).await;
        assert!(on.ok(&["migrate:install"]).stderr.contains("Created the migration table"));
        assert_eq!(database.tables().await, database.own_tables());
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
        let said = on.ok(&["migrate:status", "--json"]);
        let lines: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!((&lines[0]["batch"], &lines[0]["state"]), (&1.into(), &RAN.into()));
        assert_eq!((&lines[1]["batch"], &lines[1]["state"]), (&serde_json::Value::Null, &RAN.into()));
        assert_eq!(lines[1]["applied_at"], 9_999_999_999_i64);
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
    assert!(failed.contains("error[E0599]") && failed.contains("ERROR  the migrations do not compile"), "{failed}");
    assert_eq!(database.value("(SELECT COUNT(*) FROM precious)").await.as_deref(), Some("1"));
}
