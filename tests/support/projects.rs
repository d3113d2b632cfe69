//! Projects as their own tools write them, for tests with a real migrator: their text, and kit run on them. Builds
//! are kept from run to run. What is tested with it is not its business.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot read kit's answer fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::database::Database;
use crate::support::{EMPTY_INDEX, Sandbox, Transcript, commands};

pub use super::cache::kit_cache;

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

/// The manifest of an application with entities, on every database.
pub fn application_manifest(name: &str) -> String {
    format!(
        r#"[workspace]

[package]
name = "{name}"
version = "0.1.0"
edition = "2024"

[dependencies]
tokio = {{ version = "1", features = ["macros", "rt"] }}

[dependencies.sea-orm]
version = "2.0.4"
default-features = false
features = ["macros", "runtime-tokio-rustls", "sqlx-sqlite", "sqlx-postgres", "sqlx-mysql", "with-chrono", "with-json", "with-rust_decimal", "with-uuid", "postgres-array"]
"#
    )
}

/// An application that stays from run to run, without sources and migrations.
pub fn application(name: &str) -> Sandbox {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(folder.join("src"));
    Sandbox::at(&folder)
        .file("Cargo.toml", &application_manifest(name))
        .file("Cargo.lock", include_str!("../../Cargo.lock"))
        .file("migrations/mod.rs", EMPTY_INDEX)
}

/// cargo for an application with entities, in the target folder of all of them.
pub fn cargo(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(arguments)
        .current_dir(sandbox.root())
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/entities"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0");
    command
}

/// The beginning of what cargo, or the program that it ran, printed when it failed: one mistake is repeated in thousands of modules.
pub fn complaint(command: &mut Command) -> Option<String> {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    (!output.status.success()).then(|| text.lines().take(100).collect::<Vec<_>>().join("\n"))
}

/// The same with its migrations in it.
pub fn migrating_manifest(name: &str) -> String {
    application_manifest(name) + "\n[dependencies.sea-orm-migration]\nversion = \"2.0.4\"\ndefault-features = false\n"
}

/// The crates of a release, each of which takes newer ones of the others: such a lock file has them as they were.
const OF_A_RELEASE: [&str; 3] = ["sea-orm-migration", "sea-orm", "sea-orm-macros"];

/// SeaORM up to 1.1.9 compiles only with the driver of its day.
const SQLX_0_8_3: [&str; 5] = ["sqlx", "sqlx-core", "sqlx-mysql", "sqlx-postgres", "sqlx-sqlite"];

/// Writes the lock file of the workspace in `folder`, with SeaORM's crates in this version, and the others as a lock file of their
/// day has them.
#[track_caller]
pub fn lock_at(folder: &Path, version: &str) {
    let cargo = |arguments: &[&str]| Command::new("cargo").args(arguments).current_dir(folder).output().unwrap();
    let done = |arguments: &[&str]| {
        let output = cargo(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    done(&["generate-lockfile", "--quiet"]);
    for name in OF_A_RELEASE {
        let lock = fs::read_to_string(folder.join("Cargo.lock")).unwrap();
        if lock.contains(&format!("name = \"{name}\"\n")) {
            done(&["update", "--quiet", name, "--precise", version]);
        }
    }
    let parts: Vec<u64> = version.split('.').map_while(|part| part.parse().ok()).collect();
    if parts[..2] == [1, 1] && parts[2] <= 9 {
        for name in SQLX_0_8_3 {
            // Which of the drivers are in the lock file depends on the features.
            let _ = cargo(&["update", "--quiet", name, "--precise", "0.8.3"]);
        }
    }
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

/// A sandbox whose builds are kept from run to run, however many tests there are.
pub fn sandbox() -> Sandbox {
    Sandbox::new().env("KIT_CACHE_DIR", &kit_cache().display().to_string()).env("KIT_CACHE_LIMIT", "none")
}

/// A project as `kit init` leaves it, called `my-app`.
pub fn started() -> Sandbox {
    sandbox()
        .file("Cargo.toml", &migrating_manifest("my-app"))
        .file("Cargo.lock", include_str!("../../Cargo.lock"))
        .file("src/lib.rs", "#[path = \"../migrations/mod.rs\"]\npub mod migrations;\npub mod models;\n")
        .file("src/models/mod.rs", "//! The entities of the database.\n")
        .file("migrations/mod.rs", EMPTY_INDEX)
}

pub fn seaorm(version: &str, files: &[(&str, String)]) -> Sandbox {
    let modules: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let sandbox = sandbox()
        .file("migration/Cargo.toml", &migration_manifest(version))
        .file("migration/src/lib.rs", &index(&modules))
        .env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc");
    files.iter().fold(sandbox, |sandbox, (name, text)| sandbox.file(&format!("migration/src/{name}.rs"), text))
}

/// The run, which exited with 0.
#[track_caller]
pub fn ok(transcript: Transcript) -> Transcript {
    assert_eq!(transcript.code, 0, "{transcript}");
    transcript
}

/// The number of crates that a run with `-v` compiled, if it called cargo.
pub fn compiled(run: &Transcript) -> Option<usize> {
    let line = run.stderr.lines().find(|line| line.contains("crates compiled: "))?;
    Some(line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// Whether a run with `-v` called cargo.
pub fn built(run: &Transcript) -> bool {
    compiled(run).is_some()
}

/// State of each migration, in kit's order.
pub fn states(sandbox: &Sandbox, more: &[&str]) -> Vec<(String, String)> {
    let arguments: Vec<&str> = ["migrate:status", "--json"].iter().chain(more).copied().collect();
    let transcript = ok(sandbox.kit(&arguments));
    let lines = transcript.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    lines["migrations"].as_array().unwrap().iter().map(|line| (text(&line["name"]), text(&line["state"]))).collect()
}

pub fn all(states: &[(String, String)], state: &str) -> bool {
    !states.is_empty() && states.iter().all(|(_, found)| found == state)
}

/// Up, status, down, fresh, by steps and by batch, on a database that is there.
pub fn life(sandbox: &Sandbox, url: &str) {
    let run = |arguments: &[&str]| {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--database", url, "--force"]).collect();
        ok(sandbox.kit(&arguments))
    };
    let on = ["--database", url];
    run(&["migrate:install", "--create-database"]);
    assert!(all(&states(sandbox, &on), "pending"));
    run(&["migrate"]);
    assert!(all(&states(sandbox, &on), "ran"));
    assert_eq!(run(&["migrate"]).stdout, "");
    run(&["migrate:rollback"]);
    let after = states(sandbox, &on);
    assert_eq!(after.iter().filter(|(_, state)| state == "pending").count(), 1, "{after:?}");
    assert_eq!(after.last().unwrap().1, "pending");
    run(&["migrate"]);
    run(&["migrate:rollback", "--batch"]);
    run(&["migrate:redo"]);
    run(&["migrate:reset"]);
    assert!(all(&states(sandbox, &on), "pending"));
    run(&["migrate", "--step"]);
    run(&["migrate:refresh"]);
    run(&["migrate:fresh"]);
    assert!(all(&states(sandbox, &on), "ran"));
}

/// Two tables and a data change that would show if it ran twice.
pub fn three() -> Vec<(&'static str, String)> {
    vec![
        ("m20240101_000001_create_a", creates("a")),
        ("m20240101_000002_create_b", creates("b")),
        ("m20240101_000003_count", executes("INSERT INTO a (n) VALUES (1)", "DELETE FROM a")),
    ]
}

/// The migrations of [`family`].
pub const FAMILY: [&str; 4] =
    ["m20240101_000001_create_a", "m20240101_000002_create_b", "m20240101_000003_count", "m20240101_000004_create_c"];

/// One project for many tests: it is built once and stays. None of them writes into it.
pub fn family() -> Sandbox {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects/family");
    let sandbox = Sandbox::at(&folder)
        .env("KIT_CACHE_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/kit-cache"))
        .env("KIT_CACHE_LIMIT", "none");
    let [a, b, count, c] = FAMILY;
    for (path, text) in [
        ("Cargo.toml".to_owned(), "[workspace]\nmembers = [\"migration\"]\nresolver = \"2\"\n".to_owned()),
        ("migration/Cargo.toml".to_owned(), migration_manifest("2.0.4")),
        ("migration/src/lib.rs".to_owned(), index(&FAMILY)),
        (format!("migration/src/{a}.rs"), creates("a")),
        (format!("migration/src/{b}.rs"), creates("b")),
        (format!("migration/src/{count}.rs"), executes("INSERT INTO a (n) VALUES (1)", "DELETE FROM a WHERE n = 1")),
        (format!("migration/src/{c}.rs"), creates("c")),
    ] {
        if fs::read_to_string(folder.join(&path)).ok().as_ref() != Some(&text) {
            sandbox.write(&path, &text);
        }
    }
    sandbox
}

/// Kit on a project and one database, from within an asynchronous test.
pub struct On<'a> {
    pub sandbox: &'a Sandbox,
    pub url: &'a str,
}

impl<'a> On<'a> {
    pub fn new(sandbox: &'a Sandbox, database: &'a Database) -> Self {
        Self { sandbox, url: database.url() }
    }

    /// Without a terminal to answer questions on.
    #[must_use = "the run may have failed"]
    pub fn kit(&self, arguments: &[&str]) -> Transcript {
        self.run(arguments, None)
    }

    /// With these answers to its questions.
    #[must_use = "the run may have failed"]
    pub fn answering(&self, arguments: &[&str], answers: &[&str]) -> Transcript {
        self.run(arguments, Some(answers))
    }

    /// A run that exits with 0.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Transcript {
        ok(self.kit(arguments))
    }

    /// A run that ends with an error and exits with 1.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str]) -> Transcript {
        let transcript = self.kit(arguments);
        assert_eq!((transcript.code, transcript.error.is_some()), (1, true), "{transcript}");
        transcript
    }

    /// Runs each command of a hint with `more` at its end; all exit with 0.
    #[track_caller]
    pub fn follow(&self, hint: &str, more: &[&str]) -> Vec<Transcript> {
        let commands = commands(hint);
        assert!(!commands.is_empty(), "no command: {hint}");
        let run = |command: &Vec<String>| {
            let line: Vec<&str> = command.iter().map(String::as_str).chain(more.iter().copied()).collect();
            self.ok(&line)
        };
        commands.iter().map(run).collect()
    }

    /// State of each migration, in kit's order.
    #[track_caller]
    pub fn states(&self) -> Vec<String> {
        self.ok(&["migrate:status", "--json"]).json()["migrations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["state"].as_str().unwrap().to_owned())
            .collect()
    }

    fn run(&self, arguments: &[&str], answers: Option<&[&str]>) -> Transcript {
        let sandbox = self.sandbox.seeing("DATABASE_URL", self.url);
        // Kit brings its own runtime, and one runtime does not start another.
        std::thread::scope(|scope| {
            let run = || match answers {
                Some(answers) => sandbox.kit_answering(arguments, answers),
                None => sandbox.kit(arguments),
            };
            scope.spawn(run).join().unwrap()
        })
    }
}

/// The names of the migrations that a run has applied or rolled back, from `--json`.
#[track_caller]
pub fn applied(stdout: &str) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_str(stdout).unwrap();
    answer["migrations"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}
