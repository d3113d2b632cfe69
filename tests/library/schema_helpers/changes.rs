//! `change_column` on each database, with rows and with everything that belongs to a column, and the index of a reference.

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::schema::*;
use sea_orm_migration::prelude::*;

use crate::schema_helpers::run::{Act, fails, step, up};
use crate::support::database::Database;

/// Users with posts. `users.name` has an index, `posts.user_id` a foreign key, and a trigger and a check read other columns.
async fn blog(database: &Database) {
    up(
        &database.session,
        step!(|m| {
            let mood = ColType::EnumWithDefault(
                "mood".to_owned(),
                vec!["good".to_owned(), "bad".to_owned()],
                "good".to_owned(),
            );
            let columns = [
                ("name", ColType::string_len(20)),
                ("nick", ColType::StringLenUniq(20)),
                ("score", ColType::StringNull),
                ("age", ColType::IntegerNull),
                ("mood", mood),
                ("state", ColType::StringNull),
            ];
            create_table(m, "users", &columns, &[]).await?;
            let name =
                Index::create().name("idx_users_name").table(Alias::new("users")).col(Alias::new("name")).to_owned();
            m.create_index(name).await?;
            create_table(m, "posts", &[("title", ColType::StringNull)], &[("user?", "")]).await
        }),
    )
    .await;
    let trigger = match database.dialect {
        Dialect::Sqlite => "CREATE TRIGGER counts AFTER INSERT ON users BEGIN INSERT INTO log VALUES (new.name); END",
        Dialect::MySql => "CREATE TRIGGER counts AFTER INSERT ON users FOR EACH ROW INSERT INTO log VALUES (new.name)",
        Dialect::Postgres => "CREATE TRIGGER counts AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION counts()",
    };
    if database.dialect == Dialect::Postgres {
        let body = "CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS \
                    $$ BEGIN INSERT INTO log VALUES (new.name); RETURN new; END $$";
        database.execute(&[body]).await;
    }
    database
        .execute(&[
            "CREATE TABLE log (what varchar(100))",
            trigger,
            "INSERT INTO users (name, nick, score, age, state) VALUES ('Ann', 'a', '7', 5, 'on'), ('Bob', 'b', '12', 6, 'off')",
            "INSERT INTO posts (title, user_id) VALUES ('one', 1), ('two', 2)",
        ])
        .await;
}

/// What is in the tables.
async fn rows(database: &Database) -> Vec<Option<String>> {
    let mut rows = Vec::new();
    for column in ["MIN(name)", "MAX(nick)", "SUM(score + 0)", "SUM(age)", "MAX(CONCAT(mood, ''))", "MIN(state)"] {
        let column = match database.dialect {
            Dialect::Postgres => column.replace("score + 0", "score::integer"),
            _ => column.to_owned(),
        };
        rows.push(database.value(&format!("(SELECT {column} FROM users)")).await.map(|text| text.replace(".0", "")));
    }
    rows.push(database.value("(SELECT SUM(user_id) FROM posts)").await);
    rows.push(database.value("(SELECT COUNT(*) FROM log)").await);
    rows
}

/// Pairs of an up and a down.
fn changes() -> Vec<(&'static str, Act, Act)> {
    vec![
        (
            "longer, with an index",
            step!(|m| change_column(m, "users", "name", ColType::string_len(500)).await),
            step!(|m| change_column(m, "users", "name", ColType::string_len(20)).await),
        ),
        (
            "longer, and unique already",
            step!(|m| change_column(m, "users", "nick", ColType::StringLenUniq(60)).await),
            step!(|m| change_column(m, "users", "nick", ColType::StringLenUniq(20)).await),
        ),
        (
            "text to number",
            step!(|m| change_column(m, "users", "score", ColType::IntegerNull).await),
            step!(|m| change_column(m, "users", "score", ColType::StringNull).await),
        ),
        (
            "required, with a default",
            step!(|m| change_column(m, "users", "age", ColType::integer().default(7)).await),
            step!(|m| change_column(m, "users", "age", ColType::IntegerNull).await),
        ),
        (
            "default that is an expression",
            step!(|m| change_column(m, "users", "created_at", ColType::timestamp_with_time_zone().null()).await),
            step!(|m| change_column(m, "users", "created_at", ColType::timestamp_with_time_zone().default_now()).await),
        ),
        (
            "another default",
            step!(|m| change_column(m, "users", "state", ColType::StringNull.default("it's \\ 'new'")).await),
            step!(|m| change_column(m, "users", "state", ColType::StringNull).await),
        ),
        (
            "unique",
            step!(|m| change_column(m, "users", "state", ColType::StringNull.unique()).await),
            step!(|m| {
                let index = Index::drop().name("ux_users_state").table(Alias::new("users")).to_owned();
                m.drop_index(index).await?;
                change_column(m, "users", "state", ColType::StringNull).await
            }),
        ),
        (
            "enum to text",
            step!(|m| change_column(m, "users", "mood", ColType::string_len(30).default("good")).await),
            step!(|m| {
                let values = vec!["good".to_owned(), "bad".to_owned()];
                change_column(
                    m,
                    "users",
                    "mood",
                    ColType::EnumWithDefault("mood".to_owned(), values, "good".to_owned()),
                )
                .await
            }),
        ),
    ]
}

#[tokio::test]
async fn a_column_changes_both_ways_and_keeps_what_belongs_to_it() {
    for database in Database::all().await {
        blog(&database).await;
        let (all, before) = (rows(&database).await, database.schema().await);
        for (what, forward, back) in changes() {
            let at = || format!("{:?}: {what}", database.dialect);
            up(&database.session, forward.clone()).await;
            let changed = database.schema().await;
            assert_ne!(changed, before, "{}", at());
            assert_eq!(rows(&database).await, all, "{}", at());
            up(&database.session, back.clone()).await;
            assert_eq!(database.schema().await, before, "{}", at());
            assert_eq!(rows(&database).await, all, "{}", at());
            up(&database.session, forward).await;
            assert_eq!(database.schema().await, changed, "{}", at());
            up(&database.session, back).await;
        }
        // Key, trigger and the rule of the enum still hold.
        for refused in [
            "INSERT INTO posts (user_id) VALUES (77)",
            "INSERT INTO users (name, nick) VALUES ('Eve', 'a')",
            "INSERT INTO users (name, nick, mood) VALUES ('Eve', 'e', 'odd')",
        ] {
            assert!(database.session.execute(refused, &[]).await.is_err(), "{:?} {refused}", database.dialect);
        }
        database.execute(&["INSERT INTO users (name, nick) VALUES ('Eve', 'e')"]).await;
        assert_eq!(database.value("(SELECT COUNT(*) FROM log)").await.as_deref(), Some("3"));
    }
}

/// The column of a foreign key with a name of its own can change; its key stays.
#[tokio::test]
async fn a_referring_column_may_be_null_or_not() {
    for database in Database::all().await {
        up(
            &database.session,
            step!(|m| {
                create_table(m, "users", &[], &[]).await?;
                create_table(m, "posts", &[], &[("user", "")]).await
            }),
        )
        .await;
        database.execute(&["INSERT INTO users (id) VALUES (1)", "INSERT INTO posts (user_id) VALUES (1)"]).await;
        let before = database.schema().await;
        up(&database.session, step!(|m| change_column(m, "posts", "user_id", ColType::BigIntegerNull).await)).await;
        database.execute(&["INSERT INTO posts (user_id) VALUES (NULL)"]).await;
        assert!(database.session.execute("INSERT INTO posts (user_id) VALUES (7)", &[]).await.is_err());
        // A row without a user stands against it.
        let changed = database.schema().await;
        let required = step!(|m| change_column(m, "posts", "user_id", ColType::BigInteger).await);
        assert!(!fails(&database.session, required.clone()).await.is_empty());
        assert_eq!(database.schema().await, changed);
        assert_eq!(database.value("(SELECT COUNT(*) FROM posts)").await.as_deref(), Some("2"));
        database.execute(&["DELETE FROM posts WHERE user_id IS NULL"]).await;
        up(&database.session, required).await;
        assert_eq!(database.schema().await, before, "{:?}", database.dialect);
    }
}

#[tokio::test]
async fn a_column_that_cannot_change_is_named_and_stays() {
    for database in Database::all().await {
        blog(&database).await;
        let age = "ALTER TABLE users ADD COLUMN half integer GENERATED ALWAYS AS (age / 2)";
        let stored =
            if database.dialect == Dialect::Postgres { format!("{age} STORED") } else { format!("{age} VIRTUAL") };
        database.execute(&[&stored]).await;
        let before = database.schema().await;
        for (act, names) in [
            (step!(|m| change_column(m, "users", "id", ColType::Integer).await), ["`id`", "`users`"]),
            (step!(|m| change_column(m, "users", "name", ColType::PkAuto).await), ["`name`", "`users`"]),
            (step!(|m| change_column(m, "users", "nmae", ColType::Text).await), ["`nmae`", "`users`"]),
            (step!(|m| change_column(m, "usres", "name", ColType::Text).await), ["`usres`", ""]),
            (step!(|m| change_column(m, "users", "half", ColType::Text).await), ["`half`", "`users`"]),
        ] {
            let message = fails(&database.session, act).await;
            assert!(names.iter().all(|name| message.contains(name)), "{:?} {message}", database.dialect);
            assert_eq!(database.schema().await, before);
        }
    }
}

/// What only one family of databases says of a column.
#[tokio::test]
async fn comments_collations_and_checks_stay() {
    let database = Database::mysql().await;
    let made = "CREATE TABLE notes (id integer PRIMARY KEY, body varchar(20) CHARACTER SET latin1 COLLATE latin1_bin \
                DEFAULT 'x' COMMENT 'it''s \\\\ a, NOT NULL' CHECK (body <> 'no'), at timestamp NULL \
                ON UPDATE current_timestamp())";
    database.execute(&[made]).await;
    up(&database.session, step!(|m| change_column(m, "notes", "body", ColType::string_len(50)).await)).await;
    up(&database.session, step!(|m| change_column(m, "notes", "at", ColType::TimestampNull).await)).await;
    let schema = database.schema().await.to_lowercase();
    for kept in ["varchar(50)", "latin1_bin", "not null", "it''s \\\\ a, not null", "<> 'no'", "on update"] {
        assert!(schema.contains(kept), "no {kept} in {schema}");
    }
    let database = Database::postgres().await;
    database
        .execute(&["CREATE TABLE notes (id integer PRIMARY KEY, body varchar(20), n numeric(10, 2), at timestamp)"])
        .await;
    // A view forbids another type, but not the same one.
    database.execute(&["CREATE VIEW shown AS SELECT body, n, at FROM notes"]).await;
    up(
        &database.session,
        step!(|m| {
            change_column(m, "notes", "body", ColType::string_len(20).default("x")).await?;
            change_column(m, "notes", "n", ColType::decimal_len(10, 2)).await?;
            change_column(m, "notes", "at", ColType::timestamp()).await
        }),
    )
    .await;
    assert!(
        !fails(&database.session, step!(|m| change_column(m, "notes", "body", ColType::Text).await)).await.is_empty()
    );
}

/// The index of a reference is its own: another index on the same column comes and goes without it.
#[tokio::test]
async fn an_index_that_begins_with_a_reference_can_be_dropped() {
    for database in Database::all().await {
        let made = step!(|m| {
            create_table(m, "users", &[], &[]).await?;
            create_table(m, "groups", &[], &[]).await?;
            create_table(m, "logs", &[], &[("user", "")]).await?;
            add_reference(m, "logs", "group?", "").await?;
            create_join_table(m, "group_users", &[], &[("user", ""), ("group", "")]).await
        });
        up(&database.session, made).await;
        let before = database.schema().await;
        let index = |table: &'static str, column: &'static str| {
            let name = format!("idx-{table}-{column}-created_at");
            let (create, drop) = (name.clone(), name);
            let create = step!(
                [create] | m | {
                    let index = Index::create()
                        .name(create)
                        .table(Alias::new(table))
                        .col(Alias::new(column))
                        .col(Alias::new("created_at"))
                        .to_owned();
                    m.create_index(index).await
                }
            );
            let drop =
                step!([drop] | m | m.drop_index(Index::drop().name(drop).table(Alias::new(table)).to_owned()).await);
            (create, drop)
        };
        for (table, column) in
            [("logs", "user_id"), ("logs", "group_id"), ("group_users", "group_id"), ("group_users", "user_id")]
        {
            let (create, drop) = index(table, column);
            up(&database.session, create).await;
            up(&database.session, drop).await;
            assert_eq!(database.schema().await, before, "{:?} {table}.{column}", database.dialect);
        }
        for name in ["idx_logs_user_id", "idx_logs_group_id", "idx_group_users_group_id"] {
            assert!(before.contains(name), "{:?}: no {name} in {before}", database.dialect);
        }
        // A column that is there and has the index gets the key alone.
        up(
            &database.session,
            step!(|m| {
                remove_reference(m, "logs", "group", "").await?;
                add_column(m, "logs", "group_id", ColType::BigIntegerNull).await?;
                let index = Index::create()
                    .name("idx_logs_group_id")
                    .table(Alias::new("logs"))
                    .col(Alias::new("group_id"))
                    .to_owned();
                m.create_index(index).await?;
                add_reference(m, "logs", "group?", "").await
            }),
        )
        .await;
        assert_eq!(database.schema().await, before, "{:?}", database.dialect);
    }
}
