//! `kit migrate:fresh` end to end on databases full of hostile names. What a wipe drops in all detail is tested with the
//! wipe itself.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test that starts itself says so in the environment")]

use std::process::Command;

use crate::support::database;
use crate::support::database::{Database, HOSTILE};
use crate::support::projects::{FAMILY, On, family};
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::LEDGER;
use kit_runtime::wipe::wipe_in_batches;
use kit_runtime::wire::Wipe;

const OWN: [&str; 3] = ["a", "b", "c"];

/// The database of the child process of [`a_wipe_killed_between_two_batches_is_finished_by_the_next`].
const URL: &str = "KIT_TEST_WIPED";

#[tokio::test]
#[ignore = "started by a_wipe_killed_between_two_batches_is_finished_by_the_next, which kills it"]
async fn wipes_in_small_batches() {
    if let Ok(url) = std::env::var(URL) {
        let session = kit_runtime::sea_orm::Session::new(database::open(&url).await);
        let everything = Wipe { views: true, types: true };
        wipe_in_batches(&session, everything, LEDGER, 2).await.unwrap();
    }
}

#[tokio::test]
async fn a_wipe_killed_between_two_batches_is_finished_by_the_next() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        for n in 0..8 {
            database.execute(&[&format!("CREATE TABLE more_{n} (id int PRIMARY KEY)")]).await;
        }
        let before = database.tables().await.len();
        // The seventh object is the first of the fourth batch: three have been committed.
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--ignored", "--exact", "fresh::wipes_in_small_batches"]).env(URL, database.url());
        let output = child.env("KIT_FAULT", "in-fresh:7=kill").output().unwrap();
        assert!(output.status.code().is_none(), "{:?}: it was to be killed: {output:?}", database.dialect);
        let left = database.tables().await;
        assert_eq!(left.len(), before - 6, "{left:?}");
        assert!(
            !left.iter().any(|name| name == LEDGER),
            "it would report migrations whose tables are dropped: {left:?}"
        );
        on.ok(&["migrate:fresh", "--force"]);
        assert_eq!(on.states(), ["ran"; FAMILY.len()]);
        let tables = database.tables().await;
        assert!(!tables.iter().any(|name| name.starts_with("more_")), "{tables:?}");
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn everything_goes_whatever_its_name() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        let quote = |name: &str| database.dialect.quote(name);
        for name in HOSTILE {
            let view = quote(&format!("v {name}").chars().take(50).collect::<String>());
            let top = quote(&format!("w {name}").chars().take(50).collect::<String>());
            let table = quote(name);
            database
                .execute(&[
                    &format!("CREATE TABLE {table} (id int PRIMARY KEY)"),
                    &format!("INSERT INTO {table} VALUES (1)"),
                    &format!("CREATE VIEW {view} AS SELECT id FROM {table}"),
                    &format!("CREATE VIEW {top} AS SELECT id FROM {view}"),
                ])
                .await;
        }
        if database.dialect == Dialect::Postgres {
            database
                .execute(&[
                    "CREATE TYPE \"mo\"\"od\" AS ENUM ('a', 'b')",
                    "CREATE TABLE with_enum (m \"mo\"\"od\")",
                    "CREATE MATERIALIZED VIEW stored AS SELECT * FROM with_enum",
                    "CREATE SEQUENCE \"s;q\"",
                    "CREATE DOMAIN positive AS int CHECK (value > 0)",
                    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                ])
                .await;
        }
        let asked = on.answering(&["migrate:fresh"], &["no"]);
        let tables = if database.dialect == Dialect::Postgres { 18 } else { 17 };
        assert!(asked.shows(format!(" {tables} tables ")) && asked.shows(" 17 rows "), "{asked}");
        on.ok(&["migrate:fresh", "--force"]);
        assert_eq!(database.tables().await, [&OWN[..], &database.own_tables()].concat());
        assert_eq!(on.states(), ["ran"; 4]);
        let schema = database.everything().await;
        on.ok(&["migrate:fresh", "--force"]);
        assert_eq!(schema, database.everything().await);
    }
}

#[tokio::test]
async fn views_and_types_stay_where_asked() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        database.execute(&["CREATE VIEW lonely AS SELECT 1 AS x", "CREATE TABLE old (id int)"]).await;
        on.ok(&["migrate:fresh", "--force", "--drop-views=false"]);
        assert!(database.has_table("lonely").await && !database.has_table("old").await);
        if database.dialect == Dialect::Postgres {
            let enums = "(SELECT COUNT(*) FROM pg_type WHERE typname = 'mood')";
            database.execute(&["CREATE TYPE mood AS ENUM ('a')"]).await;
            on.ok(&["migrate:fresh", "--force", "--drop-types", "false"]);
            assert_eq!(database.value(enums).await.as_deref(), Some("1"));

            // What stays must not break.
            database.execute(&["CREATE VIEW leaning AS SELECT id FROM a"]).await;
            let before = database.everything().await;
            let refused = on.fails(&["migrate:fresh", "--force", "--drop-views=false"]);
            assert!(refused.shows("leaning"), "{refused}");
            assert_eq!(before, database.everything().await);
            on.ok(&["migrate:fresh", "--force"]);
            assert_eq!(database.value(enums).await.as_deref(), Some("0"));
        }
        on.ok(&["migrate:fresh", "--force"]);
        assert_eq!(database.tables().await, [&OWN[..], &database.own_tables()].concat());
    }
}
