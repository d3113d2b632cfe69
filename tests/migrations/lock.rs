//! The lock, on real servers and with processes of its own: who gets it, who waits and is told for whom, and what is left
//! when its holder is killed. Without the lock the same race has to fail, or it would prove nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "a child says so when it has the lock")]
#![allow(clippy::disallowed_methods, reason = "a child learns from its environment what it is to do")]

mod announced;
mod transient;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::database::Database;
use crate::support::steps::{Migrator, Op, Step, run, run_locking};
use crate::support::{Sandbox, assert_error, assert_failure};
use kit::error::Error;
use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, LEDGER};
use kit_runtime::lock::{self, Lock};
use kit_runtime::sea_orm::{Session, Settings};
use kit_runtime::wire::{Action, Cause, Failure, Holder, LockKind, Locking, Up, Wipe};
use sea_orm::ConnectOptions;

const TASK: &str = "KIT_TEST_CHILD_TASK";
const URL: &str = "KIT_TEST_CHILD_URL";

fn up() -> Action {
    Action::Up(Up::default())
}

fn wait(seconds: u64) -> Locking {
    Locking { wait: seconds, ..Locking::default() }
}

async fn take(session: &Session, wait_for: u64) -> Result<Lock, Failure> {
    lock::acquire(session, LEDGER, &wait(wait_for), &mut |_| ()).await
}

/// Data changes that show it if they run twice, and time for others to come between.
fn counting() -> Vec<Step> {
    let create = vec!["CREATE TABLE counter (n int)".into(), "INSERT INTO counter VALUES (1)".into(), Op::Sleep(30)];
    vec![
        Step::new("m1", create, vec![]),
        Step::new("m2", vec!["UPDATE counter SET n = n + 1".into()], vec![]),
        Step::new("m3", vec!["UPDATE counter SET n = n + 10".into()], vec![]),
        Step::table("m4"),
    ]
}

const INCREMENTS: u32 = 4;

/// What the other tests start as a process of its own; by itself it does nothing.
#[tokio::test]
#[ignore = "started by the other tests"]
async fn child() {
    let (Ok(task), Ok(url)) = (std::env::var(TASK), std::env::var(URL)) else { return };
    let session = Session::connect(Settings::new(url)).await.unwrap();
    match task.as_str() {
        "migrate" | "migrate unlocked" => {
            let kind = (task != "migrate").then_some(LockKind::None);
            let locking = Locking { kind, ..Locking::default() };
            let (_, outcome) = run_locking::<Migrator>(&session, &counting(), &[up()], locking).await;
            assert_eq!(outcome, Ok(()));
        }
        "count" => {
            for _ in 0..INCREMENTS {
                let lock = take(&session, 120).await.unwrap();
                let sql = format!("SELECT {} FROM counter", session.dialect().text("n"));
                let n: u32 = session.query(&sql, &[]).await.unwrap()[0][0].as_deref().unwrap().parse().unwrap();
                tokio::time::sleep(Duration::from_millis(10)).await;
                session.execute(&format!("UPDATE counter SET n = {}", n + 1), &[]).await.unwrap();
                lock.release(&session).await.unwrap();
            }
        }
        "long statement" => {
            let sleep = if session.dialect() == Dialect::MySql { "DO SLEEP(5)" } else { "SELECT pg_sleep(5)" };
            let _ = run(&session, &[Step::new("m1", vec![sleep.into()], vec![])], &[up()]).await;
        }
        hold => {
            let millis = hold.strip_prefix("hold ").unwrap().parse().unwrap();
            let mut lock = take(&session, 0).await.unwrap();
            lock.announce(&session).await;
            println!("\nheld");
            tokio::time::sleep(Duration::from_millis(millis)).await;
            lock.release(&session).await.unwrap();
        }
    }
}

fn start(task: &str, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["lock::child", "--exact", "--ignored", "--nocapture"])
        .env(TASK, task)
        .env(URL, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A process that has the lock for so long, once it has it.
fn holder(database: &Database, millis: u64) -> Child {
    let mut child = start(&format!("hold {millis}"), database.url());
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line != "held\n" {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "{:?}", child.wait_with_output());
    }
    // Closed, it would end a child that goes on to print.
    child.stdout = Some(out.into_inner());
    child
}

/// What went wrong when so many did it at once.
fn race(count: usize, task: &str, database: &Database) -> Vec<String> {
    let children: Vec<Child> = (0..count).map(|_| start(task, database.url())).collect();
    let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
    outputs.filter(|output| !output.status.success()).map(|output| format!("{output:?}")).collect()
}

#[tokio::test]
async fn eight_processes_at_once_migrate_once() {
    for _ in 0..3 {
        for database in Database::all().await {
            assert_eq!(race(8, "migrate", &database), Vec::<String>::new(), "{:?}", database.dialect);
            assert_eq!(database.value("(SELECT n FROM counter)").await.as_deref(), Some("12"));
            let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
            assert_eq!((ledger.applied.len(), ledger.unfinished.len(), ledger.last_batch()), (4, 0, 1));
            assert_eq!(database.tables().await.len(), 2 + database.own_tables().len());
        }
    }
}

#[tokio::test]
async fn without_the_lock_the_race_is_lost() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        let mut failed = 0;
        for _ in 0..5 {
            let database = Database::empty(dialect).await;
            failed += race(8, "migrate unlocked", &database).len();
            if failed > 0 {
                break;
            }
        }
        assert!(failed > 0, "{dialect:?}");
    }
}

#[tokio::test]
async fn a_counter_under_the_lock_loses_nothing() {
    for database in Database::all().await {
        database.execute(&["CREATE TABLE counter (n int)", "INSERT INTO counter VALUES (0)"]).await;
        assert_eq!(race(8, "count", &database), Vec::<String>::new(), "{:?}", database.dialect);
        let counted = database.value("(SELECT n FROM counter)").await;
        assert_eq!(counted, Some((8 * INCREMENTS).to_string()), "{:?}", database.dialect);
    }
}

#[tokio::test]
async fn a_killed_holder_frees_the_lock() {
    for database in Database::all().await {
        let mut child = holder(&database, 600_000);
        let Err(Failure::Busy { holder: Some(found), waited: 0 }) = take(&database.session, 0).await else {
            panic!("{:?}", database.dialect)
        };
        let Holder { host, pid, command, .. } = *found;
        assert_eq!((pid, command.as_str()), (child.id(), "migrate"));
        assert!(!host.is_empty());
        // What a run would do is refused before anything is written.
        let (lines, outcome) = run_locking::<Migrator>(&database.session, &counting(), &[up()], wait(0)).await;
        assert!(lines.is_empty() && matches!(outcome, Err(Failure::Busy { .. })), "{outcome:?}");
        assert!(!database.has_table(LEDGER).await);
        child.kill().unwrap();
        child.wait().unwrap();
        take(&database.session, 10).await.unwrap().release(&database.session).await.unwrap();
    }
}

/// The server does not know yet that the client is dead; the lock goes when the statement does.
#[tokio::test]
async fn a_killed_run_keeps_the_lock_while_its_statement_runs() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let mut child = start("long statement", database.url());
        let begun = Instant::now();
        while let Ok(lock) = take(&database.session, 0).await {
            lock.release(&database.session).await.unwrap();
            assert!(begun.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let running = match database.dialect {
            Dialect::Postgres => {
                "(SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database())"
            }
            _ => {
                "(SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%' AND db = DATABASE())"
            }
        };
        while database.value(running).await.as_deref() == Some("0") {
            assert!(begun.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let killed = Instant::now();
        take(&database.session, 20).await.unwrap().release(&database.session).await.unwrap();
        // A server that checks the connections of its clients ends the statement itself: PostgreSQL since version 14.
        let ended = killed.elapsed() < Duration::from_secs(2);
        let checks = database.dialect == Dialect::Postgres
            && database.value("current_setting('client_connection_check_interval', true)").await.is_some();
        assert_eq!(ended, checks, "{:?} {:?}", database.dialect, killed.elapsed());
    }
}

#[tokio::test]
async fn who_waits_is_told_for_whom() {
    for database in Database::all().await {
        let mut child = holder(&database, 1_500);
        let (lines, outcome) = run(&database.session, &[Step::table("m1")], &[up()]).await;
        assert_eq!(outcome, Ok(()));
        let waiting = format!("pid: {}, command: \"migrate\"", child.id());
        assert!(lines[0].starts_with("Waiting") && lines[0].contains(&waiting), "{lines:?}");
        assert_eq!(lines[1..], ["Installed", "up m1"]);
        assert!(child.wait().unwrap().success());
    }
}

#[tokio::test]
async fn kit_says_who_is_at_work_and_status_does_not_wait() {
    for database in Database::all().await {
        let mut child = holder(&database, 600_000);
        let sandbox = Sandbox::project();
        let kit = |arguments: &[&str]| {
            let arguments = [arguments, &["--database", database.url()]].concat();
            std::thread::scope(|scope| scope.spawn(|| sandbox.kit(&arguments)).join().unwrap())
        };
        let busy = kit(&["migrate:install", "--wait", "0"]);
        assert_eq!(busy.code, 1, "{busy}");
        assert_failure!(busy, Failure::Busy { holder: Some(holder), waited: 0 }
            if holder.pid == child.id() && holder.command == "migrate");
        assert!(busy.hint().contains("--wait") && busy.hint().contains(&child.id().to_string()), "{busy}");
        let clock = Instant::now();
        let status = kit(&["migrate:status"]);
        assert!(status.code == 0 && clock.elapsed() < Duration::from_secs(20), "{status}");
        assert!(!database.has_table(LEDGER).await);
        let bold = kit(&["migrate:install", "--lock=none"]);
        assert_error!(bold, Error::Unlocked);
        let kind = if database.dialect == Dialect::Sqlite { "session" } else { "file" };
        let wrong = kit(&["migrate:install", "--lock", kind]);
        assert_failure!(wrong, Failure::Lock { .. });
        assert_eq!(kit(&["migrate:install", "--lock=none", "--force"]).code, 0);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::test]
async fn who_hangs_is_ended_after_a_yes() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let sandbox = Sandbox::project().env("DATABASE_URL", database.url());
        let kit = |arguments: &[&str], answers: &[&str]| {
            std::thread::scope(|scope| scope.spawn(|| sandbox.kit_answering(arguments, answers)).join().unwrap())
        };
        let nobody = kit(&["migrate:repair", "--unlock"], &[]);
        assert_eq!(nobody.code, 0, "{nobody}");
        let mut child = holder(&database, 600_000);
        let who = format!("process {}", child.id());
        let found = kit(&["migrate:repair"], &[]);
        assert!(found.code == 0 && found.shows(&who), "{found}");
        let kept = kit(&["migrate:repair", "--unlock"], &["no"]);
        assert!(kept.shows(&who), "the question names who is at work: {kept}");
        assert_error!(kept, Error::Cancelled);
        assert!(matches!(take(&database.session, 0).await, Err(Failure::Busy { .. })));
        let ended = kit(&["migrate:repair", "--unlock"], &["yes"]);
        assert_eq!(ended.code, 0, "{ended}");
        take(&database.session, 10).await.unwrap().release(&database.session).await.unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::test]
async fn two_runs_that_share_a_session_are_two_runs() {
    for database in Database::all().await {
        let lock = take(&database.session, 0).await.unwrap();
        assert!(matches!(take(&database.session, 0).await, Err(Failure::Busy { .. })), "{:?}", database.dialect);
        lock.check(&database.session).await.unwrap();
        // Another ledger in the same database is another lock, but for a file.
        let other = lock::acquire(&database.session, "other", &wait(0), &mut |_| ()).await;
        assert_eq!(other.is_ok(), database.dialect != Dialect::Sqlite);
        lock.release(&database.session).await.unwrap();
        take(&database.session, 0).await.unwrap().release(&database.session).await.unwrap();
    }
}

#[tokio::test]
async fn a_lock_that_is_lost_stops_the_run() {
    for database in Database::all().await {
        // On one server a statement gives all locks back, on the other the session goes with its lock.
        let loses = match database.dialect {
            Dialect::Postgres => "SELECT pg_advisory_unlock_all()",
            Dialect::MySql => "KILL CONNECTION_ID()",
            Dialect::Sqlite => continue,
        };
        let steps = [Step::new("m1", vec![loses.into()], vec![]), Step::table("m2")];
        let (_, outcome) = run(&database.session, &steps, &[up()]).await;
        assert!(outcome.is_err(), "{:?}", database.dialect);
        if database.dialect == Dialect::Postgres {
            assert_eq!(outcome, Err(Failure::LockLost));
        }
        assert!(!database.has_table("t_m2").await);

        let lock = take(&database.session, 0).await.unwrap();
        let other = database.session().await;
        let session =
            database.value(if database.dialect == Dialect::MySql { "CONNECTION_ID()" } else { "pg_backend_pid()" });
        let session = session.await.unwrap();
        let end = match database.dialect {
            Dialect::MySql => format!("KILL {session}"),
            _ => format!("SELECT pg_terminate_backend({session})"),
        };
        other.execute(&end, &[]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        // The pool gives a new session without a word; the lock notices.
        assert_eq!(lock.check(&database.session).await, Err(Failure::LockLost), "{:?}", database.dialect);
        assert_eq!(lock.release(&database.session).await, Err(Failure::LockLost));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_lock_file_is_its_owners_and_no_link() {
    use std::os::unix::fs::PermissionsExt;
    let database = Database::sqlite().await;
    let path = database.url().strip_prefix("sqlite://").unwrap().replace("?mode=rwc", ".kit-lock");
    let lock = take(&database.session, 0).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // Whoever deletes it has let others in; the run does not go on.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(lock.check(&database.session).await, Err(Failure::LockLost));
    assert_eq!(lock.release(&database.session).await, Err(Failure::LockLost));
    let target = format!("{path}.elsewhere");
    std::os::unix::fs::symlink(&target, &path).unwrap();
    let Err(Failure::Lock { message, .. }) = take(&database.session, 0).await else { panic!("locked through a link") };
    assert!(message.contains(&path), "{message}");
    assert!(!std::path::Path::new(&target).exists());
}

#[tokio::test]
async fn fresh_leaves_the_word_of_who_is_at_work() {
    for database in Database::all().await {
        let steps = [Step::table("m1")];
        assert_eq!(run(&database.session, &steps, &[up()]).await.1, Ok(()));
        let wiped = [Action::Wipe(Wipe { views: true, types: true })];
        assert_eq!(run(&database.session, &steps, &wiped).await.1, Ok(()));
        let left: &[&str] = if database.dialect == Dialect::Sqlite { &[] } else { &[lock::TABLE] };
        assert_eq!(database.tables().await, left);
        if !left.is_empty() {
            assert_eq!(database.query(&format!("SELECT host FROM {}", lock::TABLE)).await.len(), 0);
        }
    }
}

#[tokio::test]
async fn a_migration_that_needs_a_second_connection_says_so() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let mut options = ConnectOptions::new(database.url());
        options.max_connections(1).acquire_timeout(Duration::from_secs(1)).sqlx_logging(false);
        let narrow = sea_orm::Database::connect(options.clone()).await.unwrap();
        let nested = Step::new("m1", vec![Op::Nested("CREATE TABLE t (id int)".to_owned())], vec![]);
        let steps = [nested.with_transaction(Some(false))];
        let (_, outcome) = run(&Session::new(narrow.clone()), &steps, &[up()]).await;
        let Err(Failure::Migration { cause: Cause::Starved, .. }) = outcome else { panic!("{outcome:?}") };
        database.execute(&["DELETE FROM kit_migrations"]).await;
        options.max_connections(2);
        let pool = sea_orm::Database::connect(options).await.unwrap();
        let (lines, outcome) = run(&Session::with_pool(narrow, pool), &steps, &[up()]).await;
        assert_eq!((lines.join(", "), outcome), ("up m1".to_owned(), Ok(())), "{:?}", database.dialect);
    }
}
