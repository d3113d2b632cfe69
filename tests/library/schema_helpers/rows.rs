//! Tables that are made anew where the database cannot alter them: rows, whatever refers to them, and all that stands around.

use kit_runtime::dialect::Dialect;
use kit_runtime::schema::*;
use kit_runtime::wire::Failure;
use sea_orm::{ConnectOptions, ConnectionTrait, TransactionTrait};
use sea_orm_migration::prelude::*;

use crate::schema_helpers::run::{Act, fails, run, step, up};
use crate::support::database::Database;
use crate::support::quotes;

/// Users with posts, posts with comments, all of them with rows.
async fn blog(database: &Database) {
    up(
        &database.session,
        step!(|m| {
            create_table(m, "users", &[("email", ColType::StringUniq), ("name", ColType::StringNull)], &[]).await?;
            create_table(m, "posts", &[("title", ColType::StringNull)], &[("user", ""), ("user?", "editor_id")])
                .await?;
            create_table(m, "comments", &[("body", ColType::TextNull)], &[("post", "")]).await?;
            create_table(m, "empties", &[("n", ColType::IntegerNull)], &[]).await
        }),
    )
    .await;
    database
        .execute(&[
            "INSERT INTO users (email, name) VALUES ('a', 'Ann'), ('b', 'Bob'), ('c', 'gone')",
            "DELETE FROM users WHERE email = 'c'",
            "INSERT INTO posts (title, user_id, editor_id) VALUES ('one', 1, 2), ('two', 2, NULL)",
            "INSERT INTO comments (body, post_id) VALUES ('x', 1), ('y', 1), ('z', 2)",
        ])
        .await;
}

async fn counts(database: &Database) -> Vec<Option<String>> {
    let mut counts = Vec::new();
    for sql in [
        "(SELECT COUNT(*) FROM users)",
        "(SELECT SUM(user_id) FROM posts)",
        "(SELECT SUM(post_id * 10 + id) FROM comments)",
        "(SELECT MIN(name) FROM users)",
    ] {
        counts.push(database.value(sql).await);
    }
    counts
}

/// Pairs of an up and a down.
fn changes() -> Vec<(&'static str, Act, Act)> {
    let mood =
        || ColType::EnumWithDefault("mood".to_owned(), vec!["good".to_owned(), "bad".to_owned()], "good".to_owned());
    vec![
        (
            "nullable column",
            step!(|m| add_column(m, "users", "age", ColType::IntegerNull).await),
            step!(|m| remove_column(m, "users", "age").await),
        ),
        (
            "default",
            step!(|m| add_column(m, "users", "age", ColType::integer().default(7)).await),
            step!(|m| remove_column(m, "users", "age").await),
        ),
        (
            "default that is an expression",
            step!(|m| add_column(m, "users", "seen_at", ColType::date_time().default_now()).await),
            step!(|m| remove_column(m, "users", "seen_at").await),
        ),
        (
            "unique",
            step!(|m| add_column(m, "users", "nick", ColType::string().null().unique()).await),
            step!(|m| remove_column(m, "users", "nick").await),
        ),
        (
            "enum",
            step!(|m| add_column(m, "users", "mood", mood()).await),
            step!(|m| {
                remove_column(m, "users", "mood").await?;
                drop_enum_type(m, "mood").await
            }),
        ),
        (
            "required",
            step!(|m| add_column(m, "empties", "needed", ColType::StringUniq).await),
            step!(|m| remove_column(m, "empties", "needed").await),
        ),
        (
            "nullable reference",
            step!(|m| add_reference(m, "posts", "user?", "approved_by").await),
            step!(|m| remove_reference(m, "posts", "user", "approved_by").await),
        ),
        (
            "required reference",
            step!(|m| add_reference(m, "empties", "user", "").await),
            step!(|m| remove_reference(m, "empties", "user", "").await),
        ),
        (
            "reference to itself",
            step!(|m| add_reference(m, "users", "user?", "boss_id").await),
            step!(|m| remove_reference(m, "users", "user", "boss_id").await),
        ),
        (
            "rename",
            step!(|m| rename_column(m, "posts", "title", "headline").await),
            step!(|m| rename_column(m, "posts", "headline", "title").await),
        ),
        (
            "join",
            step!(|m| create_join_table(
                m,
                "users_posts",
                &[("n", ColType::IntegerNull)],
                &[("user", ""), ("post", "")]
            )
            .await),
            step!(|m| drop_table(m, "users_posts").await),
        ),
        (
            "removed reference",
            step!(|m| remove_reference(m, "posts", "user", "editor_id").await),
            step!(|m| add_reference(m, "posts", "user?", "editor_id").await),
        ),
        (
            "removed unique",
            step!(|m| remove_column(m, "users", "email").await),
            step!(|m| add_column(m, "users", "email", ColType::string().default("").unique()).await),
        ),
    ]
}

#[tokio::test]
async fn each_helper_goes_up_and_down_with_rows() {
    for database in Database::all().await {
        blog(&database).await;
        let (rows, before) = (counts(&database).await, database.schema().await);
        for (what, forward, back) in changes() {
            let at = || format!("{:?}: {what}", database.dialect);
            up(&database.session, forward.clone()).await;
            let changed = database.schema().await;
            assert_ne!(changed, before, "{}", at());
            assert_eq!(counts(&database).await, rows, "{}", at());
            if what == "removed unique" {
                // Two rows cannot have the same default.
                break;
            }
            up(&database.session, back.clone()).await;
            assert_eq!(database.schema().await, before, "{}", at());
            assert_eq!(counts(&database).await, rows, "{}", at());
            up(&database.session, forward).await;
            assert_eq!(database.schema().await, changed, "{}", at());
            up(&database.session, back).await;
        }
        assert_eq!(counts(&database).await, rows);
    }
}

#[tokio::test]
async fn what_rows_stand_against_is_said_and_nothing_is_done() {
    for database in Database::all().await {
        blog(&database).await;
        let (rows, before) = (counts(&database).await, database.schema().await);
        for (what, act) in [
            ("a required reference", step!(|m| add_reference(m, "comments", "user", "").await)),
            (
                "a unique default",
                step!(|m| add_column(m, "users", "code", ColType::string().default("x").unique()).await),
            ),
        ] {
            let said = fails(&database.session, act).await;
            assert!(!said.is_empty(), "{what}");
            assert_eq!(database.schema().await, before, "{:?}: {what}", database.dialect);
            assert_eq!(counts(&database).await, rows);
        }
        // The key to a row that is not there.
        database.execute(&["ALTER TABLE posts ADD COLUMN group_id bigint", "UPDATE posts SET group_id = 77"]).await;
        up(&database.session, step!(|m| create_table(m, "groups", &[], &[]).await)).await;
        if database.dialect != Dialect::Sqlite {
            continue;
        }
        let before = database.schema().await;
        let said = fails(&database.session, step!(|m| add_reference(m, "posts", "group?", "").await)).await;
        assert!(
            quotes(&said, "FOREIGN KEY constraint failed") && said.contains("`posts`") && said.contains("`groups`"),
            "{said}"
        );
        assert_eq!(database.schema().await, before);
    }
}

/// Everything that can stand in and around a table.
const AROUND: &[&str] = &[
    "CREATE TABLE users (id integer PRIMARY KEY AUTOINCREMENT, name text COLLATE NOCASE NOT NULL DEFAULT 'x, (y' CHECK (name <> ''), \
     age int, code text UNIQUE, double int GENERATED ALWAYS AS (age * 2) STORED, boss_id int REFERENCES users (id), \
     CHECK (age > 0 OR name = 'Bob'), UNIQUE (name, age))",
    "CREATE TABLE posts (id integer PRIMARY KEY, user_id int NOT NULL REFERENCES users (id) ON DELETE CASCADE)",
    "CREATE TABLE log (what text)",
    "CREATE INDEX i1 ON users (name DESC) WHERE age > 3",
    "CREATE INDEX i2 ON users (lower(name))",
    "CREATE UNIQUE INDEX i3 ON users (name, age, code)",
    "CREATE TRIGGER t1 AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.name); END",
    "CREATE TRIGGER t2 AFTER INSERT ON posts BEGIN UPDATE users SET age = age + 1 WHERE id = new.user_id; END",
    "CREATE VIEW v AS SELECT u.name, p.id FROM users u JOIN posts p ON p.user_id = u.id",
    "INSERT INTO users (id, name, age, code, boss_id) VALUES (1, 'Ann', 5, 'a', 2), (2, 'Bob', 0, 'b', NULL), (90, 'Zoe', 4, 'z', 1)",
    "DELETE FROM users WHERE id = 90",
    "INSERT INTO posts (user_id) VALUES (1), (1), (2)",
    "CREATE TABLE plain (n int, w text)",
    "INSERT INTO plain (rowid, n, w) VALUES (7, 1, 'a'), (9, 2, 'b')",
    "CREATE TABLE without (a text, b int, PRIMARY KEY (a)) WITHOUT ROWID",
    "INSERT INTO without VALUES ('x', 1)",
];

const STATE: &str = "(SELECT (SELECT group_concat(id || name || coalesce(age, '-') || coalesce(double, '-') || code || coalesce(boss_id, '-')) FROM users) \
     || (SELECT group_concat(user_id) FROM posts) || (SELECT count(*) FROM log) || (SELECT seq FROM sqlite_sequence WHERE name = 'users') \
     || (SELECT group_concat(rowid || n || w) FROM plain) || (SELECT group_concat(a || b) FROM without) || (SELECT count(*) FROM v))";

/// Each of these makes the table anew.
fn anew() -> Act {
    step!(|m| {
        add_column(m, "users", "seen", ColType::date_time().default_now()).await?;
        add_column(m, "plain", "seen", ColType::date_time().default_now()).await?;
        add_column(m, "without", "seen", ColType::date_time().default_now()).await
    })
}

fn back() -> Act {
    step!(|m| {
        remove_column(m, "users", "seen").await?;
        remove_column(m, "plain", "seen").await?;
        remove_column(m, "without", "seen").await
    })
}

#[tokio::test]
async fn a_table_that_is_made_anew_keeps_all_it_had() {
    for transaction in [None, Some(false)] {
        let database = Database::sqlite().await;
        database.execute(AROUND).await;
        let (state, before) = (database.value(STATE).await, database.schema().await);
        run(&database.session, anew(), transaction).await.unwrap();
        assert_eq!(database.value(STATE).await, state, "{transaction:?}");
        run(&database.session, back(), transaction).await.unwrap();
        assert_eq!(database.value(STATE).await, state);
        assert_eq!(database.schema().await, before);
        // What it says still holds, and its number goes on.
        for refused in [
            "INSERT INTO users (name, age) VALUES ('', 1)",
            "INSERT INTO users (name, age) VALUES ('Eve', 0)",
            "INSERT INTO users (name, age, code) VALUES ('Eve', 1, 'a')",
            "INSERT INTO posts (user_id) VALUES (5)",
        ] {
            assert!(
                kit_runtime::connection::Connection::execute(&database.session, refused, &[]).await.is_err(),
                "{refused}"
            );
        }
        database
            .execute(&["INSERT INTO users (age, code) VALUES (3, 'n')", "INSERT INTO posts (user_id) VALUES (91)"])
            .await;
        assert_eq!(
            database.value("(SELECT name || id || age || double FROM users WHERE code = 'n')").await.as_deref(),
            Some("x, (y9148")
        );
        assert_eq!(database.value("(SELECT COUNT(*) FROM log)").await.as_deref(), Some("4"));
        assert_eq!(
            database.value("(SELECT COUNT(*) FROM users WHERE name = 'ann')").await.as_deref(),
            Some("1"),
            "collation"
        );
        for (pragma, expected) in [("foreign_keys", "1"), ("legacy_alter_table", "0")] {
            assert_eq!(
                database.value(&format!("(SELECT {pragma} FROM pragma_{pragma})")).await.as_deref(),
                Some(expected),
                "{transaction:?} {pragma}"
            );
        }
    }
}

/// A column goes with all that names it, and the rows that refer to its table stay.
#[tokio::test]
async fn a_column_that_much_depends_on_goes() {
    let database = Database::sqlite().await;
    database.execute(AROUND).await;
    database
        .execute(&["CREATE TRIGGER t3 AFTER DELETE ON log BEGIN UPDATE users SET age = 1 WHERE code IS NULL; END"])
        .await;
    let before = database.schema().await;
    let said = fails(&database.session, step!(|m| remove_column(m, "users", "code").await)).await;
    assert!(quotes(&said, "error in trigger t3"), "{said}");
    assert_eq!(database.schema().await, before);
    let session = crate::support::database::open(database.url()).await;
    let said = step!(|m| remove_column(m, "users", "code").await)(&SchemaManager::new(&session)).await.unwrap_err();
    assert!(quotes(&said.to_string(), "error in trigger t3"), "{said}");
    assert_eq!(database.schema().await, before);
    database.execute(&["DROP TRIGGER t3"]).await;
    up(&database.session, step!(|m| remove_column(m, "users", "code").await)).await;
    let schema = database.schema().await;
    assert!(!schema.contains("code") && !schema.contains("i3") && schema.contains("i2"), "{schema}");
    assert_eq!(database.value("(SELECT COUNT(*) FROM posts)").await.as_deref(), Some("3"));
    up(&database.session, step!(|m| remove_reference(m, "users", "user", "boss_id").await)).await;
    assert_eq!(
        database.value("(SELECT COUNT(*) FROM posts JOIN users ON users.id = user_id)").await.as_deref(),
        Some("3")
    );
    for (act, names) in [
        (step!(|m| remove_column(m, "users", "id").await), ["`id`", "`users`"]),
        (step!(|m| remove_column(m, "without", "a").await), ["`a`", "`without`"]),
    ] {
        let before = database.schema().await;
        let said = fails(&database.session, act).await;
        assert!(names.iter().all(|name| said.contains(name)), "{said}");
        assert_eq!(database.schema().await, before);
    }
}

/// An application that migrates by SeaORM's own means: a pool, and no transaction.
#[tokio::test]
async fn without_the_engine_no_row_is_lost() {
    let database = Database::sqlite().await;
    database.execute(AROUND).await;
    let (state, before) = (database.value(STATE).await, database.schema().await);
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(4).sqlx_logging(false);
    let pool = sea_orm::Database::connect(options).await.unwrap();
    for act in [anew(), back()] {
        let manager = SchemaManager::new(&pool);
        act(&manager).await.unwrap();
        assert_eq!(database.value(STATE).await, state);
    }
    assert_eq!(database.schema().await, before);
    // In a transaction keys cannot be left out of sight.
    let transaction = pool.begin().await.unwrap();
    let said = anew()(&SchemaManager::new(&transaction)).await.unwrap_err().to_string();
    assert!(said.contains("`users`") && said.contains("`PRAGMA foreign_keys = OFF`"), "{said}");
    transaction.rollback().await.unwrap();
    // What fails half-way leaves nothing, and every session as it was.
    pool.execute_unprepared("DROP TRIGGER t1").await.unwrap();
    let schema = database.schema().await;
    let broken = step!(|m| add_column(m, "users", "needed", ColType::String).await);
    let said = broken(&SchemaManager::new(&pool)).await.unwrap_err().to_string();
    assert!(quotes(&said, "NOT NULL constraint failed"), "{said}");
    assert_eq!(database.schema().await, schema);
    for _ in 0..4 {
        assert!(pool.execute_unprepared("INSERT INTO posts (user_id) VALUES (5)").await.is_err());
    }
}

/// Two migrations of the same code, so that both managers are at the same address: what the first has removed with a
/// reference is not forgiven in the second.
#[tokio::test]
async fn a_removed_reference_is_forgotten_after_its_migration() {
    for database in Database::all().await {
        blog(&database).await;
        let mut outcomes = Vec::new();
        for _ in 0..2 {
            let remove = step!(|m| {
                match m.has_column("posts", "editor_id").await? {
                    true => remove_reference(m, "posts", "user", "editor_id").await,
                    false => remove_column(m, "posts", "editor_id").await,
                }
            });
            outcomes.push(run(&database.session, remove, None).await);
        }
        let [Ok(()), Err(Failure::Migration { message, .. })] = outcomes.as_slice() else {
            panic!("{:?}: {outcomes:?}", database.dialect)
        };
        assert!(message.contains("`posts`") && message.contains("`editor_id`"), "{message}");
    }
}
