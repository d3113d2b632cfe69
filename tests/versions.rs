//! Existing projects come with old lock files: migration crates on exact releases of SeaORM, with the fewest features that it
//! compiles with and the dependencies of their day, do everything that the newest do.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

#[path = "support/database.rs"]
mod database;
#[path = "support/projects.rs"]
mod projects;

use std::process::Command;

use kit::error::{Error, SeaOrmErrorKind};
use kit_runtime::wire::{Cause, Failure};
use projects::{On, creates, executes, index, migration, sandbox};
use support::{Sandbox, assert_error, assert_failure};

use crate::database::Database;

/// A release of SeaORM, and whether a run can be pretended over it.
struct Release {
    version: &'static str,
    pretends: bool,
}

const fn release(version: &'static str, pretends: bool) -> Release {
    Release { version, pretends }
}

/// The crates of a release, each of which takes newer ones of the others: such a lock file has them as they were.
const OF_A_RELEASE: [&str; 2] = ["sea-orm", "sea-orm-macros"];

/// SeaORM up to 1.1.9 compiles only with the driver of its day.
const SQLX_0_8_3: [&str; 5] = ["sqlx", "sqlx-core", "sqlx-mysql", "sqlx-postgres", "sqlx-sqlite"];

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

/// A migration crate with a lock file of its own.
fn project(release: &Release) -> Sandbox {
    let manifest = format!(
        "[package]\nname = \"migration\"\nversion = \"0.1.0\"\nedition = \"2021\"\npublish = false\n\n[lib]\npath = \"src/lib.rs\"\n\n\
         [workspace]\n\n[dependencies]\nasync-trait = \"0.1\"\n\n[dependencies.sea-orm-migration]\nversion = \"={}\"\ndefault-features = false\n\
         features = [\"runtime-tokio-rustls\", \"sqlx-sqlite\"]\n",
        release.version
    );
    let sandbox = sandbox().file("migration/Cargo.toml", &manifest).file("migration/src/lib.rs", &index(&NAMES));
    let sandbox = NAMES
        .iter()
        .zip(files())
        .fold(sandbox, |sandbox, (name, text)| sandbox.file(&format!("migration/src/{name}.rs"), &text));
    let cargo = |arguments: &[&str]| {
        let output =
            Command::new("cargo").args(arguments).current_dir(sandbox.root().join("migration")).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    cargo(&["generate-lockfile", "--quiet"]);
    for name in OF_A_RELEASE {
        cargo(&["update", "--quiet", name, "--precise", release.version]);
    }
    let minor: Vec<u64> = release.version.split('.').map(|part| part.parse().unwrap()).collect();
    if minor[..2] == [1, 1] && minor[2] <= 9 {
        for name in SQLX_0_8_3 {
            // Which of the drivers are in the lock file depends on the features.
            let precise = ["update", "--quiet", name, "--precise", "0.8.3"];
            let _ = Command::new("cargo").args(precise).current_dir(sandbox.root().join("migration")).output();
        }
    }
    sandbox
}

fn lives(release: &Release) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let databases = runtime.block_on(Database::all());
    let sandbox = project(release);
    let lock = sandbox.read("migration/Cargo.lock");
    for database in &databases {
        let on = On::new(&sandbox, database);
        let version = release.version;
        if release.pretends {
            let script = on.ok(&["migrate", "--pretend"]);
            assert!(script.quotes("INSERT INTO a"), "{version}: {script}");
        } else {
            let refused = on.fails(&["migrate", "--pretend"]);
            assert_error!(refused, Error::SeaOrm { version: named, kind: SeaOrmErrorKind::CannotPretend } if named == version);
        }
        on.ok(&["migrate"]);
        assert_eq!(on.states(), ["ran"; 3], "{version}");
        on.ok(&["migrate:rollback", "--step", "2", "--force"]);
        assert_eq!(on.states(), ["ran", "pending", "pending"], "{version}");
        on.ok(&["migrate:verify"]);
        on.ok(&["migrate:fresh", "--force"]);
        assert_eq!(on.states(), ["ran"; 3], "{version}");
    }
    // A migration that fails leaves nothing, as on the newest.
    let text = "manager.get_connection().execute_unprepared(\"INSERT INTO nowhere VALUES (1)\").await.map(|_| ())";
    sandbox.write(&format!("migration/src/{}.rs", NAMES[2]), &migration(text, "let _ = manager; Ok(())"));
    for database in &databases {
        let on = On::new(&sandbox, database);
        on.ok(&["migrate:reset", "--force"]);
        let failed = on.fails(&["migrate"]);
        assert_failure!(failed, Failure::Migration { name, cause: Cause::Error, .. } if name == NAMES[2]);
        assert_eq!(on.states(), ["ran", "ran", "pending"], "{}", release.version);
    }
    assert_eq!(sandbox.read("migration/Cargo.lock"), lock, "kit writes nothing into a project");
    drop(databases);
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
