//! A double-quoted name that is no column, which SQLite takes for a text: an index of it fails the migration, a check or a view
//! of it is a warning.

use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Cause, Failure};

use super::{run, up};
use crate::support::database::Database;
use crate::support::steps::{Op, Step};

fn sql(statements: &[&str]) -> Vec<Op> {
    statements.iter().map(|statement| Op::Sql((*statement).to_owned())).collect()
}

const POSTS: &str = "CREATE TABLE \"posts\" (\"id\" integer PRIMARY KEY, \"title\" text, \"order\" integer)";

#[tokio::test]
async fn an_index_on_no_column_fails_and_leaves_nothing() {
    for index in [
        "CREATE UNIQUE INDEX \"posts_slug\" ON \"posts\" (\"slug\")",
        "CREATE INDEX posts_slug ON posts (\"title\", lower(\"slug\"))",
        "CREATE INDEX IF NOT EXISTS \"posts_slug\" ON \"posts\" (\"title\") WHERE \"slug\" IS NOT NULL",
    ] {
        let database = Database::sqlite().await;
        database.execute(&[POSTS]).await;
        let steps = [Step::new("m1", sql(&["CREATE TABLE other (id integer)", index]), Vec::new())];
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { cause: Cause::NoColumn, message, rolled_back: true, .. }) = outcome else {
            panic!("{index}: {outcome:?}")
        };
        for name in ["`posts_slug`", "`slug`", "`posts`"] {
            assert!(message.contains(name), "{message}");
        }
        let left = database.query("SELECT name FROM sqlite_master WHERE name IN ('other', 'posts_slug')").await;
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn outside_of_a_transaction_it_fails_too() {
    let database = Database::sqlite().await;
    database.execute(&[POSTS]).await;
    let bad = sql(&["CREATE INDEX posts_slug ON posts (\"slug\")"]);
    let steps = [Step::new("m1", bad, Vec::new()).with_transaction(Some(false))];
    let (_, outcome) = run(&database.session, &steps, &[up()]).await;
    assert!(
        matches!(outcome, Err(Failure::Migration { cause: Cause::NoColumn, rolled_back: false, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn columns_and_texts_in_single_quotes_pass() {
    for database in Database::all().await {
        let quote = |name: &str| database.dialect.quote(name);
        let mut statements = vec![
            format!("CREATE TABLE posts ({} int, {} varchar(20))", quote("order"), quote("Title")),
            format!("CREATE INDEX one ON posts ({}, {})", quote("order"), quote("Title")),
        ];
        if database.dialect == Dialect::Sqlite {
            statements.extend(
                [
                    "CREATE INDEX two ON posts (\"TITLE\", \"order\" || 'no column')",
                    "CREATE INDEX \"on\" ON \"posts\" (\"Title\" COLLATE \"NOCASE\" DESC) WHERE \"Title\" <> 'slug'",
                    "CREATE TABLE \"chec\"\"ked\" (\"a`b\" text DEFAULT \"text\" CHECK (\"a`b\" IN ('x', '\"y\"')), \
                     \"b\" text AS (upper(\"a`b\")), CONSTRAINT \"fk\" FOREIGN KEY (\"b\") REFERENCES \"none\" (\"none\"))",
                    "CREATE VIEW \"v\" (\"as\") AS WITH \"w\" AS (SELECT \"Title\" AS \"t\" FROM \"posts\" AS \"p\") \
                     SELECT \"w\".\"t\" FROM \"w\" ORDER BY \"t\"",
                    "CREATE VIEW broken AS SELECT \"a\" FROM nowhere",
                ]
                .map(str::to_owned),
            );
        }
        let up_sql: Vec<&str> = statements.iter().map(String::as_str).collect();
        let (lines, outcome) = run(&database.session, &[Step::new("m1", sql(&up_sql), Vec::new())], &[up()]).await;
        assert_eq!(outcome, Ok(()), "{:?}", database.dialect);
        assert_eq!(lines, ["Installed", "up m1"], "{:?}", database.dialect);
    }
}

#[tokio::test]
async fn checks_computed_columns_and_views_of_texts_are_warned_of() {
    for (statement, object) in [
        ("CREATE TABLE t (\"a\" text CHECK (\"a\" <> \"slug\"))", "table `t`"),
        ("CREATE TABLE t (\"a\" text, \"b\" text AS (\"a\" || \"slug\"))", "table `t`"),
        ("CREATE VIEW t AS SELECT \"title\", \"slug\" FROM \"posts\"", "view `t`"),
    ] {
        let database = Database::sqlite().await;
        database.execute(&[POSTS]).await;
        let (lines, outcome) = run(&database.session, &[Step::new("m1", sql(&[statement]), Vec::new())], &[up()]).await;
        assert_eq!(outcome, Ok(()), "{statement}");
        let warned = lines.iter().filter(|line| line.starts_with("TakenForText")).collect::<Vec<_>>();
        assert_eq!(warned.len(), 1, "{lines:?}");
        assert!(warned[0].contains(object) && warned[0].contains("`slug`"), "{lines:?}");
    }
}

/// What was there before a migration is not its doing; a column that goes under an index is.
#[tokio::test]
async fn texts_of_before_do_not_stop_a_migration() {
    let database = Database::sqlite().await;
    database
        .execute(&[
            "CREATE TABLE posts (\"id\" integer, \"slug\" text, \"x\" text CHECK (\"x\" <> \"nothing\"))",
            "CREATE INDEX old ON posts (\"missing\")",
            "CREATE INDEX slugs ON posts (\"slug\")",
        ])
        .await;
    let steps = [
        Step::new("m1", sql(&["ALTER TABLE posts ADD COLUMN \"y\" text"]), Vec::new()),
        Step::new(
            "m2",
            sql(&["ALTER TABLE posts RENAME TO articles", "ALTER TABLE articles RENAME TO posts"]),
            Vec::new(),
        ),
        Step::new(
            "m3",
            sql(&[
                "CREATE TABLE posts_new (\"id\" integer)",
                "DROP TABLE posts",
                "ALTER TABLE posts_new RENAME TO posts",
                "CREATE INDEX slugs ON posts (\"slug\")",
            ]),
            Vec::new(),
        ),
    ];
    let (lines, outcome) = run(&database.session, &steps, &[up()]).await;
    assert!(
        matches!(&outcome, Err(Failure::Migration { name, cause: Cause::NoColumn, .. }) if name == "m3"),
        "{outcome:?}"
    );
    assert_eq!(lines, ["Installed", "up m1", "up m2"]);
}
