//! Production: a destructive command asks for the name of the database, and nothing is created without an answer.

use clap::CommandFactory;
use kit::error::Error;
use kit_runtime::dialect::Dialect;

use crate::support::Sandbox;
use crate::support::database::Database;
use crate::support::projects::{On, family, migration, sandbox};

/// Commands that delete what is in a database, with the arguments that make them do it.
const DESTRUCTIVE: [&[&str]; 7] = [
    &["migrate:rollback"],
    &["migrate:reset"],
    &["migrate:refresh"],
    &["migrate:redo"],
    &["migrate:fresh"],
    &["db:truncate"],
    &["db:seed", "--reset"],
];

/// Commands with `--force` that delete nothing in a database, or only after another of their options.
const OTHERS: [&str; 12] = [
    "migrate",
    "migrate:install",
    "migrate:mark",
    "migrate:repair",
    "migrate:delete",
    "init",
    "make:migration",
    "make:model",
    "make:seeder",
    "make:factory",
    "stub:publish",
    "db:sync",
];

pub fn with_fixture(sandbox: &Sandbox) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(sandbox.root()).unwrap();
    let from = folder.path().file_name().unwrap().to_string_lossy().into_owned();
    sandbox.write(&format!("{from}/a.yaml"), "- id: 77\n  n: 7\n");
    folder
}

pub fn arguments<'a>(command: &'a [&'a str], from: &'a str) -> Vec<&'a str> {
    let seeds = command.first() == Some(&"db:seed");
    command.iter().copied().chain(seeds.then_some(["--from", from]).into_iter().flatten()).collect()
}

#[test]
fn every_command_with_force_is_known_to_be_destructive_or_not() {
    for command in kit::cli::Cli::command().get_subcommands() {
        let forces = command.get_arguments().any(|argument| argument.get_long() == Some("force"));
        let name = command.get_name();
        let known = DESTRUCTIVE.iter().any(|one| one.first() == Some(&name)) || OTHERS.contains(&name);
        assert!(!forces || known, "{name} has --force: list it here, and ask through `confirm_destructive`");
    }
}

#[tokio::test]
async fn destructive_commands_ask_for_the_database_name() {
    let sandbox = family();
    let folder = with_fixture(&sandbox);
    let from = folder.path().display().to_string();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        let name = match database.url().rsplit('/').next().unwrap().split('?').next() {
            Some(name) => name.to_owned(),
            None => panic!("no name"),
        };
        let before = database.everything().await;
        for command in DESTRUCTIVE {
            for environment in ["production", "Prod"] {
                let production = [&arguments(command, &from)[..], &["--env", environment]].concat();
                let absent = on.kit(&production);
                assert!(matches!(absent.error(), Error::Unconfirmed { .. }), "{absent}");
                // The answers are compared without a database, so that one server shows as much as three.
                if database.dialect != Dialect::Sqlite {
                    assert!(matches!(on.answering(&production, &["yes"]).error(), Error::Cancelled));
                    continue;
                }
                for answer in ["y", "yes", "", "kit", &name.to_uppercase(), &format!("{name}x")] {
                    let wrong = on.answering(&production, &[answer]);
                    assert!(matches!(wrong.error(), Error::Cancelled), "{answer}: {wrong}");
                }
            }
        }
        assert_eq!(before, database.everything().await);
        let right = on.answering(&["migrate:rollback", "--env", "production"], &[&name]);
        assert_eq!(right.code, 0, "{right}");
        on.ok(&["migrate:reset", "--env", "production", "--force"]);
        assert_eq!(on.states(), ["pending"; 4]);
    }
}

#[tokio::test]
async fn elsewhere_a_yes_is_enough_and_the_name_is_none() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    on.ok(&["migrate"]);
    for command in ["migrate:rollback", "migrate:redo", "db:truncate"] {
        for answer in ["test.sqlite", "any", "nay", "yy", "ye"] {
            let refused = on.answering(&[command], &[answer]);
            assert!(matches!(refused.error(), Error::Cancelled), "{answer}: {refused}");
        }
        assert_eq!(on.answering(&[command, "--env", "staging"], &["Y"]).code, 0);
    }
}

#[tokio::test]
async fn prohibited_commands_are_refused_whatever_is_answered() {
    let database = Database::sqlite().await;
    let prohibiting = Sandbox::project().file("kit.toml", "[database]\nprohibit_destructive = true\n");
    let protecting =
        Sandbox::project().env("KIT_PROTECT", &database.url().replace("sqlite://", "").replace("?mode=rwc", ""));
    for (sandbox, prohibits) in [(&prohibiting, true), (&protecting, false)] {
        let folder = with_fixture(sandbox);
        let from = folder.path().display().to_string();
        let on = On::new(sandbox, &database);
        for command in DESTRUCTIVE {
            for environment in ["production", "development"] {
                let arguments = [&arguments(command, &from)[..], &["--force", "--env", environment]].concat();
                let refused = on.answering(&arguments, &["test.sqlite"]);
                match refused.error() {
                    Error::Prohibited { .. } => assert!(prohibits, "{refused}"),
                    Error::Protected { .. } => assert!(!prohibits, "{refused}"),
                    other => panic!("{other:?}\n{refused}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn ledger_changes_ask_for_the_name_in_production_only() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    on.ok(&["migrate:install"]);
    let production = ["migrate:mark", "--all", "--env", "production"];
    assert!(matches!(on.kit(&production).error(), Error::Unconfirmed { .. }));
    assert!(matches!(on.answering(&production, &["yes"]).error(), Error::Cancelled));
    assert_eq!(on.states(), ["pending"; 4]);
    assert_eq!(on.answering(&production, &["test.sqlite"]).code, 0);
    on.ok(&["migrate:mark", "--pending", "create_c"]);
    assert_eq!(on.states(), ["ran", "ran", "ran", "pending"]);
}

#[tokio::test]
async fn production_creates_no_file_unasked_though_its_url_says_so() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let (name, url) = database.sibling();
    let url = format!("{url}?mode=rwc");
    let on = On { sandbox: &sandbox, url: &url };
    let answered = on.answering(&["migrate", "--env", "production"], &["yes", "no"]);
    assert!(matches!(answered.error(), Error::Cancelled), "{answered}");
    assert!(!database.siblings().await.contains(&name));
}

/// Broken Rust, a SeaORM that kit does not support, a manifest that cargo refuses: nothing of them may run.
#[tokio::test]
async fn migrations_that_cannot_run_leave_no_new_database() {
    const NAME: &str = "m20240101_000001_broken";
    for database in Database::all().await {
        for (manifest, body) in [
            (crate::support::projects::migration_manifest("2.0.4"), "no_such_function(manager)"),
            (crate::support::projects::migration_manifest("0.12"), "Ok(())"),
            ("[package]\nname = \"migration\"\n".to_owned(), "Ok(())"),
        ] {
            let broken = sandbox()
                .file("migration/Cargo.toml", &manifest)
                .file("migration/src/lib.rs", &crate::support::projects::index(&[NAME]))
                .file(&format!("migration/src/{NAME}.rs"), &migration(body, "Ok(())"));
            let (name, url) = database.sibling();
            let on = On { sandbox: &broken, url: &url };
            for command in ["migrate", "migrate:fresh", "migrate:install", "migrate:refresh", "db:sync"] {
                let failed = on.kit(&[command, "--force"]);
                assert_eq!(failed.code, 1, "{command}: {failed}");
                assert!(!database.siblings().await.contains(&name), "{command} has created it: {failed}");
            }
        }
    }
}
