//! `kit db:sync` on real databases: which files it writes and leaves, and that an application made of them compiles
//! and works on each database.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "cargo inherits the environment of the test")]

mod adopted;
mod anywhere;

use crate::support::application::{APP, MAIN, ODD, POSTS};
use crate::support::database::Database;
use crate::support::projects;
use crate::support::projects::ok;
use crate::support::{Sandbox, Transcript, assert_error};
use kit::error::Error;
use kit_runtime::dialect::Dialect;

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
        .file("Cargo.lock", include_str!("../../Cargo.lock"))
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
    // A time in UTC, one with an offset, one without.
    let time = match database.dialect {
        Dialect::Sqlite => "timestamp_with_timezone_text",
        Dialect::Postgres => "timestamptz",
        Dialect::MySql => "datetime(6)",
    };
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
            &format!("CREATE TABLE notes (id {id}, body varchar(50), created_at {time} NOT NULL, updated_at {time})"),
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
    let names = [
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
    ];
    // The names are Rust's business; how each database quotes the first ones is its own.
    let count = if database.dialect == Dialect::Sqlite { names.len() } else { 4 };
    for name in names.into_iter().take(count) {
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
        assert!(said.shows("`logs`"), "{said:?}");
        hostile(&database).await;
        related(&database).await;
        for format in ["compact", "expanded", "dense", "frontend"] {
            let folder = format!("src/{format}");
            let arguments =
                ["db:sync", "--skip-migrations", "--include-views", "--entity-format", format, "--output-dir", &folder];
            let said = ok(kit(&sandbox, &arguments));
            assert!(said.shows("`totals`"), "{said:?}");
        }
        if database.dialect == Dialect::Postgres {
            let other = ["db:sync", "--skip-migrations", "--database-schema", "other", "--output-dir", "src/other"];
            ok(kit(&sandbox, &other));
            let call = "relations(database).await?;\n    odd(database).await\n";
            sandbox.write("src/main.rs", &(MAIN.replace("relations(database).await\n", call) + ODD));
        }
        let mut program = projects::cargo(&sandbox, &["run", "--quiet"]);
        let complaint = projects::complaint(program.env("DATABASE_URL", database.url()));
        assert_eq!(complaint, None, "{:?}", database.dialect);
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
        assert!(ok(sync(&["--dry-run"])).shows("+++ b/src/models/entities/posts.rs"));
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
        let json = ok(sync(&["--json"])).json();
        assert_eq!(json["without_primary_key"][0], "logs");
        assert_eq!(json["files"], serde_json::json!([]));
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
        assert_error!(transcript, Error::NoSuchTable { name, similar, .. } if name == "user" && *similar == ["users"]);

        database.execute(&["DROP TABLE posts_tags", "DROP TABLE tags"]).await;
        let said = ok(sync(&[]));
        assert!(said.shows("tags.rs") && said.shows("--prune"), "{said:?}");
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
    assert_error!(transcript, Error::FileExists { path } if path.ends_with("src/models/entities/posts.rs"));
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

/// As with sea-orm-cli, the folder is relative to the working folder, and may be anywhere.
#[tokio::test]
async fn a_folder_outside_of_the_project_is_named_by_a_flag() {
    let database = Database::sqlite().await;
    guide(&database).await;
    let sandbox = projects::sandbox()
        .file("app/migrations/mod.rs", &format!("pub use sea_orm_migration::prelude::*;\n\n{LIST}"))
        .file("app/src/main.rs", "")
        .env("DATABASE_URL", database.url())
        .cwd("app/src");
    let arguments = ["db:sync", "--skip-migrations", "--output-dir", "../../entity/src", "--lib"];
    ok(kit(&sandbox, &arguments));
    let expected = ["lib", "posts", "prelude", "users"].map(|name| format!("entity/src/{name}.rs"));
    let files: Vec<String> = sandbox.files().into_iter().filter(|path| path.starts_with("entity/")).collect();
    assert!(expected.iter().all(|path| files.contains(path)), "{files:?}");
    assert_eq!(kit(&sandbox, &[&arguments[..], &["--check"]].concat()).code, 0);
    // What kit did not write stays there, too, and so does what a link leads to.
    sandbox.write("entity/src/posts.rs", "// by hand\n");
    assert_error!(kit(&sandbox, &arguments), Error::FileExists { path } if path.ends_with("entity/src/posts.rs"));
    std::fs::remove_file(sandbox.root().join("entity/src/posts.rs")).unwrap();
    let sandbox = sandbox.file("elsewhere.rs", "");
    std::os::unix::fs::symlink(sandbox.root().join("elsewhere.rs"), sandbox.root().join("entity/src/posts.rs"))
        .unwrap();
    assert_error!(kit(&sandbox, &arguments), Error::OutsideProject { .. });
    assert_eq!(sandbox.read("elsewhere.rs"), "");
    // A file of the project does not lead out of it.
    let sandbox = sandbox.file("app/kit.toml", "[entities]\noutput_dir = \"../other\"\n");
    assert_error!(kit(&sandbox, &["db:sync", "--skip-migrations"]), Error::OutsideProject { .. });
    assert!(!sandbox.root().join("other").exists());
}

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
    assert_error!(transcript, Error::Config { origin, message }
        if origin.contains("banner_version") && origin.contains("kit.toml") && message.contains("`all`"));
}

/// The guide's workflow, 1 to 4, then the same once more for a second migration that `db:sync` runs by itself.
#[tokio::test]
async fn the_guides_workflow_ends_in_entities_and_a_second_sync_writes_nothing() {
    for database in Database::all().await {
        let sandbox = projects::sandbox().env("DATABASE_URL", database.url());
        ok(kit(&sandbox, &["init"]));
        sandbox.write("Cargo.lock", include_str!("../../Cargo.lock"));
        let file = |name: &str| {
            let files = sandbox.files().into_iter();
            files.filter(|path| path.contains(name)).collect::<Vec<_>>().concat()
        };
        ok(kit(&sandbox, &["make:migration", "create_posts_table"]));
        sandbox.write(&file("create_posts_table"), POSTS);
        ok(kit(&sandbox, &["migrate"]));
        let said = ok(kit(&sandbox, &["db:sync"]));
        assert!(said.shows("src/models/entities/posts.rs") && said.hides("create_posts_table"), "{said:?}");
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
        assert_eq!(said.stdout, "");
        assert_eq!(modified(), before);

        ok(kit(&sandbox, &["make:migration", "add_slug_to_posts"]));
        assert_eq!(kit(&sandbox, &["db:sync", "--check"]).code, 0, "nothing is run, and the schema is as it was");
        let said = ok(kit(&sandbox, &["db:sync"]));
        assert!(said.shows("add_slug_to_posts"), "it runs what is pending: {said:?}");
        assert!(said.shows("src/models/entities/posts.rs") && said.hides("src/models/posts.rs"), "{said:?}");
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
    assert_eq!(sync(&["--dry-run", "--json"]).json()["dry_run"], true);
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
    for kept in ["Hash", "fn new() -> Self", "pub body: Option<String>", "`kit db:sync`"] {
        assert!(text.contains(kept), "{kept}\n{text}");
    }
    assert_eq!(sync(&[&keep[..], &["--check"]].concat()).code, 0);
    sandbox.write(path, &text.replace("pub struct", "pub struc"));
    let transcript = sync(&keep);
    assert_eq!(transcript.code, 1, "{transcript}");
    assert!(transcript.shows("posts.rs"), "{transcript}");
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
        assert!(said.shows("`totals`"), "{said:?}");
        let entity = sandbox.read("src/models/entities/liked.rs");
        assert_eq!(entity.matches("primary_key").count(), 2, "{entity}");
        assert!(sandbox.read("src/models/entities/published_posts.rs").contains("pub id: i"));
        // One of them knows no type of what is computed.
        if database.dialect != Dialect::Sqlite {
            let settings = "[entities]\ninclude_views = true\n[entities.view_keys]\ntotals = [\"likes\"]\n";
            sandbox.write("kit.toml", settings);
            let said = ok(sync(&[]));
            assert!(said.hides("`totals`"), "{said:?}");
            assert!(sandbox.read("src/models/entities/totals.rs").contains("pub likes: i64"));
        }
        sandbox.write("kit.toml", "[entities]\ninclude_views = true\n[entities.view_keys]\ntotals = [\"like\"]\n");
        let transcript = sync(&[]);
        assert_eq!(transcript.code, 1, "{transcript}");
        assert!(transcript.shows("`totals`") && transcript.shows("`like`"), "{transcript}");
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
    assert!(diagram.starts_with("%% ") && diagram.contains("enum mood"), "{diagram}");
    database.execute(&["ALTER TABLE a DROP COLUMN mood"]).await;
    let path = "src/models/entities/sea_orm_active_enums.rs";
    let said = ok(sync(&[]));
    assert!(said.shows("sea_orm_active_enums.rs") && said.shows("--prune"), "{said:?}");
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
    assert!(sync(&[]).hides("recursion_limit"));
    let said = sync(&["--entity-format", "dense"]);
    assert!(said.shows("`#![recursion_limit = \"256\"]`") && said.shows("src/main.rs"), "{said:?}");
    let main = sandbox.read("src/main.rs");
    sandbox.write("src/main.rs", &format!("#![recursion_limit = \"256\"]\n{main}"));
    assert!(sync(&["--entity-format", "dense"]).hides("recursion_limit"));
    // The root of a crate that is nothing but entities is kit's.
    sync(&["--entity-format", "dense", "--output-dir", "entity/src", "--lib"]);
    assert!(sandbox.read("entity/src/lib.rs").contains("\n#![recursion_limit = \"256\"]\n\npub mod prelude;"));
}
