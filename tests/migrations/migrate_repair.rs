//! `migrate:repair` and `migrate:mark`: what they say, what they refuse, and what stands in the ledger afterwards. Neither
//! needs a compiler.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::support::database::Database;
use crate::support::projects::{On, creates, index};
use crate::support::{Sandbox, assert_error, assert_failure};
use kit::error::Error;
use kit_runtime::connection::Connection;
use kit_runtime::ledger::{JOURNAL, LEDGER, own_tables};
use kit_runtime::snapshot::{Scope, Snapshot};
use kit_runtime::wire::{Direction, Failure, Warning};
use serde_json::json;

const NAMES: [&str; 3] = ["m1_users", "m2_posts", "m3_tags"];

fn project() -> Sandbox {
    let sandbox = Sandbox::new().file("migrations/mod.rs", &index(&NAMES)).env("USER", "ann");
    NAMES.iter().fold(sandbox, |sandbox, name| sandbox.file(&format!("migrations/{name}.rs"), &creates(name)))
}

/// The first one is applied, the second stopped after it had created a table.
async fn halt(on: &On<'_>, database: &Database, state: &str) {
    on.ok(&["migrate:mark", "--applied", NAMES[0]]);
    let before = Snapshot::take(&database.session, Scope::Schema, &own_tables(LEDGER)).await.unwrap().text();
    let sql = format!(
        "INSERT INTO {JOURNAL} (version, batch, state, direction, kit_version, started_at, error, snapshot) VALUES ({})",
        database.dialect.placeholders(8)
    );
    let error = (state == "failed").then(|| "no \u{1b}[31mluck".to_owned());
    let values = [
        NAMES[1].into(),
        2.into(),
        state.into(),
        "up".into(),
        "0.1.0".into(),
        5.into(),
        kit_runtime::connection::Value::Text(error),
        before.as_str().into(),
    ];
    database.session.execute(&sql, &values).await.unwrap();
    database.execute(&["CREATE TABLE extra (id int)"]).await;
}

#[tokio::test]
async fn it_says_what_is_there_and_how_to_go_on() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        assert_eq!(on.ok(&["migrate:repair"]).stdout, "");
        assert_eq!(database.tables().await, Vec::<String>::new(), "it only looks");
        halt(&on, &database, "failed").await;
        for command in ["migrate", "migrate:rollback"] {
            let said = on.fails(&[command, "--force"]);
            assert_failure!(said, Failure::Halted { name, direction: Direction::Up, error: Some(error) }
                if name == "m2_posts" && error == "no \u{1b}[31mluck");
            assert_eq!(said.hinted(), [["migrate:repair"]]);
        }
        let before = database.everything().await;
        let found = on.kit(&["migrate:repair"]);
        assert_eq!(found.code, 1, "{found}");
        assert!(found.shows("m2_posts") && found.shows("  + ") && found.shows("extra"), "{found}");
        assert!(found.shows("no \\u{1b}[31mluck"), "control characters are shown, not sent: {found}");
        for way_out in ["--applied", "--rolled-back"] {
            assert!(found.shows(format!("`kit migrate:repair {way_out} m2_posts`")), "{found}");
        }
        let json = on.kit(&["migrate:repair", "--json"]).json();
        let case = &json["halted"][0];
        assert_eq!((case["name"].as_str(), case["left"].as_str()), (Some("m2_posts"), Some("changed")));
        assert_eq!(before, database.everything().await);

        let refused = on.fails(&["migrate:repair", "--retry", "posts"]);
        assert_error!(refused, Error::HalfDone { name } if name == "m2_posts");
        assert_eq!(refused.hinted(), [["migrate:repair", "--rolled-back", "m2_posts"]]);
        for (flag, name) in [("--applied", "m1_users"), ("--retry", "m3_tags"), ("--rolled-back", "nobody")] {
            let refused = on.fails(&["migrate:repair", flag, name]);
            assert_error!(refused, Error::NotHalted { name: refused } if refused == name);
        }
        assert_eq!(before, database.everything().await);
        assert_eq!(on.kit(&["migrate:repair", "--retry", "m2_posts", "--applied", "m2_posts"]).code, 2);
        assert_eq!(on.states(), ["ran", "failed", "pending"]);
    }
}

#[tokio::test]
async fn each_way_out_is_kept_with_who_took_it() {
    let sandbox = project();
    for (flag, state) in [("--applied", "ran"), ("--rolled-back", "pending"), ("--retry", "pending")] {
        for database in Database::all().await {
            let on = On::new(&sandbox, &database);
            halt(&on, &database, "running").await;
            if flag == "--retry" {
                database.execute(&["DROP TABLE extra"]).await;
                assert_eq!(on.kit(&["migrate:repair", "--json"]).json()["halted"][0]["left"], "same_schema");
            }
            on.ok(&["migrate:repair", flag, "m2_posts"]);
            assert_eq!(on.states(), ["ran", state, "pending"]);
            assert_eq!(on.ok(&["migrate:repair", "--json"]).json()["halted"], json!([]));
            let text = |column: &str| database.dialect.text(column);
            let sql = format!(
                "SELECT {}, {}, {}, {} FROM kit_history ORDER BY happened_at, version",
                text("person"),
                text("command"),
                text("version"),
                text("what")
            );
            let kept = database.query(&sql).await;
            let state = if state == "ran" { "applied" } else { state };
            let mark = ["ann", "migrate:mark", "m1_users", "applied"].map(|cell| Some(cell.to_owned()));
            let repair = ["ann", "migrate:repair", "m2_posts", state].map(|cell| Some(cell.to_owned()));
            assert_eq!(kept, [mark, repair]);
        }
    }
}

#[tokio::test]
async fn an_existing_database_is_marked_and_nothing_is_run() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        assert_eq!(on.kit(&["migrate:mark"]).code, 2);
        assert_eq!(on.kit(&["migrate:mark", "--all", "--pending", "m1"]).code, 2);
        let twice = on.kit(&["migrate:mark", "--applied", "m1_users", "--pending", "m1_users"]);
        assert_eq!(twice.code, 2, "{twice}");
        let unknown = on.fails(&["migrate:mark", "--applied", "m9"]);
        assert_error!(unknown, Error::NoSuchMigration { name, .. } if name == "m9");
        assert_eq!(database.tables().await, Vec::<String>::new());

        let said = on.ok(&["migrate:mark", "--all"]);
        assert_eq!(said.stdout.lines().count(), 3, "{said}");
        assert_eq!(on.states(), ["ran"; 3]);
        assert_eq!(on.ok(&["migrate"]).stdout, "");
        assert!(!database.tables().await.iter().any(|table| table.starts_with('m')), "nothing was run");
        assert_eq!(on.ok(&["migrate:mark", "--all"]).stdout, "");

        let said = on.ok(&["migrate:mark", "--pending", "m1_users", "tags", "--applied", "posts"]);
        assert!(said.shows("m1_users") && said.shows("m3_tags") && said.hides("m2_posts"), "{said}");
        assert_eq!(on.states(), ["pending", "ran", "pending"]);
        let asked = on.kit(&["migrate:mark", "--all", "--env", "production"]);
        assert_eq!((asked.code, on.states()[0].as_str()), (1, "pending"), "{asked}");
    }
}

#[tokio::test]
async fn a_change_after_the_fact_is_accepted_or_refused_by_strict() {
    let sandbox = project();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:mark", "--all"]);
        let source = creates(NAMES[0]);
        sandbox.write("migrations/m1_users.rs", &source.replace(".integer()", ".big_integer()"));
        assert_eq!(on.states(), ["modified", "ran", "ran"]);
        on.ok(&["migrate"]);
        let refused = on.fails(&["migrate", "--strict"]);
        assert_failure!(refused, Failure::Strict(Warning::Modified { name }) if name == "m1_users");
        assert_eq!(refused.hinted(), [["migrate:repair", "--accept-checksum", "MIGRATION"]]);
        on.ok(&["migrate:repair", "--accept-checksum", "users"]);
        assert_eq!(on.states(), ["ran"; 3]);
        on.ok(&["migrate", "--strict"]);
        // Formatting and comments are no change.
        let formatted =
            source.replace(".integer()", ".big_integer ( )").replace("async fn up", "/// Up.\n// why\nasync fn up");
        sandbox.write("migrations/m1_users.rs", &formatted);
        assert_eq!(on.states(), ["ran"; 3]);
        sandbox.write("migrations/m1_users.rs", &source);
        assert_eq!(on.states(), ["modified", "ran", "ran"]);
        let unknown = on.fails(&["migrate:repair", "--accept-checksum", "m9"]);
        assert_error!(unknown, Error::NoSuchMigration { name, .. } if name == "m9");
    }
}
