//! `kit migrate:fresh` end to end on databases full of hostile names. What a wipe drops in all detail is tested with the
//! wipe itself.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/database.rs"]
mod database;
#[path = "support/projects.rs"]
mod projects;
mod support;

use database::{Database, HOSTILE};
use kit_runtime::dialect::Dialect;
use projects::{On, family};

const OWN: [&str; 3] = ["a", "b", "c"];

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
