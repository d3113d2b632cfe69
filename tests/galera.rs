//! The lease on a real cluster of three nodes, which `tests/galera.sh` starts: races over its nodes, runs that are killed
//! and stopped, nodes that are killed and join again, a cluster without a quorum. Everything says how many rounds it was.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "a child says how far it is, and a test how many rounds it was")]
#![allow(clippy::disallowed_methods, reason = "a test learns from its environment where the cluster is")]

#[path = "support/steps.rs"]
mod steps;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kit_runtime::connection::Connection;
use kit_runtime::ledger::{self, LEDGER};
use kit_runtime::lock::{self, Lock, fault};
use kit_runtime::sea_orm::{Session, Settings};
use kit_runtime::wire::{Action, Failure, LockKind, Locking, Unfit, Up};
use rustix::process::{Pid, Signal, kill_process};
use steps::{Migrator, Op, Step, run_locking};

const TASK: &str = "KIT_TEST_CHILD_TASK";
const URL: &str = "KIT_TEST_CHILD_URL";

/// Shorter than the product's.
const PATIENCE: u64 = 2_000;

/// Nothing is said of the kind of lock: kit has to see by itself that it is a cluster.
fn locking(wait: u64) -> Locking {
    Locking { wait, beat: 300, patience: PATIENCE, ..Locking::default() }
}

fn up() -> [Action; 1] {
    [Action::Up(Up::default())]
}

async fn open(url: &str) -> Session {
    Session::connect(Settings::new(url)).await.unwrap()
}

async fn take(session: &Session, wait: u64) -> Result<Lock, Failure> {
    lock::acquire(session, LEDGER, &locking(wait), &mut |_| ()).await
}

fn counting() -> Vec<Step> {
    let create = vec!["CREATE TABLE counter (n int PRIMARY KEY)".into(), "INSERT INTO counter VALUES (1)".into()];
    vec![
        Step::new("m1", create, vec![]),
        Step::new("m2", vec![Op::Sleep(100), "UPDATE counter SET n = n + 1".into(), Op::Sleep(100)], vec![]),
        Step::new("m3", vec!["UPDATE counter SET n = n + 10".into()], vec![]),
    ]
}

fn slow() -> Vec<Step> {
    let up = vec![Op::Say("\nasleep"), Op::Sleep(400), "INSERT INTO written VALUES (1)".into()];
    vec![Step::new("m1", up, vec![]), Step::table("m2")]
}

fn long() -> Vec<Step> {
    let alter = "ALTER TABLE big ADD COLUMN more char(100) NOT NULL DEFAULT 'x', ALGORITHM = COPY";
    vec![Step::new("m1", vec![Op::Say("\naltering"), alter.into(), Op::Say("\naltered"), Op::Sleep(500)], vec![])]
}

/// What the other tests start as a process of its own; by itself it does nothing.
#[tokio::test]
#[ignore = "started by the other tests"]
async fn child() {
    let (Ok(task), Ok(url)) = (std::env::var(TASK), std::env::var(URL)) else { return };
    let session = open(&url).await;
    let steps = match task.as_str() {
        "migrate" => counting(),
        "long" => long(),
        _ => slow(),
    };
    fault::FENCES.store(task != "slow and unfenced", Ordering::SeqCst);
    let (_, outcome) = run_locking::<Migrator>(&session, &steps, &up(), locking(120)).await;
    assert_eq!(outcome, Ok(()));
}

fn start(task: &str, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--ignored", "--nocapture"])
        .env(TASK, task)
        .env(URL, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads what a child says until it says `word`.
fn until(child: &mut Child, word: &str) {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line.trim_end() != word {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before it said {word}");
    }
    // Closed, it would end a child that goes on to print.
    child.stdout = Some(out.into_inner());
}

/// One database on the three nodes, which stays there: the cluster is thrown away.
struct Cluster {
    urls: Vec<String>,
}

impl Cluster {
    async fn database() -> Self {
        let Ok(nodes) = std::env::var("KIT_TEST_GALERA_URLS") else { panic!("run tests/galera.sh") };
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
        let name = format!("kit_{}_{since}", std::process::id());
        let first = nodes.split_whitespace().next().unwrap();
        open(first).await.execute(&format!("CREATE DATABASE {name}"), &[]).await.unwrap();
        let base = |url: &str| format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        Self { urls: nodes.split_whitespace().map(base).collect() }
    }

    async fn node(&self, index: usize) -> Session {
        let session = open(&self.urls[index % self.urls.len()]).await;
        // What other nodes wrote is waited for.
        session.execute("SET SESSION wsrep_sync_wait = 15", &[]).await.unwrap();
        session
    }

    async fn value(&self, index: usize, sql: &str) -> Option<String> {
        let rows = self.node(index).await.query(&format!("SELECT CAST(({sql}) AS CHAR)"), &[]).await.unwrap();
        rows.into_iter().flatten().next().flatten()
    }
}

fn home() -> PathBuf {
    PathBuf::from(std::env::var("KIT_TEST_GALERA_FOLDER").unwrap())
}

/// Kills the server of a node of this test's own cluster.
fn kill_node(number: usize) {
    let pid: i32 = std::fs::read_to_string(home().join(format!("n{number}/pid"))).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn restart(number: usize) -> Child {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/galera.sh");
    Command::new(script).arg("restart").arg(home()).arg(number.to_string()).stdin(Stdio::null()).spawn().unwrap()
}

#[tokio::test]
#[ignore = "needs a cluster: tests/galera.sh"]
async fn races_over_three_nodes() {
    let (mut runs, mut failed) = (0, Vec::new());
    for _ in 0..6 {
        let cluster = Cluster::database().await;
        let children: Vec<Child> = (0..6).map(|at| start("migrate", &cluster.urls[at % 3])).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            runs += 1;
            if !output.status.success() {
                failed.push(String::from_utf8_lossy(&output.stderr).into_owned());
            }
        }
        for node in 0..3 {
            assert_eq!(cluster.value(node, "SELECT n FROM counter").await.as_deref(), Some("12"));
        }
        let ledger = ledger::read(&cluster.node(1).await, LEDGER).await.unwrap();
        assert_eq!((ledger.applied.len(), ledger.unfinished.len(), ledger.last_batch()), (3, 0, 1));
    }
    println!("galera: races: {runs} runs, {} failed", failed.len());
    assert_eq!(failed, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs a cluster: tests/galera.sh"]
async fn killed_runs_are_seen_or_gone_on_with() {
    let (mut dirty, mut went_on, mut worst) = (0, 0, 0);
    let rounds = 30;
    for round in 0..rounds {
        let cluster = Cluster::database().await;
        let mut child = start("migrate", &cluster.urls[round % 3]);
        std::thread::sleep(Duration::from_millis(100 + 37 * u64::try_from(round).unwrap() % 900));
        child.kill().unwrap();
        child.wait().unwrap();
        let session = cluster.node(round + 1).await;
        let begun = Instant::now();
        let lock = take(&session, 60).await.unwrap();
        worst = worst.max(begun.elapsed().as_millis());
        let ledger = ledger::read(&session, LEDGER).await.unwrap();
        lock.release(&session).await.unwrap();
        // Half of one is never taken for a whole one: it is in the journal.
        if ledger.unfinished.is_empty() {
            let (_, outcome) = run_locking::<Migrator>(&session, &counting(), &up(), locking(60)).await;
            assert_eq!(outcome, Ok(()), "{round}");
            assert_eq!(cluster.value(round, "SELECT n FROM counter").await.as_deref(), Some("12"), "{round}");
            went_on += 1;
        } else {
            assert!(ledger.applied.len() < 3, "{round}");
            dirty += 1;
        }
    }
    println!(
        "galera: kills: {rounds} rounds, {went_on} gone on with, {dirty} left in the journal, 0 wrong, takeover ≤ {worst} ms"
    );
}

/// Stops a run on the first node, takes its lease on the second, wakes it, and returns what it wrote.
async fn wake_after_takeover(task: &str) -> (String, bool, usize, u128) {
    let cluster = Cluster::database().await;
    cluster.node(0).await.execute("CREATE TABLE written (n int PRIMARY KEY)", &[]).await.unwrap();
    let mut child = start(task, &cluster.urls[0]);
    until(&mut child, "asleep");
    let process = Pid::from_child(&child);
    kill_process(process, Signal::STOP).unwrap();
    let stopped = Instant::now();
    let session = cluster.node(1).await;
    let lock = take(&session, 60).await.unwrap();
    let taken = stopped.elapsed().as_millis();
    kill_process(process, Signal::CONT).unwrap();
    let output = child.wait_with_output().unwrap();
    lock.release(&session).await.unwrap();
    let ledger = ledger::read(&session, LEDGER).await.unwrap();
    let written = cluster.value(2, "SELECT COUNT(*) FROM written").await.unwrap();
    (written, output.status.success(), ledger.applied.len(), taken)
}

#[tokio::test]
#[ignore = "needs a cluster: tests/galera.sh"]
async fn stopped_runs_that_wake_too_late_write_nothing() {
    let mut worst = 0;
    for round in 0..20 {
        let (written, well, applied, taken) = wake_after_takeover("slow").await;
        assert_eq!((written.as_str(), well, applied), ("0", false, 0), "{round}");
        worst = worst.max(taken);
    }
    println!("galera: stops: 20 rounds, 0 wrote, takeover ≤ {worst} ms");
    let mut wrote = 0;
    for _ in 0..5 {
        let (written, _, applied, _) = wake_after_takeover("slow and unfenced").await;
        wrote += usize::from(written != "0" && applied == 2);
    }
    println!("galera: stops without fences: 5 rounds, {wrote} wrote");
    assert!(wrote > 0);
}

#[tokio::test]
#[ignore = "needs a cluster: tests/galera.sh"]
async fn a_long_statement_is_not_the_end_of_its_run() {
    for round in 0..3 {
        let cluster = Cluster::database().await;
        let first = cluster.node(0).await;
        first.execute("CREATE TABLE big (id int PRIMARY KEY, text char(200) NOT NULL)", &[]).await.unwrap();
        first.execute("INSERT INTO big SELECT seq, 'x' FROM seq_1_to_400000", &[]).await.unwrap();
        let mut child = start("long", &cluster.urls[0]);
        let second = cluster.node(1).await;
        until(&mut child, "altering");
        let begun = Instant::now();
        let outcome = tokio::join!(take(&second, 120), async {
            tokio::task::spawn_blocking(move || {
                until(&mut child, "altered");
                (begun.elapsed(), child.wait_with_output().unwrap())
            })
            .await
            .unwrap()
        });
        let (taken, (altered, output)) = outcome;
        // It had the lease to its end: it could give it back.
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        taken.unwrap().release(&second).await.unwrap();
        let token = cluster.value(2, "SELECT token FROM kit_lock WHERE id = 2").await;
        assert_eq!(token.as_deref(), Some("2"));
        println!("galera: long statement: round {round}, {} ms, not taken over", altered.as_millis());
    }
}

#[tokio::test]
#[ignore = "needs a cluster: tests/galera.sh"]
async fn a_node_that_changes_its_schema_alone_is_refused() {
    let cluster = Cluster::database().await;
    let admin = cluster.node(0).await;
    admin.execute("SET GLOBAL wsrep_OSU_method = 'RSU'", &[]).await.unwrap();
    let refused = take(&open(&cluster.urls[0]).await, 0).await;
    admin.execute("SET GLOBAL wsrep_OSU_method = 'TOI'", &[]).await.unwrap();
    assert!(matches!(refused, Err(Failure::Unfit(Unfit::NodeByNode))), "{refused:?}");
    let session = Locking { kind: Some(LockKind::Session), ..locking(0) };
    let refused = lock::acquire(&admin, LEDGER, &session, &mut |_| ()).await;
    assert!(matches!(refused, Err(Failure::Lock { .. })));
    println!("galera: a node that changes its schema alone: refused");
}

/// The last test: it leaves the cluster without two of its nodes for a while.
#[tokio::test]
#[ignore = "needs a cluster: tests/galera.sh"]
async fn z_nodes_that_are_killed() {
    let rounds = 3;
    let mut worst = 0;
    for _ in 0..rounds {
        let cluster = Cluster::database().await;
        cluster.node(0).await.execute("CREATE TABLE written (n int PRIMARY KEY)", &[]).await.unwrap();
        let mut child = start("slow", &cluster.urls[2]);
        until(&mut child, "asleep");
        kill_node(3);
        let killed = Instant::now();
        let session = cluster.node(0).await;
        let lock = take(&session, 60).await.unwrap();
        worst = worst.max(killed.elapsed().as_millis());
        assert!(!child.wait().unwrap().success());
        let ledger = ledger::read(&session, LEDGER).await.unwrap();
        assert_eq!((ledger.applied.len(), ledger.unfinished.len()), (0, 1));
        lock.release(&session).await.unwrap();
        assert!(restart(3).wait().unwrap().success());
        assert_eq!(cluster.value(2, "SELECT token FROM kit_lock WHERE id = 2").await.as_deref(), Some("2"));
        assert_eq!(cluster.value(2, "SELECT COUNT(*) FROM written").await.as_deref(), Some("0"));
    }
    println!("galera: node kills: {rounds} rounds, takeover ≤ {worst} ms, the node that joined again says the same");
    let cluster = Cluster::database().await;
    kill_node(2);
    kill_node(3);
    let begun = Instant::now();
    let refused = loop {
        let refused = take(&open(&cluster.urls[0]).await, 0).await;
        if matches!(refused, Err(Failure::Unfit(_))) || begun.elapsed() > Duration::from_secs(60) {
            break refused;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let Err(Failure::Unfit(Unfit::NoQuorum { state })) = refused else { panic!("{refused:?}") };
    println!("galera: no quorum: refused after {} ms: {state}", begun.elapsed().as_millis());
    let (mut two, mut three) = (restart(2), restart(3));
    assert!(two.wait().unwrap().success() && three.wait().unwrap().success());
    let session = cluster.node(0).await;
    take(&session, 60).await.unwrap().release(&session).await.unwrap();
}
