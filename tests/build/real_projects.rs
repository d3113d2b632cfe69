//! Projects as they are found in the wild, each built and migrated unchanged. One test goes through all of them: they
//! share what is compiled.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use crate::support::projects;
use crate::support::projects::{
    all, built, creates, executes, index, life, migration_manifest, ok, sandbox, seaorm, states, three,
};
use crate::support::{Sandbox, assert_error};
use kit::error::Error;

const URL: &str = "sqlite://app.sqlite?mode=rwc";

fn names(sandbox: &Sandbox) -> Vec<String> {
    states(sandbox, &[]).into_iter().map(|(name, _)| name).collect()
}

/// A migration whose name is written, not derived.
fn named(name: &str, text: &str) -> String {
    let written =
        format!("impl MigrationName for Migration {{\n    fn name(&self) -> &str {{\n        {name:?}\n    }}\n}}\n");
    text.replace("#[derive(DeriveMigrationName)]\n", "") + "\n" + &written
}

#[test]
fn numbers_capitals_folders_and_a_module_deep_in_an_application() {
    let list = "            Box::new(m00001_Users::Migration),\n            Box::new(M00002_posts::Migration),\n            \
                Box::new(m00003_fill::Migration),\n            Box::new(other::Migration),\n";
    let index = index(&["m00001_Users", "M00002_posts", "m00003_fill"]);
    let (before, after) = index.split_once("        vec![\n").unwrap();
    let (_, after) = after.split_once("        ]\n").unwrap();
    let index = format!("#![allow(non_snake_case)]\n{before}        vec![\n{list}        ]\n{after}")
        .replace("#![allow(non_snake_case)]\n", "");
    let sandbox = sandbox()
        .env("DATABASE_URL", URL)
        .file(
            "Cargo.toml",
            "[workspace]\nmembers = [\"app\", \"other\"]\n\n[workspace.package]\nedition = \"2018\"\n\n[workspace.dependencies]\n\
             async-trait = \"0.1\"\nother = { path = \"other\" }\ndeunicode = \"1\"\n\
             sea-orm-migration = { version = \"2.0.4\", default-features = false, features = [\"sqlx-sqlite\"] }\n\n\
             [patch.crates-io]\ndeunicode = { path = \"patched\" }\n",
        )
        .file(
            "patched/Cargo.toml",
            "[package]\nname = \"deunicode\"\nversion = \"1.9.0\"\nedition = \"2021\"\n\n[workspace]\n",
        )
        .file("patched/src/lib.rs", "pub fn deunicode(_: &str) -> String { \"patched\".to_owned() }\n")
        .file("other/Cargo.toml", "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition.workspace = true\n\n[dependencies]\nsea-orm-migration.workspace = true\nasync-trait = { workspace = true }\n")
        .file("other/src/lib.rs", &named("m00009_of_others", &creates("of_others")))
        .file("app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = { workspace = true }\n\n[dependencies]\nsea-orm-migration = { workspace = true, features = [\"runtime-tokio-rustls\"] }\nasync-trait.workspace = true\nother.workspace = true\ndeunicode.workspace = true\n")
        .file("app/src/main.rs", "mod infra;\nfn main() {}\n")
        .file("app/src/infra/mod.rs", "pub mod Database;\n")
        .file("app/src/infra/Database/mod.rs", "pub mod migrations;\n")
        .file("app/src/infra/Database/migrations/mod.rs", &index)
        .file("app/src/infra/Database/migrations/m00001_Users.rs", &creates("users"))
        .file("app/src/infra/Database/migrations/M00002_posts.rs", &creates("posts"))
        .file(
            "app/src/infra/Database/migrations/m00003_fill/mod.rs",
            &named(
                "m00003_fill",
                &executes("INSERT INTO users (n) VALUES (1)", "DELETE FROM users")
                    .replace("        manager.", "        assert_eq!(deunicode::deunicode(\"x\"), \"patched\");\n        assert_eq!(help::one(), 1);\n        manager."),
            ).replace("use sea_orm_migration::prelude::*;\n", "use sea_orm_migration::prelude::*;\n\nmod help;\n"),
        )
        .file("app/src/infra/Database/migrations/m00003_fill/help.rs", "pub fn one() -> i32 {\n    1\n}\n");
    life(&sandbox, URL);
    assert_eq!(names(&sandbox), ["m00001_Users", "M00002_posts", "m00003_fill", "m00009_of_others"]);
}

#[test]
fn two_migration_crates_in_one_workspace() {
    let sandbox = sandbox()
        .env("DATABASE_URL", URL)
        .file("Cargo.toml", "[workspace]\nmembers = [\"billing\", \"shop\", \"entity\"]\nresolver = \"2\"\n")
        .file("entity/Cargo.toml", "[package]\nname = \"entity\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .file("entity/src/lib.rs", "pub const TABLE: &str = \"bills\";\n")
        .file(
            "billing/Cargo.toml",
            &(migration_manifest("2.0.4").replace("\"migration\"", "\"billing\"")
                + "\n[dependencies.entity]\npath = \"../entity\"\n"),
        )
        .file("billing/src/lib.rs", &index(&["m1_bills"]))
        .file(
            "billing/src/m1_bills.rs",
            &creates("bills").replace("Alias::new(\"bills\")", "Alias::new(entity::TABLE)"),
        )
        .file("shop/Cargo.toml", &migration_manifest("2.0.4").replace("\"migration\"", "\"shop\""))
        .file("shop/src/lib.rs", &index(&["m1_goods"]))
        .file("shop/src/m1_goods.rs", &creates("goods"));
    let several = sandbox.kit(&["migrate"]);
    assert_error!(several, Error::SeveralMigrations { paths } if *paths == ["billing/src", "shop/src"]);
    for (place, name) in [("billing", "m1_bills"), ("shop", "m1_goods"), ("billing", "m1_bills")] {
        sandbox.write("kit.toml", &format!("[project]\nmigrations = \"{place}\"\n"));
        ok(sandbox.kit(&["migrate:fresh", "--force"]));
        assert_eq!(names(&sandbox), [name]);
    }
    // Both are built; going from one to the other builds nothing.
    sandbox.write("kit.toml", "[project]\nmigrations = \"shop\"\n");
    assert!(!built(&ok(sandbox.kit(&["migrate:fresh", "--force", "-v"]))));
}

#[cfg(unix)]
#[test]
fn a_folder_with_spaces_and_other_letters_read_only_and_behind_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = sandbox();
    let real = home.root().join("Mein Projekt – 迁移 é'\"$");
    let place = format!("{}/", real.file_name().unwrap().to_str().unwrap());
    let home = home
        .file(&format!("{place}Cargo.toml"), "[workspace]\nmembers = [\"migration\"]\nresolver = \"2\"\n")
        .file(&format!("{place}migration/Cargo.toml"), &migration_manifest("2.0.4"))
        .file(&format!("{place}migration/src/lib.rs"), &index(&["m1_a"]))
        .file(&format!("{place}migration/src/m1_a.rs"), &creates("a"))
        .file("data/keep", "");
    symlink(&real, home.root().join("link")).unwrap();
    let before = home.files();
    let lock = |mode| {
        for folder in ["", "migration", "migration/src"] {
            fs::set_permissions(real.join(folder), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    lock(0o555);
    let url = format!("sqlite://{}?mode=rwc", home.root().join("data/app.sqlite").display());
    let home = home.env("DATABASE_URL", &url).cwd("link/migration/src");
    ok(home.kit(&["migrate"]));
    assert!(all(&states(&home, &[]), "ran"));
    // By its own name it is the same project: nothing is built again, and after a change it is.
    let home = home.cwd(&place);
    assert!(!built(&ok(home.kit(&["migrate:redo", "--force", "-v"]))));
    let after: Vec<String> = home.files().into_iter().filter(|file| !file.starts_with("data/app")).collect();
    assert_eq!(before, after, "kit writes nothing into the project");
    lock(0o755);
    home.write(&format!("{place}migration/src/m1_a.rs"), &creates("other").replace("other", "b"));
    assert!(built(&ok(home.kit(&["migrate:fresh", "--force", "-v"]))));
    home.write(&format!("{place}migration/src/m1_a.rs"), "broken");
    let failed = home.kit(&["migrate:fresh", "--force"]);
    assert!(failed.code == 1 && failed.quotes("--> migration/src/m1_a.rs:1:"), "{failed}");
}

#[test]
fn migrators_that_are_values_and_tables_of_other_names() {
    let unit = index(&["m20240101_000001_create_a"])
        .replace("MigratorTrait for", "MigratorTraitSelf for")
        .replace("fn migrations()", "fn migrations(&self)")
        .replace("        ]\n    }\n", "        ]\n    }\n\n    fn migration_table_name(&self) -> DynIden {\n        \"history\".into_iden()\n    }\n")
        .replace("use sea_orm_migration::prelude::*;", "use sea_orm_migration::prelude::*;\npub use sea_orm_migration::MigratorTraitSelf;");
    let sandbox = seaorm("2.0.4", &[("m20240101_000001_create_a", creates("a"))]);
    sandbox.write("migration/src/lib.rs", &unit);
    let tables = |sandbox: &Sandbox| {
        ok(sandbox.kit(&["migrate:fresh", "--force"]));
        assert!(all(&states(sandbox, &[]), "ran"));
        ok(sandbox.kit(&["migrate:redo", "--force"]));
        let output = std::process::Command::new("sqlite3")
            .arg(sandbox.root().join("app.sqlite"))
            .arg(".tables")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(tables(&sandbox), ["a", "history", "kit_migrations"]);

    // A value with fields, and a name that only running it tells.
    let default = unit
        .replace(
            "pub struct Migrator;",
            "#[derive(Default)]\npub struct Migrator {\n    pub tenant: Option<String>,\n}",
        )
        .replace(
            "\"history\".into_iden()",
            "Alias::new(format!(\"history_{}\", self.tenant.as_deref().unwrap_or(\"all\"))).into_iden()",
        );
    sandbox.write("migration/src/lib.rs", &default);
    assert_eq!(tables(&sandbox), ["a", "history_all", "kit_migrations"]);
    ok(sandbox.kit(&["migrate:rollback", "--force"]));
    assert!(all(&states(&sandbox, &[]), "pending"));
}

#[test]
fn with_a_lock_file_its_versions_are_taken() {
    let sandbox = seaorm("2.0.4", &three());
    ok(sandbox.kit(&["migrate"]));
    assert!(!sandbox.root().join("migration/Cargo.lock").exists());
    let cached = crate::support::cache::kept_lock(&projects::kit_cache(), "2");
    let lock = fs::read_to_string(cached).unwrap();
    sandbox.write("migration/Cargo.lock", &lock);
    ok(sandbox.kit(&["migrate:fresh", "--force"]));
    assert_eq!(sandbox.read("migration/Cargo.lock"), lock, "the project's own lock file stays as it is");
    sandbox.write("migration/Cargo.lock", "no lock file");
    let failed = sandbox.kit(&["migrate:fresh", "--force"]);
    assert_eq!(failed.code, 1, "{failed}");
    // Cargo reports the file that it cannot read.
    assert_error!(failed, Error::Build { .. });
    assert!(failed.quotes("lock file"), "{failed}");
}
