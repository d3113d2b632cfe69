//! Ledgers that are not as they should be, through kit's commands: each is a clear error with a hint or is borne, and
//! nothing is half-written.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use crate::support::database::Database;
use crate::support::projects;
use crate::support::projects::{FAMILY, On, applied, creates, executes, family, index};
use crate::support::{Sandbox, Transcript, assert_failure, shows};
use kit::error::Error;
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Failure, Warning};

/// Asserts that the run was refused because of this table, and that the hint says what shape it has.
#[track_caller]
fn names_table(run: &Transcript, table: &str) {
    // `migrate:status` reads the ledger itself, every other command through the engine.
    let message = match run.error() {
        Error::Ledger { message, .. } | Error::Migrator { failure: Failure::Ledger { message, .. }, .. } => message,
        other => panic!("{other:?}\n{run}"),
    };
    assert!(shows(message, format!("`{table}`")), "{run}");
    assert!(["`version`", "`applied_at`", "`kit_migrations`"].iter().all(|name| run.hint().contains(name)), "{run}");
    assert!(run.hides("s3cr3t"), "{run}");
}

/// Number of rows.
async fn count(database: &Database, table: &str) -> String {
    database.value(&format!("(SELECT COUNT(*) FROM {table})")).await.unwrap()
}

#[tokio::test]
async fn a_ledger_without_a_key_or_with_more_columns_is_borne() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        let row = format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{}', 1700000000)", FAMILY[0]);
        database
            .execute(&[
                "CREATE TABLE seaql_migrations (note varchar(20) DEFAULT 'x', applied_at bigint NOT NULL, version varchar(255) NOT NULL)",
                "CREATE TABLE a (id int, n int)",
                // Twice: without a key nothing forbids it.
                &row,
                &row,
            ])
            .await;
        assert_eq!(on.states(), ["ran", "pending", "pending", "pending"]);
        assert_eq!(applied(&on.ok(&["migrate", "--json"]).stdout), FAMILY[1..]);
        on.ok(&["migrate:rollback", "--step", "2", "--force"]);
        on.ok(&["migrate:reset", "--force"]);
        assert_eq!(count(&database, "seaql_migrations").await, "0");
        assert!(!database.has_table("a").await);
        on.ok(&["migrate"]);
    }
}

#[tokio::test]
async fn a_ledger_that_cannot_be_written_is_known_before_anything_runs() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        let wrong = match database.dialect {
            // SQLite takes anything anywhere, unless told otherwise.
            Dialect::Sqlite => {
                "CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at CHECK (typeof(applied_at) = 'text'))"
            }
            Dialect::Postgres => {
                "CREATE TABLE seaql_migrations (version varchar PRIMARY KEY, applied_at timestamp NOT NULL)"
            }
            Dialect::MySql => {
                "CREATE TABLE seaql_migrations (version varchar(255) PRIMARY KEY, applied_at datetime NOT NULL)"
            }
        };
        let rows = format!("INSERT INTO seaql_migrations VALUES ('{}', '2024-01-01 00:00:00')", FAMILY[0]);
        database.execute(&[wrong, &rows]).await;
        on.ok(&["migrate:install"]);
        let before = database.everything().await;
        assert_eq!(on.states(), ["ran", "pending", "pending", "pending"]);
        for command in ["migrate", "migrate:rollback", "migrate:redo", "migrate:refresh"] {
            names_table(&on.fails(&[command, "--force"]), "seaql_migrations");
        }
        assert_eq!(before, database.everything().await);
        assert_eq!(
            (count(&database, "seaql_migrations").await, count(&database, "kit_migrations").await),
            ("1".into(), "0".into())
        );
        on.ok(&["migrate:fresh", "--force"]);
        assert_eq!(on.states(), ["ran"; 4]);
    }
}

#[tokio::test]
async fn other_columns_are_an_error_everywhere() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        database.execute(&["CREATE TABLE seaql_migrations (name varchar(255) PRIMARY KEY)"]).await;
        for command in ["migrate:status", "migrate", "migrate:rollback", "migrate:reset", "migrate:install"] {
            names_table(&on.fails(&[command]), "seaql_migrations");
        }
        assert_eq!(database.tables().await, ["seaql_migrations"]);
        database.execute(&["DROP TABLE seaql_migrations", "CREATE TABLE kit_migrations (version varchar(20))"]).await;
        for command in ["migrate:status", "migrate"] {
            let refused = on.fails(&[command]);
            names_table(&refused, "kit_migrations");
            assert_eq!(refused.hinted(), [["migrate:install"]]);
        }
        // The hint: drop it, then `migrate:install`.
        database.execute(&["DROP TABLE kit_migrations"]).await;
        on.ok(&["migrate:install"]);
        on.ok(&["migrate"]);
    }
}

#[tokio::test]
async fn views_in_place_of_the_tables() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate", "--limit", "1"]);
        // What can be read and written through is as good as a table.
        let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
        database
            .execute(&[
                &rename("seaql_migrations", "kept"),
                "CREATE VIEW seaql_migrations AS SELECT version, applied_at FROM kept",
            ])
            .await;
        assert_eq!(on.states(), ["ran", "pending", "pending", "pending"]);
        if database.dialect == Dialect::Sqlite {
            let said = on.fails(&["migrate"]);
            assert!(said.quotes("cannot modify seaql_migrations because it is a view"), "{said}");
            names_table(&said, "seaql_migrations");
            assert!(!database.has_table("b").await);
        } else {
            on.ok(&["migrate", "--limit", "1"]);
            on.ok(&["migrate:rollback", "--force"]);
        }
        database.execute(&["DROP VIEW seaql_migrations", &rename("kept", "seaql_migrations")]).await;
        database
            .execute(&[&rename("kit_migrations", "kept"), "CREATE VIEW kit_migrations AS SELECT DISTINCT * FROM kept"])
            .await;
        assert_eq!(on.states(), ["ran", "pending", "pending", "pending"]);
        let said = on.fails(&["migrate"]);
        names_table(&said, "kit_migrations");
        assert!(!database.has_table("b").await);
        assert_eq!(count(&database, "seaql_migrations").await, "1");
    }
}

#[tokio::test]
async fn a_hundred_thousand_rows_are_no_trouble() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate", "--limit", "1"]);
        let digits = "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 \
                      UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
        let concat = match database.dialect {
            Dialect::MySql => "CONCAT('m_', a.d, b.d, c.d, e.d, f.d)",
            _ => "'m_' || a.d || b.d || c.d || e.d || f.d",
        };
        let fill = format!(
            "INSERT INTO seaql_migrations SELECT {concat}, 5 FROM {digits} a, {digits} b, {digits} c, {digits} e, {digits} f"
        );
        database.execute(&[&fill]).await;
        let clock = std::time::Instant::now();
        assert_eq!(on.states().len(), 100_004);
        let said = on.ok(&["migrate", "--limit", "1"]);
        // Ten by name, then the number of the others.
        assert_eq!(said.stderr.matches("`m_").count(), 10, "{said}");
        assert!(said.shows("99990"), "{said}");
        on.ok(&["migrate:rollback", "--step", "2", "--force"]);
        let gone = on.fails(&["migrate:rollback", "--force"]);
        assert_failure!(gone, Failure::Gone { name } if name == "m_99999");
        // Not a measurement: quadratic work would take minutes.
        assert!(clock.elapsed().as_secs() < 60, "{:?}", clock.elapsed());
    }
}

#[tokio::test]
async fn rows_from_the_future_and_rows_without_files() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        let future =
            format!("UPDATE seaql_migrations SET applied_at = 9223372036854775807 WHERE version = '{}'", FAMILY[1]);
        database.execute(&[&future]).await;
        assert_eq!(on.ok(&["migrate:status"]).stdout.matches("Ran").count(), 4);
        on.ok(&["migrate:rollback", "--force"]);
        assert_eq!(on.states(), ["ran", "pending", "ran", "ran"]);
        on.ok(&["migrate"]);

        database.execute(&["INSERT INTO seaql_migrations VALUES ('m2023_gone', 9999999999)"]).await;
        let before = database.everything().await;
        for command in ["migrate:rollback", "migrate:reset", "migrate:refresh", "migrate:redo"] {
            // Refused before any question.
            assert_failure!(on.fails(&[command]), Failure::Gone { name } if name == "m2023_gone");
        }
        assert_eq!(before, database.everything().await);
        let warned = on.ok(&["migrate"]);
        assert!(warned.shows("`m2023_gone`"), "{warned}");
        let strict = on.fails(&["migrate", "--strict"]);
        assert_failure!(strict, Failure::Strict(Warning::Missing { name }) if name == "m2023_gone");
        assert_eq!(count(&database, "seaql_migrations").await, "5");
    }
}

#[tokio::test]
async fn hostile_text_in_the_ledger_does_not_reach_the_terminal() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        if database.dialect == Dialect::MySql {
            database.execute(&["ALTER TABLE seaql_migrations CONVERT TO CHARACTER SET utf8mb4"]).await;
        }
        let names = ["m\u{1b}]0;owned\u{7}\u{1b}[2J", "\u{202e}txt", "a\rb", "'; DROP TABLE a; --", "", "{}%s$1?"];
        for (at, name) in names.iter().enumerate() {
            let name = name.replace('\'', "''");
            database
                .execute(&[&format!("INSERT INTO seaql_migrations VALUES ('{name}', {})", 9_999_999_990 + at)])
                .await;
        }
        let clean = |text: &str| !text.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']);
        for arguments in [
            &["migrate:status"][..],
            &["migrate:status", "--json"],
            &["migrate"],
            &["migrate", "--strict"],
            &["migrate", "--strict", "--graceful"],
            &["migrate", "--json"],
            &["migrate:rollback"],
            &["migrate:rollback", "--step", "6"],
            &["migrate:redo"],
        ] {
            let transcript = on.kit(arguments);
            let json = arguments.contains(&"--json");
            assert!(clean(&transcript.stderr) && (json || clean(&transcript.stdout)), "{arguments:?}: {transcript:?}");
            assert!(!shows(&transcript.stdout, "\u{1b}"), "{transcript:?}");
        }
        // A question names them as well.
        let asked = on.answering(&["migrate:rollback"], &["no"]);
        assert!(clean(&asked.to_string()), "{asked:?}");
        // An error that another kit has kept.
        let error = "'\u{1b}[31mboom\u{1b}[2J'";
        database
            .execute(&[
                &format!("DELETE FROM seaql_migrations WHERE version = '{}'", FAMILY[3]),
                &format!("UPDATE kit_migrations SET state = 'failed', error = {error} WHERE version = '{}'", FAMILY[3]),
            ])
            .await;
        let status = on.ok(&["migrate:status"]);
        assert!(status.shows("boom") && clean(&status.stdout), "{status:?}");
    }
}

#[tokio::test]
async fn files_with_a_mark_or_carriage_returns() {
    let database = Database::sqlite().await;
    let sandbox = Sandbox::new()
        .env("KIT_CACHE_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/kit-cache"))
        .file("migration/Cargo.toml", &projects::migration_manifest("2.0.4"))
        .file("migration/src/lib.rs", &format!("\u{feff}{}", index(&["m1_mark", "m2_crlf"])).replace('\n', "\r\n"))
        .file("migration/src/m1_mark.rs", &format!("\u{feff}{}", creates("a")))
        .file("migration/src/m2_crlf.rs", &executes("SELECT 1", "SELECT 1").replace('\n', "\r\n"));
    let on = On::new(&sandbox, &database);
    on.ok(&["migrate"]);
    assert_eq!(on.states(), ["ran", "ran"]);
    sandbox.write("migration/src/m1_mark.rs", &creates("a").replace('\n', "\r\n"));
    sandbox.write("migration/src/m2_crlf.rs", &executes("SELECT 1", "SELECT 1"));
    assert_eq!(on.states(), ["ran", "ran"], "only line ends and mark have changed");
    sandbox.write("migration/src/m2_crlf.rs", &executes("SELECT 2", "SELECT 1"));
    assert_eq!(on.states(), ["ran", "modified"]);
    assert_eq!(on.ok(&["migrate"]).stdout, "", "modified ones do not run again");
}
