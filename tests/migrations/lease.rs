//! The lease, on real servers and with processes of its own: races, holders that are killed, stopped and woken, and
//! poolers that lend sessions. With the fences off, the woken holder has to write, or its silence would prove nothing.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "a child says how far it is")]
#![allow(clippy::disallowed_methods, reason = "a child learns from its environment what it is to do")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::support::database::Database;
use crate::support::steps::{Migrator, Op, Step, run_locking};
use crate::support::{Sandbox, assert_failure};
use crate::support::{database, pooler};
use kit_runtime::connection::{Connection, Sessions};
use kit_runtime::dialect::{Dialect, Survey};
use kit_runtime::ledger::{self, LEDGER};
use kit_runtime::lock::{self, Lock, fault};
use kit_runtime::sea_orm::{Session, Settings};
use kit_runtime::wire::{Action, Failure, LockKind, Locking, Unfit, Up};
use rustix::process::{Pid, Signal, kill_process};
use sea_orm::ConnectionTrait as _;

const TASK: &str = "KIT_TEST_CHILD_TASK";
const URL: &str = "KIT_TEST_CHILD_URL";

/// Shorter than the product's, so that a takeover is seen in a second.
const PATIENCE: u64 = 1_000;

fn lease(wait: u64) -> Locking {
    Locking { kind: Some(LockKind::Lease), wait, beat: 100, patience: PATIENCE, ..Locking::default() }
}

fn up() -> [Action; 1] {
    [Action::Up(Up::default())]
}

async fn open(url: &str) -> Session {
    Session::connect(Settings::new(url)).await.unwrap()
}

async fn take(session: &Session, locking: &Locking) -> Result<Lock, Failure> {
    lock::acquire(session, LEDGER, locking, &mut |_| ()).await
}

async fn servers() -> [Database; 2] {
    [Database::postgres().await, Database::mysql().await]
}

/// Data changes that show it if they run twice, and time for others to come between.
fn counting() -> Vec<Step> {
    let create = vec!["CREATE TABLE counter (n int)".into(), "INSERT INTO counter VALUES (1)".into(), Op::Sleep(30)];
    vec![
        Step::new("m1", create, vec![]),
        Step::new("m2", vec!["UPDATE counter SET n = n + 1".into()], vec![]),
        Step::new("m3", vec!["UPDATE counter SET n = n + 10".into()], vec![]),
    ]
}

/// What shows a holder that goes on after it was stopped. Each statement is its own on both servers.
fn slow() -> Vec<Step> {
    let up = vec![Op::Say("\nasleep"), Op::Sleep(400), "INSERT INTO written VALUES (1)".into()];
    vec![Step::new("m1", up, vec![]).with_transaction(Some(false)), Step::table("m2")]
}

/// What the other tests start as a process of its own; by itself it does nothing.
#[tokio::test]
#[ignore = "started by the other tests"]
async fn child() {
    let (Ok(task), Ok(url)) = (std::env::var(TASK), std::env::var(URL)) else { return };
    let session = open(&url).await;
    match task.as_str() {
        "migrate" => {
            let (_, outcome) = run_locking::<Migrator>(&session, &counting(), &up(), lease(120)).await;
            assert_eq!(outcome, Ok(()));
        }
        "migrate as it is" => {
            let locking = Locking { kind: None, ..lease(120) };
            let (_, outcome) = run_locking::<Migrator>(&session, &counting(), &up(), locking).await;
            assert_eq!(outcome, Ok(()));
        }
        "slow" | "slow and unfenced" => {
            fault::FENCES.store(task == "slow", Ordering::SeqCst);
            let (_, outcome) = run_locking::<Migrator>(&session, &slow(), &up(), lease(0)).await;
            assert_eq!(outcome, Ok(()));
        }
        _ => {
            let lock = take(&session, &lease(0)).await.unwrap();
            println!("\nheld");
            // What blocks the thread does not stop the signs of life.
            std::thread::sleep(Duration::from_millis(task.parse().unwrap()));
            lock.release(&session).await.unwrap();
        }
    }
}

fn start(task: &str, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["lease::child", "--exact", "--ignored", "--nocapture"])
        .env(TASK, task)
        .env(URL, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A process that has said `word`.
fn started(task: &str, url: &str, word: &str) -> Child {
    let mut child = start(task, url);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line.trim_end() != word {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "{:?}", child.wait_with_output());
    }
    // Closed, it would end a child that goes on to print.
    child.stdout = Some(out.into_inner());
    child
}

/// What went wrong when so many did it at once.
fn race(count: usize, task: &str, url: &str) -> Vec<String> {
    let children: Vec<Child> = (0..count).map(|_| start(task, url)).collect();
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    outputs.iter().filter(|output| !output.status.success()).map(|output| format!("{output:?}")).collect()
}

async fn is_migrated_once(database: &Database) {
    assert_eq!(database.value("(SELECT n FROM counter)").await.as_deref(), Some("12"));
    let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
    assert_eq!((ledger.applied.len(), ledger.unfinished.len(), ledger.last_batch()), (3, 0, 1));
    assert_eq!(database.value("(SELECT COUNT(*) FROM kit_probe)").await.as_deref(), Some("0"));
    assert_eq!(database.value("(SELECT COUNT(*) FROM kit_lock WHERE owner IS NOT NULL)").await.as_deref(), Some("0"));
}

#[tokio::test]
async fn eight_processes_at_once_migrate_once() {
    for _ in 0..3 {
        for database in servers().await {
            assert_eq!(race(8, "migrate", database.url()), Vec::<String>::new(), "{:?}", database.dialect);
            is_migrated_once(&database).await;
        }
    }
}

#[tokio::test]
async fn a_killed_holder_is_followed_when_it_has_been_silent_for_long_enough() {
    for database in servers().await {
        let mut child = started("600000", database.url(), "held");
        let session = open(database.url()).await;
        let Err(Failure::Busy { holder: Some(found), waited: 0 }) = take(&session, &lease(0)).await else {
            panic!("{:?}", database.dialect)
        };
        assert_eq!(found.pid, child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        let killed = Instant::now();
        let lock = take(&session, &lease(20)).await.unwrap();
        let taken = killed.elapsed();
        println!("{:?}: taken over after {} ms", database.dialect, taken.as_millis());
        assert!(taken >= Duration::from_millis(PATIENCE), "{taken:?}");
        // A run that knows nothing of the lease of its own accord is kept out, too.
        let other = database.session().await;
        let plain = Locking { kind: Some(LockKind::Session), wait: 0, ..Locking::default() };
        assert!(matches!(take(&other, &plain).await, Err(Failure::Busy { .. })));
        lock.release(&session).await.unwrap();
        let lock = take(&other, &plain).await.unwrap();
        assert!(matches!(take(&session, &lease(0)).await, Err(Failure::Busy { .. })));
        lock.release(&other).await.unwrap();
        assert_eq!(database.value("(SELECT token FROM kit_lock WHERE id = 2)").await.as_deref(), Some("3"));
    }
}

#[tokio::test]
async fn a_holder_that_blocks_its_thread_is_alive() {
    for database in servers().await {
        let mut child = started("6000", database.url(), "held");
        let session = open(database.url()).await;
        assert!(matches!(take(&session, &lease(3)).await, Err(Failure::Busy { .. })), "{:?}", database.dialect);
        assert!(child.wait().unwrap().success());
        take(&session, &lease(0)).await.unwrap().release(&session).await.unwrap();
    }
}

/// Stops a run in a migration, takes its lease, wakes it, and returns what it wrote, whether it thought it went well, how
/// many migrations are in, and whether its session had been ended before it woke.
async fn wake_after_takeover(database: &Database, task: &str) -> (String, bool, usize, bool) {
    database.execute(&["CREATE TABLE written (n int)"]).await;
    let child = started(task, database.url(), "asleep");
    let process = Pid::from_child(&child);
    kill_process(process, Signal::STOP).unwrap();
    let number = database.value("(SELECT session_id FROM kit_lock WHERE id = 2)").await.unwrap();
    let session = open(database.url()).await;
    let lock = take(&session, &lease(20)).await.unwrap();
    let sessions = match database.dialect {
        Dialect::Postgres => format!("(SELECT COUNT(*) FROM pg_stat_activity WHERE pid = {number})"),
        _ => format!("(SELECT COUNT(*) FROM information_schema.processlist WHERE id = {number})"),
    };
    let ended = database.value(&sessions).await.as_deref() == Some("0");
    kill_process(process, Signal::CONT).unwrap();
    let output = child.wait_with_output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr);
    assert!(says.contains("LockLost") || task != "slow", "{says}");
    lock.release(&session).await.unwrap();
    let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
    let written = database.value("(SELECT COUNT(*) FROM written)").await.unwrap();
    (written, output.status.success(), ledger.applied.len(), ended)
}

#[tokio::test]
async fn a_holder_that_wakes_too_late_writes_nothing() {
    for database in servers().await {
        let found = wake_after_takeover(&database, "slow").await;
        assert_eq!(found, ("0".to_owned(), false, 0, true), "{:?}", database.dialect);
    }
    // From here on its session is still there, as if it were another node's.
    fault::ENDS_SESSIONS.store(false, Ordering::SeqCst);
    for _ in 0..5 {
        for database in servers().await {
            let found = wake_after_takeover(&database, "slow").await;
            assert_eq!(found, ("0".to_owned(), false, 0, false), "{:?}", database.dialect);
        }
    }
    for database in servers().await {
        // Without fences this test would fail.
        let (written, _, applied, _) = wake_after_takeover(&database, "slow and unfenced").await;
        assert_eq!((written.as_str(), applied), ("1", 2), "{:?}", database.dialect);
    }
}

/// A backup that was made while a run was at work has its row, and nobody who gives signs of life.
#[tokio::test]
async fn a_row_from_a_backup_is_not_believed_for_long() {
    for database in servers().await {
        let session = open(database.url()).await;
        take(&session, &lease(0)).await.unwrap().release(&session).await.unwrap();
        let stale = "UPDATE kit_lock SET owner = 'somebody', token = 41 WHERE id = 2";
        for kind in [LockKind::Session, LockKind::Lease] {
            database.execute(&[stale]).await;
            let locking = Locking { kind: Some(kind), ..lease(20) };
            let begun = Instant::now();
            take(&session, &locking).await.unwrap().release(&session).await.unwrap();
            assert!(begun.elapsed() >= Duration::from_millis(PATIENCE), "{kind:?}");
            let row = "(SELECT token FROM kit_lock WHERE id = 2 AND owner IS NULL)";
            assert_eq!(database.value(row).await.as_deref(), Some("42"), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_lease_is_refused_where_it_means_nothing() {
    let database = Database::sqlite().await;
    let refused = take(&database.session, &lease(0)).await;
    assert!(matches!(refused, Err(Failure::Lock { .. })));
    for database in servers().await {
        let session = open(database.url()).await;
        assert_eq!(session.sessions(), Sessions::Own, "{:?}", database.dialect);
        // A session that cannot be opened again has no signs of life to give.
        let refused = take(&database.session, &lease(0)).await;
        assert!(matches!(refused, Err(Failure::Lock { .. })));
    }
}

#[tokio::test]
async fn kit_takes_a_lease_and_leaves_a_server_that_takes_no_writes_alone() {
    for database in servers().await {
        let sandbox = Sandbox::project();
        let kit = |arguments: &[&str]| {
            let arguments = [arguments, &["--database", database.url()]].concat();
            std::thread::scope(|scope| scope.spawn(|| sandbox.kit(&arguments)).join().unwrap())
        };
        if database.dialect == Dialect::Postgres {
            let name = database.value("current_database()").await.unwrap();
            let set = |on| format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = {on}");
            database.execute(&[&set("on")]).await;
            let refused = kit(&["migrate:install"]);
            assert_eq!(refused.code, 1, "{refused}");
            assert_failure!(refused, Failure::Unfit(Unfit::ReadOnly { says }) if says.contains("transaction_read_only"));
            database.execute(&["SET default_transaction_read_only = off", &set("off")]).await;
            assert!(!database.has_table(LEDGER).await);
        }
        assert_eq!(kit(&["migrate:install", "--lock=lease"]).code, 0);
        assert!(database.has_table(LEDGER).await && database.has_table(lock::PROBE).await);
    }
}

#[test]
fn what_servers_say_of_themselves() {
    let of =
        |rows: &[(&str, &str)]| Survey::new(rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let node = [("wsrep_on", "ON"), ("wsrep_ready", "ON"), ("wsrep_cluster_status", "Primary")];
    assert!(of(&node).is_lockless() && of(&node).unfit().is_none());
    let alone = [("wsrep_on", "ON"), ("wsrep_ready", "OFF"), ("wsrep_cluster_status", "non-Primary")];
    assert!(matches!(of(&alone).unfit(), Some(Unfit::NoQuorum { state }) if state.contains("non-Primary")));
    let rolling = [node.as_slice(), &[("wsrep_OSU_method", "RSU")]].concat();
    assert_eq!(of(&rolling).unfit(), Some(Unfit::NodeByNode));
    for name in ["read_only", "super_read_only", "innodb_read_only", "pg_is_in_recovery", "transaction_read_only"] {
        assert_eq!(of(&[(name, "ON")]).unfit(), Some(Unfit::ReadOnly { says: name.to_owned() }));
        assert_eq!(of(&[(name, "OFF")]).unfit(), None);
    }
    assert!(of(&[("version", "CockroachDB CCL v24.1.0")]).is_lockless());
    assert!(of(&[("version", "8.0.30-Vitess")]).is_lockless());
    let group = ("group_replication_group_name", "aaaa");
    assert!(of(&[group, ("group_replication_single_primary_mode", "OFF")]).is_lockless());
    assert!(!of(&[group, ("group_replication_single_primary_mode", "ON")]).is_lockless());
    assert!(!of(&[("version", "10.11.19-MariaDB"), ("wsrep_on", "OFF")]).is_lockless());
}

/// As a cluster in strict mode does: a lease needs no right but that to write.
#[tokio::test]
async fn where_the_locks_of_sessions_are_forbidden_a_lease_is_taken() {
    let database = Database::postgres().await;
    let role = format!("{}_lockless", database.url().rsplit_once('/').unwrap().1);
    let functions = database
        .query(
            "SELECT CAST(p.oid::regprocedure AS TEXT) FROM pg_proc p \
             WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname LIKE 'pg%advisory%'",
        )
        .await;
    for function in functions.into_iter().flatten().flatten() {
        database.execute(&[&format!("REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")]).await;
    }
    database
        .execute(&[
            &format!("CREATE ROLE {role} LOGIN PASSWORD 'r0le'"),
            &format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}"),
        ])
        .await;
    let mut url = url::Url::parse(database.url()).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("r0le")).unwrap();
    assert_eq!(open(url.as_str()).await.sessions(), Sessions::Lockless);
    let failed = race(4, "migrate as it is", url.as_str());
    let migrated = is_migrated_once(&database).await;
    database.execute(&[&format!("DROP OWNED BY {role} CASCADE"), &format!("DROP ROLE {role}")]).await;
    assert_eq!((failed, migrated), (Vec::<String>::new(), ()));
}

#[tokio::test]
async fn a_pooler_that_lends_sessions_is_noticed() {
    let database = Database::postgres().await;
    let pooler = pooler::Pooler::start(database.url());
    for round in 0..20 {
        assert_eq!(open(&pooler.url).await.sessions(), Sessions::Lent, "{round}");
        assert_eq!(open(database.url()).await.sessions(), Sessions::Own, "{round}");
    }
}

/// As many clients at once as the pooler has sessions: from then on it lends them, and they are older than who gets them.
async fn busy(url: &str) {
    let clients: Vec<_> = (0..pooler::SESSIONS)
        .map(|_| {
            let url = url.to_owned();
            tokio::spawn(async move {
                database::open(&url).await.execute_unprepared("SELECT pg_sleep(0.5)").await.unwrap();
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn eight_processes_behind_a_pooler_migrate_once() {
    for round in 0..5 {
        let database = Database::postgres().await;
        let pooler = pooler::Pooler::start(database.url());
        busy(&pooler.url).await;
        assert_eq!(race(8, "migrate as it is", &pooler.url), Vec::<String>::new(), "{round}");
        is_migrated_once(&database).await;
        let session = open(&pooler.url).await;
        let steps = [Step::table("m9").with_transaction(Some(false))];
        let locking = Locking { kind: None, ..lease(20) };
        let (lines, outcome) = run_locking::<Migrator>(&session, &steps, &up(), locking).await;
        assert!(lines.first().is_some_and(|line| line == "Lent"), "{lines:?}");
        assert_eq!(outcome, Err(Failure::Unfit(Unfit::Lent { name: "m9".to_owned() })));
        assert!(!database.has_table("t_m9").await);
    }
}
