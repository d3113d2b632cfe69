//! Projects on a release of SeaORM with which kit cannot do something: nothing is created, and the hint leads to one with which it
//! can, from every requirement and lock file. Nothing is compiled.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::process::Command;

use crate::support::projects;
use crate::support::projects::{creates, index, sandbox};
use crate::support::{Sandbox, Transcript, assert_error};
use kit::error::{Error, SeaOrmErrorKind};
use kit::migrator::lock_file::LockFile;
use kit::migrator::package::Package;
use kit::project::sea_orm::SeaOrm;

const NAME: &str = "m20240101_000001_create_a";

/// A crate of migrations and one of entities with these requirements, in a workspace or, if `is_alone`, only the first, with a
/// lock file that has SeaORM's crates in this version, if any.
fn project(requirement: &str, entities: Option<&str>, locked: Option<&str>) -> Sandbox {
    let package = |name: &str, dependency: &str, requirement: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nasync-trait = \"0.1\"\n\
             {dependency} = {{ version = \"{requirement}\", default-features = false }}\n"
        )
    };
    let sandbox = sandbox()
        .file("migration/Cargo.toml", &package("migration", "sea-orm-migration", requirement))
        .file("migration/src/lib.rs", &index(&[NAME]))
        .file(&format!("migration/src/{NAME}.rs"), &creates("a"))
        .env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc");
    let sandbox = match entities {
        Some(entities) => sandbox
            .file("Cargo.toml", "[workspace]\nmembers = [\"entity\", \"mi*\"]\nresolver = \"2\"\n")
            .file("entity/Cargo.toml", &package("entity", "sea-orm", entities))
            .file("entity/src/lib.rs", ""),
        None => sandbox,
    };
    if let Some(version) = locked {
        let folder = if entities.is_some() { "" } else { "migration" };
        projects::lock_at(&sandbox.root().join(folder), version);
    }
    sandbox
}

/// Does what an error's hint asks for: changes the requirements that it names, and runs the command.
fn follow(sandbox: &Sandbox, refused: &Transcript) {
    let Some(Error::SeaOrm { upgrade: Some(upgrade), .. }) = refused.error.as_deref() else { panic!("{refused}") };
    let hint = refused.hint();
    for requirement in &upgrade.requirements {
        assert!(hint.contains(&requirement.place) && hint.contains(&format!("\"{}\"", upgrade.wanted)), "{hint}");
        let (file, line) = requirement.place.split_once(':').unwrap();
        let text = sandbox.read(file);
        let lines = text.lines().enumerate().map(|(number, text)| match number + 1 == line.parse::<usize>().unwrap() {
            true => text.replace(&format!("\"{}\"", requirement.version), &format!("\"{}\"", upgrade.wanted)),
            false => text.to_owned(),
        });
        let changed = lines.collect::<Vec<_>>().join("\n") + "\n";
        assert_ne!(changed, text, "{hint}");
        sandbox.write(file, &changed);
    }
    let Some(command) = hint.split('`').find_map(|part| part.strip_prefix("cargo ")) else { return };
    let output = Command::new("cargo").args(command.split(' ')).current_dir(sandbox.root()).output().unwrap();
    assert!(output.status.success(), "{hint}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The release that kit takes the project to be on.
fn release(sandbox: &Sandbox) -> SeaOrm {
    let root = sandbox.root();
    Package::of(&root.join("migration/src/lib.rs")).unwrap().sea_orm(&root).unwrap()
}

#[test]
fn the_hint_leads_to_a_release_that_pretends() {
    for (requirement, entities, locked) in [
        ("1.1", Some("1.1"), Some("1.1.8")),
        ("1.1", None, Some("1.1.8")),
        ("=1.1.8", None, Some("1.1.8")),
        ("=1.1.8", Some("=1.1.8"), Some("1.1.8")),
        ("1.1", Some("~1.1, <1.1.9"), Some("1.1.8")),
        ("=1.0.1", Some("1"), None),
    ] {
        let sandbox = project(requirement, entities, locked);
        let refused = sandbox.kit(&["migrate", "--pretend"]);
        assert_error!(refused, Error::SeaOrm { kind: SeaOrmErrorKind::CannotPretend, .. });
        follow(&sandbox, &refused);
        assert!(release(&sandbox).can_pretend(), "{requirement} {entities:?}: {refused}");
        if locked.is_some() {
            let folder = if entities.is_some() { "" } else { "migration/" };
            let lock = LockFile::parse(&sandbox.read(&format!("{folder}Cargo.lock")));
            let versions = lock.versions("sea-orm");
            assert!(versions.len() == 1 && SeaOrm::locked(&versions[0]).unwrap().can_pretend(), "{versions:?}");
        }
    }
}

#[test]
fn an_unsupported_release_creates_nothing_and_the_hint_leads_out_of_it() {
    for (requirement, entities, locked) in [
        ("0.12", None, None),
        ("0.12", Some("0.12"), Some("0.12.15")),
        ("=1.0.0-rc.7", None, Some("1.0.0-rc.7")),
        ("2.0.0-rc.18", Some("2.0.0-rc.18"), Some("2.0.0-rc.18")),
        ("=2.0.0-rc.18", None, Some("2.0.0-rc.18")),
    ] {
        let sandbox = project(requirement, entities, locked);
        let before = sandbox.files();
        for command in [
            &["migrate", "--force"] as &[&str],
            &["migrate", "--create-database"],
            &["migrate", "--pretend"],
            &["migrate:fresh", "--force"],
            &["migrate:verify"],
            &["db:sync", "--force"],
        ] {
            let refused = sandbox.kit(command);
            assert_error!(refused, Error::SeaOrm { kind: SeaOrmErrorKind::NoAdapter, .. });
            assert_eq!(sandbox.files(), before, "{command:?}");
        }
        let refused = sandbox.kit(&["migrate"]);
        follow(&sandbox, &refused);
        // It panics where the release is still unsupported.
        release(&sandbox);
        assert!(!sandbox.root().join("app.sqlite").exists());
    }
}
