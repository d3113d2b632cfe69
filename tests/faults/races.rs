//! F4 to F7: many at once. All come to their end, each migration runs once, and nobody waits for ever.

use std::time::Duration;

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, LEDGER};
use kit_runtime::lock;
use kit_runtime::repair;
use kit_runtime::sea_orm::Session;
use kit_runtime::wire::{Action, Failure, Locking, Up};

use crate::kills::{NAMES, place};
use crate::process::{start, together};
use crate::support::database::Database;
use crate::support::steps::{Op, Step, run};
use crate::tally::{Chance, Tally};
use crate::work::{Goal, connect, deed, empty};

/// F4: eight at once on an empty database, with kit's lock and with the peer that has none.
#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f4_eight_at_once() {
    for name in NAMES {
        let place = place(name).await;
        for (task, tool) in [("up", "kit"), ("peer", "sea-orm-migration")] {
            let mut tally = Tally::default();
            for _ in 0..10 {
                empty(&place.database).await;
                let failed = together(&[task; 8], place.database.url());
                let faulty = place.golden(Goal::Up).compare(&place.database, task == "up").await;
                tally.tried += 8;
                tally.stuck += failed.len() as u32;
                tally.alone += 8 - failed.len() as u32;
                tally.wrong += u32::from(!faulty.reasons.is_empty());
                tally.changes += faulty.changes;
                tally.reasons.extend(failed.into_iter().chain(faulty.reasons).take(3));
            }
            tally.report("F4 8 at once", name, tool);
            if task == "up" {
                tally.assert_whole();
            }
        }
    }
}

const INCREMENTS: u32 = 50;

/// Reads a number, waits and writes one more, so that two at once would lose one.
pub async fn count(session: &Session) {
    let patient = Locking { wait: 600, ..Locking::default() };
    for _ in 0..INCREMENTS {
        let lock = lock::acquire(session, LEDGER, &patient, &mut |_| ()).await.unwrap();
        let sql = format!("SELECT {} FROM counter", session.dialect().text("n"));
        let n: u32 = session.query(&sql, &[]).await.unwrap()[0][0].as_deref().unwrap().parse().unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let transaction = session.begin().await.unwrap();
        transaction.execute(&format!("UPDATE counter SET n = {}", n + 1), &[]).await.unwrap();
        transaction.execute("INSERT INTO counted VALUES (1)", &[]).await.unwrap();
        transaction.commit().await.unwrap();
        lock.release(session).await.unwrap();
    }
}

/// F5: sixteen count under the lock, and four of them are killed.
#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f5_a_counter_under_the_lock() {
    let mut chance = Chance::new("F5");
    for name in NAMES {
        let place = place(name).await;
        let database = &place.database;
        database.execute(&["CREATE TABLE counter (n int)", "CREATE TABLE counted (n int)"]).await;
        database.execute(&["INSERT INTO counter VALUES (0)"]).await;
        let runs: Vec<_> = (0..16).map(|_| start("count", database.url(), None)).collect();
        let mut tally = Tally::default();
        let mut lived = 0;
        for (at, mut run) in runs.into_iter().enumerate() {
            if at % 4 == 0 {
                std::thread::sleep(Duration::from_millis(500 + chance.below(2_000)));
                run.kill();
            }
            let ended = run.wait();
            assert!(ended.fine || ended.signal == Some(9), "{ended:?}");
            lived += u32::from(ended.fine);
            tally.tried += 1;
        }
        // The others were killed, and nobody goes on for them.
        tally.alone = lived;
        let number = |text: Option<String>| text.unwrap().parse::<u32>().unwrap();
        let n = number(database.value("(SELECT n FROM counter)").await);
        let counted = number(database.value("(SELECT count(*) FROM counted)").await);
        assert!(counted >= lived * INCREMENTS && lived >= 12, "{counted} {lived}");
        tally.changes = n.abs_diff(counted);
        tally.report("F5 counter, 16 at once", name, "kit");
        tally.assert_whole();
    }
}

/// F6: everything at once. The lock puts one after the other, and a status waits for nobody.
#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f6_everything_at_once() {
    for name in NAMES {
        let place = place(name).await;
        let mut tally = Tally::default();
        for round in 0..20 {
            place.prepare(if round % 2 == 0 { Goal::Up } else { Goal::Down }).await;
            let failed =
                together(&["up", "down", "status", "look", "repair", "fresh", "up", "status"], place.database.url());
            let session = connect(place.database.url()).await;
            let actions = Goal::Up.actions(&session).await;
            let (_, outcome) = run(&session, &place.work.steps, &actions).await;
            let faulty = place.golden(Goal::Up).compare(&place.database, true).await;
            tally.tried += 8;
            // Between the reading and the rolling back another one may have rolled back: that is said.
            tally.stuck += failed.len() as u32 + u32::from(outcome.is_err());
            tally.alone += 8 - failed.len() as u32;
            tally.wrong += u32::from(!faulty.reasons.is_empty());
            tally.changes += faulty.changes;
            tally.reasons.extend(failed.into_iter().chain(faulty.reasons));
        }
        tally.report("F6 all commands at once", name, "kit");
        tally.assert_whole();
    }
}

/// An index that is built beside everything else, on a table that has some rows.
pub fn concurrently() -> Vec<Step> {
    let fill = "INSERT INTO big SELECT i, i * 7 % 1000 FROM generate_series(1, 20000) i";
    let make = vec![Op::Sql("CREATE TABLE big (id int, n int)".to_owned()), Op::Sql(fill.to_owned())];
    let build = "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_big ON big (n)".to_owned();
    vec![Step::new("m1", make, vec![]), Step::new("m2", vec![Op::Sql(build)], vec![]).with_transaction(Some(false))]
}

const INVALID: &str = "SELECT CAST(count(*) AS TEXT) FROM pg_index WHERE NOT indisvalid";

async fn eight_build_an_index(rounds: u32) -> Tally {
    let database = Database::postgres().await;
    let mut tally = Tally::default();
    for _ in 0..rounds {
        empty(&database).await;
        let failed = together(&["index"; 8], database.url());
        assert_eq!(database.query(INVALID).await[0][0].as_deref(), Some("0"));
        assert_eq!(ledger::read(&database.session, LEDGER).await.unwrap().applied.len(), 2);
        tally.tried += 8;
        tally.stuck += failed.len() as u32;
        tally.alone += 8 - failed.len() as u32;
        tally.reasons.extend(failed);
    }
    tally
}

/// F7: whoever waits for the lock does not wait inside the server, where it would be a deadlock.
#[tokio::test]
async fn an_index_is_built_concurrently_while_seven_wait() {
    eight_build_an_index(1).await.assert_whole();
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f7_concurrently() {
    let tally = eight_build_an_index(10).await;
    tally.report("F7 CONCURRENTLY, 7 wait", "PostgreSQL", "kit");
    tally.assert_whole();
}

/// F7: a build that was killed leaves an index that is none, and the next run does not take it for one.
#[tokio::test]
async fn a_killed_build_of_an_index_is_built_again() {
    let database = Database::postgres().await;
    let steps = concurrently();
    let up = [Action::Up(Up::default())];
    assert_eq!(run(&database.session, &steps[..1], &up).await.1, Ok(()));
    // A build has to wait for whoever has changed the table.
    let other = database.session().await;
    let open = other.begin().await.unwrap();
    open.execute("INSERT INTO big VALUES (0, 0)", &[]).await.unwrap();
    let mut killed = start("index", database.url(), None);
    let begun = "SELECT CAST(count(*) AS TEXT) FROM pg_index WHERE NOT indisvalid AND indrelid = 'big'::regclass";
    while database.query(begun).await[0][0].as_deref() == Some("0") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    killed.kill();
    killed.wait();
    // The server sees within a second that its client is gone; the lock is free then.
    let lock = lock::acquire(&database.session, LEDGER, &Locking::default(), &mut |_| ()).await.unwrap();
    lock.release(&database.session).await.unwrap();
    open.commit().await.unwrap();
    let session = connect(database.url()).await;
    let Err(Failure::Halted { name, .. }) = run(&session, &steps, &up).await.1 else { panic!("it went on") };
    assert_eq!(name, "m2");
    assert_eq!(repair::drop_invalid_indexes(&session, LEDGER, &deed()).await.unwrap(), ["ix_big"]);
    repair::settle(&session, LEDGER, "m2", &repair::Verdict::Pending, &deed()).await.unwrap();
    assert_eq!(run(&session, &steps, &up).await.1, Ok(()));
    assert_eq!(database.query(INVALID).await[0][0].as_deref(), Some("0"));
    assert_eq!(database.dialect, Dialect::Postgres);
}
