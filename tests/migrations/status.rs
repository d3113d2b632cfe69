//! `kit migrate:status` on planted ledgers: every state, and that it writes nothing and needs no compiler. Nothing is
//! built here; what a real migrator leaves behind is shown in `migrate.rs`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod check;
mod delete;
mod hints;
mod included;
mod missing_file;
mod rename;

use crate::support::database::Database;
use crate::support::projects::{On, creates, family, index};
use crate::support::{Sandbox, assert_error, quotes, shows};
use kit::error::Error;
use kit::project::checksum::checksum;
use serde_json::json;

/// A side row; `applied` is the ledger's time, if it has one.
fn side(name: &str, state: &str, direction: &str, checksum: &str, applied: Option<i64>, error: Option<&str>) -> String {
    let applied = applied.map_or_else(|| "NULL".to_owned(), |at| at.to_string());
    let error = error.map_or_else(|| "NULL".to_owned(), |text| format!("'{text}'"));
    format!(
        "INSERT INTO kit_migrations VALUES ('{name}', 3, '{state}', '{direction}', '{checksum}', '0.1.0', {applied}, 5000, NULL, {error}, NULL)"
    )
}

fn ledger(name: &str, at: i64) -> String {
    format!("INSERT INTO seaql_migrations VALUES ('{name}', {at})")
}

fn project(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new().file("migrations/mod.rs", &index(names));
    names.iter().fold(sandbox, |sandbox, name| sandbox.file(&format!("migrations/{name}.rs"), &creates("a")))
}

#[tokio::test]
async fn every_state_is_told_apart() {
    let names =
        ["m1_ran", "m2_crlf", "m3_modified", "m4_foreign", "m5_failed", "m6_running", "m7_early", "m8_undo", "m9_last"];
    let sandbox = project(&names).file("migrations/m99_stray.rs", &creates("stray"));
    sandbox.write("migrations/m2_crlf.rs", &format!("\u{feff}{}", creates("a").replace('\n', "\r\n")));
    let then = checksum(&creates("a"));
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:install"]);
        for sql in [
            ledger("m1_ran", 1),
            side("m1_ran", "applied", "up", &then, Some(1), None),
            ledger("m2_crlf", 2),
            side("m2_crlf", "applied", "up", &then, Some(2), None),
            ledger("m3_modified", 3),
            side("m3_modified", "applied", "up", "otherwise", Some(3), None),
            ledger("m4_foreign", 4),
            // Of an earlier life: another tool has applied it again since.
            side("m4_foreign", "applied", "up", "otherwise", Some(1), None),
            side("m5_failed", "failed", "up", &then, None, Some("no such table")),
            side("m6_running", "running", "up", &then, None, None),
            ledger("m8_undo", 6),
            side("m8_undo", "running", "down", &then, Some(6), None),
            ledger("m9_last", 1_700_000_000),
            side("m9_last", "applied", "up", &then, Some(1_700_000_000), None),
            ledger("m0_gone", 9),
            side("m0_gone", "applied", "up", &then, Some(9), None),
        ] {
            database.execute(&[&sql]).await;
        }
        let before =
            (database.everything().await, database.query("SELECT version FROM kit_migrations ORDER BY 1").await);

        insta::allow_duplicates! {
            insta::assert_snapshot!(on.kit(&["migrate:status"]), @r"
              Migration ....................................... Applied (UTC) [Batch] Status
              m1_ran ........................................... 1970-01-01 00:00:01 [3] Ran
              m2_crlf .......................................... 1970-01-01 00:00:02 [3] Ran
              m3_modified ................................. 1970-01-01 00:00:03 [3] Modified
              m4_foreign ........................................... 1970-01-01 00:00:04 Ran
              m5_failed ............................................................. Failed
                no such table
              m6_running ....................................................... Interrupted
              m7_early ............................................... Pending, out of order
              m8_undo .................................. 1970-01-01 00:00:06 [3] Interrupted
              m9_last .......................................... 2023-11-14 22:13:20 [3] Ran
              m0_gone ...................................... 1970-01-01 00:00:09 [3] Missing
              m99_stray ....................................................... Unregistered
            --- exit 0 ---
            ");
        }
        let run = on.ok(&["migrate:status", "--json"]);
        assert_eq!(run.stderr, "");
        let lines = run.json()["migrations"].clone();
        assert_eq!(
            lines[4],
            json!({"name": "m5_failed", "state": "failed", "batch": null, "applied_at": null, "out_of_order": true, "message": "no such table"})
        );
        assert_eq!(
            lines[8],
            json!({"name": "m9_last", "state": "ran", "batch": 3, "applied_at": "2023-11-14T22:13:20Z", "out_of_order": false, "message": null})
        );
        let states: Vec<&str> = lines.as_array().unwrap().iter().map(|line| line["state"].as_str().unwrap()).collect();
        let expected = [
            "ran",
            "ran",
            "modified",
            "ran",
            "failed",
            "interrupted",
            "pending",
            "interrupted",
            "ran",
            "missing",
            "unregistered",
        ];
        assert_eq!(states, expected);

        let only = on.kit(&["migrate:status", "--pending=7", "--json"]);
        assert_eq!(only.code, 1, "a half-done migration wins over pending ones: {only}");
        let lines = only.json();
        let names: Vec<&str> =
            lines["migrations"].as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["m5_failed", "m6_running", "m7_early", "m8_undo"]);
        assert_eq!(on.kit(&["migrate:status", "--pending"]).code, 0);
        assert_eq!(on.kit(&["migrate:status", "--pending=300"]).code, 2);
        let after =
            (database.everything().await, database.query("SELECT version FROM kit_migrations ORDER BY 1").await);
        assert_eq!(before, after);
    }
}

#[tokio::test]
async fn without_a_ledger_everything_is_pending_and_nothing_is_written() {
    let sandbox = project(&["m1_a", "m2_b"]);
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        let transcript = on.kit(&["migrate:status", "--pending=3"]);
        assert_eq!(transcript.code, 3, "{transcript}");
        assert!(transcript.hides("s3cr3t"), "{transcript}");
        assert_eq!(on.states(), ["pending"; 2]);
        assert_eq!(database.tables().await, Vec::<String>::new());

        // Without a database the states are not known.
        let (name, url) = database.sibling();
        let on = On { sandbox: &sandbox, url: &url };
        for arguments in [&["migrate:status"][..], &["migrate:status", "--json"], &["migrate:status", "--pending=3"]] {
            let transcript = on.fails(arguments);
            assert!(transcript.stdout.is_empty() || arguments.contains(&"--json"), "{transcript}");
            assert_error!(transcript, Error::NoDatabase { .. });
        }
        assert!(!database.siblings().await.contains(&name), "status has created it");
    }
    assert_eq!(sandbox.files(), ["migrations/m1_a.rs", "migrations/m2_b.rs", "migrations/mod.rs"]);
}

#[tokio::test]
async fn status_without_pending_migrations_exits_0() {
    let (sandbox, database) = (project(&[]), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    assert_eq!(on.ok(&["migrate:status"]).stdout, "");
    assert_eq!(on.ok(&["migrate:status", "--pending=7"]).stdout, "");
    assert_eq!(on.ok(&["migrate:status", "--json"]).json()["migrations"], json!([]));
    assert_eq!(on.ok(&["migrate:status", "--json", "--pending=7"]).json()["migrations"], json!([]));
}

/// The program itself, in an environment without cargo, rustc and a home.
#[tokio::test]
async fn no_toolchain_no_home_no_cache() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let folder = tempfile::tempdir().unwrap();
    let kit = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kit"));
        command.args(arguments).current_dir(sandbox.root()).env_clear().env("PATH", folder.path());
        command.env("DATABASE_URL", database.url()).output().unwrap()
    };
    let output = kit(&["migrate:status"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("Pending").count(), 4);
    assert!(kit(&["migrate:install"]).status.success());
    let output = kit(&["migrate:rollback"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let output = kit(&["migrate"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    for variable in ["KIT_CACHE_DIR", "XDG_CACHE_HOME", "HOME"] {
        assert!(shows(&stderr, variable), "{stderr}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_without_the_password() {
    let sandbox = project(&["m1_a"]);
    for url in ["postgres://u:s3cr3t@127.0.0.1:1/x", "mysql://u:s3cr3t@127.0.0.1:1/x"] {
        let redacted = url.replace("s3cr3t", "***");
        for arguments in [&["migrate:status", "-vvv"][..], &["migrate", "-vvv"], &["migrate:fresh", "--force", "-vvv"]]
        {
            let transcript = On { sandbox: &sandbox, url }.kit(arguments);
            assert_eq!(transcript.code, 1, "{transcript}");
            assert_error!(transcript, Error::Connect { database, message, .. }
                if *database == redacted && quotes(message, "Connection refused"));
            assert!(transcript.hides("s3cr3t"), "{transcript}");
        }
    }
}

#[test]
fn what_is_listed_without_a_file_is_missing() {
    let sandbox = Sandbox::new().file("migrations/mod.rs", &index(&["m1_there", "m2_deleted"]));
    sandbox.write("migrations/m1_there.rs", &creates("a"));
    sandbox.write("database/app.sqlite", "");
    insta::assert_snapshot!(sandbox.kit(&["migrate:status"]), @r"
      Migration ....................................... Applied (UTC) [Batch] Status
      m1_there ............................................................. Pending
      m2_deleted ........................................................... Missing
    --- stderr ---
      INFO  No migration table in sqlite://[ROOT]/database/app.sqlite yet

    --- exit 0 ---
    ");
}
