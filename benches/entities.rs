//! `kit db:sync` beside `sea-orm-cli generate entity`, in one run: the same schema on the same server, written into an
//! empty folder. It prints times, peak memory and, since machines differ, what counts: how many times kit's the peer's
//! are. It asserts nothing.
//!
//! ```text
//! ./test.sh --serve                          # in another terminal: the servers, and what to export
//! cargo bench --bench entities               # installs the peer once
//! cargo bench --bench entities -- --quick    # without a thousand tables
//! cargo bench --bench entities -- --limit 60 # the peer gets a minute a run, instead of 15
//! ```
//!
//! - The tables have twelve columns of ordinary types, two foreign keys, a unique key and an index each.
//! - A run is the whole command as a user types it, process start included; both are release builds and take turns. It is
//!   repeated five times, with a thousand tables, where the peer takes minutes, the peer's once; the median counts.
//! - Peak memory and processor time are the process's own as the system counts them, asked for while it runs. The
//!   processor time says how kit's own cost grows; the rest of the time is the server's.
//! - `kit` without anything to do is the second run on the same folder.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what a benchmark is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot prepare its databases has to stop")]
#![expect(clippy::disallowed_methods, reason = "a program of its own, with its own arguments and files")]

#[path = "../tests/support/database.rs"]
mod database;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use database::Database;
use kit_runtime::dialect::Dialect;

const PEER: &str = "sea-orm-cli";
const VERSION: &str = "2.0.4";

/// What a run took.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Cost {
    time: Duration,
    /// Of the processor, in seconds.
    processor: f64,
    /// In MiB.
    memory: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --all-targets` runs benchmarks to see that they start.
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let limit = arguments.iter().skip_while(|argument| *argument != "--limit").nth(1);
    let limit = Duration::from_secs(limit.map_or(900, |seconds| seconds.parse().unwrap()));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let peer = installed(&folder);
    let project = folder.join("entities");
    fs::create_dir_all(project.join("migrations")).unwrap();
    fs::write(project.join("Cargo.toml"), "[workspace]\n\n[package]\nname = \"app\"\nversion = \"0.1.0\"\n").unwrap();
    fs::write(project.join("migrations/mod.rs"), INDEX).unwrap();
    println!(
        "| tables | database | kit | again | {PEER} {VERSION} | ratio | kit, processor | kit, peak | {PEER}, peak |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|--:|--:|");
    let counts: &[usize] = if quick { &[10, 100] } else { &[10, 100, 1000] };
    for count in counts {
        for database in Database::all().await {
            create(&database, *count).await;
            let name = match database.dialect {
                Dialect::Sqlite => "SQLite",
                Dialect::Postgres => "PostgreSQL",
                Dialect::MySql => "MariaDB",
            };
            eprintln!("{count} tables on {name}");
            let output = project.join("out");
            let mut kit = Command::new(env!("CARGO_BIN_EXE_kit"));
            kit.args(["db:sync", "--skip-migrations", "--output-dir", "out", "--database-url", database.url()]);
            let mut other = Command::new(&peer);
            other.args(["generate", "entity", "--output-dir", "out", "--database-url", database.url()]);
            let (mut ours, mut again, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..5 {
                let _ = fs::remove_dir_all(&output);
                ours.extend(run(&mut kit, &project, limit));
                assert!(fs::read_dir(&output).unwrap().count() > *count);
                again.extend(run(&mut kit, &project, limit));
                if round > 0 && (*count == 1000 || theirs.is_empty()) {
                    continue;
                }
                let _ = fs::remove_dir_all(&output);
                theirs.extend(run(&mut other, &project, limit));
                assert!(theirs.is_empty() || fs::read_dir(&output).unwrap().count() > *count);
            }
            let (ours, again) = (median(ours).unwrap(), median(again).unwrap());
            let theirs = median(theirs);
            let ratio = theirs.map_or(limit, |cost| cost.time).as_secs_f64() / ours.time.as_secs_f64();
            println!(
                "| {count} | {name} | {} | {} | {} | {}{ratio:.1} | {:.2} s | {:.0} MiB | {} |",
                text(ours.time),
                text(again.time),
                theirs.map_or_else(|| format!("over {}", text(limit)), |cost| text(cost.time)),
                if theirs.is_none() { "> " } else { "" },
                ours.processor,
                ours.memory,
                theirs.map_or_else(String::new, |cost| format!("{:.0} MiB", cost.memory)),
            );
        }
    }
}

/// Tables of which each refers to two before it.
async fn create(database: &Database, count: usize) {
    let (id, moment) = match database.dialect {
        Dialect::Sqlite => ("integer NOT NULL PRIMARY KEY AUTOINCREMENT", "timestamp_text"),
        Dialect::Postgres => ("serial PRIMARY KEY", "timestamptz"),
        Dialect::MySql => ("int NOT NULL AUTO_INCREMENT PRIMARY KEY", "datetime"),
    };
    let int = if database.dialect == Dialect::Sqlite { "integer" } else { "int" };
    if database.dialect == Dialect::Sqlite {
        database.execute(&["PRAGMA synchronous = OFF"]).await;
    }
    for number in 0..count {
        let (before, half) = (number.saturating_sub(1), number / 2);
        database
            .execute(&[
                &format!(
                    "CREATE TABLE item_{number} (id {id}, parent_id {int}, other_id {int} NOT NULL, title varchar(200) NOT NULL, body text, \
                     price decimal(10, 2) NOT NULL DEFAULT 0, ratio double precision, published boolean NOT NULL DEFAULT false, \
                     born date, made_at {moment} NOT NULL, changed_at {moment}, position bigint NOT NULL DEFAULT 0, \
                     CONSTRAINT one_title_{number} UNIQUE (parent_id, title), \
                     CONSTRAINT parent_{number} FOREIGN KEY (parent_id) REFERENCES item_{before} (id) ON DELETE CASCADE, \
                     CONSTRAINT other_{number} FOREIGN KEY (other_id) REFERENCES item_{half} (id))"
                ),
                &format!("CREATE INDEX by_position_{number} ON item_{number} (position, published)"),
            ])
            .await;
    }
}

/// Installs the peer, once, as its documentation says, with the drivers of the three databases.
fn installed(folder: &Path) -> PathBuf {
    let program = folder.join("entities-bin/bin").join(format!("{PEER}{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        eprintln!("installing {PEER} {VERSION}");
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new("cargo");
        command.args(["install", PEER, "--version", VERSION, "--locked", "--no-default-features", "--features"]);
        command.arg("codegen,runtime-tokio-rustls,sqlx-mysql,sqlx-postgres,sqlx-sqlite");
        command.arg("--root").arg(folder.join("entities-bin"));
        run(command.env("CARGO_TARGET_DIR", folder.join("target")), folder, Duration::MAX);
    }
    program
}

/// What it costs, nothing if it takes longer than `limit`; its output only if it fails.
fn run(command: &mut Command, folder: &Path, limit: Duration) -> Option<Cost> {
    // In a user's shell, cargo has set no variables of its own.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO") && name != "CARGO_HOME") {
        if name != "CARGO_TARGET_DIR" {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    let said = std::thread::spawn(move || {
        let mut said = String::new();
        let _ = stderr.read_to_string(&mut said);
        said
    });
    let mut cost = Cost { time: Duration::ZERO, processor: 0.0, memory: 0.0 };
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        watch(&process, &mut cost);
        if start.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    cost.time = start.elapsed();
    assert!(status.success(), "{}", said.join().unwrap());
    Some(cost)
}

/// What the system has counted so far, as far as it still says so.
fn watch(process: &Path, cost: &mut Cost) {
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    if let Some(size) = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()) {
        cost.memory = cost.memory.max(size / 1024.0);
    }
    let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
    // Behind the name, which may hold anything: what the program and the system on its behalf took, in hundredths.
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    cost.processor = cost.processor.max(ticks / 100.0);
}

fn median(mut costs: Vec<Cost>) -> Option<Cost> {
    costs.sort_by_key(|cost| cost.time);
    costs.get(costs.len() / 2).copied()
}

fn text(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        seconds if seconds < 10.0 => format!("{seconds:.2} s"),
        seconds => format!("{seconds:.0} s"),
    }
}

const INDEX: &str = "pub use sea_orm_migration::prelude::*;\n\npub struct Migrator;\n\n#[async_trait::async_trait]\n\
                     impl MigratorTrait for Migrator {\n    fn migrations() -> Vec<Box<dyn MigrationTrait>> {\n        \
                     vec![]\n    }\n}\n";
