//! Existing projects come with old lock files: migration crates on exact releases of SeaORM, with the fewest features that it
//! compiles with and the dependencies of their day, do everything that the newest do.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::support::projects::{On, creates, executes, index, migration, ok, sandbox};
use crate::support::types::{TYPES, named};
use crate::support::{Sandbox, assert_error, assert_failure};
use crate::support::{projects, schemas};
use kit::error::{Error, SeaOrmErrorKind};
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Cause, Failure};

use crate::support::database::Database;

/// A release of SeaORM, and whether a run can be pretended over it.
struct Release {
    version: &'static str,
    pretends: bool,
}

const fn release(version: &'static str, pretends: bool) -> Release {
    Release { version, pretends }
}

const OLDEST: Release = release("1.1.0", false);
const MIDDLE: Release = release("1.1.13", true);
const FIRST_OF_2: Release = release("2.0.0", true);
const BETWEEN: [Release; 7] = [
    release("1.0.1", false),
    release("1.1.1", false),
    release("1.1.8", false),
    release("1.1.11", true),
    release("1.1.16", true),
    release("1.1.19", true),
    release("2.0.1", true),
];

const NAMES: [&str; 3] = ["m20240101_000001_create_a", "m20240101_000002_create_b", "m20240101_000003_count"];

fn files() -> [String; 3] {
    [creates("a"), creates("b"), executes("INSERT INTO a (n) VALUES (1)", "DELETE FROM a")]
}

/// An application with a crate of migrations, one of entities, one of entities in every format, and a lock file.
fn project(release: &Release) -> Sandbox {
    let version = release.version;
    let package = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\npublish = false\n")
    };
    let requires = |name: &str, features: &str| {
        format!(
            "\n[dependencies.{name}]\nversion = \"={version}\"\ndefault-features = false\nfeatures = [{features}]\n"
        )
    };
    let application = package("app")
        + "\n[workspace]\nmembers = [\"entity\", \"formats\", \"migration\"]\nresolver = \"2\"\n\n[dependencies]\n\
           entity = { path = \"entity\" }\nformats = { path = \"formats\" }\nmigration = { path = \"migration\" }\n";
    let entity = package("entity") + "\n[lints.rust]\nwarnings = \"deny\"\n" + &requires("sea-orm", TYPES_OF_SEAORM);
    let formats = entity.replace("name = \"entity\"", "name = \"formats\"")
        + "\n[dependencies]\nchrono = \"0.4\"\nrust_decimal = \"1\"\nserde_json = \"1\"\nuuid = \"1\"\n";
    let migration = package("migration")
        + "\n[lib]\npath = \"src/lib.rs\"\n\n[dependencies]\nasync-trait = \"0.1\"\n"
        + &requires("sea-orm-migration", "\"runtime-tokio-rustls\", \"sqlx-sqlite\"");
    let sandbox = sandbox()
        .file("Cargo.toml", &application)
        .file("src/main.rs", "fn main() {}\n")
        .file("entity/Cargo.toml", &entity)
        .file("entity/src/lib.rs", "")
        .file("formats/Cargo.toml", &formats)
        .file("formats/src/lib.rs", "")
        .file("migration/Cargo.toml", &migration)
        .file("migration/src/lib.rs", &index(&NAMES));
    let sandbox = NAMES
        .iter()
        .zip(files())
        .fold(sandbox, |sandbox, (name, text)| sandbox.file(&format!("migration/src/{name}.rs"), &text));
    projects::lock_at(&sandbox.root(), version);
    sandbox
}

/// The types that entities may need.
const TYPES_OF_SEAORM: &str =
    "\"macros\", \"postgres-array\", \"with-chrono\", \"with-json\", \"with-rust_decimal\", \"with-uuid\"";

fn lives(release: &Release) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let databases = runtime.block_on(Database::all());
    let sandbox = project(release);
    let lock = sandbox.read("Cargo.lock");
    // A migration as kit writes it, with a column of each type.
    let fields: Vec<String> = TYPES.iter().map(|written| named(written, "?")).collect();
    let words: Vec<&str> =
        ["make:migration", "create_kinds"].into_iter().chain(fields.iter().map(String::as_str)).collect();
    ok(sandbox.kit(&words));
    for database in &databases {
        migrates(release, &On::new(&sandbox, database));
    }
    // A migration that fails leaves nothing, as on the newest.
    let text = "manager.get_connection().execute_unprepared(\"INSERT INTO nowhere VALUES (1)\").await.map(|_| ())";
    let failing = migration(text, "let _ = manager; Ok(())");
    let whole = sandbox.read(&format!("migration/src/{}.rs", NAMES[2]));
    sandbox.write(&format!("migration/src/{}.rs", NAMES[2]), &failing);
    for database in &databases {
        let on = On::new(&sandbox, database);
        on.ok(&["migrate:reset", "--force"]);
        let failed = on.fails(&["migrate"]);
        assert_failure!(failed, Failure::Migration { name, cause: Cause::Error, .. } if name == NAMES[2]);
        assert_eq!(on.states(), ["ran", "ran", "pending", "pending"], "{}", release.version);
    }
    sandbox.write(&format!("migration/src/{}.rs", NAMES[2]), &whole);
    for database in &databases {
        On::new(&sandbox, database).ok(&["migrate"]);
    }
    runtime.block_on(formats(release, &sandbox));
    for database in &databases {
        seeds(&sandbox, database, &runtime);
    }
    assert_eq!(sandbox.read("Cargo.lock"), lock, "kit writes nothing into a project");
    drop(databases);
}

/// All commands that run migrations.
fn migrates(release: &Release, on: &On<'_>) {
    let version = release.version;
    if release.pretends {
        let script = on.ok(&["migrate", "--pretend"]);
        assert!(script.quotes("INSERT INTO a"), "{version}: {script}");
    } else {
        let refused = on.fails(&["migrate", "--pretend"]);
        assert_error!(refused, Error::SeaOrm { version: named, kind: SeaOrmErrorKind::CannotPretend, .. } if named == version);
    }
    on.ok(&["migrate"]);
    assert_eq!(on.states(), ["ran"; 4], "{version}");
    on.ok(&["migrate:rollback", "--step", "2", "--force"]);
    assert_eq!(on.states(), ["ran", "ran", "pending", "pending"], "{version}");
    on.ok(&["migrate:verify"]);
    on.ok(&["migrate:fresh", "--force"]);
    assert_eq!(on.states(), ["ran"; 4], "{version}");
}

/// Writes the entities of a schema with hostile names in each format; the program of the seeders is compiled with them.
async fn formats(release: &Release, sandbox: &Sandbox) {
    let mut library = String::new();
    for database in Database::all().await {
        for statement in schemas::hostile(database.dialect) {
            database.execute(&[&statement]).await;
        }
        let dialect = format!("{:?}", database.dialect).to_lowercase();
        let formats = if database.dialect == Dialect::Postgres { &FORMATS[..] } else { &FORMATS[..1] };
        let on = On::new(sandbox, &database);
        for format in formats {
            let name = format!("{dialect}_{format}");
            let folder = format!("formats/src/{name}");
            let arguments = ["db:sync", "--skip-migrations", "--entity-format", format, "--output-dir", &folder];
            if *format == "dense" && release.version < "2" {
                let refused = on.fails(&arguments);
                assert_error!(refused, Error::SeaOrm { kind: SeaOrmErrorKind::NoDenseEntities, .. });
                assert!(!sandbox.root().join(&folder).exists());
                continue;
            }
            on.ok(&arguments);
            library += &format!("pub mod {name};\n");
        }
    }
    sandbox.write("formats/src/lib.rs", &library);
}

const FORMATS: [&str; 4] = ["compact", "expanded", "dense", "frontend"];

/// Rows by a seeder with a factory, both as kit writes them, and with the entities of this database.
fn seeds(sandbox: &Sandbox, database: &Database, runtime: &tokio::runtime::Runtime) {
    let on = On::new(sandbox, database);
    on.ok(&["db:sync"]);
    assert_eq!(on.kit(&["db:sync", "--check"]).code, 0);
    on.ok(&["make:factory", "kind", "--force"]);
    if !sandbox.root().join("database/seeders/kind_seeder.rs").exists() {
        on.ok(&["make:seeder", "KindSeeder"]);
        let seeder = sandbox.read("database/seeders/kind_seeder.rs");
        sandbox.write("database/seeders/kind_seeder.rs", &format!("use formats as _;\n{seeder}"));
    }
    on.ok(&["db:seed", "--class", "KindSeeder"]);
    let rows = runtime.block_on(database.value("(SELECT COUNT(*) FROM kinds)"));
    assert_eq!(rows.as_deref(), Some("10"));
}

#[test]
fn the_oldest_1_1_lives() {
    lives(&OLDEST);
}

#[test]
fn one_in_the_middle_of_1_1_lives() {
    lives(&MIDDLE);
}

#[test]
fn the_first_of_2_lives() {
    lives(&FIRST_OF_2);
}

#[test]
#[ignore = "compiles seven releases of SeaORM: ./test.sh --all"]
fn those_between_live() {
    for release in &BETWEEN {
        lives(release);
    }
}
