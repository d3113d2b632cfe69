//! `kit db:sync` on real databases: which files it writes and leaves, and that an application made of them compiles
//! and works on each database.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "cargo inherits the environment of the test")]

#[path = "support/database.rs"]
mod database;
#[path = "support/projects.rs"]
mod projects;
mod support;

use database::Database;
use kit_runtime::dialect::Dialect;
use projects::ok;
use support::{Sandbox, Transcript};

const LIST: &str = "pub struct Migrator;\n\n#[async_trait::async_trait]\nimpl MigratorTrait for Migrator {\n    \
                    fn migrations() -> Vec<Box<dyn MigrationTrait>> {\n        vec![]\n    }\n}\n";

/// Kit has a runtime of its own.
fn kit(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    std::thread::scope(|scope| scope.spawn(|| sandbox.kit(arguments)).join().unwrap())
}

/// A project in kit's layout.
fn project(database: &Database) -> Sandbox {
    projects::sandbox()
        .file("Cargo.toml", APP)
        .file("Cargo.lock", include_str!("../Cargo.lock"))
        .file("migrations/mod.rs", &format!("pub use sea_orm_migration::prelude::*;\n\n{LIST}"))
        .file("src/main.rs", MAIN)
        .env("DATABASE_URL", database.url())
}

/// The tables of the guide, and more of what databases have.
async fn guide(database: &Database) {
    let id = match database.dialect {
        Dialect::Sqlite => "integer PRIMARY KEY AUTOINCREMENT",
        Dialect::Postgres => "serial PRIMARY KEY",
        Dialect::MySql => "int AUTO_INCREMENT PRIMARY KEY",
    };
    let int = if database.dialect == Dialect::Sqlite { "integer" } else { "int" };
    database
        .execute(&[
            &format!("CREATE TABLE users (id {id}, email varchar(200) NOT NULL UNIQUE, name varchar(50) NOT NULL, \
                      length int GENERATED ALWAYS AS (length(name)) STORED)"),
            &format!(
                "CREATE TABLE posts (id {id}, user_id {int} NOT NULL, editor_id {int}, title varchar(200) NOT NULL, published boolean NOT NULL DEFAULT false, \
                 {} FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)",
                if database.dialect == Dialect::Sqlite { "at timestamp_text DEFAULT CURRENT_TIMESTAMP," } else { "at timestamp DEFAULT CURRENT_TIMESTAMP," }
            ),
            &format!("CREATE TABLE tags (id {id}, label varchar(50) NOT NULL)"),
            &format!("CREATE TABLE posts_tags (post_id {int} NOT NULL, tag_id {int} NOT NULL, PRIMARY KEY (post_id, tag_id), \
                      FOREIGN KEY (post_id) REFERENCES posts (id) ON DELETE CASCADE, FOREIGN KEY (tag_id) REFERENCES tags (id))"),
            "CREATE TABLE logs (line varchar(50))",
        ])
        .await;
}

/// Two keys to one table, to itself, in a circle, of several columns, unique and nearly so; link tables; a view.
async fn related(database: &Database) {
    let cycle = "FOREIGN KEY (lead_id) REFERENCES people (id)";
    let inline = database.dialect == Dialect::Sqlite;
    let mut statements = vec![
        format!(
            "CREATE TABLE teams (id int PRIMARY KEY, lead_id int{})",
            if inline { format!(", {cycle}") } else { String::new() }
        ),
        "CREATE TABLE people (id int PRIMARY KEY, boss_id int, team_id int, name varchar(20), \
         FOREIGN KEY (boss_id) REFERENCES people (id), FOREIGN KEY (team_id) REFERENCES teams (id))"
            .to_owned(),
        "CREATE TABLE places (id int PRIMARY KEY, parent_id int, twin_id int UNIQUE, \
         FOREIGN KEY (parent_id) REFERENCES places (id), FOREIGN KEY (twin_id) REFERENCES places (id))"
            .to_owned(),
        "CREATE TABLE articles (id int PRIMARY KEY, author_id int NOT NULL, editor_id int, \
         FOREIGN KEY (author_id) REFERENCES people (id) ON DELETE CASCADE, \
         FOREIGN KEY (editor_id) REFERENCES people (id) ON DELETE SET NULL)"
            .to_owned(),
        "CREATE TABLE likes (person_id int NOT NULL, article_id int NOT NULL, PRIMARY KEY (person_id, article_id), \
         FOREIGN KEY (person_id) REFERENCES people (id), FOREIGN KEY (article_id) REFERENCES articles (id))"
            .to_owned(),
        "CREATE TABLE clubs (id int PRIMARY KEY, owner_id int, FOREIGN KEY (owner_id) REFERENCES people (id))"
            .to_owned(),
        "CREATE TABLE members (person_id int NOT NULL, club_id int NOT NULL, PRIMARY KEY (person_id, club_id), \
         FOREIGN KEY (person_id) REFERENCES people (id), FOREIGN KEY (club_id) REFERENCES clubs (id))"
            .to_owned(),
        "CREATE TABLE courses (id int PRIMARY KEY)".to_owned(),
        "CREATE TABLE enrolments (person_id int NOT NULL, course_id int NOT NULL, added_by int, \
         PRIMARY KEY (person_id, course_id), FOREIGN KEY (person_id) REFERENCES people (id), \
         FOREIGN KEY (course_id) REFERENCES courses (id), FOREIGN KEY (added_by) REFERENCES people (id))"
            .to_owned(),
        "CREATE TABLE marks (id int PRIMARY KEY, person_id int, course_id int, \
         FOREIGN KEY (person_id, course_id) REFERENCES enrolments (person_id, course_id))"
            .to_owned(),
        "CREATE TABLE profiles (id int PRIMARY KEY, person_id int NOT NULL UNIQUE, \
         FOREIGN KEY (person_id) REFERENCES people (id))"
            .to_owned(),
        "CREATE TABLE passports (id int PRIMARY KEY, holder_id int NOT NULL UNIQUE, issuer_id int, \
         FOREIGN KEY (holder_id) REFERENCES people (id), FOREIGN KEY (issuer_id) REFERENCES people (id))"
            .to_owned(),
        "CREATE TABLE stores (id int PRIMARY KEY, region varchar(9) NOT NULL, number int NOT NULL, name varchar(9))"
            .to_owned(),
        "CREATE UNIQUE INDEX \"my stores\" ON stores (region, number)"
            .replace('"', if database.dialect == Dialect::MySql { "`" } else { "\"" }),
        "CREATE TABLE sales (id int PRIMARY KEY, region varchar(9), number int, \
         FOREIGN KEY (region, number) REFERENCES stores (region, number))"
            .to_owned(),
        "CREATE VIEW published_posts AS SELECT id, title FROM posts WHERE published".to_owned(),
        "CREATE VIEW liked AS SELECT person_id, article_id FROM likes".to_owned(),
        "CREATE VIEW totals AS SELECT count(*) AS likes FROM likes".to_owned(),
    ];
    if !inline {
        statements.push(format!("ALTER TABLE teams ADD {cycle}"));
    }
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    database.execute(&statements).await;
}

/// Names that are hard to write in Rust.
async fn hostile(database: &Database) {
    let quote = |name: &str| database.dialect.quote(name);
    for name in [
        "x\"y",
        "new\nline",
        "semi; drop table plain; --",
        "back\\slash",
        "uni_\u{e9}",
        "{brace}",
        "$1",
        "?",
        "2fa",
        "self",
        "type",
        "gen",
        "a-b",
        "a_b",
    ] {
        let columns: Vec<String> =
            ["type", "self", "a-b", "a_b", "2fa", "uni_\u{e9}", "new\nline", "id", "__id", "\"quoted\"", "back\\slash"]
                .iter()
                .map(|column| {
                    format!("{} {} {}", quote(column), "integer", if *column == "self" { "PRIMARY KEY" } else { "" })
                })
                .collect();
        let other = quote("self");
        database
            .execute(&[&format!(
                "CREATE TABLE {0} ({1}, FOREIGN KEY ({2}) REFERENCES {0} ({other}))",
                quote(name),
                columns.join(", "),
                quote("type")
            )])
            .await;
    }
    if database.dialect == Dialect::Postgres {
        database
            .execute(&[
                "CREATE TYPE \"option\" AS ENUM ('alpha', '-alpha', '', '2', 'it''s')",
                "CREATE DOMAIN price AS numeric(6, 2) CHECK (VALUE > 0)",
                "CREATE TABLE odd (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, one \"option\" NOT NULL, many \"option\"[], cost price, \
                 span interval, place point NOT NULL, words text[], doc jsonb, key uuid, net inet, at timestamptz, raw bytea)",
                "COMMENT ON TABLE odd IS E'*/ fn evil() {}\\n```\\nnot a test\\n```'",
                "COMMENT ON COLUMN odd.one IS '\"] fn evil() {}'",
                // What an extension brings stands in a schema that nobody looks into.
                "CREATE SCHEMA ext",
                "CREATE EXTENSION citext SCHEMA ext",
                "CREATE EXTENSION cube SCHEMA ext",
                "CREATE EXTENSION hstore SCHEMA ext",
                "CREATE DOMAIN ext.code AS ext.citext",
                "CREATE TABLE extended (id int PRIMARY KEY, words ext.citext NOT NULL, place ext.cube, extra ext.hstore, code ext.code)",
                "CREATE SCHEMA other",
                "CREATE TABLE other.things (id int PRIMARY KEY, note text, tags text[])",
            ])
            .await;
    }
}

#[tokio::test]
async fn generated_applications_live_on_every_database() {
    for database in Database::all().await {
        guide(&database).await;
        let sandbox = project(&database);
        let said = ok(kit(&sandbox, &["db:sync", "--skip-migrations"]));
        assert!(said.stderr.contains("No entity for `logs`"), "{said:?}");
        hostile(&database).await;
        related(&database).await;
        for format in ["compact", "expanded", "dense", "frontend"] {
            let folder = format!("src/{format}");
            let arguments =
                ["db:sync", "--skip-migrations", "--include-views", "--entity-format", format, "--output-dir", &folder];
            let said = ok(kit(&sandbox, &arguments));
            assert!(said.stderr.contains("No entity for the view `totals`"), "{said:?}");
        }
        if database.dialect == Dialect::Postgres {
            let other = ["db:sync", "--skip-migrations", "--database-schema", "other", "--output-dir", "src/other"];
            ok(kit(&sandbox, &other));
            let call = "relations(database).await?;\n    odd(database).await\n";
            sandbox.write("src/main.rs", &(MAIN.replace("relations(database).await\n", call) + ODD));
        }
        let output = std::process::Command::new("cargo")
            .args(["run", "--quiet"])
            .current_dir(sandbox.root())
            .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/entities"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("DATABASE_URL", database.url())
            .output()
            .unwrap();
        assert!(output.status.success(), "{:?}: {}", database.dialect, String::from_utf8_lossy(&output.stderr));
        assert_eq!(database.value("(SELECT COUNT(*) FROM posts)").await.as_deref(), Some("0"));
    }
}

#[tokio::test]
async fn a_second_time_writes_nothing_and_the_users_half_is_never_touched() {
    for database in Database::all().await {
        guide(&database).await;
        let sandbox = project(&database);
        let sync = |more: &[&str]| {
            let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].iter().chain(more).copied().collect();
            kit(&sandbox, &arguments)
        };
        assert_eq!(sync(&["--check"]).code, 3);
        assert!(!sandbox.files().iter().any(|file| file.contains("entities")));
        assert!(ok(sync(&["--dry-run"])).stdout.contains("would be created"));
        assert!(!sandbox.files().iter().any(|file| file.contains("entities")));
        ok(sync(&[]));
        assert_eq!(sync(&["--check"]).code, 0);
        let own = "// mine\n";
        sandbox.write("src/models/posts.rs", &format!("{own}impl ActiveModelBehavior for X {{}}\n"));
        let entity = sandbox.read("src/models/entities/posts.rs");
        let modified = |path: &str| std::fs::metadata(sandbox.root().join(path)).unwrap().modified().unwrap();
        let before = modified("src/models/entities/posts.rs");
        let said = ok(sync(&[]));
        assert_eq!(said.stdout, "", "{said:?}");
        assert_eq!(modified("src/models/entities/posts.rs"), before);

        database.execute(&["ALTER TABLE posts ADD COLUMN body text"]).await;
        assert_eq!(sync(&["--check"]).code, 3);
        assert_eq!(sandbox.read("src/models/entities/posts.rs"), entity);
        let said = ok(sync(&[]));
        assert_eq!(said.stdout.lines().count(), 1, "{said:?}");
        assert!(sandbox.read("src/models/entities/posts.rs").contains("pub body: Option<String>"));
        assert!(sandbox.read("src/models/posts.rs").starts_with(own));
        let json: serde_json::Value = serde_json::from_str(&ok(sync(&["--json"])).stdout).unwrap();
        assert_eq!(json["without_primary_key"][0], "logs");
        assert_eq!(json["files"][0]["change"], "unchanged");
    }
}

#[tokio::test]
async fn some_tables_leave_the_others_and_those_that_are_gone_wait_to_be_pruned() {
    for database in Database::all().await {
        guide(&database).await;
        let sandbox = project(&database);
        let sync = |more: &[&str]| {
            let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].iter().chain(more).copied().collect();
            kit(&sandbox, &arguments)
        };
        ok(sync(&["--ignore-tables", "tags,posts_tags"]));
        assert!(!sandbox.files().iter().any(|file| file.ends_with("tags.rs")));
        database.execute(&["ALTER TABLE users ADD COLUMN age integer"]).await;
        let users = sandbox.read("src/models/entities/users.rs");
        ok(sync(&["--tables", "tags"]));
        assert_eq!(sandbox.read("src/models/entities/users.rs"), users);
        let index = sandbox.read("src/models/entities/mod.rs");
        for module in ["posts", "users", "tags", "prelude"] {
            assert!(index.contains(&format!("pub mod {module};")), "{index}");
        }
        assert!(sandbox.read("src/models/entities/prelude.rs").contains("super::posts::Entity as Posts"));

        let transcript = sync(&["--tables", "user"]);
        assert!(transcript.stderr.contains("no table `user`"), "{transcript}");
        assert!(transcript.stderr.contains("hint: did you mean `users`?"), "{transcript}");

        database.execute(&["DROP TABLE posts_tags", "DROP TABLE tags"]).await;
        let said = ok(sync(&[]));
        assert!(said.stderr.contains("tags.rs: no table is for it any more"), "{said:?}");
        assert!(sandbox.read("src/models/entities/mod.rs").contains("pub mod tags;"));
        assert_eq!(sync(&["--check"]).code, 3);
        assert_eq!(sync(&["--prune"]).code, 1, "nobody said yes");
        ok(sync(&["--prune", "--force"]));
        assert!(!sandbox.root().join("src/models/entities/tags.rs").exists());
        assert!(sandbox.root().join("src/models/tags.rs").exists(), "it is the user's");
        assert!(!sandbox.read("src/models/entities/mod.rs").contains("tags"));
        assert_eq!(sync(&["--check"]).code, 0);
    }
}

#[tokio::test]
async fn code_that_kit_did_not_write_stays() {
    let database = Database::sqlite().await;
    guide(&database).await;
    let sandbox = project(&database).file("src/models/entities/posts.rs", "// by hand\n");
    let transcript = kit(&sandbox, &["db:sync", "--skip-migrations"]);
    assert_eq!(transcript.code, 1, "{transcript}");
    assert!(transcript.stderr.contains("posts.rs exists, it is not overwritten"), "{transcript}");
    assert_eq!(sandbox.read("src/models/entities/posts.rs"), "// by hand\n");
    assert!(!sandbox.root().join("src/models/entities/users.rs").exists(), "all or nothing");
}

#[tokio::test]
async fn each_layout_has_its_place() {
    let database = Database::sqlite().await;
    guide(&database).await;
    let seaorm = || projects::seaorm("2.0.4", &[]).env("DATABASE_URL", database.url());
    let sandbox = seaorm().file("entity/src/lib.rs", "").file("entity/Cargo.toml", "");
    ok(kit(&sandbox, &["db:sync", "--skip-migrations"]));
    assert!(sandbox.read("entity/src/lib.rs").contains("pub mod posts;"));
    assert!(sandbox.read("entity/src/posts.rs").contains("impl ActiveModelBehavior for ActiveModel {}"));
    let sandbox = seaorm();
    ok(kit(&sandbox, &["db:sync", "--skip-migrations"]));
    assert!(sandbox.read("src/entities/mod.rs").contains("pub mod posts;"));
    let sandbox = seaorm().file("src/models/_entities/mod.rs", "").file("src/models/mod.rs", "pub mod _entities;\n");
    ok(kit(&sandbox, &["db:sync", "--skip-migrations"]));
    assert!(!sandbox.read("src/models/_entities/posts.rs").contains("ActiveModelBehavior"));
    assert!(sandbox.read("src/models/posts.rs").contains("pub use super::_entities::posts::*;"));
    assert!(sandbox.read("src/models/mod.rs").contains("pub mod posts;"));
}

const APP: &str = r#"[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
tokio = { version = "1", features = ["macros", "rt"] }

[dependencies.sea-orm]
version = "2.0.4"
default-features = false
features = ["macros", "runtime-tokio-rustls", "sqlx-sqlite", "sqlx-postgres", "sqlx-mysql", "with-chrono", "with-json", "with-rust_decimal", "with-uuid", "postgres-array"]

# What entities for a frontend name.
[dependencies.chrono]
version = "0.4"

[dependencies.rust_decimal]
version = "1"

[dependencies.serde_json]
version = "1"

[dependencies.uuid]
version = "1"
"#;

/// Insert, find with relations, update and delete through what kit wrote.
const MAIN: &str = r#"#![deny(warnings)]
#[path = "compact/mod.rs"]
#[allow(unused_imports, dead_code)]
mod compact;
#[path = "dense/mod.rs"]
#[allow(unused_imports, dead_code)]
mod dense;
#[path = "expanded/mod.rs"]
#[allow(unused_imports, dead_code)]
mod expanded;
#[path = "frontend/mod.rs"]
#[allow(unused_imports, dead_code)]
mod frontend;
#[allow(unused_imports, dead_code)]
mod models;

use models::{posts, posts_tags, tags, users};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, Database, IntoActiveModel};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), DbErr> {
    let database = &Database::connect(std::env::var("DATABASE_URL").unwrap()).await?;
    let ada = users::ActiveModel { email: Set("ada@example.com".into()), name: Set("Ada".into()), ..Default::default() };
    let ada = ada.insert(database).await?;
    let post = posts::ActiveModel { user_id: Set(ada.id), title: Set("Hello".into()), ..Default::default() };
    let post = post.insert(database).await?;
    assert!(!post.published && post.at.is_some());
    let tag = tags::ActiveModel { label: Set("new".into()), ..Default::default() }.insert(database).await?;
    posts_tags::ActiveModel { post_id: Set(post.id), tag_id: Set(tag.id) }.insert(database).await?;
    let found = users::Entity::find().find_with_related(posts::Entity).all(database).await?;
    assert_eq!(found[0].1[0].title, "Hello");
    let through = post.find_related(tags::Entity).all(database).await?;
    assert_eq!(through[0].label, "new");
    let mut change = post.into_active_model();
    change.title = Set("Changed".into());
    let post = change.update(database).await?;
    assert_eq!(posts::Entity::find_by_id(post.id).one(database).await?.unwrap().title, "Changed");
    assert_eq!(compact::published_posts::Entity::find().count(database).await?, 0);
    ada.delete(database).await?;
    assert_eq!(posts::Entity::find().count(database).await?, 0);
    relations(database).await
}

/// What is found by each relation, whatever the format.
async fn relations(database: &DatabaseConnection) -> Result<(), DbErr> {
    for statement in [
        "INSERT INTO teams (id) VALUES (1)",
        "INSERT INTO people (id, boss_id, team_id, name) VALUES (1, NULL, 1, 'Ada'), (2, 1, 1, 'Bob'), (3, 1, NULL, 'Cleo')",
        "UPDATE teams SET lead_id = 2",
        "INSERT INTO places (id, parent_id, twin_id) VALUES (1, NULL, NULL), (2, 1, 1), (3, 1, NULL)",
        "INSERT INTO articles (id, author_id, editor_id) VALUES (1, 1, 2), (2, 1, 3), (3, 2, 1)",
        "INSERT INTO likes (person_id, article_id) VALUES (3, 1)",
        "INSERT INTO clubs (id, owner_id) VALUES (1, 1)",
        "INSERT INTO members (person_id, club_id) VALUES (2, 1), (3, 1)",
        "INSERT INTO courses (id) VALUES (1)",
        "INSERT INTO enrolments (person_id, course_id, added_by) VALUES (2, 1, 1)",
        "INSERT INTO marks (id, person_id, course_id) VALUES (1, 2, 1)",
        "INSERT INTO profiles (id, person_id) VALUES (7, 1)",
        "INSERT INTO passports (id, holder_id, issuer_id) VALUES (1, 1, 2), (2, 3, 2)",
        "INSERT INTO stores (id, region, number, name) VALUES (1, 'north', 1, 'first'), (2, 'north', 2, 'second')",
        "INSERT INTO sales (id, region, number) VALUES (1, 'north', 2)",
    ] {
        database.execute_unprepared(statement).await?;
    }
    // One row of people, and what is counted from there.
    macro_rules! check {
        ($format:ident) => {{
            use $format::{articles, clubs, courses, enrolments, liked, marks, passports, people, places, profiles, sales, stores, teams};
            use sea_orm::{JoinType, QuerySelect, RelationTrait};
            macro_rules! count {
                ($from:ident, $relation:expr, $id:expr) => {
                    $from::Entity::find()
                        .join(JoinType::InnerJoin, $relation.def())
                        .filter($from::Column::Id.eq($id))
                        .count(database)
                        .await?
                };
            }
            assert_eq!(count!(people, people::Relation::ArticlesByAuthor, 1), 2);
            assert_eq!(count!(people, people::Relation::ArticlesByEditor, 1), 1);
            assert_eq!(count!(people, people::Relation::Profiles, 1), 1);
            assert_eq!(count!(people, people::Relation::PassportsByIssuer, 2), 2);
            assert_eq!(count!(people, people::Relation::PassportsByHolder, 2), 0);
            assert_eq!(count!(people, people::Relation::TeamsByLead, 2), 1);
            assert_eq!(count!(teams, teams::Relation::People, 1), 1);
            assert_eq!(count!(teams, teams::Relation::PeopleByTeam, 1), 2);
            assert!(places::Relation::PlacesByTwin.def().is_owner && places::Relation::PlacesByParent.def().is_owner);
            assert_eq!(count!(stores, stores::Relation::Sales, 2), 1);
            assert_eq!(count!(stores, stores::Relation::Sales, 1), 0);
            assert_eq!(count!(articles, articles::Relation::Editor, 1), 1);
            assert_eq!(people::Relation::ArticlesByAuthor.def().rel_type, sea_orm::RelationType::HasMany);
            assert_eq!(people::Relation::Profiles.def().rel_type, sea_orm::RelationType::HasOne);
            assert!(matches!(articles::Relation::Author.def().on_delete, Some(sea_orm::sea_query::ForeignKeyAction::Cascade)));
            let sale = sales::Entity::find_by_id(1).one(database).await?.unwrap();
            assert_eq!(sale.find_related(stores::Entity).one(database).await?.unwrap().name.as_deref(), Some("second"));
            let ada = people::Entity::find_by_id(1).one(database).await?.unwrap();
            assert_eq!(ada.find_related(profiles::Entity).one(database).await?.unwrap().id, 7);
            let mark = marks::Entity::find_by_id(1).one(database).await?.unwrap();
            assert_eq!(mark.find_related(enrolments::Entity).one(database).await?.unwrap().added_by, Some(1));
            assert_eq!(liked::Entity::find().all(database).await?.len(), 1);
            let _ = (clubs::Entity, courses::Entity, passports::Entity);
            ada
        }};
    }
    let ada = check!(compact);
    // As sea-orm-cli has it: through the link table, where there is one and nothing else.
    assert_eq!(ada.find_related(compact::articles::Entity).count(database).await?, 0);
    assert_eq!(ada.find_related(compact::clubs::Entity).count(database).await?, 0);
    let bob = compact::people::Entity::find_by_id(2).one(database).await?.unwrap();
    assert_eq!(bob.find_related(compact::clubs::Entity).count(database).await?, 1);
    assert_eq!(bob.find_related(compact::courses::Entity).count(database).await?, 1);
    assert_eq!(compact::people::Relation::PeopleByBoss.def().rel_type, sea_orm::RelationType::HasMany);
    let ada = check!(expanded);
    assert_eq!(ada.find_related(expanded::clubs::Entity).count(database).await?, 0);
    let ada = check!(dense);
    assert_eq!(ada.find_related(dense::clubs::Entity).count(database).await?, 1);
    let ada = dense::people::Entity::load()
        .filter(dense::people::Column::Id.eq(1))
        .with(dense::people::Relation::ArticlesByAuthor)
        .with(dense::profiles::Entity)
        .one(database)
        .await?
        .unwrap();
    assert_eq!(ada.articles_by_author.len(), 2);
    assert_eq!(ada.profiles.unwrap().id, 7);
    let model = frontend::people::Model { id: 1, boss_id: None, team_id: None, name: None };
    assert_eq!(model.clone(), model);
    Ok(())
}
"#;

#[tokio::test]
async fn kit_toml_has_the_defaults_and_flags_win() {
    let database = Database::sqlite().await;
    guide(&database).await;
    let settings = "[entities]\nentity_format = \"dense\"\nwith_serde = \"both\"\nignore_tables = [\"tags\"]\n";
    let sandbox = project(&database).file("kit.toml", settings);
    ok(kit(&sandbox, &["db:sync", "--skip-migrations"]));
    let posts = sandbox.read("src/models/entities/posts.rs");
    assert!(posts.contains("#[sea_orm::model]") && posts.contains("Serialize, Deserialize"), "{posts}");
    assert!(!sandbox.root().join("src/models/entities/tags.rs").exists());
    ok(kit(&sandbox, &["db:sync", "--skip-migrations", "--entity-format", "expanded", "--with-serde", "none"]));
    let posts = sandbox.read("src/models/entities/posts.rs");
    assert!(posts.contains("impl ColumnTrait for Column") && !posts.contains("Serialize"), "{posts}");
    sandbox.write("kit.toml", "[entities]\nbanner_version = \"all\"\n");
    let transcript = kit(&sandbox, &["db:sync", "--skip-migrations"]);
    assert!(transcript.stderr.contains("[entities] banner_version in kit.toml: `all`"), "{transcript}");
}

/// Types that SeaORM has no words for, a schema that is not the default, arrays.
const ODD: &str = r#"
#[path = "other/mod.rs"]
#[allow(unused_imports, dead_code)]
mod other;

async fn odd(database: &DatabaseConnection) -> Result<(), DbErr> {
    macro_rules! check {
        ($format:ident, $id:literal) => {{
            use $format::{extended, odd};
            let row = extended::ActiveModel {
                id: Set($id),
                words: Set("Some Words".into()),
                place: Set(Some("(1, 2)".into())),
                extra: Set(Some("\"a\"=>\"1\"".into())),
                code: Set(Some("X".into())),
            };
            let row = row.insert(database).await?;
            assert_eq!((row.place.as_deref(), row.extra.as_deref()), (Some("(1, 2)"), Some("\"a\"=>\"1\"")));
            let mut row = row.into_active_model();
            row.place = Set(Some("(3)".into()));
            assert_eq!(row.update(database).await?.place.as_deref(), Some("(3)"));
            let row = odd::ActiveModel {
                span: Set(Some("1 day".into())),
                place: Set("(1,2)".into()),
                words: Set(Some(vec!["a".into(), "b".into()])),
                net: Set(Some("10.0.0.0/8".into())),
                one: Set($format::sea_orm_active_enums::OptionEnum::Alpha),
                ..Default::default()
            };
            let row = row.insert(database).await?;
            let found = odd::Entity::find_by_id(row.id).one(database).await?.unwrap();
            assert_eq!((found.span.as_deref(), found.place.as_str()), (Some("1 day"), "(1,2)"));
            assert_eq!((found.net.as_deref(), found.words.unwrap().len()), (Some("10.0.0.0/8"), 2));
        }};
    }
    check!(compact, 1);
    check!(expanded, 2);
    check!(dense, 3);
    let thing = other::things::ActiveModel { id: Set(1), note: Set(None), tags: Set(Some(vec!["x".into()])) };
    thing.insert(database).await?;
    assert_eq!(other::things::Entity::find().one(database).await?.unwrap().tags.unwrap(), ["x"]);
    Ok(())
}
"#;

/// The guide's own migration.
const POSTS: &str = r#"use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Posts::Table)
                    .if_not_exists()
                    .col(
                        ColumnDef::new(Posts::Id)
                            .integer()
                            .not_null()
                            .auto_increment()
                            .primary_key(),
                    )
                    .col(ColumnDef::new(Posts::Title).string().not_null())
                    .col(ColumnDef::new(Posts::Body).text().not_null())
                    .col(ColumnDef::new(Posts::Published).boolean().not_null().default(false))
                    .col(ColumnDef::new(Posts::CreatedAt).timestamp().not_null())
                    .col(ColumnDef::new(Posts::UpdatedAt).timestamp().not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Posts::Table).to_owned())
            .await
    }
}

#[derive(DeriveIden)]
enum Posts {
    Table,
    Id,
    Title,
    Body,
    Published,
    CreatedAt,
    UpdatedAt,
}
"#;

/// The guide's workflow, 1 to 4, then the same once more for a second migration that `db:sync` runs by itself.
#[tokio::test]
async fn the_guides_workflow_ends_in_entities_and_a_second_sync_writes_nothing() {
    for database in Database::all().await {
        let sandbox = projects::sandbox().env("DATABASE_URL", database.url());
        ok(kit(&sandbox, &["init"]));
        sandbox.write("Cargo.lock", include_str!("../Cargo.lock"));
        let file = |name: &str| {
            let files = sandbox.files().into_iter();
            files.filter(|path| path.contains(name)).collect::<Vec<_>>().concat()
        };
        ok(kit(&sandbox, &["make:migration", "create_posts_table"]));
        sandbox.write(&file("create_posts_table"), POSTS);
        ok(kit(&sandbox, &["migrate"]));
        let said = ok(kit(&sandbox, &["db:sync"]));
        assert!(said.stderr.contains("Nothing to migrate"), "{said:?}");
        assert!(said.stderr.contains("for 1 table\n"), "{said:?}");
        let entity = sandbox.read("src/models/entities/posts.rs");
        for field in ["pub id: i", "pub title: String,", "pub published: bool,", "pub created_at: DateTime"] {
            assert!(entity.contains(field), "{field}\n{entity}");
        }
        assert!(sandbox.read("src/models/posts.rs").contains("pub use super::entities::posts::*;"));

        let modified = || -> Vec<_> {
            let path = |path: &String| sandbox.root().join(path);
            let files = sandbox.files().into_iter().filter(|path| path.starts_with("src/"));
            files.map(|file| (std::fs::metadata(path(&file)).unwrap().modified().unwrap(), file)).collect()
        };
        let before = modified();
        let said = ok(kit(&sandbox, &["db:sync"]));
        assert!(said.stderr.contains("The entities of 1 table are what they should be"), "{said:?}");
        assert_eq!(modified(), before);

        ok(kit(&sandbox, &["make:migration", "add_slug_to_posts"]));
        assert_eq!(kit(&sandbox, &["db:sync", "--check"]).code, 0, "nothing is run, and the schema is as it was");
        let said = ok(kit(&sandbox, &["db:sync"]));
        assert!(said.stdout.contains("add_slug_to_posts"), "it runs what is pending: {said:?}");
        assert!(said.stderr.contains("Changed 1 file for 1 table"), "{said:?}");
        assert!(sandbox.read("src/models/entities/posts.rs").contains("pub slug: Option<String>,"));
        let before = modified();
        ok(kit(&sandbox, &["db:sync"]));
        assert_eq!(modified(), before);
    }
}

#[tokio::test]
async fn a_dry_run_shows_what_would_change_and_git_takes_it() {
    let database = Database::sqlite().await;
    guide(&database).await;
    let sandbox = project(&database);
    let sync = |more: &[&str]| {
        let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].iter().chain(more).copied().collect();
        ok(kit(&sandbox, &arguments))
    };
    sync(&[]);
    database.execute(&["ALTER TABLE posts ADD COLUMN body text", "CREATE TABLE more (id integer PRIMARY KEY)"]).await;
    let shown = sync(&["--dry-run"]).stdout;
    assert!(shown.contains("--- a/src/models/entities/posts.rs\n+++ b/src/models/entities/posts.rs\n@@ "), "{shown}");
    assert!(shown.contains("\n+    pub body: Option<String>,\n"), "{shown}");
    assert!(shown.contains("--- /dev/null\n+++ b/src/models/entities/more.rs\n"), "{shown}");
    let coloured = sync(&["--dry-run", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}[32m+    pub body: Option<String>,\u{1b}[0m"), "{coloured}");
    sandbox.write("change.patch", &shown);
    let apply = std::process::Command::new("git").args(["apply", "change.patch"]).current_dir(sandbox.root()).output();
    let apply = apply.unwrap();
    assert!(apply.status.success(), "{}", String::from_utf8_lossy(&apply.stderr));
    assert_eq!(kit(&sandbox, &["db:sync", "--skip-migrations", "--check"]).code, 0);
    let json: serde_json::Value = serde_json::from_str(&sync(&["--dry-run", "--json"]).stdout).unwrap();
    assert_eq!(json["written"], false);
}

#[tokio::test]
async fn what_the_user_put_into_generated_files_stays_where_that_is_asked_for() {
    let database = Database::sqlite().await;
    guide(&database).await;
    let sandbox = project(&database);
    let sync = |more: &[&str]| {
        let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].iter().chain(more).copied().collect();
        kit(&sandbox, &arguments)
    };
    ok(sync(&["--impl-active-model-behavior"]));
    let path = "src/models/entities/posts.rs";
    let text = sandbox.read(path).replace("DeriveEntityModel", "DeriveEntityModel, Hash");
    sandbox.write(path, &text.replace("ActiveModel {}", "ActiveModel { fn new() -> Self { todo!() } }"));
    database.execute(&["ALTER TABLE posts ADD COLUMN body text"]).await;
    let keep = ["--experimental-preserve-user-modifications", "--impl-active-model-behavior"];
    ok(sync(&keep));
    let text = sandbox.read(path);
    for kept in ["Hash", "fn new() -> Self", "pub body: Option<String>", "Written by `kit db:sync`"] {
        assert!(text.contains(kept), "{kept}\n{text}");
    }
    assert_eq!(sync(&[&keep[..], &["--check"]].concat()).code, 0);
    sandbox.write(path, &text.replace("pub struct", "pub struc"));
    let transcript = sync(&keep);
    assert_eq!(transcript.code, 1, "{transcript}");
    assert!(transcript.stderr.contains("posts.rs"), "{transcript}");
    assert!(sandbox.read(path).contains("pub struc "), "nothing is written");
    ok(sync(&[]));
    assert!(!sandbox.read(path).contains("Hash"));
}

#[tokio::test]
async fn views_are_asked_for_and_kit_toml_has_their_keys() {
    for database in Database::all().await {
        guide(&database).await;
        related(&database).await;
        let sandbox = project(&database);
        let sync = |more: &[&str]| {
            let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].iter().chain(more).copied().collect();
            kit(&sandbox, &arguments)
        };
        ok(sync(&[]));
        assert!(!sandbox.files().iter().any(|file| file.ends_with("liked.rs")));
        let said = ok(sync(&["--include-views"]));
        assert!(said.stderr.contains("No entity for the view `totals`"), "{said:?}");
        let entity = sandbox.read("src/models/entities/liked.rs");
        assert!(entity.contains("//! Of a view: read only.") && entity.matches("primary_key").count() == 2, "{entity}");
        assert!(sandbox.read("src/models/entities/published_posts.rs").contains("pub id: i"));
        // One of them knows no type of what is computed.
        if database.dialect != Dialect::Sqlite {
            let settings = "[entities]\ninclude_views = true\n[entities.view_keys]\ntotals = [\"likes\"]\n";
            sandbox.write("kit.toml", settings);
            let said = ok(sync(&[]));
            assert!(!said.stderr.contains("No entity for the view"), "{said:?}");
            assert!(sandbox.read("src/models/entities/totals.rs").contains("pub likes: i64"));
        }
        sandbox.write("kit.toml", "[entities]\ninclude_views = true\n[entities.view_keys]\ntotals = [\"like\"]\n");
        let transcript = sync(&[]);
        assert_eq!(transcript.code, 1, "{transcript}");
        assert!(transcript.stderr.contains("the view `totals` has no column `like`"), "{transcript}");
    }
}

#[tokio::test]
async fn enums_that_are_gone_take_their_file_along() {
    let database = Database::mysql().await;
    database.execute(&["CREATE TABLE a (id int PRIMARY KEY, mood enum('good', 'bad'))"]).await;
    let sandbox = project(&database);
    let sync = |more: &[&str]| {
        let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].iter().chain(more).copied().collect();
        kit(&sandbox, &arguments)
    };
    ok(sync(&["--er-diagram"]));
    let diagram = sandbox.read("src/models/entities/entities.mermaid");
    assert!(diagram.starts_with("%% Written by `kit db:sync`") && diagram.contains("enum mood"), "{diagram}");
    database.execute(&["ALTER TABLE a DROP COLUMN mood"]).await;
    let path = "src/models/entities/sea_orm_active_enums.rs";
    let said = ok(sync(&[]));
    assert!(
        said.stderr.contains("sea_orm_active_enums.rs: no table is for it any more, --prune removes it"),
        "{said:?}"
    );
    assert!(!sandbox.read("src/models/entities/mod.rs").contains("sea_orm_active_enums"));
    assert!(sandbox.root().join(path).exists());
    assert_eq!(sync(&["--check"]).code, 3);
    ok(sync(&["--prune", "--force"]));
    assert!(!sandbox.root().join(path).exists());
    assert_eq!(sync(&["--check"]).code, 0);
}

/// rustc gives up on models that contain each other in a long row, and says so in hundreds of errors.
#[tokio::test]
async fn a_long_row_of_dense_entities_gets_its_recursion_limit() {
    let database = Database::sqlite().await;
    for number in 0..30 {
        let key = if number == 0 { String::new() } else { format!(" REFERENCES t{} (id)", number - 1) };
        database.execute(&[&format!("CREATE TABLE t{number} (id integer PRIMARY KEY, before_id integer{key})")]).await;
    }
    let sandbox = project(&database);
    let sync = |more: &[&str]| {
        let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].iter().chain(more).copied().collect();
        ok(kit(&sandbox, &arguments))
    };
    assert!(!sync(&[]).stderr.contains("recursion_limit"));
    let said = sync(&["--entity-format", "dense"]);
    assert!(said.stderr.contains("need `#![recursion_limit = \"256\"]` on top of src/main.rs"), "{said:?}");
    let main = sandbox.read("src/main.rs");
    sandbox.write("src/main.rs", &format!("#![recursion_limit = \"256\"]\n{main}"));
    assert!(!sync(&["--entity-format", "dense"]).stderr.contains("recursion_limit"));
    // The root of a crate that is nothing but entities is kit's.
    sync(&["--entity-format", "dense", "--output-dir", "entity/src", "--lib"]);
    assert!(sandbox.read("entity/src/lib.rs").contains("\n#![recursion_limit = \"256\"]\n\npub mod prelude;"));
}
