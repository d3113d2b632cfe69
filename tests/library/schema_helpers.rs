//! The helpers of Loco's documents on each database: every column type, every helper up and down with rows, and whole
//! projects.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod changes;
mod data_fix;
mod documents;
#[path = "../loco/migrations/mod.rs"]
mod migrations;
mod rows;
mod run;
mod types;

use std::path::Path;

use crate::support::database::{Database, HOSTILE};
use crate::support::projects::{On, migration_manifest, ok, sandbox};
use kit_runtime::dialect::Dialect;
use kit_runtime::schema::*;
use kit_runtime::wire::Down;
use kit_runtime::{Options, migrate, rollback};
use run::{fails, step, up};

/// The sources of `tests/loco/migrations`, for a project.
fn loco_files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loco/migrations");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

#[tokio::test]
async fn migrations_of_loco_run_both_ways_with_rows() {
    for database in Database::all().await {
        let db = database.connect().await;
        let before = database.schema().await;
        let applied = migrate::<migrations::Migrator>(&db, &Options::default()).await.unwrap();
        assert_eq!(applied.len(), 12);
        let after = database.schema().await;
        let uuid = match database.dialect {
            Dialect::MySql => "X'00000000000000000000000000000001'",
            _ => "'00000000-0000-0000-0000-000000000001'",
        };
        let user = format!("INSERT INTO users (pid, email, secret, name) VALUES ({uuid}, 'a@b.c', 'x', 'Ann')");
        let director = format!("INSERT INTO directors (id, name) VALUES ({uuid}, 'Varda')");
        let movie = format!("INSERT INTO movies (long_title, added_by, director_id) VALUES ('Cleo', 1, {uuid})");
        database
            .execute(&[
                &user,
                &director,
                &movie,
                "INSERT INTO posts (title, user_id) VALUES ('Hello', 1)",
                "INSERT INTO groups (name) VALUES ('all')"
                    .replace("groups", &database.dialect.quote("groups"))
                    .as_str(),
                "INSERT INTO group_users (user_id, group_id) VALUES (1, 1)",
                "INSERT INTO users_votes (user_id, movie_id, vote) VALUES (1, 1, 5)",
            ])
            .await;
        assert_eq!(database.value("(SELECT role FROM users)").await.as_deref(), Some("user"));
        // A required unique column cannot come back to rows; nothing else stands in the way.
        database.execute(&["DELETE FROM users_votes", "UPDATE users SET name = 'Eve'"]).await;
        for (down, name) in [("secret", "rename"), ("api_key", "remove")] {
            let outcome = rollback::<migrations::Migrator>(&db, &Down::Steps(1), &Options::default()).await;
            // MySQL fills it with an empty text.
            if name == "remove" && database.dialect != Dialect::MySql {
                assert!(outcome.is_err(), "{down}: {outcome:?}");
                database.execute(&["DELETE FROM group_users", "DELETE FROM movies", "DELETE FROM posts"]).await;
                database.execute(&["DELETE FROM users"]).await;
                rollback::<migrations::Migrator>(&db, &Down::Steps(1), &Options::default()).await.unwrap();
            } else {
                outcome.unwrap();
            }
        }
        rollback::<migrations::Migrator>(&db, &Down::All, &Options::default()).await.unwrap();
        assert_eq!(database.schema().await, before, "{:?}", database.dialect);
        migrate::<migrations::Migrator>(&db, &Options::default()).await.unwrap();
        assert_eq!(database.schema().await, after, "{:?}", database.dialect);
    }
}

/// Kit compiles them: a module of an application needs no dependency for it.
#[tokio::test]
async fn a_project_of_locos_lives_after_one_line_has_changed() {
    let manifest = migration_manifest("2.0.4").replace("\n[lib]\nname = \"migration\"\npath = \"src/lib.rs\"\n", "");
    let mut sandbox = sandbox().file("Cargo.toml", &manifest).file("src/main.rs", "fn main() {}\n");
    for (name, text) in loco_files() {
        sandbox = sandbox.file(&format!("migrations/{name}"), &text);
    }
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        on.ok(&["migrate:refresh", "--force"]);
        assert_eq!(on.states(), ["ran"; 12]);
    }
}

/// A migration crate, as Loco has it, needs the library among its dependencies: its application builds it, too.
#[tokio::test]
async fn a_crate_of_locos_has_the_library_and_lives() {
    let mut sandbox = sandbox()
        .file("Cargo.toml", "[workspace]\nmembers = [\"migration\"]\nresolver = \"2\"\n")
        .file("migration/Cargo.toml", &migration_manifest("2.0.4"))
        .file("src/models/_entities/mod.rs", "")
        .cwd("migration");
    for (name, text) in loco_files() {
        sandbox = sandbox.file(&format!("migration/src/{}", name.replace("mod.rs", "lib.rs")), &text);
    }
    let database = Database::sqlite().await;
    // Kit brings its own runtime, and one runtime does not start another.
    let prepare = || {
        ok(sandbox.kit(&["init", "--library"]));
        assert!(sandbox.read("migration/vendor/kit-runtime/src/schema/mod.rs").contains("use kit_runtime::schema::*;"));
        // Everything as in the builds that are there already, so that SeaORM is not compiled once more.
        let manifest = sandbox.read("migration/Cargo.toml");
        let with =
            |features: &str| format!("kit-runtime = {{ path = \"vendor/kit-runtime\", features = [\"{features}\"] }}");
        sandbox.write("migration/Cargo.toml", &manifest.replace(&with("sqlx-sqlite"), &with("drivers")));
    };
    std::thread::scope(|scope| scope.spawn(prepare).join().unwrap());
    let on = On::new(&sandbox, &database);
    on.ok(&["migrate"]);
    on.ok(&["migrate:refresh", "--force"]);
    assert_eq!(on.states(), ["ran"; 12]);
}

#[tokio::test]
async fn a_table_is_the_one_that_is_named_else_its_plural() {
    for database in Database::all().await {
        let session = &database.session;
        up(
            session,
            step!(|m| {
                create_table(m, "staff", &[("name", ColType::StringNull)], &[]).await?;
                create_table(m, "people", &[("name", ColType::StringNull)], &[("staff", "")]).await?;
                create_table(
                    m,
                    "categories",
                    &[("name", ColType::StringNull)],
                    &[("category?", "parent_id"), ("Person", "")],
                )
                .await?;
                add_column(m, "category", "more", ColType::TextNull).await?;
                add_column(m, "staff", "more", ColType::TextNull).await
            }),
        )
        .await;
        let tables = database.tables().await;
        assert!(
            ["staff", "people", "categories"].iter().all(|name| tables.iter().any(|table| table == name)),
            "{tables:?}"
        );
        let schema = database.schema().await;
        for expected in
            ["people.staff_id", "categories.parent_id", "categories.person_id", "categories.more", "staff.more"]
        {
            assert!(schema.contains(&format!("column {expected}")), "{expected}: {schema}");
        }
        for (act, names) in [
            (step!(|m| create_table(m, "notes", &[], &[("owner", "")]).await), &["`owner`", "`owners`"][..]),
            (step!(|m| add_column(m, "baby", "n", ColType::Integer).await), &["`baby`", "`babies`", "`babys`"]),
            (step!(|m| drop_table(m, "notes").await), &["`notes`", "`noteses`", "`notess`"]),
            (step!(|m| remove_column(m, "staff", "nme").await), &["`staff`", "`nme`"]),
            (
                step!(|m| remove_reference(m, "people", "category", "").await),
                &["`people`", "`category_id`", "`categories`"],
            ),
            (
                step!(|m| remove_reference(m, "people", "category", "staff_id").await),
                &["`staff_id`", "`people`", "`staff`", "`categories`"],
            ),
            (step!(|m| add_reference(m, "people", "staff", "").await), &["`staff_id`", "`people`"]),
            (step!(|m| add_enum_values(m, "mood", vec!["x".to_owned()]).await), &["`mood`"]),
        ] {
            let said = fails(session, act).await;
            assert!(names.iter().all(|name| said.contains(name)), "{:?}: {said}", database.dialect);
            assert_eq!(database.schema().await, schema, "{names:?}");
        }
    }
}

#[tokio::test]
async fn names_may_be_anything() {
    for database in Database::all().await {
        for name in HOSTILE {
            let act = |down: bool| {
                step!(|m| {
                    // PostgreSQL has one namespace for types and tables.
                    let kind = format!("k{name}");
                    if down {
                        remove_column(m, name, "other").await?;
                        remove_column(m, name, name).await?;
                        return drop_table(m, name).await;
                    }
                    let column = ColType::enumeration(&kind, ["a'b", "c\\d"]).null().default("c\\d");
                    create_table(m, name, &[(name, ColType::StringUniq), ("kind", column)], &[]).await?;
                    add_column(m, name, "other", ColType::string_len(40).null().unique().default("it's")).await?;
                    add_enum_values(m, &kind, vec!["e'f".to_owned()]).await
                })
            };
            up(&database.session, act(false)).await;
            let quoted = database.dialect.quote(name);
            let insert = format!("INSERT INTO {quoted} ({quoted}) VALUES ('x')");
            database.execute(&[&insert]).await;
            let kind = database.value(&format!("(SELECT CONCAT(kind, other) FROM {quoted})")).await;
            assert_eq!(kind.as_deref(), Some("c\\dit's"), "{:?} {name:?}", database.dialect);
            database.execute(&[&format!("UPDATE {quoted} SET kind = 'e''f'")]).await;
            up(&database.session, act(true)).await;
        }
    }
}

/// Keys that Loco has made have names of its own, and on SQLite there are none.
#[tokio::test]
async fn what_loco_has_made_is_removed_by_its_own_name() {
    for database in Database::all().await {
        let q = |name: &str| database.dialect.quote(name);
        database.execute(&["CREATE TABLE users (id bigint NOT NULL PRIMARY KEY)"]).await;
        let key = format!(
            "CREATE TABLE posts (id bigint NOT NULL PRIMARY KEY, user_id bigint NOT NULL, template_id bigint, \
             CONSTRAINT {} FOREIGN KEY (user_id) REFERENCES users (id), \
             CONSTRAINT {} FOREIGN KEY (template_id) REFERENCES posts (id))",
            q("fk-posts-user_id-to-users"),
            q("fk-posts-template_id-to-posts")
        );
        database.execute(&[&key, "CREATE TABLE notes (id bigint, user_id bigint NOT NULL)"]).await;
        database
            .execute(&[
                "INSERT INTO users VALUES (1)",
                "INSERT INTO posts VALUES (1, 1, 1)",
                "INSERT INTO notes VALUES (1, 1)",
            ])
            .await;
        up(
            &database.session,
            step!(|m| {
                remove_reference(m, "posts", "users", "").await?;
                // As a migration for Loco may go on.
                remove_column(m, "posts", "user_id").await?;
                // The key is on another column than the default one, as in the guide.
                remove_reference(m, "posts", "posts", "").await?;
                remove_column(m, "posts", "template_id").await?;
                remove_reference(m, "notes", "users", "").await
            }),
        )
        .await;
        let schema = database.schema().await;
        assert!(!schema.contains("user_id") && !schema.contains("template_id") && !schema.contains("fk-"), "{schema}");
        assert_eq!(database.value("(SELECT COUNT(*) FROM posts)").await.as_deref(), Some("1"));
    }
}
