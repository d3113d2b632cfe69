//! Kit killed while it writes: at whatever moment, the next kit leaves the project as it was before or as it was to be,
//! and never between. Kit runs as a program of its own here, and is killed as by `kill -9`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "a seed that is given and said")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::Sandbox;
use crate::support::database::Database;

/// A step on from one pseudo-random number to the next, and a fraction of one.
struct Random(u64);

impl Random {
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
    command.args(arguments).current_dir(sandbox.root()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Every file below the folder.
fn content(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, files);
            } else {
                files.insert(path.strip_prefix(root).unwrap().display().to_string(), std::fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    collect(root, root, &mut files);
    files
}

/// Makes the folder what it was.
fn put_back(root: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let present = content(root);
    for path in present.keys().filter(|path| !files.contains_key(*path)) {
        std::fs::remove_file(root.join(path)).unwrap();
    }
    for (path, bytes) in files.iter().filter(|(path, bytes)| present.get(*path) != Some(bytes)) {
        std::fs::write(root.join(path), bytes).unwrap();
    }
}

#[tokio::test]
async fn a_plan_is_carried_out_whole_or_not_at_all_whenever_kit_is_killed() {
    const TABLES: usize = 150;
    let database = Database::sqlite().await;
    for number in 0..TABLES {
        database.execute(&[&format!("CREATE TABLE t{number} (id integer PRIMARY KEY)")]).await;
    }
    let sandbox = Sandbox::project().file("src/main.rs", "fn main() {}\n");
    let sync = ["db:sync", "--skip-migrations", "--prune", "--force", "--database", database.url()];
    assert!(start(&sandbox, &sync).wait().unwrap().success());
    let old = content(&sandbox.root());
    // Of everything something: files that are new, that change, and that go.
    for number in 0..TABLES {
        let change = match number % 3 {
            0 => format!("CREATE TABLE new{number} (id integer PRIMARY KEY)"),
            1 => format!("ALTER TABLE t{number} ADD COLUMN n integer"),
            _ => format!("DROP TABLE t{number}"),
        };
        database.execute(&[&change]).await;
    }
    let begun = Instant::now();
    assert!(start(&sandbox, &sync).wait().unwrap().success());
    let whole = begun.elapsed();
    let new = content(&sandbox.root());
    assert!(new.len() > 200 && new != old);

    let seed = std::env::var("KIT_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("KIT_TEST_SEED={seed}");
    let rounds = std::env::var("KIT_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20);
    let mut random = Random(seed);
    let (mut prepared, mut halfway, mut olds, mut news) = (0, 0, 0, 0);
    for round in 0..rounds {
        put_back(&sandbox.root(), &old);
        let mut kit = start(&sandbox, &sync);
        // Most of the time kit reads; most kills are to come while it writes, and half of them between two renames.
        let begun = Instant::now();
        let wait_for = |path: &str| {
            while !sandbox.root().join(path).exists() && begun.elapsed() < whole * 3 {
                std::thread::sleep(Duration::from_micros(100));
            }
        };
        match round % 4 {
            0 => std::thread::sleep(whole.mul_f64(random.fraction())),
            1 => {
                wait_for(".kit-plan");
                std::thread::sleep(whole.mul_f64(random.fraction() / 2.0));
            }
            _ => {
                wait_for(".kit-plan/journal.json");
                std::thread::sleep(Duration::from_millis(8).mul_f64(random.fraction()));
            }
        }
        kit.kill().unwrap();
        kit.wait().unwrap();
        let left = content(&sandbox.root());
        let journal = left.contains_key(".kit-plan/journal.json");
        prepared += usize::from(!journal && left.keys().any(|path| path.starts_with(".kit-plan")));
        let touched = left.iter().any(|(path, bytes)| !path.starts_with(".kit-plan") && old.get(path) != Some(bytes));
        halfway += usize::from(journal && touched);
        assert!(start(&sandbox, &["about"]).wait().unwrap().success());
        let after = content(&sandbox.root());
        let outcome = if after == old { &mut olds } else { &mut news };
        *outcome += 1;
        assert!(after == old || after == new, "round {round} of seed {seed}: {:?}", {
            let odd = |path: &&String| after.get(*path) != old.get(*path) && after.get(*path) != new.get(*path);
            after.keys().filter(odd).take(5).collect::<Vec<_>>()
        });
        assert!(!sandbox.root().join(".kit-plan").exists());
    }
    eprintln!("{rounds} kills, {prepared} while kit prepared, {halfway} between files: {olds} as before, {news} done");
    assert!(prepared + halfway > 0, "no kill came while kit wrote");
}

/// What somebody has changed between the kill and the next kit is theirs.
#[test]
fn a_file_that_was_changed_since_is_left_alone_and_named() {
    let sandbox = Sandbox::project();
    let journal = r#"{"files":[
        {"path":"src/a.rs","change":"create","staged":"0","before":null},
        {"path":"kit.toml","change":"update","staged":"1","before":"0000"},
        {"path":"../outside","change":"create","staged":"2","before":null},
        {"path":".git/hooks/pre-commit","change":"create","staged":"3","before":null}]}"#;
    let sandbox = sandbox.file("kit.toml", "").file(".kit-plan/journal.json", journal).file(".kit-plan/0", "// a\n");
    let sandbox = sandbox.file(".kit-plan/1", "# b\n").file(".kit-plan/2", "c").file(".kit-plan/3", "d");
    let transcript = sandbox.kit(&["about"]);
    assert_eq!(transcript.code, 0, "{transcript}");
    assert!(transcript.shows("WARN") && transcript.shows("kit.toml"), "{transcript}");
    assert_eq!(sandbox.read("src/a.rs"), "// a\n");
    assert_eq!(sandbox.read("kit.toml"), "");
    assert!(!sandbox.root().join(".git").exists() && !sandbox.root().join("../outside").exists());
    assert!(!sandbox.root().join(".kit-plan").exists());
    assert_eq!(sandbox.kit(&["about"]).stderr, "");
}

/// Without a journal the plan was never made.
#[test]
fn what_was_only_being_prepared_is_thrown_away() {
    let sandbox = Sandbox::project().file(".kit-plan/0", "half a fi");
    let before = sandbox.files();
    let transcript = sandbox.kit(&["about"]);
    assert_eq!(transcript.stderr, "", "{transcript}");
    assert_eq!(sandbox.files(), before.into_iter().filter(|path| path != ".kit-plan/0").collect::<Vec<_>>());
}
