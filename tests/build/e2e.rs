//! Kit on whole projects with a real migrator: generated, compiled and run. Few tests, since each compiles;
//! what does not need a compiler is tested elsewhere.

mod stale;
mod upstream;

use crate::support::database::Database;
use crate::support::projects;
use crate::support::projects::{
    all, compiled, creates, executes, index, life, migration, migration_manifest, ok, sandbox, seaorm, states, three,
};
use crate::support::{Sandbox, assert_error, assert_failure, quotes};
use kit::error::{Error, SeaOrmErrorKind};
use kit_runtime::wire::{Cause, Direction, Failure, Warning};

#[tokio::test]
async fn a_migration_crate_on_2_0_lives_on_every_database() {
    let sandbox = seaorm("2.0.4", &three());
    for database in Database::all().await {
        let url = database.url().to_owned();
        std::thread::scope(|scope| scope.spawn(|| life(&sandbox, &url)).join().unwrap());
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));
    }
    assert_eq!(sandbox.read("migration/src/lib.rs"), index(&three().iter().map(|(name, _)| *name).collect::<Vec<_>>()));
}

/// Programs of their own, as in several terminals or containers.
#[tokio::test]
async fn eight_kits_at_once_migrate_once() {
    let sandbox = seaorm("2.0.4", &three());
    let elsewhere = "sqlite://elsewhere.sqlite?mode=rwc";
    // Built before, so that they are at the database together.
    let build = || ok(sandbox.kit(&["migrate", "--database", elsewhere, "--force"]));
    std::thread::scope(|scope| scope.spawn(build).join().unwrap());
    for database in Database::all().await {
        let kit = || {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kit"));
            command.args(["migrate", "--no-interaction"]).current_dir(sandbox.root());
            command.env("KIT_CACHE_DIR", projects::kit_cache()).env("DATABASE_URL", database.url());
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        };
        let kits: Vec<_> = (0..8).map(|_| kit()).collect();
        for kit in kits {
            let output = kit.wait_with_output().unwrap();
            assert!(output.status.success(), "{:?}: {output:?}", database.dialect);
        }
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn a_migration_crate_on_1_1_lives_on_every_database() {
    let sandbox = seaorm("1.1.0", &three());
    for database in Database::all().await {
        let url = database.url().to_owned();
        std::thread::scope(|scope| scope.spawn(|| life(&sandbox, &url)).join().unwrap());
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));
    }
}

/// SeaORM 1.1 reports statements in another way than 2.0.
#[tokio::test]
async fn a_failed_migration_on_1_1_names_its_statements() {
    let up = "let db = manager.get_connection();
        db.execute_unprepared(\"CREATE TABLE a (id int)\").await?;
        manager.create_table(Table::create().table(Alias::new(\"b\")).col(ColumnDef::new(Alias::new(\"id\")).integer()).to_owned()).await?;
        manager.has_table(\"a\").await?;
        db.execute_unprepared(\"INSERT INTO nowhere VALUES (1)\").await.map(|_| ())";
    let sandbox = seaorm("1.1.0", &[("m1_fails", migration(up, "let _ = manager; Ok(())"))]);
    let database = Database::mysql().await;
    let on = projects::On::new(&sandbox, &database);
    assert_failure!(on.fails(&["migrate"]), Failure::Migration { rolled_back: false, .. });
    let json = on.kit(&["migrate:repair", "--json"]).json();
    let steps = json["halted"][0]["statements"].as_array().unwrap();
    let of = |key: &str| steps.iter().map(|step| step[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("state"), ["ran", "ran", "failed"], "{json}");
    assert_eq!(
        of("undo"),
        [serde_json::json!(["DROP TABLE `a`"]), serde_json::json!(["DROP TABLE `b`"]), serde_json::json!([])]
    );
    assert!(steps[2]["message"].as_str().unwrap().contains("nowhere"), "{json}");
}

#[tokio::test]
async fn the_sample_lives_on_every_database() {
    // Kit's own manifest, as in a clone: with comments behind dependencies, and an edition from its workspace.
    let manifest = include_str!("../../Cargo.toml");
    let mut sandbox = sandbox().file("Cargo.toml", manifest).file("src/main.rs", "fn main() {}\n");
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        sandbox = sandbox.file(&format!("migrations/{name}"), &std::fs::read_to_string(&path).unwrap());
    }
    for database in Database::all().await {
        let url = database.url().to_owned();
        std::thread::scope(|scope| scope.spawn(|| life(&sandbox, &url)).join().unwrap());
        let post = database.value("(SELECT title FROM posts WHERE published = true)").await;
        assert_eq!(post.as_deref(), Some("Hello"));
    }
}

/// What `loco new` writes around migrations, with a data fix through the application's entities.
#[test]
fn a_loco_project_lives() {
    let index = "#![allow(elided_lifetimes_in_paths)]\n#![allow(clippy::wildcard_imports)]\n\
                 pub use sea_orm_migration::prelude::*;\nmod m20220101_000001_users;\nmod m20220101_000002_fix;\n\n\
                 pub struct Migrator;\n\n#[async_trait::async_trait]\nimpl MigratorTrait for Migrator {\n    \
                 fn migrations() -> Vec<Box<dyn MigrationTrait>> {\n        vec![\n            \
                 Box::new(m20220101_000001_users::Migration),\n            Box::new(m20220101_000002_fix::Migration),\n            \
                 // inject-above (do not remove this comment)\n        ]\n    }\n}\n";
    let sandbox = sandbox()
        .file("Cargo.toml", &format!("[workspace]\nmembers = [\"migration\"]\n\n{APP}"))
        .file("src/lib.rs", "pub mod models;\n")
        .file("src/models/mod.rs", "pub mod _entities;\n")
        .file("src/models/_entities/mod.rs", "pub mod a;\n")
        .file("src/models/_entities/a.rs", ENTITY)
        .file("migration/Cargo.toml", &(migration_manifest("2.0") + "\n[dependencies.app]\npath = \"..\"\n"))
        .file("migration/src/lib.rs", index)
        .file("migration/src/m20220101_000001_users.rs", &creates("a"))
        .file(
            "migration/src/m20220101_000002_fix.rs",
            &through_entity()
                .replace("crate::models", "app::models::_entities")
                .replace("super::helper::answer()", "7"),
        )
        .env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc");
    life(&sandbox, "sqlite://app.sqlite?mode=rwc");
    let about = ok(sandbox.kit(&["about", "--json"]));
    assert_eq!(about.json()["layout"], "loco");
    ok(sandbox.kit(&["make:migration", "add_n2_to_a"]));
    let text = sandbox.read("migration/src/lib.rs");
    let (before, _) = text.split_once("            // inject-above").unwrap();
    assert!(before.ends_with("_add_n2_to_a::Migration),\n"), "{text}");
    ok(sandbox.kit(&["migrate:reset", "--force"]));
    life(&sandbox, "sqlite://app.sqlite?mode=rwc");
    assert_eq!(sandbox.read("src/models/_entities/a.rs"), ENTITY);
}

#[test]
fn another_version_of_sea_orm_gets_a_clear_message() {
    let sandbox = seaorm("0.12", &three());
    let transcript = sandbox.kit(&["migrate"]);
    assert_eq!(transcript.code, 1);
    assert_error!(transcript, Error::SeaOrm { version, kind: SeaOrmErrorKind::NoAdapter, .. } if version == "0.12");
    // `upgrade.rs` follows it.
    assert!(["1.1", "0.12", "Cargo.toml:"].iter().all(|part| transcript.hint().contains(part)), "{transcript}");
}

#[test]
fn what_a_migration_prints_stays_out_of_the_answers() {
    let up = "println!(\"hello from stdout\"); eprintln!(\"hello from stderr\"); let _ = manager; Ok(())";
    let sandbox = seaorm("2.0.4", &[("m20240101_000001_talk", migration(up, "let _ = manager; Ok(())"))]);
    let transcript = ok(sandbox.kit(&["migrate", "--json"]));
    assert_eq!(transcript.json()["migrations"][0]["name"], "m20240101_000001_talk");
    assert!(transcript.quotes("hello from stdout") && transcript.quotes("hello from stderr"), "{transcript}");
}

#[test]
fn failures_say_what_was_done_what_failed_and_what_goes_on() {
    let sandbox = seaorm(
        "2.0.4",
        &[
            ("m20240101_000001_create_a", creates("a")),
            (
                "m20240101_000002_panics_down",
                migration("let _ = manager; Ok(())", "let _ = manager; panic!(\"no way back\")"),
            ),
            (
                "m20240101_000003_fails",
                executes("CREATE TABLE half (id int); INSERT INTO nowhere VALUES (1)", "DROP TABLE half"),
            ),
        ],
    );
    let transcript = sandbox.kit(&["migrate"]);
    assert_eq!(transcript.code, 1, "{transcript}");
    assert!(transcript.shows("m20240101_000001_create_a") && transcript.shows("FAIL"), "{transcript}");
    assert_error!(transcript, Error::Migrator { done, .. } if done.len() == 2);
    assert_failure!(transcript, Failure::Migration { name, direction: Direction::Up, cause: Cause::Error, rolled_back: true, .. }
        if name == "m20240101_000003_fails");
    let found: Vec<String> = states(&sandbox, &[]).into_iter().map(|(_, state)| state).collect();
    assert_eq!(found, ["ran", "ran", "pending"]);

    let transcript = sandbox.kit(&["migrate:rollback", "--force"]);
    assert_eq!(transcript.code, 1, "{transcript}");
    assert_failure!(transcript, Failure::Migration { name, direction: Direction::Down, cause: Cause::Panic, message, .. }
        if name == "m20240101_000002_panics_down" && quotes(message, "no way back"));
    assert!(ok(sandbox.kit(&["migrate", "--graceful"])).shows("m20240101_000003_fails"));
}

#[test]
fn what_does_not_compile_is_shown_with_the_users_own_path() {
    let sandbox = seaorm("2.0.4", &[("m20240101_000001_broken", migration("let x: i32 = \"text\"; Ok(())", "Ok(())"))]);
    let transcript = sandbox.kit(&["migrate"]);
    assert_eq!(transcript.code, 1, "{transcript}");
    assert!(transcript.quotes("error[E0308]: mismatched types"), "{transcript}");
    assert!(transcript.quotes("--> migration/src/m20240101_000001_broken.rs:9:"), "{transcript}");
    assert_error!(transcript, Error::Build { what: "migrations", .. });
    assert!(!sandbox.root().join("app.sqlite").exists() || all(&states(&sandbox, &[]), "pending"));
}

const APP: &str = r#"[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
sea-orm-migration = { version = "2.0", default-features = false, features = ["runtime-tokio-rustls", "sqlx-sqlite"] }
heck = "0.5"
"#;

const ENTITY: &str = r#"use sea_orm_migration::sea_orm;
use sea_orm_migration::sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "a")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    pub n: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
"#;

/// A migration that uses an entity, a helper module beside it and another dependency.
fn through_entity() -> String {
    let up = "use crate::models::a;\n        use sea_orm_migration::sea_orm::{ActiveModelTrait, ActiveValue::Set};\n        \
              let n = super::helper::answer();\n        \
              a::ActiveModel { n: Set(n), ..Default::default() }.insert(manager.get_connection()).await.map(|_| ())";
    migration(up, "manager.get_connection().execute_unprepared(\"DELETE FROM a\").await.map(|_| ())")
}

fn app(root: &str) -> Sandbox {
    sandbox()
        .file("Cargo.toml", APP)
        .file(root, "pub mod migrations;\npub mod models;\nfn main() {}\n")
        .file("src/models/mod.rs", "pub mod a;\n")
        .file("src/models/a.rs", ENTITY)
        .file(
            "src/migrations/mod.rs",
            &(index(&["m20240101_000001_create_a", "m20240101_000002_fill"]) + "mod helper;\n"),
        )
        .file(
            "src/migrations/helper.rs",
            "pub fn answer() -> i32 {\n    heck::ToSnakeCase::to_snake_case(\"OneTwo\").len() as i32\n}\n",
        )
        .file("src/migrations/m20240101_000001_create_a.rs", &creates("a"))
        .file("src/migrations/m20240101_000002_fill.rs", &through_entity())
        .env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc")
}

#[test]
fn a_module_in_an_apps_library_may_use_crate_paths() {
    let sandbox = app("src/lib.rs");
    life(&sandbox, "sqlite://app.sqlite?mode=rwc");
    // From any folder below, too.
    assert!(all(&states(&sandbox.cwd("src/models"), &[]), "ran"));
}

#[test]
fn a_module_of_a_program_without_a_library_may_use_crate_paths() {
    life(&app("src/main.rs"), "sqlite://app.sqlite?mode=rwc");
}

#[test]
fn what_a_program_keeps_to_itself_names_the_two_ways_out() {
    let sandbox = app("src/main.rs");
    sandbox.write("src/main.rs", "mod migrations;\nmod models;\nstruct Config;\nfn main() {}\n");
    sandbox.write("src/migrations/helper.rs", "pub fn answer() -> i32 {\n    let _ = crate::Config;\n    1\n}\n");
    let transcript = sandbox.kit(&["migrate"]);
    assert_eq!(transcript.code, 1, "{transcript}");
    assert_error!(transcript, Error::Unreachable { reason, .. } if reason.contains("`crate::Config`") && reason.contains("src/main.rs"));
    let hint = transcript.hint();
    assert!(hint.contains("`pub mod migrations;`") && hint.contains("[migrator] command"), "{transcript}");
}

#[test]
fn nothing_changed_means_no_cargo() {
    let sandbox = seaorm("2.0.4", &three());
    ok(sandbox.kit(&["migrate", "--limit", "1"]));
    let without_cargo = sandbox.seeing("PATH", "/nowhere");
    ok(without_cargo.kit(&["migrate"]));
    sandbox.write("migration/src/m20240101_000003_count.rs", &executes("SELECT 1", "SELECT 1"));
    let refused = without_cargo.kit(&["migrate:rollback", "--force"]);
    assert!(matches!(refused.error(), Error::Program { program, .. } if program == "cargo"), "{refused}");
    ok(sandbox.kit(&["migrate:rollback", "--force"]));
    ok(without_cargo.kit(&["migrate"]));
    assert!(all(&states(&sandbox, &[]), "ran"));
    // With nothing to do, the program is not needed either.
    let without_cache = without_cargo.seeing("KIT_CACHE_DIR", "/nowhere");
    ok(without_cache.kit(&["migrate"]));
}

/// The switches by which tests make a run fail are in no migrator that a user gets.
#[test]
fn nothing_makes_a_built_migrator_fail_on_purpose() {
    let sandbox = seaorm("2.0.4", &three()).env("KIT_FAULT", "after-lock=kill");
    ok(sandbox.kit(&["migrate"]));
}

#[test]
fn a_second_project_does_not_compile_sea_orm_again() {
    ok(seaorm("2.0.4", &three()).kit(&["migrate"]));
    let said = ok(seaorm("2.0.4", &three()).kit(&["migrate", "-v"]));
    // The project's own crate and the generated one.
    assert!(compiled(&said).unwrap() <= 2, "{said:?}");
}

#[test]
fn a_list_made_by_code_is_asked_of_the_built_migrator() {
    let sandbox = seaorm("2.0.4", &three());
    let text = sandbox.read("migration/src/lib.rs");
    let (before, _) = text.split_once("        vec![").unwrap();
    let made = "        let mut list: Vec<Box<dyn MigrationTrait>> = Vec::new();\n        \
                list.push(Box::new(m20240101_000001_create_a::Migration));\n        \
                list.push(Box::new(m20240101_000002_create_b::Migration));\n        list\n    }\n}\n";
    sandbox.write("migration/src/lib.rs", &format!("{before}{made}"));
    ok(sandbox.kit(&["migrate:install"]));
    let found = states(&sandbox, &[]);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(&names[..2], ["m20240101_000001_create_a", "m20240101_000002_create_b"]);
    ok(sandbox.kit(&["migrate"]));
    assert_eq!(ok(sandbox.kit(&["migrate"])).stdout, "");
}

#[test]
fn a_list_out_of_name_order_is_respected_and_mentioned() {
    let mut files = three();
    files.swap(1, 2);
    let sandbox = seaorm("2.0.4", &files);
    let transcript = sandbox.kit(&["migrate", "--strict"]);
    assert_eq!(transcript.code, 1, "{transcript:?}");
    assert_failure!(transcript, Failure::Strict(Warning::Unsorted));
    let transcript = ok(sandbox.kit(&["migrate"]));
    assert!(transcript.shows("WARN"), "{transcript}");
    let order: Vec<&str> = transcript.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(order, ["m20240101_000001_create_a", "m20240101_000003_count", "m20240101_000002_create_b"]);
}

#[test]
fn the_same_database_is_migrated_in_turns_with_the_projects_own_tool() {
    let sandbox = seaorm("2.0.4", &three());
    let manifest = migration_manifest("2.0.4").replace("default-features = false\n", "")
        + "[dependencies.tokio]\nversion = \"1\"\nfeatures = [\"macros\", \"rt-multi-thread\"]\n";
    sandbox.write("migration/Cargo.toml", &manifest);
    sandbox.write(
        "migration/src/main.rs",
        "use sea_orm_migration::prelude::*;\n\n#[tokio::main]\nasync fn main() {\n    cli::run_cli(migration::Migrator).await;\n}\n",
    );
    // The same versions and, for what SeaORM sees, features as tests/init.rs: it is compiled once for both.
    sandbox.write("migration/Cargo.lock", include_str!("../../Cargo.lock"));
    // What sea-orm-cli runs, word for word.
    let sea_orm_cli = |arguments: &[&str]| {
        let output = std::process::Command::new("cargo")
            .args(["run", "--quiet", "--manifest-path", "migration/Cargo.toml", "--"])
            .args(arguments)
            .current_dir(sandbox.root())
            .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/sea-orm-cli"))
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    sea_orm_cli(&["up", "-n", "1"]);
    let found: Vec<String> = states(&sandbox, &[]).into_iter().map(|(_, state)| state).collect();
    assert_eq!(found, ["ran", "pending", "pending"]);
    ok(sandbox.kit(&["migrate", "--limit", "1"]));
    sea_orm_cli(&["up"]);
    assert!(all(&states(&sandbox, &[]), "ran"));
    ok(sandbox.kit(&["migrate:rollback", "--step", "2", "--force"]));
    sea_orm_cli(&["up", "-n", "1"]);
    sea_orm_cli(&["down"]);
    sea_orm_cli(&["down"]);
    assert!(all(&states(&sandbox, &[]), "pending"));
    ok(sandbox.kit(&["migrate"]));
    sea_orm_cli(&["status"]);
    assert!(all(&states(&sandbox, &[]), "ran"));
}
