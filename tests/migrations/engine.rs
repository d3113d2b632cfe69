//! The engine, in process, on the three databases: what runs, in which order, what the tables say afterwards and what
//! is left when something fails.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod taken_for_text;
mod upstream;

use crate::support::database::Database;
use crate::support::steps;
use crate::support::steps::{Migrator, Op, OtherLedger, Step, run, run_with};
use crate::support::text::quotes;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, JOURNAL, LEDGER, Ledger, State};
use kit_runtime::wire::{Action, Cause, Direction, Down, Failure, Up, Warning, Wipe};
use sea_orm_migration::prelude::*;

fn up() -> Action {
    Action::Up(Up::default())
}

fn tables(names: &[&str]) -> Vec<Step> {
    names.iter().map(|name| Step::table(name)).collect()
}

async fn ok(database: &Database, steps: &[Step], action: Action) -> Vec<String> {
    let (lines, outcome) = run(&database.session, steps, &[action]).await;
    assert_eq!(outcome, Ok(()), "{:?}", database.dialect);
    lines
}

async fn refused(database: &Database, steps: &[Step], action: Action) -> Failure {
    let (lines, outcome) = run(&database.session, steps, &[action]).await;
    assert_eq!(lines, Vec::<String>::new(), "{:?}", database.dialect);
    outcome.unwrap_err()
}

async fn ledger(database: &Database) -> Ledger {
    ledger::read(&database.session, LEDGER).await.unwrap()
}

/// `name@batch` of what is in, oldest first.
async fn applied(database: &Database) -> String {
    let applied = ledger(database).await.applied;
    let batch = |entry: Option<ledger::Entry>| entry.and_then(|e| e.batch).map_or("?".to_owned(), |b| b.to_string());
    applied.into_iter().map(|row| format!("{}@{}", row.name, batch(row.entry))).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn up_takes_what_it_is_told() {
    for database in Database::all().await {
        let steps = tables(&["m1", "m2", "m3", "m4", "m5", "m6", "m7"]);
        let first = ok(&database, &steps, Action::Up(Up { limit: Some(1), ..Up::default() })).await;
        assert_eq!(first, ["Installed", "up m1"]);
        assert_eq!(
            ok(&database, &steps, Action::Up(Up { to: Some("m3".into()), ..Up::default() })).await,
            ["up m2", "up m3"]
        );
        let only = Up { only: vec!["m4".into(), "m1".into()], ..Up::default() };
        assert_eq!(ok(&database, &steps, Action::Up(only)).await, ["up m4"]);
        let each = Up { batch_each: true, limit: Some(2), ..Up::default() };
        assert_eq!(ok(&database, &steps, Action::Up(each)).await, ["up m5", "up m6"]);
        assert_eq!(ok(&database, &steps, up()).await, ["up m7"]);
        assert_eq!(ok(&database, &steps, up()).await, Vec::<String>::new());
        assert_eq!(applied(&database).await, "m1@1 m2@2 m3@2 m4@3 m5@4 m6@5 m7@6");
        assert!(database.has_table("t_m7").await);
        let entry = ledger(&database).await.applied[0].entry.clone().unwrap();
        assert_eq!((entry.state, entry.checksum.as_deref()), (State::Applied, Some("sum of m1")));
        assert!(entry.finished_at.unwrap() >= entry.started_at && entry.started_at > 1_700_000_000_000);

        let unknown = Failure::Unknown { name: "nope".into() };
        for up in [Up { to: Some("nope".into()), ..Up::default() }, Up { only: vec!["nope".into()], ..Up::default() }] {
            assert_eq!(refused(&database, &steps, Action::Up(up)).await, unknown);
        }
    }
}

#[tokio::test]
async fn a_refusal_writes_nothing() {
    for database in Database::all().await {
        let steps = tables(&["m1", "m1"]);
        assert_eq!(refused(&database, &steps, up()).await, Failure::Duplicate { name: "m1".into() });
        // The ledger's column takes 255 characters, of any number of bytes; a column of SQLite takes all.
        let long = |count: usize| format!("m2_{}", "\u{e9}".repeat(count - 3));
        for count in [256, 400] {
            let (name, too_long) = (long(count), [tables(&["m1", &long(count)]), tables(&[&long(count)])]);
            for steps in too_long.iter().filter(|_| database.dialect != Dialect::Sqlite) {
                let failure = Failure::NameTooLong { name: name.clone(), limit: 255 };
                assert_eq!(refused(&database, steps, up()).await, failure);
            }
        }
        let nowhere = Action::Up(Up { to: Some("x".into()), ..Up::default() });
        assert_eq!(refused(&database, &tables(&["m1"]), nowhere).await, Failure::Unknown { name: "x".into() });
        let strict = Action::Up(Up { strict: true, ..Up::default() });
        assert_eq!(refused(&database, &tables(&["m2", "m1"]), strict).await, Failure::Strict(Warning::Unsorted));
        // Nothing to roll back is nothing to do, not a reason to create tables.
        assert_eq!(ok(&database, &tables(&["m1"]), Action::Down(Down::All)).await, Vec::<String>::new());
        assert_eq!(database.tables().await, Vec::<String>::new());
        assert_eq!(ok(&database, &[], Action::Install).await, ["Installed"]);
        assert_eq!(ok(&database, &[], Action::Install).await, Vec::<String>::new());
        assert_eq!(database.tables().await, database.own_tables());
    }
}

#[tokio::test]
async fn odd_histories_are_mentioned_and_strictly_refused() {
    for database in Database::all().await {
        ok(&database, &tables(&["m1", "m3", "m5"]), up()).await;
        let steps = tables(&["m1", "m2", "m3", "m4", "m6"]);
        let missing = Warning::Missing { name: "m5".into() };
        let strict = Action::Up(Up { strict: true, ..Up::default() });
        assert_eq!(refused(&database, &steps, strict.clone()).await, Failure::Strict(missing.clone()));
        let late = Warning::OutOfOrder { name: "m2".into(), after: "m3".into() };
        let lines = ok(&database, &steps, up()).await;
        assert_eq!(
            lines,
            [format!("{missing:?}"), format!("{late:?}"), "up m2".into(), "up m4".into(), "up m6".into()]
        );
        let gone = refused(&database, &steps, Action::Down(Down::All)).await;
        assert_eq!(gone, Failure::Gone { name: "m5".into() });
        assert_eq!(applied(&database).await, "m1@1 m3@1 m5@1 m2@2 m4@2 m6@2");

        let all = tables(&["m0", "m1", "m2", "m3", "m4", "m5", "m6"]);
        let early = Warning::OutOfOrder { name: "m0".into(), after: "m6".into() };
        assert_eq!(refused(&database, &all, strict).await, Failure::Strict(early));
    }
}

#[tokio::test]
async fn down_goes_by_the_order_of_application() {
    for database in Database::all().await {
        let steps = tables(&["m1", "m2", "m3", "m4", "m5", "m6"]);
        let only = |names: &[&str]| {
            Action::Up(Up { only: names.iter().map(|name| (*name).to_owned()).collect(), ..Up::default() })
        };
        for names in [&["m4", "m5"][..], &["m6"], &["m1", "m3"], &["m2"]] {
            ok(&database, &steps, only(names)).await;
        }
        assert_eq!(applied(&database).await, "m4@1 m5@1 m6@2 m1@3 m3@3 m2@4");
        assert_eq!(ok(&database, &steps, Action::Down(Down::Steps(1))).await, ["down m2"]);
        assert_eq!(ok(&database, &steps, Action::Down(Down::Batch(Some(2)))).await, ["down m6"]);
        assert_eq!(ok(&database, &steps, Action::Down(Down::Batch(None))).await, ["down m3", "down m1"]);
        assert_eq!(ok(&database, &steps, Action::Down(Down::Batch(Some(9)))).await, Vec::<String>::new());
        ok(&database, &steps, up()).await;
        assert_eq!(applied(&database).await, "m4@1 m5@1 m1@2 m2@2 m3@2 m6@2");
        let missing = refused(&database, &steps, Action::Down(Down::To("nope".into()))).await;
        assert_eq!(missing, Failure::Unknown { name: "nope".into() });
        assert_eq!(ok(&database, &steps, Action::Down(Down::To("m2".into()))).await, ["down m6", "down m3"]);
        assert!(!database.has_table("t_m3").await && database.has_table("t_m2").await);
        // Redone in the Migrator's order, whatever the order of application was; the late ones are mentioned.
        let redone = ok(&database, &steps, Action::Redo(Down::Steps(3))).await;
        let ran: Vec<&String> = redone.iter().filter(|line| !line.starts_with("OutOfOrder")).collect();
        assert_eq!(ran, ["down m2", "down m1", "down m5", "up m1", "up m2", "up m5"]);
        assert_eq!(
            ok(&database, &steps, Action::Down(Down::Steps(99))).await,
            ["down m5", "down m2", "down m1", "down m4"]
        );
        assert_eq!(database.tables().await, database.own_tables());
        assert_eq!(ledger(&database).await.unfinished, []);
        assert_eq!(ok(&database, &steps, Action::Redo(Down::All)).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn many_in_one_moment_keep_their_order() {
    for database in Database::all().await {
        // Against the order of names, faster than the clock ticks.
        let names = ["z", "y", "x", "w", "v", "u", "t", "s"];
        let steps: Vec<Step> = names.iter().map(|name| Step::new(name, vec![], vec![])).collect();
        ok(&database, &steps, up()).await;
        let expected: Vec<String> = names.iter().rev().map(|name| format!("down {name}")).collect();
        assert_eq!(ok(&database, &steps, Action::Down(Down::All)).await, expected);
    }
}

#[tokio::test]
async fn a_wipe_and_up_is_fresh() {
    for database in Database::all().await {
        let steps = tables(&["m1", "m2"]);
        ok(&database, &steps, up()).await;
        database.execute(&["CREATE TABLE stray (id int)"]).await;
        let fresh = [Action::Wipe(Wipe { views: true, types: true }), up()];
        let (lines, outcome) = run(&database.session, &steps, &fresh).await;
        // Three tables, and kit's own but for the one of the lock.
        let wiped = 3 + database.own_tables().into_iter().filter(|table| *table != "kit_lock").count();
        assert_eq!((lines.join(", "), outcome), (format!("wiped {wiped}, Installed, up m1, up m2"), Ok(())));
        assert_eq!(applied(&database).await, "m1@1 m2@1");
        assert!(!database.has_table("stray").await);
    }
}

/// The tables' own definition, as text.
async fn definition(database: &Database, table: &str) -> String {
    match database.dialect {
        Dialect::Sqlite => {
            let row = database.query(&format!("SELECT sql FROM sqlite_master WHERE name = '{table}'")).await;
            row[0][0].clone().unwrap()
        }
        Dialect::MySql => database.query(&format!("SHOW CREATE TABLE `{table}`")).await[0][1].clone().unwrap(),
        Dialect::Postgres => database.everything().await.join("\n"),
    }
}

#[tokio::test]
async fn the_ledger_is_what_seaorm_creates() {
    for database in Database::all().await {
        steps::set(&[]);
        Migrator::install(&database.connect().await).await.unwrap();
        let theirs = definition(&database, LEDGER).await;
        database.execute(&[&format!("DROP TABLE {LEDGER}")]).await;
        ok(&database, &[], Action::Install).await;
        database.execute(&[&format!("DROP TABLE {JOURNAL}"), "DROP TABLE IF EXISTS kit_lock"]).await;
        assert_eq!(definition(&database, LEDGER).await, theirs);
    }
}

#[tokio::test]
async fn seaorm_and_kit_take_turns() {
    for database in Database::all().await {
        let steps = tables(&["m1", "m2", "m3", "m4", "m5"]);
        let connection = database.connect().await;
        let to = |name: &str| Action::Up(Up { to: Some(name.into()), ..Up::default() });
        ok(&database, &steps, to("m1")).await;
        Migrator::up(&connection, Some(1)).await.unwrap();
        ok(&database, &steps, to("m3")).await;
        Migrator::up(&connection, None).await.unwrap();
        assert_eq!(applied(&database).await, "m1@1 m2@? m3@2 m4@? m5@?");
        assert!(Migrator::get_pending_migrations(&connection).await.unwrap().is_empty());
        assert_eq!(ok(&database, &steps, up()).await, Vec::<String>::new());

        Migrator::down(&connection, Some(1)).await.unwrap();
        assert_eq!(ok(&database, &steps, Action::Down(Down::Steps(1))).await, ["down m4"]);
        Migrator::down(&connection, Some(1)).await.unwrap();
        assert_eq!(applied(&database).await, "m1@1 m2@?");
        assert_eq!(ok(&database, &steps, Action::Down(Down::All)).await, ["down m2", "down m1"]);
        assert_eq!(database.tables().await, database.own_tables());
        // Side rows are told from older ones of the same name by the second.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        Migrator::refresh(&connection).await.unwrap();
        assert_eq!(applied(&database).await, "m1@? m2@? m3@? m4@? m5@?");
        assert_eq!(ok(&database, &steps, Action::Down(Down::Steps(1))).await, ["down m5"]);
    }
}

#[tokio::test]
async fn a_side_row_belongs_to_one_application() {
    for database in Database::all().await {
        let steps = tables(&["m1"]);
        ok(&database, &steps, up()).await;
        let again = format!("UPDATE {LEDGER} SET applied_at = applied_at + 5");
        database.execute(&[&again]).await;
        assert_eq!(applied(&database).await, "m1@?");
        ok(&database, &steps, Action::Down(Down::Steps(1))).await;
        assert_eq!(database.query(&format!("SELECT version FROM {JOURNAL}")).await, Vec::<Vec<Option<String>>>::new());
        ok(&database, &steps, up()).await;
        assert_eq!(applied(&database).await, "m1@1");
        // Rolled back by another tool: what is left of it says nothing.
        let connection = database.connect().await;
        Migrator::down(&connection, None).await.unwrap();
        assert_eq!((applied(&database).await, ledger(&database).await.unfinished), (String::new(), vec![]));
        assert_eq!(ok(&database, &steps, up()).await, ["up m1"]);
        assert_eq!(applied(&database).await, "m1@1");
    }
}

#[tokio::test]
async fn a_ledger_may_have_another_name() {
    for database in Database::all().await {
        let steps = tables(&["m1", "m2"]);
        let (lines, outcome) = run_with::<OtherLedger>(&database.session, &steps, &[up(), Action::List]).await;
        assert_eq!(outcome, Ok(()));
        let listed = "Listed { migrations: [\"m1\", \"m2\"], ledger: \"my \\\"ledger\" }";
        assert_eq!(lines, ["Installed", "up m1", "up m2", listed]);
        OtherLedger::down(&database.connect().await, Some(1)).await.unwrap();
        assert!(!database.has_table(LEDGER).await && database.has_table("my \"ledger").await);
        let (lines, _) = run_with::<OtherLedger>(&database.session, &steps, &[Action::Down(Down::All)]).await;
        assert_eq!(lines, ["down m1"]);
    }
}

/// A table with a counter that no migration may move twice, and a step that moves it before it goes wrong.
fn counting(last: Op, transaction: Option<bool>) -> Vec<Step> {
    let counter = Step::new(
        "m1",
        vec!["CREATE TABLE counter (n int)".into(), "INSERT INTO counter VALUES (1)".into()],
        vec!["DROP TABLE counter".into()],
    );
    let work = vec!["CREATE TABLE extra (id int)".into(), "UPDATE counter SET n = n + 1".into(), last.clone()];
    let back = vec!["UPDATE counter SET n = n - 1".into(), "DROP TABLE extra".into(), last];
    vec![counter, Step::new("m2", work, back).with_transaction(transaction)]
}

async fn counter(database: &Database) -> String {
    database.value("(SELECT n FROM counter)").await.unwrap()
}

#[tokio::test]
async fn a_failure_leaves_nothing_where_it_can() {
    for (last, cause, says) in
        [(Op::Fail("out of luck"), Cause::Error, "out of luck"), (Op::Panic("ouch"), Cause::Panic, "ouch")]
    {
        for database in Database::all().await {
            let atomic = database.dialect.transactional_ddl();
            let steps = counting(last.clone(), None);
            let (lines, outcome) = run(&database.session, &steps, &[up()]).await;
            assert_eq!(lines, ["Installed", "up m1"]);
            let Err(Failure::Migration { name, direction, cause: why, message, rolled_back }) = outcome else {
                panic!("{outcome:?}")
            };
            assert_eq!((name.as_str(), direction, why, rolled_back), ("m2", Direction::Up, cause, atomic));
            assert!(message.contains(says), "{message}");
            let ledger = ledger(&database).await;
            assert_eq!(ledger.applied.len(), 1);
            if atomic {
                assert_eq!((counter(&database).await.as_str(), database.has_table("extra").await), ("1", false));
                assert_eq!(ledger.unfinished, []);
                // Mended, it goes on as if nothing had been.
                assert_eq!(ok(&database, &counting("SELECT 1".into(), None), up()).await, ["up m2"]);
                assert_eq!(counter(&database).await, "2");
            } else {
                assert_eq!((counter(&database).await.as_str(), database.has_table("extra").await), ("2", true));
                let [entry] = ledger.unfinished.as_slice() else { panic!("{ledger:?}") };
                assert_eq!((entry.state, entry.direction, entry.batch), (State::Failed, Direction::Up, Some(1)));
                assert!(entry.error.as_ref().unwrap().contains(says) && entry.finished_at.is_some());
            }
        }
    }
}

#[tokio::test]
async fn a_failing_down_leaves_it_applied() {
    for database in Database::all().await {
        let atomic = database.dialect.transactional_ddl();
        let mut steps = counting("SELECT 1".into(), None);
        ok(&database, &steps, up()).await;
        // What was applied is what the journal goes on to say, not what the file says by now.
        database
            .execute(&[&format!("UPDATE {JOURNAL} SET checksum = 'sum of m2 as applied' WHERE version = 'm2'")])
            .await;
        steps[1].down = counting(Op::Panic("no way back"), None)[1].down.clone();
        let (_, outcome) = run(&database.session, &steps, &[Action::Down(Down::All)]).await;
        let Err(Failure::Migration { direction: Direction::Down, cause: Cause::Panic, message, rolled_back, .. }) =
            outcome
        else {
            panic!("{outcome:?}")
        };
        assert!(quotes(&message, "no way back"));
        assert_eq!(rolled_back, atomic);
        assert_eq!(applied(&database).await, "m1@1 m2@1");
        let ledger = ledger(&database).await;
        if atomic {
            assert_eq!((counter(&database).await.as_str(), database.has_table("extra").await), ("2", true));
            assert_eq!(ledger.unfinished, []);
        } else {
            let entry = &ledger.unfinished[0];
            assert_eq!((entry.state, entry.direction), (State::Failed, Direction::Down));
            assert_eq!(entry.checksum.as_deref(), Some("sum of m2 as applied"));
        }
    }
}

#[tokio::test]
async fn a_migration_may_choose_its_transaction() {
    for database in Database::all().await {
        let steps = counting(Op::Fail("no"), Some(false));
        run(&database.session, &steps, &[up()]).await.1.unwrap_err();
        // Without one, what happened before the failure stays, and the journal says so.
        assert_eq!((counter(&database).await.as_str(), database.has_table("extra").await), ("2", true));
        assert_eq!(ledger(&database).await.unfinished[0].state, State::Failed);
        let undo = ["DROP TABLE extra", "UPDATE counter SET n = 1", "DELETE FROM kit_migrations WHERE version = 'm2'"];
        database.execute(&undo).await;

        let steps = counting(Op::Fail("no"), Some(true));
        run(&database.session, &steps, &[up()]).await.1.unwrap_err();
        let atomic = database.dialect.transactional_ddl();
        // Where DDL commits, it ends the transaction, and what comes after it is not in one.
        let left = if atomic { ("1", false) } else { ("2", true) };
        assert_eq!((counter(&database).await.as_str(), database.has_table("extra").await), left);
        if !atomic {
            database.execute(&undo).await;
        }
        for transaction in [Some(true), Some(false), None] {
            let steps = counting("SELECT 1".into(), transaction);
            assert_eq!(ok(&database, &steps, up()).await, ["up m2"]);
            assert_eq!(counter(&database).await, "2");
            assert_eq!(ledger(&database).await.unfinished, []);
            assert_eq!(ok(&database, &steps, Action::Down(Down::Steps(1))).await, ["down m2"]);
            assert_eq!(counter(&database).await, "1");
        }
    }
}

#[tokio::test]
async fn statements_that_forbid_a_transaction_run_without_one() {
    let postgres = Database::postgres().await;
    let concurrently = Step::new(
        "m2",
        vec!["CREATE INDEX CONCURRENTLY i ON t_m1 (id)".into()],
        vec!["DROP INDEX CONCURRENTLY i".into()],
    );
    let steps = [Step::table("m1"), concurrently.clone()];
    let (_, outcome) = run(&postgres.session, &steps, &[up()]).await;
    let in_transaction =
        |outcome: &_| matches!(outcome, Err(Failure::Migration { cause: Cause::InTransaction, rolled_back: true, .. }));
    assert!(in_transaction(&outcome), "{outcome:?}");
    // What the hint says, and nothing else.
    let steps = [Step::table("m1"), concurrently.with_transaction(Some(false))];
    assert_eq!(ok(&postgres, &steps, up()).await, ["up m2"]);
    assert_eq!(ok(&postgres, &steps, Action::Down(Down::All)).await, ["down m2", "down m1"]);

    // A new value of an enum cannot be used in the transaction that adds it.
    let created = Step::new("m1", vec!["CREATE TYPE mood AS ENUM ('sad')".into()], vec!["DROP TYPE mood".into()]);
    let add = "ALTER TYPE mood ADD VALUE 'glad'";
    let used = Step::new("m2", vec![add.into(), "SELECT 'glad'::mood".into()], vec![]);
    let steps = [created.clone(), used.clone()];
    let (_, outcome) = run(&postgres.session, &steps, &[up()]).await;
    assert!(in_transaction(&outcome), "{outcome:?}");
    let Err(Failure::Migration { message, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(quotes(&message, "HINT: New enum values must be committed before they can be used."), "{message}");
    let steps = [created, used.with_transaction(Some(false))];
    assert_eq!(ok(&postgres, &steps, up()).await, ["up m2"]);

    let sqlite = Database::sqlite().await;
    let vacuum = Step::new("m1", vec!["VACUUM".into()], vec![]).with_transaction(Some(false));
    assert_eq!(ok(&sqlite, &[vacuum], up()).await, ["Installed", "up m1"]);
}

#[tokio::test]
async fn a_missing_down_is_irreversible() {
    for database in Database::all().await {
        let steps = [Step::table("m1"), Step { down: None, ..Step::table("m2") }];
        ok(&database, &steps, up()).await;
        let (lines, outcome) = run(&database.session, &steps, &[Action::Down(Down::All)]).await;
        assert_eq!(lines, Vec::<String>::new());
        let Err(Failure::Migration { name, cause: Cause::Irreversible, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(name, "m2");
        assert_eq!(applied(&database).await, "m1@1 m2@1");
        assert!(database.has_table("t_m2").await);
    }
}

#[tokio::test]
async fn the_first_failure_ends_a_request() {
    for database in Database::all().await {
        let steps = [Step::table("m1"), Step::new("m2", vec![Op::Fail("no")], vec![]), Step::table("m3")];
        let (lines, outcome) = run(&database.session, &steps, &[up(), Action::Down(Down::All)]).await;
        assert_eq!(lines, ["Installed", "up m1"]);
        assert!(outcome.is_err());
        assert!(!database.has_table("t_m3").await);
    }
}
