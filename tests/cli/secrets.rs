//! The password of a database URL: in no output at any verbosity, in no file, in no argument of a program, whatever
//! migrations do with it. The program itself is run here, since what its children get is the matter.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::database::Database;
use crate::support::projects::{index, migration, migration_manifest, sandbox};
use crate::support::{Sandbox, quotes, shows};

const SECRET: &str = "s3cr3t";

/// Does what a table of the database says, so that one build serves all.
const TALKS: &str = r#"let url = std::env::var("DATABASE_URL").unwrap();
        for id in [std::process::id(), std::os::unix::process::parent_id()] {
            let line = std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap();
            println!("ARGUMENTS {}", line.replace('\0', " "));
        }
        println!("to stdout {url}");
        eprintln!("to stderr {url:?}");
        if manager.has_table("panics").await? { panic!("lost {url}") }
        if manager.has_table("fails").await? {
            return Err(DbErr::Custom(format!("cannot use {url} with {}", url.split(['@', ':']).nth(2).unwrap())));
        }
        manager.get_connection().execute_unprepared(&format!("SELECT nothing FROM nowhere WHERE x = '{url}'")).await.map(|_| ())"#;

fn kit(sandbox: &Sandbox, url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
    command
        .args(arguments)
        .current_dir(sandbox.root())
        .env("KIT_CACHE_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/kit-cache"))
        .env("DATABASE_URL", url)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full");
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn keeps_it(text: &str) {
    let at = text.find(SECRET).map(|at| text.get(at.saturating_sub(300)..(at + 50).min(text.len())));
    assert!(at.is_none(), "{at:?}");
}

#[tokio::test]
async fn nothing_that_a_migration_does_shows_it() {
    let sandbox = sandbox()
        .file("migration/Cargo.toml", &migration_manifest("2.0.4"))
        .file("migration/src/lib.rs", &index(&["m1_talks"]))
        .file("migration/src/m1_talks.rs", &migration(TALKS, "let _ = manager; Ok(())"));
    for database in [Database::postgres().await, Database::mysql().await] {
        let shown = database.url().replace(SECRET, "***");
        // Each statement that succeeds takes another way to fail.
        for (prepare, expected) in [
            ("CREATE TABLE panics (id int)", format!("lost {shown}")),
            ("DROP TABLE panics", String::new()),
            ("CREATE TABLE fails (id int)", format!("cannot use {shown}")),
        ] {
            database.execute(&[prepare]).await;
            for verbosity in [&["-q"][..], &[], &["-v"], &["-vvv"]] {
                let arguments = [&["migrate"], verbosity].concat();
                let output = kit(&sandbox, database.url(), &arguments);
                let said = text(&output);
                assert_eq!(output.status.code(), Some(1), "{said}");
                assert!(quotes(&said, &expected), "{said}");
                assert!(quotes(&said, format!("to stdout {shown}")), "{said}");
                assert!(quotes(&said, "ARGUMENTS ") && shows(&said, "kit-migrator-"), "{said}");
                keeps_it(&said);
            }
            let output = kit(&sandbox, database.url(), &["migrate", "--json", "-vvv"]);
            let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert!(quotes(answer["error"]["message"].as_str().unwrap(), &expected), "{answer}");
            keeps_it(&text(&output));
        }
        for arguments in
            [&["about", "-vvv"][..], &["about", "--json"], &["migrate:status", "-vvv"], &["migrate:fresh", "-vvv"]]
        {
            keeps_it(&text(&kit(&sandbox, database.url(), arguments)));
        }
        // What the side table keeps of a failure is shown later, by anybody.
        let status = kit(&sandbox, database.url(), &["migrate:status", "--json"]);
        let lines: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
        assert_eq!(lines["migrations"][0]["state"], "pending", "nothing of it was kept: {lines}");
        keeps_it(&text(&status));
        let kept = database.query("SELECT error FROM kit_migrations WHERE error IS NOT NULL").await;
        keeps_it(&format!("{kept:?}"));
    }
    let mut files = Vec::new();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kit-cache");
    for folder in [cache.join("migrators"), cache.join("runtime"), sandbox.root()] {
        below(&folder, &mut files);
    }
    files.extend(std::fs::read_dir(&cache).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_file()));
    assert!(files.iter().any(|file| file.ends_with("fingerprint.json")), "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "{}", file.display());
    }
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() { below(&path, files) } else { files.push(path) }
    }
}

#[test]
fn a_connection_that_fails_does_not_show_it() {
    let sandbox = Sandbox::project();
    for url in [
        "postgres://u:s3cr3t@127.0.0.1:1/x",
        "mysql://u:s3cr3t@127.0.0.1:1/x",
        "postgres://u:s3cr3t@nohost.invalid/x",
        "postgre://u:s3cr3t@h/x",
        "postgres://u:s3cr3t@h:port/x",
        "postgres://u:s3cr3t#@h/x",
        "mysql://u:s3cr3t@/",
        "u:s3cr3t@h/x",
        "postgres://127.0.0.1:1/x?user=u&password=s3cr3t",
    ] {
        for command in ["migrate", "migrate:status", "migrate:rollback", "migrate:fresh", "migrate:install", "about"] {
            let output = kit(&sandbox, url, &[command, "-vvv"]);
            assert!(output.status.code() == Some(1) || command == "about", "{}", text(&output));
            keeps_it(&text(&output));
        }
    }
}
