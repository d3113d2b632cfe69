//! Seeders and factories as kit writes, builds and runs them: on each database, for each type, in each layout; what they say, and
//! that what fails leaves nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use crate::support::database::Database;
use crate::support::projects;
use crate::support::projects::On;
use crate::support::script::contents;
use crate::support::types::{TYPES, named};
use crate::support::{Sandbox, assert_error, assert_failure};
use kit::error::{Error, SeedError};
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Cause, Failure};

/// What has no order, or too few values.
const NOT_UNIQUE: [&str; 6] = ["text", "bool", "json", "jsonb", "blob", "enum:draft,live"];

fn fields(mark: &str) -> Vec<String> {
    let all = TYPES.iter().filter(|written| mark != "^" || !NOT_UNIQUE.contains(written));
    all.map(|written| named(written, mark)).collect()
}

/// The life of it, on each database: rows of every type, the same for the same number, all or none.
#[tokio::test]
async fn seeders_run_on_every_database() {
    for database in Database::all().await {
        let sandbox = projects::started();
        let kit = On::new(&sandbox, &database);
        let make = |command: &str, fields: &[String]| {
            let words: Vec<&str> = command.split(' ').chain(fields.iter().map(String::as_str)).collect();
            kit.ok(&words)
        };
        for (name, mark) in [("nullable_kind", "?"), ("required_kind", "!"), ("unique_kind", "^")] {
            make(&format!("make:model {name} --no-run --no-timestamps"), &fields(mark));
        }
        if database.dialect == Dialect::Postgres {
            make(
                "make:model list --no-run --no-timestamps",
                &["tags:array:string!", "sizes:array:int"].map(str::to_owned),
            );
        }
        kit.ok(&["make:model", "user", "name:string!", "email:string:100^", "--no-timestamps", "--all"]);
        let said = kit.ok(&["make:model", "post", "title:string!", "user:references", "--no-timestamps", "-sf"]);
        assert!(said.shows("database/factories/post_factory.rs"), "{said:?}");
        let factory = sandbox.read("database/factories/post_factory.rs");
        assert!(factory.contains("row.user_id = Set(UserFactory.create(seeds).await?.id);"), "{factory}");
        for kind in ["nullable_kind", "required_kind", "unique_kind", "list"] {
            if kind != "list" || database.dialect == Dialect::Postgres {
                let said = kit.ok(&["make:factory", kind]);
                assert!(said.hides("WARN"), "{said:?}");
                kit.ok(&["make:seeder", kind]);
            }
        }
        let seeders = sandbox.read("database/seeders/mod.rs");
        assert!(
            seeders.contains("seeds.call(post_seeder::PostSeeder).await?;\n        seeds.call(nullable_kind_seeder"),
            "{seeders}"
        );

        // It says no where somebody is called so.
        let post = sandbox.read("database/seeders/post_seeder.rs");
        let stop = "        let users = crate::models::users::Entity::find().all(seeds.db()).await?;\n        \
            if users.iter().any(|user| user.name == \"Stop\") {\n            \
            return Err(DbErr::Custom(\"no more paper\".to_owned()));\n        }\n        \
            assert!(users.iter().all(|user| user.name != \"Crash\"), \"out of paper\");\n        Ok(())";
        sandbox.write("database/seeders/post_seeder.rs", &post.replace("        Ok(())", stop));

        // Same number, same rows; another one, others. What the fixtures have is there first.
        sandbox.write("database/fixtures/users.yaml", "- id: 1\n  name: Ada\n  email: ada@example.com\n");
        kit.ok(&["db:seed", "--seed", "7"]);
        let first = contents(&database).await;
        assert!(["Ada", "416461"].iter().any(|ada| first.contains(ada)), "{first}");
        for (table, rows) in [("users", 1 + 10 + 10), ("posts", 10), ("unique_kinds", 10)] {
            assert_eq!(database.value(&format!("(SELECT count(*) FROM {table})")).await.unwrap(), rows.to_string());
        }
        let again = kit.ok(&["db:seed", "--seed", "7", "--reset", "--force"]);
        assert!(again.shows("--seed 7") && again.shows("PostSeeder") && again.shows("20"), "{again:?}");
        assert_eq!(contents(&database).await, first, "{:?}", database.dialect);
        kit.ok(&["db:seed", "--seed", "8", "--reset", "--force"]);
        assert_ne!(contents(&database).await, first);

        // One of them, by either name.
        let count = async || database.value("(SELECT count(*) FROM users)").await.unwrap();
        kit.ok(&["db:seed", "--class", "UserSeeder"]);
        assert_eq!(count().await, "31");
        kit.ok(&["migrate", "--seeder", "user"]);
        assert_eq!(count().await, "41");
        kit.ok(&["migrate:fresh", "--seed", "--force"]);
        assert_eq!(count().await, "21");
        kit.ok(&["migrate:refresh", "--seeder", "User", "--force"]);
        assert_eq!(count().await, "10");

        // All or nothing, whatever goes wrong; the one that says no is named.
        sandbox.write("database/fixtures/users.yaml", "- id: 1000\n  name: Ada\n  email: ada@example.com\n");
        let before = contents(&database).await;
        for (name, expected) in [("Stop", (Cause::Error, "no more paper")), ("Crash", (Cause::Panic, "out of paper"))] {
            database.execute(&[&format!("INSERT INTO users (name, email) VALUES ('{name}', 'x')")]).await;
            let said = kit.fails(&["migrate", "--seed"]);
            assert_failure!(said, Failure::Seeder { name, cause, message, rolled_back: true }
                if name == "PostSeeder" && *cause == expected.0 && message.contains(expected.1));
            assert_eq!(said.hinted(), [["db:seed"]]);
            // Fixtures are a transaction of their own, before.
            assert_eq!(count().await, "12");
            database.execute(&["DELETE FROM users WHERE name = 'Ada'"]).await;
            let said = kit.kit(&["migrate", "--seed", "--json"]);
            assert_eq!(said.json()["migrations"], serde_json::json!([]));
            assert!(said.json()["error"]["message"].as_str().unwrap().contains(expected.1), "{said}");
            database.execute(&["DELETE FROM users WHERE email = 'x' OR name = 'Ada'"]).await;
            assert_eq!(contents(&database).await, before, "{:?}", database.dialect);
        }
    }
}

/// A program without a library, entities in a crate of their own on SeaORM 1.1, and a module that others cannot see.
#[tokio::test]
async fn seeders_are_reached_in_every_layout() {
    let entity = "use sea_orm::entity::prelude::*;\n\n#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]\n\
        #[sea_orm(table_name = \"a\")]\npub struct Model {\n    #[sea_orm(primary_key)]\n    pub id: i32,\n    pub n: i32,\n}\n\n\
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]\npub enum Relation {}\n\nimpl ActiveModelBehavior for ActiveModel {}\n";
    let seeder = |entities: &str| {
        format!(
            "use kit_runtime::seeding::prelude::*;\nuse {entities}::a;\n\n#[derive(Default)]\npub struct DatabaseSeeder {{\n    more: i32,\n}}\n\n\
             struct AFactory;\n\nimpl Factory for AFactory {{\n    type Row = a::ActiveModel;\n\n    \
             fn definition(&self, faker: &mut Faker<'_>) -> a::ActiveModel {{\n        \
             a::ActiveModel {{ n: Set(faker.number(5..6)), ..Default::default() }}\n    }}\n}}\n\n\
             impl Seeder for DatabaseSeeder {{\n    async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {{\n        \
             let one = AFactory.create(seeds).await?;\n        assert_eq!(one.n + self.more, 5);\n        \
             AFactory.count(3000).insert(seeds).await?;\n        Ok(())\n    }}\n}}\n"
        )
    };
    let index = projects::index(&["m20240101_000001_create_a"]);
    let inside = |lib: &str, text: &str| {
        projects::sandbox()
            .file("Cargo.toml", &projects::migrating_manifest("inside"))
            .file("Cargo.lock", include_str!("../../Cargo.lock"))
            .file(lib, text)
            .file("src/models/mod.rs", "pub mod a;\n")
            .file("src/models/a.rs", entity)
            .file("migrations/mod.rs", &index)
            .file("migrations/m20240101_000001_create_a.rs", &projects::creates("a"))
            .file("src/seeders/mod.rs", &seeder("crate::models"))
    };
    let apart = projects::seaorm("1.1.0", &[("m20240101_000001_create_a", projects::creates("a"))])
        .file("Cargo.toml", "[workspace]\nmembers = [\"migration\", \"entity\"]\nresolver = \"2\"\n")
        .file(
            "entity/Cargo.toml",
            "[package]\nname = \"entity\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies.sea-orm]\nversion = \"1.1.0\"\n\
             default-features = false\nfeatures = [\"macros\"]\n",
        )
        .file("entity/src/lib.rs", "pub mod a;\n")
        .file("entity/src/a.rs", entity)
        .file("database/seeders/mod.rs", &seeder("entity"));
    for sandbox in [
        inside("src/main.rs", "mod models;\nfn main() {}\n"),
        inside("src/lib.rs", "mod models;\n"),
        inside("src/lib.rs", "pub mod models;\n"),
        apart,
    ] {
        let database = Database::sqlite().await;
        let kit = On::new(&sandbox, &database);
        let said = kit.ok(&["migrate", "--seed"]);
        assert!(said.shows("DatabaseSeeder") && said.shows("3001"), "{said:?}");
        assert_eq!(database.value("(SELECT sum(n) FROM a)").await.as_deref(), Some("15005"));
        if let Some(text) =
            sandbox.files().iter().find(|file| *file == "src/seeders/mod.rs").map(|file| sandbox.read(file))
        {
            sandbox.write("src/seeders/mod.rs", &text.replace(".create(", ".creat("));
            let said = kit.fails(&["db:seed"]);
            assert!(said.quotes("--> src/seeders/mod.rs:"), "{said}");
            assert_error!(said, Error::Build { what: "seeders", .. });
        }
    }
}

#[test]
fn what_is_made_is_written_once() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:factory", "BlogPost"]), @r"
    database/factories/blog_post_factory.rs
    --- stderr ---
      INFO  Created a factory: BlogPostFactory
      WARN  The database does not have the table: the factory has no values yet
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.read("database/factories/blog_post_factory.rs"), @r"
    use kit_runtime::seeding::prelude::*;

    use crate::models::blog_posts;

    /// Makes rows of `blog_posts` up.
    pub struct BlogPostFactory;

    impl Factory for BlogPostFactory {
        type Row = blog_posts::ActiveModel;

        fn definition(&self, _faker: &mut Faker<'_>) -> blog_posts::ActiveModel {
            blog_posts::ActiveModel {
                ..Default::default()
            }
        }
    }
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:seeder", "demo", "--model", "blog_post"]), @r"
    database/seeders/demo_seeder.rs
    --- stderr ---
      INFO  Created a seeder: DemoSeeder
      INFO  `kit db:seed` runs it
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.read("database/seeders/demo_seeder.rs"), @r"
    use kit_runtime::seeding::prelude::*;

    use crate::factories::BlogPostFactory;

    /// Puts rows into `blog_posts`.
    pub struct DemoSeeder;

    impl Seeder for DemoSeeder {
        async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {
            BlogPostFactory.count(10).create(seeds).await?;
            Ok(())
        }
    }
    ");
    assert_eq!(sandbox.kit(&["make:seeder", "User"]).code, 0);
    insta::assert_snapshot!(sandbox.read("database/seeders/mod.rs"), @r"
    //! Rows to begin with: `kit db:seed` runs `DatabaseSeeder`.

    pub mod demo_seeder;
    pub mod user_seeder;

    use kit_runtime::seeding::prelude::*;

    /// Calls the others, in the order in which their rows need each other.
    pub struct DatabaseSeeder;

    impl Seeder for DatabaseSeeder {
        async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {
            seeds.call(demo_seeder::DemoSeeder).await?;
            seeds.call(user_seeder::UserSeeder).await?;
            Ok(())
        }
    }
    ");
    // What is there is not written over, and nothing else is written.
    let before = sandbox.files();
    insta::assert_snapshot!(sandbox.kit(&["make:seeder", "DatabaseSeeder"]), @r"
    --- stderr ---
      ERROR  [ROOT]/database/seeders/mod.rs exists, it is not overwritten
      hint: pass --force to overwrite it
    --- exit 1 ---
    ");
    for arguments in [["make:seeder", "demo"], ["make:factory", "blog_posts"]] {
        assert_error!(sandbox.kit(&arguments), Error::FileExists { .. });
    }
    insta::assert_snapshot!(sandbox.kit(&["make:model", "blog_post", "--no-run", "-f"]), @r"
    --- stderr ---
      ERROR  [ROOT]/database/factories/blog_post_factory.rs exists, it is not overwritten
      hint: pass --force to overwrite it
    --- exit 1 ---
    ");
    let unnamed = sandbox.kit(&["make:factory", "--no-interaction"]);
    assert_error!(unnamed, Error::MissingArgument { argument: "NAME", .. });
    let outside = sandbox.kit(&["make:seeder", "../x"]);
    assert_error!(outside, Error::BadName { name, .. } if name == "../x");
    assert_eq!(sandbox.files(), before);
    // Written anew, and called once.
    let seeders = sandbox.read("database/seeders/mod.rs");
    sandbox.write("database/seeders/demo_seeder.rs", "");
    assert_eq!(sandbox.kit(&["make:seeder", "demo", "--force"]).code, 0);
    assert!(sandbox.read("database/seeders/demo_seeder.rs").contains("pub struct DemoSeeder"));
    assert_eq!(sandbox.read("database/seeders/mod.rs"), seeders);
    // Where `DatabaseSeeder` is somebody's own work, it stays so, and the line to add is named.
    let own = "use kit_runtime::seeding::prelude::*;\npub struct DatabaseSeeder;\n";
    sandbox.write("database/seeders/mod.rs", own);
    insta::assert_snapshot!(sandbox.kit(&["make:seeder", "tag"]).stderr, @r"
      INFO  Created a seeder: TagSeeder
      WARN  `DatabaseSeeder` does not call it: add `seeds.call(tag_seeder::TagSeeder).await?;`
    ");
    assert_eq!(sandbox.read("database/seeders/mod.rs"), format!("pub mod tag_seeder;\n\n{own}"));
}

#[test]
fn a_seeder_that_is_missing_is_written_by_the_command_in_the_hint() {
    for (line, file) in [
        (&["db:seed"] as &[&str], "database/seeders/mod.rs"),
        (&["db:seed", "--class", "User"], "database/seeders/user_seeder.rs"),
    ] {
        let sandbox = Sandbox::project();
        let refused = sandbox.kit(line);
        assert_error!(refused, Error::Seed(SeedError::NoSeeds { .. } | SeedError::UnknownSeeder { .. }));
        for command in refused.hinted() {
            assert_eq!(sandbox.kit(&command).code, 0);
        }
        assert!(sandbox.files().contains(&file.to_owned()), "{refused}");
    }
}

#[test]
fn what_cannot_be_seeded_is_said_before_anything_is_done() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["db:seed"]), @r"
    --- stderr ---
      ERROR  nothing to seed with: no fixtures in [ROOT]/database/fixtures, no `DatabaseSeeder` in [ROOT]/database/seeders/mod.rs
      hint: write rows into `TABLE.yaml` there, or a seeder: `kit make:seeder DatabaseSeeder`
    --- exit 1 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["db:seed", "--class", "User"]), @r"
    --- stderr ---
      ERROR  no seeder `User`
      hint: write it: `kit make:seeder User`
    --- exit 1 ---
    ");
    assert_eq!(sandbox.kit(&["make:seeder", "tag"]).code, 0);
    insta::assert_snapshot!(sandbox.kit(&["migrate", "--seeder", "Tags"]), @r"
    --- stderr ---
      ERROR  no seeder `Tags`
      hint: choose one of: DatabaseSeeder, TagSeeder
    --- exit 1 ---
    ");
    assert!(
        !sandbox.files().iter().any(|file| file.ends_with("sqlite")),
        "nothing was migrated: {:?}",
        sandbox.files()
    );
    for arguments in [
        ["db:seed", "--class=Tag", "--upsert"],
        ["db:seed", "--seed=7", "--dump"],
        ["migrate", "--seed", "--pretend"],
        ["db:seed", "--seed=-1", "--class=Tag"],
    ] {
        let refused = sandbox.kit(&arguments);
        assert_eq!(refused.code, 2, "{refused}");
        assert_error!(refused, Error::Usage(_));
    }
    sandbox.write("database/seeders/mod.rs", "fn {\n");
    insta::assert_snapshot!(sandbox.kit(&["db:seed"]), @"
    --- stderr ---
      ERROR  cannot read [ROOT]/database/seeders/mod.rs: line 1, column 4: cannot parse string into token stream
    --- exit 1 ---
    ");
}
