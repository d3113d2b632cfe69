//! What a command costs: its time, its processor time and its peak memory, as the system counts them while it runs. It does
//! not know what is compared.
#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run took.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Cost {
    pub time: Duration,
    /// Of the processor, in seconds.
    pub processor: f64,
    /// In MiB.
    pub memory: f64,
}

/// What it costs, nothing if it takes longer than `limit`; its output only if it fails.
pub fn run(command: &mut Command, folder: &Path, limit: Duration) -> Option<Cost> {
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

/// The one in the middle, by time.
pub fn median(mut costs: Vec<Cost>) -> Option<Cost> {
    costs.sort_by_key(|cost| cost.time);
    costs.get(costs.len() / 2).copied()
}

/// `12 ms`, `1.23 s`, `12 s`.
pub fn text(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        seconds if seconds < 10.0 => format!("{seconds:.2} s"),
        seconds => format!("{seconds:.0} s"),
    }
}

/// A folder that kit takes for a project without migrations.
pub fn project(folder: &Path) {
    fs::create_dir_all(folder.join("migrations")).unwrap();
    fs::write(folder.join("Cargo.toml"), "[workspace]\n\n[package]\nname = \"app\"\nversion = \"0.1.0\"\n").unwrap();
    fs::write(folder.join("migrations/mod.rs"), INDEX).unwrap();
}

const INDEX: &str = "pub use sea_orm_migration::prelude::*;\n\npub struct Migrator;\n\n#[async_trait::async_trait]\n\
                     impl MigratorTrait for Migrator {\n    fn migrations() -> Vec<Box<dyn MigrationTrait>> {\n        \
                     vec![]\n    }\n}\n";
