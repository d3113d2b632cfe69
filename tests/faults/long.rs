//! T2: so many migrations that no run comes to its end before it is killed.

use std::collections::BTreeMap;
use std::time::Duration;

use kit_runtime::ledger::{self, LEDGER};
use kit_runtime::repair::{self, Left};

use crate::kills::NAMES;
use crate::process::start;
use crate::support::database::Database;
use crate::support::steps::{Op, Step};
use crate::tally::Tally;

const COUNT: u32 = 500;

/// Each leaves a row of its own, and nothing keeps it from leaving two; every fifth makes a table as well.
pub fn many() -> Vec<Step> {
    let first = Step::new("m0000", vec!["CREATE TABLE done (id int)".into()], vec![]);
    let others = (1..=COUNT).map(|id| {
        let row = Op::Sql(format!("INSERT INTO done VALUES ({id})"));
        let table = Op::Sql(format!("CREATE TABLE t_{id} (id int)"));
        Step::new(&format!("m{id:04}"), if id % 5 == 0 { vec![row, table] } else { vec![row] }, vec![])
    });
    std::iter::once(first).chain(others).collect()
}

async fn t2(name: &'static str) {
    let database = match name {
        "PostgreSQL" => Database::postgres().await,
        "MariaDB" => Database::mysql().await,
        _ => Database::sqlite().await,
    };
    if name == "SQLite, WAL" {
        database.execute(&["PRAGMA journal_mode = WAL"]).await;
    }
    let mut tally = Tally::default();
    loop {
        let mut run = start("many", database.url(), None);
        run.wait_for("ready");
        run.wait_at_most(Duration::from_millis(200));
        run.kill();
        let ended = run.wait();
        if ended.fine {
            break;
        }
        assert_eq!(ended.signal, Some(9), "{ended:?}");
        tally.tried += 1;
        let mut person = 0;
        for case in repair::diagnose(&database.session, LEDGER).await.unwrap().halted {
            if case.left == Left::Nothing {
                continue;
            }
            person = 1;
            complete(&database, &case.entry.name).await;
        }
        tally.by_hand += person;
        tally.alone += 1 - person;
    }
    let rows = database.query(&format!("SELECT {} FROM done", database.dialect.text("id"))).await;
    let mut times = BTreeMap::new();
    for id in rows.into_iter().flatten().flatten() {
        *times.entry(id).or_insert(0) += 1;
    }
    let doubled = times.values().filter(|times| **times > 1).count();
    tally.changes = COUNT.abs_diff(times.len() as u32) + doubled as u32;
    let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
    tally.wrong = u32::from(ledger.applied.len() as u32 != COUNT + 1 || !ledger.unfinished.is_empty());
    let tables = database.tables().await.iter().filter(|name| name.starts_with("t_")).count();
    tally.wrong += u32::from(tables as u32 != COUNT / 5);
    tally.report("T2 500 migrations, kill every 0.2 s", name, "kit");
    tally.assert_whole();
}

/// What a person does: looks whether row and table are there, and makes what is missing.
async fn complete(database: &Database, name: &str) {
    let session = crate::work::connect(database.url()).await;
    let locking = kit_runtime::wire::Locking::default();
    let lock = kit_runtime::lock::acquire(&session, LEDGER, &locking, &mut |_| ()).await.unwrap();
    let id: u32 = name[1..].parse().unwrap();
    if id == 0 {
        if !database.has_table("done").await {
            database.execute(&["CREATE TABLE done (id int)"]).await;
        }
    } else {
        let found = database.value(&format!("(SELECT count(*) FROM done WHERE id = {id})")).await;
        if found.as_deref() == Some("0") {
            database.execute(&[&format!("INSERT INTO done VALUES ({id})")]).await;
        }
        if id.is_multiple_of(5) && !database.has_table(&format!("t_{id}")).await {
            database.execute(&[&format!("CREATE TABLE t_{id} (id int)")]).await;
        }
    }
    let verdict = repair::Verdict::Applied { batch: 1, checksum: Some(format!("sum of {name}")) };
    repair::settle(&session, LEDGER, name, &verdict, &crate::work::deed()).await.unwrap();
    lock.release(&session).await.unwrap();
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn t2_sqlite_journal() {
    t2(NAMES[0]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn t2_sqlite_wal() {
    t2(NAMES[1]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn t2_postgres() {
    t2(NAMES[2]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn t2_mariadb() {
    t2(NAMES[3]).await;
}
