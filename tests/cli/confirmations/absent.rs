//! Commands on a database that does not exist: one error for all of them, and a hint whose command works as printed. In production
//! `--force` does not create a database, which is more often a mistyped name than a new one.

use kit::error::Error;

use crate::confirmations::production::{arguments, with_fixture};
use crate::support::database::Database;
use crate::support::projects::{FAMILY, On, family};
use crate::support::{Transcript, assert_error};

/// Commands that need a database and create none, with the arguments that answer every question.
const COMMANDS: [&[&str]; 16] = [
    &["migrate:status"],
    &["migrate:status", "--check"],
    &["migrate:rollback", "--force"],
    &["migrate:rollback", "--pretend"],
    &["migrate:reset", "--force"],
    &["migrate:refresh", "--force"],
    &["migrate:redo", "--force"],
    &["migrate:mark", "--all", "--force"],
    &["migrate:repair"],
    &["db:seed", "--force"],
    &["db:seed", "--force", "--reset"],
    &["db:seed", "--dump", "--force"],
    &["db:truncate", "--force"],
    &["db:sync", "--check"],
    &["db:sync", "--dry-run"],
    &["db:sync", "--skip-migrations"],
];

/// Commands that create a database if the user agrees.
const CREATING: [&str; 4] = ["migrate", "migrate:fresh", "migrate:install", "db:sync"];

#[track_caller]
fn is_missing(run: &Transcript) {
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
    assert_error!(run, Error::NoDatabase { .. });
}

/// Runs the command of the hint as printed, without a terminal.
fn follow(on: &On<'_>, run: &Transcript) -> Transcript {
    let [command] = run.printed().try_into().unwrap();
    on.kit(&command.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test]
async fn every_command_reports_a_missing_database_and_creates_none() {
    let sandbox = family();
    let folder = with_fixture(&sandbox);
    let from = folder.path().display().to_string();
    for database in Database::all().await {
        let (name, url) = database.sibling();
        for url in [url.clone(), format!("{url}?mode=rwc")].into_iter().take(1 + usize::from(url.starts_with("sqlite")))
        {
            let on = On { sandbox: &sandbox, url: &url };
            for command in COMMANDS {
                for environment in ["development", "production"] {
                    let run = on.kit(&[&arguments(command, &from)[..], &["--env", environment]].concat());
                    is_missing(&run);
                    assert!(run.shows(&name) && run.hides("s3cr3t"), "{run}");
                }
            }
        }
        assert!(!database.siblings().await.contains(&name));
    }
}

#[tokio::test]
async fn force_creates_no_database_in_production_and_the_hint_does() {
    let sandbox = family();
    for database in Database::all().await {
        for environment in ["production", "Prod"] {
            let (name, url) = database.sibling();
            let on = On { sandbox: &sandbox, url: &url };
            let mut missing = None;
            for command in CREATING {
                let run = on.kit(&[command, "--force", "--env", environment]);
                is_missing(&run);
                missing = Some(run);
            }
            assert!(!database.siblings().await.contains(&name));
            let missing = missing.unwrap();
            assert_eq!(missing.printed(), [["migrate", "--create-database", "--force", "--env", environment]]);
            let created = follow(&on, &missing);
            assert_eq!(created.code, 0, "{created}");
            assert!(database.siblings().await.contains(&name));
            assert_eq!(on.states(), ["ran"; FAMILY.len()]);
            // A database that exists needs no option.
            on.ok(&["migrate:install", "--create-database"]);
            on.ok(&["migrate:reset", "--force", "--env", environment]);
            on.ok(&["migrate", "--force", "--env", environment]);
            database.drop_sibling(&name).await;
        }
    }
}

#[tokio::test]
async fn the_hint_names_the_database_that_the_user_named() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let elsewhere = On::new(&sandbox, &database);
    for (name, url) in [database.sibling(), database.sibling()].map(|(name, url)| (name, format!("{url}?mode=rwc"))) {
        let run = elsewhere.kit(&["migrate:status", "-d", &url, "--env", "staging"]);
        assert_eq!(run.printed(), [["migrate", "--create-database", "-d", &url, "--env", "staging"]]);
        assert_eq!(follow(&elsewhere, &run).code, 0);
        assert!(database.siblings().await.contains(&name));
    }
    // An option of the command itself names the database, too.
    let (_, url) = database.sibling();
    let run = elsewhere.kit(&["db:sync", "--check", "-u", &url]);
    assert_eq!(run.printed(), [["migrate", "--create-database", "-d", &url]]);
    // A password is never repeated.
    let server = Database::postgres().await;
    let (_, url) = server.sibling();
    let run = elsewhere.kit(&["migrate:status", "-d", &url]);
    is_missing(&run);
    assert_eq!(run.printed(), [["migrate", "--create-database", "-d", "URL"]]);
    assert_eq!(database.tables().await, Vec::<String>::new());
}

#[tokio::test]
async fn on_a_terminal_the_question_is_asked_in_production_whatever_force_answers() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let (name, url) = database.sibling();
    let on = On { sandbox: &sandbox, url: &url };
    let refused = on.answering(&["migrate", "--force", "--env", "prod"], &["no"]);
    assert_error!(refused, Error::Cancelled);
    assert!(!database.siblings().await.contains(&name));
    let created = on.answering(&["migrate", "--force", "--env", "prod"], &["yes"]);
    assert_eq!(created.code, 0, "{created}");
}
