//! A program that is out of date is never run: what a build depends on besides the sources of migrations is changed, and the next
//! run shows it. Each kind of input alone is tested with the fingerprint of a build, on crates that compile in no time.

use std::time::{Duration, SystemTime};

use crate::support::Sandbox;
use crate::support::projects::{applied, migration_manifest, ok, sandbox, started};

/// Writes a list of the files in `sql/` as Rust; cargo watches the folder.
const BUILD_SCRIPT: &str = r#"fn main() {
    println!("cargo:rerun-if-changed=sql");
    let mut files: Vec<_> = std::fs::read_dir("sql").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let list: String = files
        .iter()
        .map(|file| format!("({:?}, {:?}),", file.file_stem().unwrap().to_str().unwrap(), std::fs::read_to_string(file).unwrap()))
        .collect();
    let out = std::env::var("OUT_DIR").unwrap() + "/files.rs";
    std::fs::write(out, format!("pub const FILES: &[(&str, &str)] = &[{list}];")).unwrap();
}
"#;

/// Migrations that are the files, and one whose name is in a variable.
const MIGRATOR: &str = r#"pub use sea_orm_migration::prelude::*;

struct Sql(String, String);

impl MigrationName for Sql {
    fn name(&self) -> &str {
        &self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(&self.1).await.map(|_| ())
    }
}

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let named = option_env!("EXTRA").map(|name| (name, "SELECT 1"));
        let all = scripts::FILES.iter().copied().chain(named);
        all.map(|(name, sql)| Box::new(Sql(name.to_owned(), sql.to_owned())) as Box<dyn MigrationTrait>).collect()
    }
}
"#;

/// A migration crate whose migrations are in a crate that it depends on, written by the build script there.
fn scripted() -> Sandbox {
    let manifest = migration_manifest("2.0.4") + "\n[dependencies.scripts]\npath = \"../scripts\"\n";
    sandbox()
        .file("Cargo.toml", "[workspace]\nmembers = [\"migration\", \"scripts\"]\nresolver = \"2\"\n")
        .file("migration/Cargo.toml", &manifest)
        .file("migration/src/lib.rs", MIGRATOR)
        .file("scripts/Cargo.toml", "[package]\nname = \"scripts\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .file("scripts/build.rs", BUILD_SCRIPT)
        .file("scripts/src/lib.rs", "include!(concat!(env!(\"OUT_DIR\"), \"/files.rs\"));\n")
        .file("scripts/sql/m01_one.sql", "CREATE TABLE one (id int)")
        .env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc")
}

#[test]
fn what_a_build_script_and_variables_name_is_never_out_of_date() {
    let sandbox = scripted();
    let migrate = |sandbox: &Sandbox| applied(&sandbox.kit(&["migrate", "--json"]).stdout);
    assert_eq!(migrate(&sandbox), ["m01_one"]);
    assert_eq!(migrate(&sandbox), [] as [String; 0]);
    sandbox.write("scripts/sql/m02_two.sql", "CREATE TABLE two (id int)");
    assert_eq!(migrate(&sandbox), ["m02_two"]);
    let other = sandbox.seeing("EXTRA", "m03_variable");
    assert_eq!(migrate(&other), ["m03_variable"]);
    sandbox.write(".cargo/config.toml", "[env]\nEXTRA = \"m04_settings\"\n");
    assert_eq!(migrate(&sandbox), ["m04_settings"]);

    // The text of one, with a time before the last build.
    std::fs::remove_file(sandbox.root().join("app.sqlite")).unwrap();
    let path = sandbox.root().join("scripts/sql/m01_one.sql");
    sandbox.write("scripts/sql/m01_one.sql", "CREATE TABLE other (id int)");
    let old = SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    assert_eq!(migrate(&sandbox), ["m01_one", "m02_two", "m04_settings"]);
    let database = std::fs::read(sandbox.root().join("app.sqlite")).unwrap();
    assert!(String::from_utf8_lossy(&database).contains("CREATE TABLE other"));
}

#[test]
fn a_seeder_that_names_a_variable_is_built_again_when_it_changes() {
    let sandbox = started()
        .file(
            "database/seeders/mod.rs",
            "use kit_runtime::seeding::prelude::*;\nuse sea_orm::ConnectionTrait;\n\npub struct DatabaseSeeder;\n\n\
             impl Seeder for DatabaseSeeder {\n    async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {\n        \
             match option_env!(\"GREETING\") {\n            Some(word) => Err(DbErr::Custom(word.to_owned())),\n            \
             None => Ok(()),\n        }\n    }\n}\n",
        )
        .file("app.sqlite", "")
        .env("DATABASE_URL", "sqlite://app.sqlite");
    ok(sandbox.kit(&["db:seed"]));
    let failed = sandbox.seeing("GREETING", "hello").kit(&["db:seed"]);
    assert!(format!("{:?}", failed.failure()).contains("hello"), "{failed}");
}
