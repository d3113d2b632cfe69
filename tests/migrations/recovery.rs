//! What a migration leaves behind when it does not come to its end, and what it leaves of its session when it does: on real
//! servers, through the engine. A ledger that a run has left half-way stops every later run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use crate::support::database::Database;
use crate::support::steps;
use crate::support::steps::{Op, Step, run};
use crate::support::text::quotes;
use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, LEDGER, State};
use kit_runtime::repair::{self, Deed, Left, Verdict};
use kit_runtime::snapshot::Change;
use kit_runtime::wire::{Action, Cause, Direction, Down, Failure, Up};

const DEED: Deed<'_> = Deed { person: "ann", command: "migrate:repair", kit: "0.0.test", now: 4_000_000_000_000 };

fn up() -> Action {
    Action::Up(Up::default())
}

fn down() -> Action {
    Action::Down(Down::Steps(1))
}

fn counter() -> Step {
    let create = vec!["CREATE TABLE counter (n int)".into(), "INSERT INTO counter VALUES (1)".into()];
    Step::new("m1", create, vec!["DROP TABLE counter".into()])
}

fn add(name: &str, n: i32) -> Step {
    Step::new(name, vec![plus(n)], vec![plus(-n)])
}

fn plus(n: i32) -> Op {
    format!("UPDATE counter SET n = n + {n}").as_str().into()
}

async fn n(database: &Database) -> String {
    database.value("(SELECT n FROM counter)").await.unwrap()
}

/// All goes well; warnings and all.
#[track_caller]
fn fine((lines, outcome): (Vec<String>, Result<(), Failure>)) -> Vec<String> {
    assert_eq!(outcome, Ok(()), "{lines:?}");
    lines
}

#[tokio::test]
async fn data_changes_are_all_in_or_not_at_all_on_every_database() {
    for database in Database::all().await {
        let mut steps = vec![counter(), add("m2", 1)];
        steps[1].up.extend([plus(10), Op::Fail("out of luck")]);
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { rolled_back: true, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(n(&database).await, "1");
        assert_eq!(ledger::read(&database.session, LEDGER).await.unwrap().unfinished, []);
        steps[1].up.pop();
        assert_eq!(fine(run(&database.session, &steps, &[up()]).await), ["up m2"]);
        assert_eq!(n(&database).await, "12");

        steps[1].down = Some(vec![plus(-1), Op::Panic("ouch")]);
        let (_, outcome) = run(&database.session, &steps, &[down()]).await;
        let Err(Failure::Migration { rolled_back: true, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(n(&database).await, "12");
        let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
        assert_eq!((ledger.applied.len(), ledger.unfinished.len(), ledger.last_batch()), (2, 0, 2));
    }
}

#[tokio::test]
async fn a_side_table_of_an_older_kit_gets_what_it_lacks() {
    for database in Database::all().await {
        fine(run(&database.session, &[counter()], &[up()]).await);
        database.execute(&["ALTER TABLE kit_migrations DROP COLUMN snapshot"]).await;
        let bare = add("m2", 1).with_transaction(Some(false));
        assert_eq!(fine(run(&database.session, &[counter(), bare], &[up()]).await), ["up m2"]);
        assert_eq!(n(&database).await, "2");
    }
}

#[tokio::test]
async fn a_first_statement_that_fails_leaves_nothing_to_repair() {
    for database in Database::all().await {
        let steps = [counter(), Step::new("m2", vec!["CREATE TABLE counter (n int)".into()], vec![])];
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { rolled_back: true, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(ledger::read(&database.session, LEDGER).await.unwrap().unfinished, []);
    }
}

#[tokio::test]
async fn rows_that_are_gone_are_not_nothing() {
    let database = Database::mysql().await;
    let fail = || "SELECT nonsense".into();
    let losing: [&[Op]; 3] = [
        &["TRUNCATE TABLE counter".into()],
        &["DROP TABLE counter".into(), "CREATE TABLE counter (n int)".into()],
        &["CREATE TABLE x (n int)".into(), "INSERT INTO x VALUES (1)".into(), "DROP TABLE x".into(), plus(1)],
    ];
    for (at, ops) in losing.into_iter().enumerate() {
        let name = format!("m2_{at}");
        let steps = [counter(), Step::new(&name, [ops, &[fail()]].concat(), vec![])];
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { rolled_back: false, .. }) = outcome else { panic!("{at}: {outcome:?}") };
        let found = repair::diagnose(&database.session, LEDGER).await.unwrap();
        assert_eq!(found.halted[0].left, Left::SameSchema, "{at}");
        repair::settle(&database.session, LEDGER, &name, &Verdict::Pending, &DEED).await.unwrap();
        database.execute(&["INSERT INTO counter VALUES (1)"]).await;
    }
}

#[tokio::test]
async fn what_stopped_half_way_stops_every_later_run_until_it_is_settled() {
    for database in Database::all().await {
        let half = vec!["CREATE TABLE extra (id int)".into(), plus(1), Op::Fail("no")];
        let steps = [counter(), Step::new("m2", half, vec!["DROP TABLE extra".into()]).with_transaction(Some(false))];
        run(&database.session, &steps, &[up()]).await.1.unwrap_err();
        for action in [up(), down(), Action::Down(Down::All), Action::Redo(Down::All)] {
            let before = database.everything().await;
            let (lines, outcome) = run(&database.session, &steps, &[action]).await;
            let Err(Failure::Halted { name, direction: Direction::Up, error: Some(error) }) = outcome else {
                panic!("{outcome:?}")
            };
            assert_eq!((name.as_str(), lines.len()), ("m2", 0));
            assert!(error.contains("no"), "{error}");
            assert_eq!(before, database.everything().await);
        }
        let found = repair::diagnose(&database.session, LEDGER).await.unwrap();
        let Left::Changed(changes) = &found.halted[0].left else { panic!("{found:?}") };
        assert!(changes.iter().any(|change| change.object().contains("extra")), "{changes:?}");
        assert!(changes.iter().all(|change| matches!(change, Change::Added { .. })), "{changes:?}");

        // What is left is done by hand.
        let verdict = Verdict::Applied { batch: 7, checksum: Some("now".to_owned()) };
        repair::settle(&database.session, LEDGER, "m2", &verdict, &DEED).await.unwrap();
        let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
        assert_eq!((ledger.applied.len(), ledger.unfinished.len(), ledger.last_batch()), (2, 0, 7));
        assert_eq!(fine(run(&database.session, &steps, &[down()]).await), ["down m2"]);
        assert!(repair::diagnose(&database.session, LEDGER).await.unwrap().is_empty());
        let kept = database.query("SELECT person, version, what FROM kit_history").await;
        assert_eq!(kept, [["ann", "m2", "applied"].map(|cell| Some(cell.to_owned()))]);
    }
}

#[tokio::test]
async fn a_down_that_stopped_half_way_can_be_settled_either_way() {
    for database in Database::all().await {
        let make = vec!["CREATE TABLE a (id int)".into(), "CREATE TABLE b (id int)".into()];
        let lose = vec!["DROP TABLE a".into(), Op::Fail("no")];
        let steps = [Step::new("m1", make, lose).with_transaction(Some(false))];
        fine(run(&database.session, &steps, &[up()]).await);
        for (verdict, left) in [(Verdict::Applied { batch: 9, checksum: None }, 1), (Verdict::Pending, 0)] {
            run(&database.session, &steps, &[down()]).await.1.unwrap_err();
            let found = repair::diagnose(&database.session, LEDGER).await.unwrap();
            assert_eq!(found.halted[0].entry.direction, Direction::Down);
            let Left::Changed(changes) = &found.halted[0].left else { panic!("{found:?}") };
            assert!(changes.iter().any(|change| matches!(change, Change::Removed { .. })), "{changes:?}");
            assert!(!changes.iter().any(|change| matches!(change, Change::Added { .. })), "{changes:?}");
            let (_, outcome) = run(&database.session, &steps, &[up()]).await;
            assert!(matches!(outcome, Err(Failure::Halted { direction: Direction::Down, .. })), "{outcome:?}");
            database.execute(&["CREATE TABLE a (id int)"]).await;
            repair::settle(&database.session, LEDGER, "m1", &verdict, &DEED).await.unwrap();
            let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
            assert_eq!((ledger.applied.len(), ledger.unfinished.len()), (left, 0));
            // The batch is the one it was applied in.
            assert!(ledger.last_batch() <= 1);
        }
    }
}

#[tokio::test]
async fn settings_of_the_session_are_put_back_and_named() {
    for database in Database::all().await {
        let changes: &[(&str, &str)] = match database.dialect {
            Dialect::Sqlite => &[
                ("PRAGMA foreign_keys = OFF", "foreign_keys"),
                ("PRAGMA recursive_triggers = 1", "recursive_triggers"),
            ],
            Dialect::Postgres => &[
                ("SELECT set_config('search_path', '', false)", "search_path"),
                ("SET session_replication_role = replica", "session_replication_role"),
                ("SET ROLE pg_monitor", "role"),
            ],
            Dialect::MySql => &[
                ("SET SESSION sql_mode = ''", "sql_mode"),
                ("SET foreign_key_checks = 0", "foreign_key_checks"),
                ("SET autocommit = 0", "autocommit"),
                ("USE information_schema", "database"),
            ],
        };
        let mut steps = Vec::new();
        for (at, (sql, setting)) in changes.iter().enumerate() {
            for transaction in [None, Some(false)] {
                if database.dialect == Dialect::Sqlite && transaction.is_none() && *setting == "foreign_keys" {
                    // It has no effect there.
                    continue;
                }
                let name = format!("m{at}_{}", transaction.is_none());
                let before = database.query(&database.dialect.settings(u32::try_from(steps.len()).unwrap())).await;
                steps.push(Step::new(&name, vec![(*sql).into()], vec![]).with_transaction(transaction));
                let lines = fine(run(&database.session, &steps, &[up()]).await);
                let warned = format!("Settings {{ name: {name:?}, settings: [{setting:?}] }}");
                assert!(lines.contains(&warned), "{:?}: {lines:?}", database.dialect);
                let after = database.query(&database.dialect.settings(u32::try_from(steps.len()).unwrap())).await;
                let own = |row: &Vec<Option<String>>| row[0].as_deref() == Some("lock_timeout");
                let without = |rows: Vec<_>| rows.into_iter().filter(|row| !own(row)).collect::<Vec<_>>();
                assert_eq!(without(before), without(after), "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_migration_that_ends_its_transaction_is_named() {
    for database in [Database::sqlite().await, Database::postgres().await] {
        let ends = vec![plus(1), "COMMIT".into(), "CREATE TABLE extra (id int)".into()];
        let mut steps = vec![counter(), Step::new("m2", ends, vec![])];
        let lines = fine(run(&database.session, &steps, &[up()]).await);
        assert!(lines.contains(&"CommittedInside { name: \"m2\" }".to_owned()), "{lines:?}");
        assert_eq!((n(&database).await.as_str(), database.has_table("extra").await), ("2", true));
        assert_eq!(ledger::read(&database.session, LEDGER).await.unwrap().applied.len(), 2);

        steps.push(Step::new("m3", vec![plus(1), "COMMIT".into(), Op::Fail("too late")], vec![]));
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { rolled_back: false, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(n(&database).await, "3");
        // Once more it would be 4.
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Halted { error: Some(error), .. }) = outcome else { panic!("{outcome:?}") };
        assert!(quotes(&error, "too late"), "{error}");
        repair::settle(&database.session, LEDGER, "m3", &Verdict::Pending, &DEED).await.unwrap();
        // The session goes on as if nothing had been.
        fine(run(&database.session, &[counter(), add("m2", 0), add("m9", 1)], &[Action::Down(Down::Steps(1))]).await);
    }
}

#[tokio::test]
async fn a_transaction_that_is_left_open_is_committed_and_named() {
    for database in Database::all().await {
        let begins = vec!["BEGIN".into(), plus(1)];
        let steps = [counter(), Step::new("m2", begins, vec![]).with_transaction(Some(false))];
        let lines = fine(run(&database.session, &steps, &[up()]).await);
        assert!(lines.contains(&"LeftOpen { name: \"m2\" }".to_owned()), "{lines:?}");
        let other = database.session().await;
        let sql = format!("SELECT {} FROM counter", database.dialect.text("n"));
        assert_eq!(other.query(&sql, &[]).await.unwrap(), [[Some("2".to_owned())]]);
        assert_eq!(ledger::read(&other, LEDGER).await.unwrap().applied.len(), 2);
    }
}

#[tokio::test]
async fn a_table_made_anew_keeps_the_rows_that_refer_to_it() {
    let database = Database::sqlite().await;
    for rule in ["CASCADE", "RESTRICT", "SET NULL"] {
        let make = vec![
            "CREATE TABLE parent (id integer PRIMARY KEY, old text)".into(),
            Op::Sql(format!(
                "CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent (id) ON DELETE {rule})"
            )),
            "INSERT INTO parent VALUES (1, 'x'), (2, 'y')".into(),
            "INSERT INTO child VALUES (10, 1), (20, 2)".into(),
        ];
        let unmake = vec!["DROP TABLE child".into(), "DROP TABLE parent".into()];
        let rebuild = |rows: &str| -> Vec<Op> {
            vec![
                "CREATE TABLE parent_new (id integer PRIMARY KEY)".into(),
                Op::Sql(format!("INSERT INTO parent_new SELECT id FROM parent{rows}")),
                "DROP TABLE parent".into(),
                "ALTER TABLE parent_new RENAME TO parent".into(),
            ]
        };
        let steps = [Step::new("m1", make, unmake), Step::new("m2", rebuild(""), vec![])];
        fine(run(&database.session, &steps, &[up()]).await);
        let children = "(SELECT group_concat(id || '-' || parent_id) FROM child)";
        assert_eq!(database.value(children).await.as_deref(), Some("10-1,20-2"), "{rule}");
        assert_eq!(
            database.query("SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys").await[0][0].as_deref(),
            Some("1")
        );

        // One that loses a parent on its way is refused, and nothing of it is in.
        let steps = [steps[0].clone(), steps[1].clone(), Step::new("m3", rebuild(" WHERE id = 1"), vec![])];
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { rolled_back: true, message, .. }) = outcome else { panic!("{outcome:?}") };
        // The words of SQLite, then both tables.
        assert!(quotes(&message, "FOREIGN KEY constraint failed"), "{message}");
        assert!(message.contains("`child`") && message.contains("`parent`"), "{message}");
        assert_eq!(database.value(children).await.as_deref(), Some("10-1,20-2"), "{rule}");

        // Deleting rows goes on to mean what the key says.
        let delete = Step::new("m4", vec!["DELETE FROM parent WHERE id = 2".into()], vec![]);
        let (_, outcome) = run(&database.session, &[steps[0].clone(), steps[1].clone(), delete], &[up()]).await;
        let expected = match rule {
            "CASCADE" => "10-1",
            "RESTRICT" => "10-1,20-2",
            _ => "10-1",
        };
        assert_eq!(
            (outcome.is_ok(), database.value(children).await.as_deref()),
            (rule != "RESTRICT", Some(expected)),
            "{rule}"
        );
        database
            .execute(&[
                "DROP TABLE child",
                "DROP TABLE parent",
                "DELETE FROM seaql_migrations",
                "DELETE FROM kit_migrations",
            ])
            .await;
    }
}

#[tokio::test]
async fn an_index_whose_build_was_interrupted_is_never_taken_for_one() {
    let database = Database::postgres().await;
    let concurrently: Op = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ux ON counter (n)".into();
    let steps = [
        counter(),
        Step::new("m2", vec!["INSERT INTO counter VALUES (1)".into()], vec![]),
        Step::new("m3", vec![concurrently], vec![]).with_transaction(Some(false)),
    ];
    let (_, outcome) = run(&database.session, &steps, &[up()]).await;
    let Err(Failure::Migration { rolled_back: false, .. }) = outcome else { panic!("{outcome:?}") };
    let found = repair::diagnose(&database.session, LEDGER).await.unwrap();
    assert_eq!(found.invalid_indexes, ["ux"]);
    database.execute(&["DELETE FROM counter"]).await;
    repair::settle(&database.session, LEDGER, "m3", &Verdict::Pending, &DEED).await.unwrap();
    // The server says that it is there.
    let (_, outcome) = run(&database.session, &steps, &[up()]).await;
    let Err(Failure::Migration { cause: Cause::Error, message, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("ux"), "{message}");
    assert_eq!(repair::drop_invalid_indexes(&database.session, LEDGER, &DEED).await.unwrap(), ["ux"]);
    repair::settle(&database.session, LEDGER, "m3", &Verdict::Pending, &DEED).await.unwrap();
    assert_eq!(fine(run(&database.session, &steps, &[up()]).await), ["up m3"]);
    assert!(repair::diagnose(&database.session, LEDGER).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_another_session_has_locked_is_tried_again() {
    for database in Database::all().await {
        fine(run(&database.session, &[counter()], &[up()]).await);
        let other = database.session().await;
        let (begin, lock) = match database.dialect {
            Dialect::Sqlite => ("BEGIN IMMEDIATE", "UPDATE counter SET n = n"),
            Dialect::Postgres => ("BEGIN", "LOCK TABLE counter"),
            Dialect::MySql => ("BEGIN", "SELECT CAST(n AS CHAR) FROM counter"),
        };
        other.execute(begin, &[]).await.unwrap();
        other.execute(lock, &[]).await.unwrap();
        let wait = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(1_700)).await;
            other.execute("COMMIT", &[]).await.unwrap();
        });
        let alter = Step::new("m2", vec!["ALTER TABLE counter ADD COLUMN more int".into()], vec![]);
        let lines = fine(steps::run_patiently(&database.session, &[counter(), alter], &[up()], 1).await);
        wait.await.unwrap();
        // There it is kit's own rehearsal that waits.
        if database.dialect != Dialect::Sqlite {
            assert!(lines[0].starts_with("Retried { name: \"m2\""), "{:?}: {lines:?}", database.dialect);
        }
        assert_eq!(lines.last().map(String::as_str), Some("up m2"));
    }
}

#[tokio::test]
async fn a_session_that_is_killed_in_a_migration_is_no_riddle() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let kill = match database.dialect {
            Dialect::Postgres => "SELECT pg_terminate_backend(pg_backend_pid())",
            _ => "KILL CONNECTION_ID()",
        };
        let steps = [counter(), Step::new("m2", vec![plus(1), kill.into(), plus(10)], vec![])];
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { rolled_back: true, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(n(&database).await, "1");
        assert_eq!(fine(run(&database.session, &[counter(), add("m2", 5)], &[up()]).await), ["up m2"]);
        assert_eq!(n(&database).await, "6");
        // With DDL before it, the server that cannot roll it back keeps it, and kit says so.
        let steps =
            [counter(), add("m2", 5), Step::new("m3", vec!["CREATE TABLE extra (id int)".into(), kill.into()], vec![])];
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        let Err(Failure::Migration { rolled_back, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(rolled_back, database.dialect == Dialect::Postgres);
        assert_eq!(database.has_table("extra").await, !rolled_back);
        let halted = ledger::read(&database.session, LEDGER).await.unwrap();
        assert_eq!(
            halted.halted().map(|entry| entry.state).collect::<Vec<_>>(),
            if rolled_back { vec![] } else { vec![State::Failed] }
        );
    }
}
