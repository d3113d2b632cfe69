//! `kit db:sync` without a project, and what it finds missing in the Cargo.toml of the entities.

use kit::error::Error;

use super::{guide, kit};
use crate::support::database::Database;
use crate::support::projects::{self, ok};
use crate::support::{Sandbox, assert_error};

fn json(sandbox: &Sandbox, arguments: &[&str]) -> serde_json::Value {
    ok(kit(sandbox, arguments)).json()
}

#[tokio::test]
async fn entities_need_no_project() {
    for database in Database::all().await {
        guide(&database).await;
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().to_str().unwrap();
        let sandbox = Sandbox::new();
        let url = database.url();
        // The migrations that would run first are nowhere; the hint leads on.
        let nowhere = kit(&sandbox, &["db:sync", "-u", url, "-o", folder]);
        assert_error!(nowhere, Error::NoProject { optional: true, .. });
        assert!(nowhere.hint().contains("--skip-migrations"), "{nowhere}");
        let unnamed = kit(&sandbox, &["db:sync", "-u", url, "--skip-migrations"]);
        assert_error!(unnamed, Error::MissingArgument { argument: "--output-dir", .. });
        assert_eq!((nowhere.code, unnamed.code), (1, 2));
        assert!(sandbox.files().is_empty());
        for folder in ["entities", folder] {
            ok(kit(&sandbox, &["db:sync", "-u", url, "-o", folder, "--skip-migrations"]));
            assert_eq!(kit(&sandbox, &["db:sync", "-u", url, "-o", folder, "--check"]).code, 0);
        }
        let there = |name: &str| outside.path().join(name).is_file();
        assert!(there("users.rs") && there("mod.rs") && !there("seaql_migrations.rs"));
        assert_eq!(
            sandbox.read("entities/users.rs"),
            std::fs::read_to_string(outside.path().join("users.rs")).unwrap()
        );
        // kit.toml alone says where, as in a project.
        let settings = format!("[entities]\noutput_dir = \"db\"\n\n[connections.main]\nurl = \"{url}\"\n");
        let sandbox = Sandbox::new().file("kit.toml", &settings);
        ok(kit(&sandbox, &["db:sync", "--skip-migrations"]));
        assert!(sandbox.read("db/users.rs").contains("pub email: String"));
    }
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_not_to_be_created_by_migrations_that_are_not_there() {
    let sandbox = Sandbox::new();
    let run = kit(&sandbox, &["db:sync", "-u", "sqlite://nope.db", "-o", "out", "--skip-migrations"]);
    assert_error!(run, Error::NoDatabase { has_migrations: false, .. });
    assert!(!run.hint().contains("migrate"), "{run}");
    let run = kit(&sandbox, &["db:sync", "-o", "out", "--skip-migrations"]);
    assert_error!(run, Error::MissingUrl(_));
    assert!(sandbox.files().is_empty());
}

/// The line and the commands that kit prints make the entities compile.
#[tokio::test]
async fn what_cargo_toml_lacks_is_printed_as_it_is_to_be_written() {
    let database = Database::sqlite().await;
    database
        .execute(&["CREATE TABLE things (id integer PRIMARY KEY, price decimal(9, 2), doc json, at datetime_text)"])
        .await;
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n";
    let bare = "sea-orm = { version = \"2.0\", default-features = false }";
    let sandbox = projects::sandbox()
        .file("Cargo.toml", manifest)
        .file("src/lib.rs", "pub mod entities;\n")
        .env("DATABASE_URL", database.url());
    let arguments = ["db:sync", "--skip-migrations", "--with-serde", "both"];
    let run = ok(kit(&sandbox, &arguments));
    assert!(run.quotes("cargo add --package app sea-orm@2.0"), "{run}");
    assert!(run.quotes("cargo add --package app serde --features derive"), "{run}");
    let manifest = format!("{manifest}serde = {{ version = \"1\", features = [\"derive\"] }}\n");
    sandbox.write("Cargo.toml", &format!("{manifest}{bare}\n"));
    let told = json(&sandbox, &["db:sync", "--check", "--json"]);
    assert_eq!(told["missing_crates"], serde_json::json!([]));
    assert_eq!(
        told["missing_features"],
        serde_json::json!(["macros", "with-chrono", "with-json", "with-rust_decimal"])
    );
    let run = ok(kit(&sandbox, &["db:sync", "--check"]));
    let line = run.stderr.split('`').find(|part| part.starts_with("sea-orm = ")).unwrap_or_else(|| panic!("{run}"));
    sandbox.write("Cargo.toml", &format!("{manifest}{line}\n"));
    assert_eq!(json(&sandbox, &["db:sync", "--check", "--json"])["missing_features"], serde_json::json!([]));
    sandbox.write("Cargo.lock", include_str!("../../../Cargo.lock"));
    assert_eq!(projects::complaint(&mut projects::cargo(&sandbox, &["check", "--quiet"])), None);
}

/// SeaORM without `async` has the same entities, and is found under any name.
#[tokio::test]
async fn the_sync_variant_and_renamed_packages_are_seaorm() {
    let database = Database::sqlite().await;
    guide(&database).await;
    for (dependency, word) in [
        ("sea-orm-sync = \"2.0\"", "    fn before_save"),
        ("sea-orm = { package = \"sea-orm-sync\", version = \"2.0\" }", "    fn before_save"),
        ("orm = { package = \"sea-orm\", version = \"1.1\" }", "    async fn before_save"),
    ] {
        let manifest = format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\n{dependency}\n");
        let sandbox = Sandbox::new()
            .file("Cargo.toml", &manifest)
            .file("kit.toml", "[project]\nlayout = \"kit\"\n")
            .file("src/main.rs", "fn main() {}\n")
            .env("DATABASE_URL", database.url());
        let told = json(&sandbox, &["db:sync", "--skip-migrations", "--json"]);
        assert_eq!(
            (&told["missing_crates"], &told["missing_features"]),
            (&serde_json::json!([]), &serde_json::json!([]))
        );
        let half = sandbox.read("src/models/notes.rs");
        assert!(half.contains(word), "{dependency}\n{half}");
    }
}
