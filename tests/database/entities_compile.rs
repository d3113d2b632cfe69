//! What `kit db:sync` writes compiles without a warning, in every format: of a schema in which every name and text is
//! hostile, and of public ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "cargo inherits the environment of the test")]
#![allow(clippy::print_stderr, reason = "what was tried, and what was not, is said")]

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::database::Database;
use crate::support::projects::ok;
use crate::support::{self, projects, schemas};
use crate::support::{Sandbox, Transcript};
use kit_runtime::dialect::Dialect;

const FORMATS: [&str; 4] = ["compact", "expanded", "dense", "frontend"];

/// What differs between databases is in every format alike: all formats of one, and one of all.
#[tokio::test]
async fn hostile_names_compile() {
    let package = Package::new("hostile");
    for database in Database::all().await {
        let formats = if database.dialect == Dialect::Postgres { &FORMATS[..] } else { &FORMATS[..1] };
        hostile(&package, &database, formats).await;
    }
    assert_eq!(package.check(), None);
}

#[tokio::test]
#[ignore = "takes minutes: ./test.sh --all"]
async fn hostile_names_compile_in_every_format_on_every_database() {
    let package = Package::new("hostile_all");
    for database in Database::all().await {
        hostile(&package, &database, &FORMATS).await;
    }
    assert_eq!(package.check(), None);
}

schemas::for_each_public!(
    public_schema_compiles:
    #[ignore = "takes minutes: ./test.sh --all"]
    chinook,
    #[ignore = "takes minutes: ./test.sh --all"]
    sakila,
    #[ignore = "takes minutes: ./test.sh --all"]
    northwind,
    #[ignore = "takes minutes: ./test.sh --all"]
    adventureworks,
    #[ignore = "takes minutes: ./test.sh --all"]
    roundcube,
    #[ignore = "takes minutes: ./test.sh --all"]
    mediawiki,
    #[ignore = "takes minutes: ./test.sh --all"]
    wordpress,
    #[ignore = "takes minutes: ./test.sh --all"]
    zabbix,
);

async fn public_schema_compiles(name: &str) {
    let mut wrong = Vec::new();
    for script in schemas::public().into_iter().filter(|script| script.name == name) {
        let database = Database::empty(script.dialect).await;
        if let Err(said) = script.load(&database) {
            wrong.push(format!("{name} on {:?} cannot be loaded:\n{said}", script.dialect));
            continue;
        }
        // A crate each: all of them in one would take rustc more memory than there may be.
        let package = Package::new(&format!("{name}_{}", word(&database)));
        if script.schemas.is_empty() {
            package.add(name, &database, None, &FORMATS);
        }
        for schema in script.schemas {
            package.add(&format!("{name}_{schema}"), &database, Some(schema), &FORMATS);
        }
        let said = package.check();
        eprintln!("{name} on {:?}: {}", script.dialect, if said.is_none() { "compiles" } else { "does not compile" });
        wrong.extend(said.map(|said| format!("{name} on {:?}:\n{said}", script.dialect)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

async fn hostile(package: &Package, database: &Database, formats: &[&str]) {
    for statement in schemas::hostile(database.dialect) {
        database.execute(&[&statement]).await;
    }
    package.add("hostile", database, None, formats);
}

fn word(database: &Database) -> String {
    format!("{:?}", database.dialect).to_lowercase()
}

/// A crate with the entities of many schemas.
struct Package {
    sandbox: Sandbox,
}

impl Package {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("entities_compile").join(name);
        let _ = std::fs::remove_dir_all(folder.join("src"));
        let sandbox = Sandbox::at(&folder)
            .file("Cargo.toml", MANIFEST)
            .file("Cargo.lock", include_str!("../../Cargo.lock"))
            .file("migrations/mod.rs", support::EMPTY_INDEX)
            .file("src/lib.rs", "");
        Self { sandbox }
    }

    fn add(&self, name: &str, database: &Database, schema: Option<&str>, formats: &[&str]) {
        let dialect = word(database);
        for format in formats {
            let folder = format!("src/{dialect}/{name}/{format}");
            let mut arguments =
                vec!["db:sync", "--skip-migrations", "--include-hidden-tables", "--entity-format", format];
            arguments.extend(["--output-dir", &folder, "--database-url", database.url()]);
            arguments.extend(schema.iter().flat_map(|schema| ["--database-schema", schema]));
            let said = ok(kit(&self.sandbox, &arguments));
            // Kit says where to put it.
            if let Some(limit) = said.stderr.split('`').find(|part| part.starts_with("#![recursion_limit")) {
                self.sandbox.write("src/lib.rs", &format!("{limit}\n"));
            }
        }
    }

    /// What cargo complains of.
    fn check(&self) -> Option<String> {
        let mut modules: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for file in self.sandbox.files() {
            if let Some((path, "mod.rs")) = file.rsplit_once('/')
                && let [_, dialect, schema, format] = path.split('/').collect::<Vec<_>>().as_slice()
            {
                let text = modules.entry((*dialect).to_owned()).or_default().entry((*schema).to_owned()).or_default();
                *text += &format!("        pub mod {format};\n");
            }
        }
        let mut text = self.sandbox.read("src/lib.rs") + "#![deny(warnings)]\n";
        for (dialect, schemas) in modules {
            text += &format!("pub mod {dialect} {{\n");
            for (schema, formats) in schemas {
                text += &format!("    pub mod {schema} {{\n{formats}    }}\n");
            }
            text += "}\n";
        }
        self.sandbox.write("src/lib.rs", &text);
        projects::complaint(&mut projects::cargo(&self.sandbox, &["check", "--quiet", "--message-format", "short"]))
    }
}

/// Kit has a runtime of its own.
fn kit(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    std::thread::scope(|scope| scope.spawn(|| sandbox.kit(arguments)).join().unwrap())
}

const MANIFEST: &str = r#"[workspace]

[package]
name = "entities"
version = "0.1.0"
edition = "2024"

[dependencies.sea-orm]
version = "2.0.4"
default-features = false
features = ["macros", "runtime-tokio-rustls", "sqlx-sqlite", "sqlx-postgres", "sqlx-mysql", "with-chrono", "with-json", "with-rust_decimal", "with-uuid", "postgres-array"]

# What the format for frontends uses.
[dependencies]
chrono = "0.4"
rust_decimal = "1"
serde_json = "1"
uuid = "1"
"#;
