//! Projects as their own tools write them, for tests with a real migrator. It owns their text and
//! nothing of what is tested with it.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where the migrators of all tests are built, with the versions that kit itself was built with to begin with: SeaORM is
/// compiled once for all of them.
pub fn kit_cache() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kit-cache");
    let lock = folder.join("sea-orm-2.lock");
    if !lock.exists() {
        write_whole(&lock, include_str!("../../Cargo.lock"));
    }
    folder
}

/// Writes a file that other tests may be reading.
#[expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]
pub fn write_whole(path: &Path, text: &str) {
    let folder = path.parent().unwrap();
    make_private(folder);
    let mut aside = tempfile::NamedTempFile::new_in(folder).unwrap();
    aside.write_all(text.as_bytes()).unwrap();
    aside.persist(path).unwrap();
}

/// As kit wants its cache to be.
#[expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]
fn make_private(folder: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).unwrap();
}

/// The `[package]` and dependencies of a migration crate, on one version of SeaORM.
pub fn migration_manifest(version: &str) -> String {
    format!(
        r#"[package]
name = "migration"
version = "0.1.0"
edition = "2021"
publish = false

[lib]
name = "migration"
path = "src/lib.rs"

[dependencies]
async-trait = "0.1"

[dependencies.sea-orm-migration]
version = "{version}"
default-features = false
features = ["runtime-tokio-rustls", "sqlx-sqlite"]
"#
    )
}

/// The index that `sea-orm-cli migrate init` writes, with these modules in this order.
pub fn index(modules: &[&str]) -> String {
    let declared: String = modules.iter().map(|module| format!("mod {module};\n")).collect();
    let listed: String = modules.iter().map(|module| format!("            Box::new({module}::Migration),\n")).collect();
    format!(
        "pub use sea_orm_migration::prelude::*;\n\n{declared}\npub struct Migrator;\n\n#[async_trait::async_trait]\n\
         impl MigratorTrait for Migrator {{\n    fn migrations() -> Vec<Box<dyn MigrationTrait>> {{\n        vec![\n\
         {listed}        ]\n    }}\n}}\n"
    )
}

/// A migration with these bodies, each an expression of type `Result<(), DbErr>`.
pub fn migration(up: &str, down: &str) -> String {
    format!(
        "use sea_orm_migration::prelude::*;\n\n#[derive(DeriveMigrationName)]\npub struct Migration;\n\n\
         #[async_trait::async_trait]\nimpl MigrationTrait for Migration {{\n    \
         async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {{\n        {up}\n    }}\n\n    \
         async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {{\n        {down}\n    }}\n}}\n"
    )
}

/// A migration that creates the table `name` with `id` and `n`, and drops it again.
pub fn creates(name: &str) -> String {
    migration(
        &format!(
            "manager.create_table(Table::create().table(Alias::new(\"{name}\"))\
             .col(ColumnDef::new(Alias::new(\"id\")).integer().not_null().auto_increment().primary_key())\
             .col(ColumnDef::new(Alias::new(\"n\")).integer().not_null().default(0)).to_owned()).await"
        ),
        &format!("manager.drop_table(Table::drop().table(Alias::new(\"{name}\")).to_owned()).await"),
    )
}

/// A migration that executes SQL both ways.
pub fn executes(up: &str, down: &str) -> String {
    let run = |sql: &str| format!("manager.get_connection().execute_unprepared({sql:?}).await.map(|_| ())");
    migration(&run(up), &run(down))
}
