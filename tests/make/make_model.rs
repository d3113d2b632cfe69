//! `kit make:model` on real databases: the table, its entity, the user's half and a test that runs; and that a failure,
//! wherever it is, leaves neither files nor tables.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "cargo inherits the environment of the test")]

use crate::support::database::Database;
use crate::support::projects;
use crate::support::projects::On;
use crate::support::{Sandbox, assert_error};
use kit::error::Error;
use kit_runtime::dialect::Dialect;

#[tokio::test]
async fn a_model_is_made_and_its_test_passes() {
    let database = Database::sqlite().await;
    let sandbox = projects::started();
    let kit = On::new(&sandbox, &database);
    let said = kit.ok(&["make:model", "Company", "name:string!", "status:enum:a,b:default=a"]);
    let answer: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(answer.last(), Some(&"migrations/m20260102_030405_create_companies.rs"), "{said:?}");
    assert!(sandbox.read("src/models/entities/companies.rs").contains("pub name: String"));
    assert!(sandbox.files().contains(&"src/models/companies.rs".to_owned()));
    assert!(sandbox.read("tests/models/main.rs").ends_with("mod companies;\n"));
    insta::assert_snapshot!(sandbox.read("tests/models/companies.rs"), @r#"
    //! Tests of `companies`.

    use my_app::migrations::{Migrator, MigratorTrait};
    use my_app::models::companies;
    use sea_orm::{Database, DbErr, EntityTrait};

    /// The migrations make the table that the entity reads.
    #[tokio::test]
    async fn companies_are_read() -> Result<(), DbErr> {
        let database = Database::connect("sqlite::memory:").await?;
        Migrator::up(&database, None).await?;
        companies::Entity::find().all(&database).await?;
        Ok(())
    }
    "#);
    let said = kit.fails(&["make:model", "company"]);
    assert_error!(said, Error::TableExists { table, .. } if table == "companies");
    assert_eq!(said.hinted(), [&["make:migration", "add_NAME_to_companies", "FIELD"][..], &["db:sync"]]);
    kit.ok(&["make:model", "--link", "companies_friends", "company:references", "friend:references:companies"]);
    assert!(sandbox.read("src/models/mod.rs").contains("pub mod companies_friends;"));
    assert!(sandbox.read("tests/models/main.rs").contains("mod companies;\nmod companies_friends;\n"));
    let output = projects::cargo(&sandbox, &["test", "--quiet", "--test", "models"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("2 passed"), "{output:?}");

    // What comes after the migration fails: all of it goes.
    let (files, schema) = (sandbox.files(), database.schema().await);
    let models = sandbox.read("src/models/mod.rs");
    sandbox.write("src/models/mod.rs", "fn {\n");
    let said = kit.fails(&["make:model", "tag"]);
    assert_error!(said, Error::Registration { module, .. } if module == "entities");
    assert_eq!((sandbox.files(), database.schema().await), (files.clone(), schema.clone()));
    assert_eq!(kit.states(), ["ran", "ran"]);
    // What stands in the way is seen before anything is done.
    sandbox.write("src/models/entities/tags.rs", "// by hand\n");
    let said = kit.fails(&["make:model", "tag"]);
    assert_error!(said, Error::NotGenerated { path, shared: false } if path.ends_with("src/models/entities/tags.rs"));
    // So are the files that all entities share, and the hint leads on.
    std::fs::remove_file(sandbox.root().join("src/models/entities/tags.rs")).unwrap();
    sandbox.write("src/models/mod.rs", &models);
    let index = sandbox.read("src/models/entities/mod.rs");
    sandbox.write("src/models/entities/mod.rs", "pub mod companies;\n");
    let said = kit.fails(&["make:model", "tag"]);
    assert_error!(said, Error::NotGenerated { path, shared: true } if path.ends_with("src/models/entities/mod.rs"));
    assert_eq!(said.hinted(), [["db:sync", "--force"]]);
    kit.ok(&["db:sync", "--force"]);
    assert_eq!(sandbox.read("src/models/entities/mod.rs"), index);
    sandbox.write("src/models/entities/tags.rs", "// by hand\n");
    sandbox.write("src/models/mod.rs", "fn {\n");
    // Somebody else's migration does not compile.
    sandbox.write("migrations/m20260102_030406_create_companies_friends.rs", "fn {\n");
    let said = kit.fails(&["make:model", "thing"]);
    assert_error!(said, Error::Build { .. } | Error::Unreadable { .. });
    let kept: Vec<String> = sandbox.files().into_iter().filter(|file| !file.ends_with("entities/tags.rs")).collect();
    assert_eq!((kept, database.schema().await), (files, schema));
    assert!(!sandbox.read("migrations/mod.rs").contains("things"));
}

/// The referenced table does not exist: kit writes nothing, and the command in the hint creates the table.
#[tokio::test]
async fn a_reference_to_an_unknown_table_is_refused() {
    for database in Database::all().await {
        let sandbox = projects::started();
        let kit = On::new(&sandbox, &database);
        let before = (sandbox.files(), sandbox.read("migrations/mod.rs"));
        let line = ["make:model", "post", "user:references"];
        let refused = kit.fails(&line);
        assert_error!(refused, Error::NoTable { tables, migration: None } if tables[0].table == "users");
        assert_eq!(
            (sandbox.files(), sandbox.read("migrations/mod.rs"), database.schema().await),
            (before.0, before.1, String::new())
        );
        assert_eq!(refused.hinted(), [["make:model", "user"]]);
        // `make:migration` writes the migration; its hint leads to an order in which all migrations can be applied.
        let line = ["make:migration", "create_posts", "user:references"];
        let warned = kit.ok(&line);
        assert_eq!(warned.printed().len(), 2, "{warned}");
        for command in warned.printed() {
            kit.ok(&command.iter().map(String::as_str).collect::<Vec<_>>());
        }
        assert!(sandbox.read("tests/models/main.rs").ends_with("mod users;\n"));
        assert!(kit.ok(&line).printed().is_empty());
        // The file of tests is there, and gets a line.
        let said = kit.ok(&["make:model", "comment", "post:references"]);
        let text = said.to_string();
        let states = ["tests/models/main.rs", "tests/models/comments.rs"].map(|file| {
            let row = text.lines().find(|row| row.contains(file)).unwrap_or_else(|| panic!("{file}: {said}"));
            row.split_whitespace().last().unwrap()
        });
        assert_eq!(states, ["changed", "created"], "{said}");
        for insert in ["users (id) VALUES (1)", "posts (id, user_id) VALUES (1, 1)", "comments (post_id) VALUES (1)"] {
            database.execute(&[&format!("INSERT INTO {insert}")]).await;
        }
    }
}

/// The referenced table has an entity and is not in the database: the server refuses, and kit keeps nothing.
#[tokio::test]
async fn a_table_that_cannot_be_made_leaves_nothing() {
    for database in Database::all().await {
        if database.dialect == Dialect::Sqlite {
            // It looks at the other table when rows come.
            continue;
        }
        let sandbox = projects::started();
        sandbox.write(
            "src/entities/users.rs",
            "#[sea_orm(table_name = \"users\")]\npub struct Model {\n    pub id: i32,\n}\n",
        );
        let kit = On::new(&sandbox, &database);
        let before = (sandbox.files(), sandbox.read("migrations/mod.rs"));
        let refused = kit.fails(&["make:model", "post", "user:references"]);
        assert_error!(refused, Error::Migrator { .. });
        assert_eq!((sandbox.files(), sandbox.read("migrations/mod.rs")), before);
        assert_eq!(database.schema().await, "");
        // And nothing is in the way of the next one.
        kit.ok(&["make:model", "post", "title"]);
        assert_eq!(kit.states(), ["ran"]);
        let test = sandbox.read("tests/models/posts.rs");
        assert!(test.contains("#[ignore = \"needs an empty database: TEST_DATABASE_URL\"]"), "{test}");
    }
}

#[test]
fn without_running_only_the_migration_is_written() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:model", "post", "title", "--no-run"]), @"
    migrations/m20260102_030405_create_posts.rs
    --- stderr ---
      INFO  Created a migration that creates table `posts`

      INFO  Next: `kit db:sync`, which runs it and writes the entity
    --- exit 0 ---
    ");
    assert_eq!(sandbox.files(), ["migrations/m20260102_030405_create_posts.rs", "migrations/mod.rs"]);
    insta::assert_snapshot!(sandbox.kit(&["make:model"]), @"
    --- stderr ---
      ERROR  missing argument: NAME
      hint: run `kit make:model --help` for its usage
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:model", "../x"]), @"
    --- stderr ---
      ERROR  `../x` cannot be the name of a migration: it contains '.'
      hint: use letters, digits and _, starting with a letter: create_posts_table
    --- exit 1 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:model", "post", "--no-run"]), @"
    --- stderr ---
      ERROR  a migration named `create_posts` exists: [ROOT]/migrations/m20260102_030405_create_posts.rs
      hint: choose another name, or delete that migration first: `kit migrate:delete create_posts`
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files().len(), 2);
}
