//! The commands in the hints of failures, run in the state of the database that the hint is for.

use kit::error::{Error, Suggestion};
use kit_runtime::dialect::Reason;
use kit_runtime::wire::{Cause, Direction, Failure, Stopped, Unfit};

use super::{PENDING, RAN};
use crate::support::database::Database;
use crate::support::projects::{FAMILY, On, family};
use crate::support::{Sandbox, assert_error, commands};

fn of(failure: Failure) -> Error {
    Error::Migrator { failure, database: String::new(), done: Vec::new(), again: false }
}

fn of_refresh(failure: Failure) -> Error {
    Error::Migrator { failure, database: String::new(), done: Vec::new(), again: true }
}

fn migration(direction: Direction, rolled_back: bool) -> Failure {
    let (name, message) = (FAMILY[2].to_owned(), String::new());
    Failure::Migration { name, direction, cause: Cause::Error, message, rolled_back }
}

fn seeder(rolled_back: bool) -> Failure {
    Failure::Seeder { name: "UserSeeder".to_owned(), cause: Cause::Error, message: String::new(), rolled_back }
}

fn interrupted(stopped: Option<(Option<Direction>, bool)>) -> Failure {
    let of = |(direction, rolled_back)| Stopped { name: FAMILY[2].to_owned(), direction, rolled_back };
    Failure::Interrupted { signal: 2, stopped: stopped.map(of) }
}

#[tokio::test]
async fn commands_that_show_the_state_do_so_and_change_nothing() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    on.ok(&["migrate", "--limit", "2"]);
    let before = database.everything().await;
    let name = || FAMILY[2].to_owned();
    for error in [
        of(Failure::LockLost),
        of(Failure::OutcomeUnknown { name: name(), message: String::new() }),
        of(Failure::Unknown { name: name() }),
        of(interrupted(None)),
        Error::Killed { signal: 9 },
        Error::MigratorDied { status: String::new() },
        Error::NoSuchMigration { name: name(), similar: Vec::new() },
        Error::Rename { old: name(), new: name(), reason: String::new() },
    ] {
        let shown = on.follow(&error.hint().unwrap(), &[]);
        assert!(shown[0].shows(FAMILY[1]) && shown[0].shows(FAMILY[2]), "{error:?}: {}", shown[0]);
    }
    assert_eq!(database.everything().await, before);
}

/// `migrate:repair` shows the migration and both ways out of it.
#[tokio::test]
async fn repair_shows_what_a_failure_has_left() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    on.ok(&["migrate", "--limit", "2"]);
    let insert = format!(
        "INSERT INTO kit_migrations (version, state, direction, kit_version, started_at) VALUES ('{}', 'failed', 'up', '0.1.0', 1)",
        FAMILY[2]
    );
    database.execute(&[&insert]).await;
    let name = || FAMILY[2].to_owned();
    let still_applied = on.fails(&["migrate:delete", FAMILY[2], "--dry-run"]);
    for hint in [
        of(migration(Direction::Up, false)).hint().unwrap(),
        of(migration(Direction::Down, false)).hint().unwrap(),
        of(Failure::Halted { name: name(), direction: Direction::Up, error: None }).hint().unwrap(),
        of(interrupted(Some((Some(Direction::Up), false)))).hint().unwrap(),
        on.fails(&["migrate:status", "--check"]).hint(),
        Error::NotHalted { name: name() }.hint().unwrap(),
        still_applied.hint(),
    ] {
        let command = commands(&hint).remove(0);
        let shown = on.kit(&command.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((shown.code, command.concat().as_str()), (1, "migrate:repair"), "{hint}: {shown}");
        for option in ["--applied", "--rolled-back"] {
            assert!(shown.shows(format!("`kit migrate:repair {option} {}`", FAMILY[2])), "{shown}");
        }
    }
    let half = Error::HalfDone { name: name() }.hint().unwrap();
    on.follow(&half, &[]);
    assert_eq!(on.states(), [RAN, RAN, PENDING, PENDING]);
}

#[tokio::test]
async fn commands_that_go_on_arrive() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    let down = Some((Some(Direction::Down), true));
    for (error, states) in [
        (of(migration(Direction::Up, true)), [RAN; 4]),
        (of(Failure::Unfit(Unfit::NoQuorum { state: String::new() })), [RAN; 4]),
        (of(interrupted(Some((Some(Direction::Up), true)))), [RAN; 4]),
        (of(migration(Direction::Down, true)), [RAN, PENDING, PENDING, PENDING]),
        (of(interrupted(down)), [RAN, PENDING, PENDING, PENDING]),
        // The command was to run them again.
        (of_refresh(migration(Direction::Down, true)), [RAN; 4]),
        (of_refresh(interrupted(down)), [RAN; 4]),
    ] {
        on.ok(&["migrate:fresh", "--force"]);
        on.ok(&["migrate:reset", "--force"]);
        on.ok(&["migrate", "--limit", "1"]);
        on.ok(&["migrate", "--limit", "1"]);
        on.follow(&error.hint().unwrap(), &["--force"]);
        assert_eq!(on.states(), states, "{error:?}");
    }
    let waits = Error::Connect {
        database: String::new(),
        message: String::new(),
        reason: Some(Reason::NotReady),
        origin: String::new(),
    };
    on.follow(&waits.hint().unwrap(), &[]);
    assert_eq!(on.states(), [RAN; 4]);
    // What is applied is not deleted; after the command in the hint it can be.
    let refused = on.fails(&["migrate:delete", FAMILY[3], "--dry-run"]);
    on.follow(&refused.hint(), &["--force"]);
    on.ok(&["migrate:delete", FAMILY[3], "--dry-run"]);
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_created_by_the_command_in_the_hint() {
    let sandbox = family();
    for database in Database::all().await {
        let (name, url) = database.sibling();
        let on = On { sandbox: &sandbox, url: &url };
        on.follow(&on.fails(&["migrate:status"]).hint(), &[]);
        assert_eq!(on.states(), [RAN; 4]);
        database.drop_sibling(&name).await;
        // In production it takes --force; the hint has it.
        let (name, url) = database.sibling();
        let on = On { sandbox: &sandbox, url: &url };
        let refused = on.fails(&["migrate:status", "--env", "production"]);
        on.follow(&refused.hint(), &["--env", "production"]);
        assert_eq!(on.states(), [RAN; 4]);
        database.drop_sibling(&name).await;
    }
}

#[tokio::test]
async fn seeds_that_failed_are_repeated() {
    let database = Database::sqlite().await;
    database.execute(&["CREATE TABLE users (id integer PRIMARY KEY, name text)"]).await;
    let sandbox = Sandbox::project().file("database/fixtures/users.yaml", "- name: Ada\n- name: Bob\n");
    let on = On::new(&sandbox, &database);
    for (failure, count) in
        [(seeder(true), "2"), (interrupted(Some((None, true))), "4"), (seeder(false), "2"), (seeder(true), "4")]
    {
        on.follow(&of(failure).hint().unwrap(), &["--force"]);
        assert_eq!(database.value("(SELECT count(*) FROM users)").await.as_deref(), Some(count));
    }
}

/// Where no command of kit's is what another tool's command means, the commands in the sentence work.
#[tokio::test]
async fn commands_in_sentences_about_other_tools_work() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    for typed in ["db:create", "db:drop", "schema:dump", "db:show", "generate", "db:push"] {
        let refused = on.kit(&[typed]);
        assert_error!(refused, Error::UnknownCommand { suggestion: Some(Suggestion::Sentence(_)), .. });
        assert!(!refused.hinted().is_empty(), "{refused}");
        for command in refused.hinted() {
            let more: &[&str] = match command[0].as_str() {
                // The project is that of all tests.
                "make:migration" => &["tidy_up", "--dry-run"],
                "migrate:fresh" => &["--force"],
                _ => &[],
            };
            on.ok(&command.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>());
        }
    }
    assert_eq!(on.states(), [RAN; 4]);
}
