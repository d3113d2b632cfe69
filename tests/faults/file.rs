//! S1: a database that is a file, on a disk that is full, in a folder that cannot be written, with the journal of a killed
//! writer beside it, and with an application that writes all the time.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kit_runtime::ledger::{self, LEDGER};
use kit_runtime::wire::{Action, Failure, Up};

use crate::kills::{NAMES, place};
use crate::process::{Ended, finish, start_by};
use crate::support::database::Database;
use crate::support::server::{is_root, open_to_all};
use crate::support::steps::{Op, Step, run};
use crate::support::text::quotes;
use crate::tally::{Chance, Tally};
use crate::work::{Goal, connect};

/// A migration whose changes do not fit into memory, so that they stand in the file before they are committed.
pub fn spilling() -> Vec<Step> {
    let make = vec![
        Op::Sql("CREATE TABLE big (n int, t text)".to_owned()),
        Op::Sql("INSERT INTO big VALUES (1, '')".to_owned()),
    ];
    let rows = "INSERT INTO big WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) SELECT x, hex(zeroblob(50)) FROM c";
    let spill = ["PRAGMA cache_size = 1", "UPDATE big SET n = n + 10", rows, "UPDATE big SET n = n + 100"];
    vec![
        Step::new("m1", make, vec![]),
        Step::new("m2", spill.iter().map(|sql| Op::Sql((*sql).to_owned())).collect(), vec![]),
    ]
}

fn path(database: &Database) -> PathBuf {
    PathBuf::from(database.url().strip_prefix("sqlite://").unwrap().split('?').next().unwrap())
}

#[tokio::test]
async fn the_journal_of_a_killed_writer_is_rolled_back() {
    let database = Database::sqlite().await;
    let ended = finish("spill", database.url(), Some("before-commit:2=kill"));
    assert_eq!(ended.signal, Some(9), "{ended:?}");
    let journal = PathBuf::from(format!("{}-journal", path(&database).display()));
    assert!(journal.metadata().unwrap().len() > 0);
    let first = "(SELECT min(n) FROM big)";
    let session = connect(database.url()).await;
    let (_, outcome) = run(&session, &spilling(), &[Action::Up(Up::default())]).await;
    assert_eq!(outcome, Ok(()));
    assert!(!journal.exists());
    assert_eq!(database.value("(SELECT count(*) FROM big)").await.as_deref(), Some("20001"));
    assert_eq!(database.value(first).await.as_deref(), Some("101"));
    assert_eq!(database.value("(SELECT n FROM big WHERE t = '')").await.as_deref(), Some("111"));
    assert_eq!(database.query("PRAGMA integrity_check").await[0][0].as_deref(), Some("ok"));
}

/// What a disk of 64 KB has room for.
#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let mut mount = Command::new("unshare");
    mount.args(if is_root() { ["-m"].as_slice() } else { ["-r", "-m"].as_slice() });
    if !mount.arg("true").status().is_ok_and(|status| status.success()) {
        // Not every system lets an ordinary user mount a file system of its own; then the database is told to be full.
        return full_by_itself().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    let (disk, kept) = (folder.path().display().to_string(), kept.path().display().to_string());
    // The disk is there only for these processes: what is left of it is copied out.
    let script = format!("mount -t tmpfs -o size=96k kit {disk} && \"$@\"; cp -a {disk}/. {kept}/");
    let mut command = Command::new("unshare");
    command.args(if is_root() { ["-m"].as_slice() } else { ["-r", "-m"].as_slice() });
    command.args(["sh", "-c", &script, "sh"]).arg(std::env::current_exe().unwrap());
    let ended = start_by(command, "spill", &format!("sqlite://{disk}/full.sqlite?mode=rwc"), None).wait();
    assert!(ended.text.contains("rolled_back: true") && quotes(&ended.text, "database or disk is full"), "{ended:?}");
    let database = Database::of(kit_runtime::dialect::Dialect::Sqlite, &format!("sqlite://{kept}/full.sqlite")).await;
    whole_but_for_the_second(&database).await;
}

async fn full_by_itself() {
    let database = Database::sqlite().await;
    let mut steps = spilling();
    steps[1].up.insert(0, Op::Sql("PRAGMA max_page_count = 30".to_owned()));
    let session = connect(database.url()).await;
    let (_, outcome) = run(&session, &steps, &[Action::Up(Up::default())]).await;
    let Err(Failure::Migration { message, rolled_back: true, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(quotes(&message, "database or disk is full"), "{message}");
    whole_but_for_the_second(&database).await;
}

#[tokio::test]
async fn a_database_that_is_full_says_so() {
    full_by_itself().await;
}

async fn whole_but_for_the_second(database: &Database) {
    assert_eq!(database.value("(SELECT group_concat(n) FROM big)").await.as_deref(), Some("1"));
    let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
    assert_eq!((ledger.applied.len(), ledger.unfinished.len()), (1, 0));
    assert_eq!(database.query("PRAGMA integrity_check").await[0][0].as_deref(), Some("ok"));
}

/// Runs as a user to whom permissions mean something.
fn as_anybody(url: &str) -> Ended {
    let own = std::env::current_exe().unwrap();
    if !is_root() {
        return start_by(Command::new(own), "up", url, None).wait();
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(own);
    start_by(command, "up", url, None).wait()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn what_cannot_be_written_is_said_and_left_as_it_is() {
    let database = Database::sqlite().await;
    let (file, folder) = (path(&database), path(&database).parent().unwrap().to_owned());
    database.execute(&["CREATE TABLE kept (n int)"]).await;
    let before = database.everything().await;
    // A folder in which no lock can be made.
    open_to_all(&folder);
    set_mode(&folder, 0o555);
    set_mode(&file, 0o444);
    let ended = as_anybody(database.url());
    assert!(!ended.fine && quotes(&ended.text, ".kit-lock: Permission denied"), "{ended:?}");
    // A folder that can be written, and a file that cannot.
    set_mode(&folder, 0o777);
    let ended = as_anybody(database.url());
    assert!(!ended.fine && quotes(&ended.text, "readonly database"), "{ended:?}");
    assert_eq!(before, database.everything().await);
}

/// An application that writes all the time: nobody loses anything.
async fn beside_an_application(name: &'static str, rounds: u32) -> Tally {
    let place = place(name).await;
    let (mut tally, mut chance) = (Tally::default(), Chance::new("S1"));
    for _ in 0..rounds {
        place.prepare(Goal::Up).await;
        place.database.execute(&["CREATE TABLE app (n int)"]).await;
        let stop = Arc::new(AtomicBool::new(false));
        let (url, told) = (place.database.url().to_owned(), stop.clone());
        let application = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                use kit_runtime::connection::Connection;
                let session = connect(&url).await;
                session.execute("PRAGMA busy_timeout = 20000", &[]).await.unwrap();
                let mut written = 0;
                while !told.load(Ordering::SeqCst) {
                    session.execute("INSERT INTO app VALUES (1)", &[]).await.unwrap();
                    written += 1;
                    // SQLite gives nobody a turn: without a breath the other waits for chance.
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                }
                written
            })
        });
        let ended = finish("up", place.database.url(), None);
        stop.store(true, Ordering::SeqCst);
        let written: u32 = application.join().unwrap();
        let found = place.database.value("(SELECT count(*) FROM app)").await;
        assert_eq!(found, Some(written.to_string()));
        assert!(written > 0);
        place.database.execute(&["DROP TABLE app"]).await;
        assert!(ended.fine, "{ended:?}");
        place.settle("beside an application", Goal::Up, &mut tally, &mut chance).await;
    }
    tally
}

#[tokio::test]
async fn an_application_writes_all_the_time() {
    for name in &NAMES[..2] {
        beside_an_application(name, 1).await.assert_whole();
    }
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn s1_an_application_writes_all_the_time() {
    for name in &NAMES[..2] {
        let tally = beside_an_application(name, 20).await;
        tally.report("S1 application writes", name, "kit");
        tally.assert_whole();
    }
}
