//! The process under test: this very test binary, started again with a task in its environment. It says `ready` when it is
//! about to begin and how it ended, and can be told where to fail.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kit_runtime::connection::Connection;
use kit_runtime::fault;
use kit_runtime::ledger::LEDGER;
use kit_runtime::repair;
use kit_runtime::sea_orm::Session;
use kit_runtime::wire::{Action, Failure, Up};
use sea_orm_migration::MigratorTrait;

use crate::support::database::Database;
use crate::support::steps::{self, Migrator, run};
use crate::work::{Goal, Work, connect, repair_by_hand};
use crate::{file, races};

const TASK: &str = "KIT_TEST_CHILD_TASK";
const URL: &str = "KIT_TEST_CHILD_URL";

/// Does what the environment says.
pub async fn child() {
    let (Ok(task), Ok(url)) = (std::env::var(TASK), std::env::var(URL)) else { return };
    let word = task.split(' ').next().unwrap();
    if word == "peer" {
        let connection = crate::support::database::open(&url).await;
        let work = Work::new(Session::new(connection.clone()).dialect());
        steps::set(&work.steps);
        println!("\nready");
        end(Migrator::up(&connection, None).await.map_err(|error| error.to_string()));
        return;
    }
    let session = connect(&url).await;
    let work = Work::new(session.dialect());
    println!("\nready");
    let outcome = match word {
        "up" | "down" | "fresh" | "late" => {
            let goal = match word {
                "down" => Goal::Down,
                "fresh" => Goal::Fresh,
                _ => Goal::Up,
            };
            fault::TOUCHES_FIRST.store(word != "late", Ordering::SeqCst);
            let actions = goal.actions(&session).await;
            run(&session, &work.steps, &actions).await.1
        }
        "many" => run(&session, &crate::long::many(), &[Action::Up(Up::default())]).await.1,
        "commits" => run(&session, &crate::kills::committing(), &[Action::Up(Up::default())]).await.1,
        "count" => {
            races::count(&session).await;
            Ok(())
        }
        "index" => run(&session, &races::concurrently(), &[Action::Up(Up::default())]).await.1,
        "spill" => run(&session, &file::spilling(), &[Action::Up(Up::default())]).await.1,
        "status" => {
            let clock = Instant::now();
            let read = kit_runtime::ledger::read(&session, LEDGER).await;
            assert!(clock.elapsed() < Duration::from_secs(10), "status waited");
            read.map(|_| ()).map_err(|error| Failure::Database { message: error.message, reason: error.reason })
        }
        "repair" => {
            let database = Database::of(session.dialect(), &url).await;
            let repaired = repair_by_hand(&database, &work, true).await;
            repaired.map(|_| ()).map_err(|message| Failure::Database { message, reason: None })
        }
        "look" => {
            let found = repair::diagnose(&session, LEDGER).await;
            found.map(|_| ()).map_err(|error| Failure::Database { message: error.message, reason: error.reason })
        }
        other => panic!("no such task: {other}"),
    };
    end(outcome);
}

fn end<E: std::fmt::Debug>(outcome: Result<(), E>) {
    println!("struck {}", fault::STRUCK.load(Ordering::SeqCst));
    match outcome {
        Ok(()) => println!("fine"),
        Err(failure) => println!("failed {failure:?}"),
    }
}

/// A started child.
pub struct Run {
    child: Child,
    out: BufReader<ChildStdout>,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    /// It said that all went well.
    pub fine: bool,
    /// What was to happen to it has happened.
    pub struck: bool,
    /// By a signal.
    pub signal: Option<i32>,
    /// Everything else it said.
    pub text: String,
}

/// Starts a child; with `fault` it fails there.
pub fn start(task: &str, url: &str, fault: Option<&str>) -> Run {
    start_by(Command::new(std::env::current_exe().unwrap()), task, url, fault)
}

/// [`start`] through another program, whose command ends with this one's path.
pub fn start_by(mut command: Command, task: &str, url: &str, fault: Option<&str>) -> Run {
    command.args(["child", "--exact", "--ignored", "--nocapture"]);
    command.env(TASK, task).env(URL, url).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(fault) = fault {
        command.env(fault::VARIABLE, fault);
    }
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    Run { child, out }
}

impl Run {
    /// Waits until it says `word`.
    pub fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim_end() != word {
            line.clear();
            if self.out.read_line(&mut line).unwrap() == 0 {
                let mut text = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
                panic!("no {word}: {text}");
            }
        }
    }

    pub fn kill(&mut self) {
        // It may be over.
        let _ = self.child.kill();
    }

    /// Whether it is over.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits so long, or until it is over.
    pub fn wait_at_most(&mut self, time: Duration) {
        let clock = Instant::now();
        while clock.elapsed() < time && !self.is_over() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn wait(mut self) -> Ended {
        let (mut text, mut errors) = (String::new(), String::new());
        self.out.read_to_string(&mut text).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let status = self.child.wait().unwrap();
        let has = |line: &str| text.lines().any(|it| it == line);
        // One that was ended has not said it.
        let struck = has("struck true") || status.signal().is_some() || errors.contains(fault::VARIABLE);
        Ended { fine: has("fine") && status.success(), struck, signal: status.signal(), text: text + &errors }
    }
}

/// Runs it to its end.
pub fn finish(task: &str, url: &str, fault: Option<&str>) -> Ended {
    start(task, url, fault).wait()
}

/// What went wrong when all of these were started at once.
pub fn together(tasks: &[&str], url: &str) -> Vec<String> {
    let runs: Vec<(&str, Run)> = tasks.iter().map(|task| (*task, start(task, url, None))).collect();
    let ended = runs.into_iter().map(|(task, run)| (task, run.wait()));
    ended.filter(|(_, ended)| !ended.fine).map(|(task, ended)| format!("{task}: {ended:?}")).collect()
}
