//! `kit cache`, with a project that is really built, and on caches that are written here. Builds are those of all tests: only what
//! the test itself has made to look old is deleted among them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::support::projects::{built, creates, kit_cache, migration, ok, seaorm};
use crate::support::{Sandbox, Transcript, assert_error, now};
use chrono::{DateTime, Utc};
use kit::error::CacheError;
use kit::error::Error;
use serde_json::Value;

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An unused build, as kit and cargo leave it.
const BUILD: &str = "kit-migrator-0123456789ab";

fn age(folder: &Path, last_used: SystemTime) {
    for file in ["used", "build.json"] {
        File::open(folder.join(file)).unwrap().set_modified(last_used).unwrap();
    }
}

/// For builds in the cache of all tests, where other tests run kit with the real time.
fn days_ago(days: u32) -> SystemTime {
    SystemTime::now() - A_DAY * days
}

fn real_clock() -> DateTime<Utc> {
    SystemTime::now().into()
}

/// A project whose builds are those of all tests.
fn project(name: &str, text: String) -> Sandbox {
    seaorm("2.0.4", &[(name, text)]).clock(real_clock)
}

/// The project's build in a list of them.
fn build_of(sandbox: &Sandbox, listed: &Transcript) -> Option<Value> {
    let (root, listed) = (sandbox.root().display().to_string(), listed.json());
    // Transcripts shorten the path.
    let is_its = |build: &&Value| build["project"].as_str().is_some_and(|path| path == "[ROOT]" || path == root);
    listed["builds"].as_array().unwrap().iter().find(is_its).cloned()
}

fn folder_of(sandbox: &Sandbox) -> PathBuf {
    let listed = ok(sandbox.kit(&["cache", "--json"]));
    let name = build_of(sandbox, &listed).unwrap()["name"].as_str().unwrap().to_owned();
    kit_cache().join("migrators").join(name)
}

/// A sandbox with a cache of its own and one build in it, unused for ten days.
fn fabricated() -> Sandbox {
    let sandbox = Sandbox::new()
        .file("cache/migrators/kit-migrator-0123456789ab/Cargo.toml", &"x".repeat(100_000))
        .file("cache/migrators/kit-migrator-0123456789ab/used", "")
        .file(
            "cache/migrators/kit-migrator-0123456789ab/build.json",
            r#"{"project":"/shop","program":"seeders","sea_orm":"1.1.20","kit":"0.1.0","target":"target",
               "runtime":"0123456789abcdef","units":[]}"#,
        )
        .file("cache/runtime/0123456789abcdef/Cargo.toml", "")
        .file("cache/target/debug/.cargo-lock", "")
        .file("cache/target/debug/.fingerprint/dep-0123456789abcdef/lib-dep", "")
        .file("cache/target/debug/kit-migrator-0123456789ab", "");
    let cache = sandbox.root().join("cache");
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
    age(&cache.join("migrators").join(BUILD), SystemTime::from(now()) - A_DAY * 10);
    sandbox.env("KIT_CACHE_DIR", cache.to_str().unwrap())
}

fn has_build(sandbox: &Sandbox) -> bool {
    sandbox.root().join("cache/migrators").join(BUILD).exists()
}

#[test]
fn an_unused_build_is_listed_deleted_and_built_again() {
    let sandbox = project("m20240101_000001_create_a", creates("a"));
    assert!(built(&ok(sandbox.kit(&["migrate", "-v"]))));
    let listed = ok(sandbox.kit(&["cache", "--json"]));
    let build = build_of(&sandbox, &listed).unwrap();
    assert_eq!((&build["program"], &build["sea_orm"]), (&"migrations".into(), &"2.0.4".into()), "{build}");
    assert!(build["bytes"].as_u64().unwrap() > 1 << 20 && build["in_use"] == false, "{build}");
    let target = listed.json()["targets"].as_array().unwrap().iter().any(|target| target["name"] == "target");
    assert!(target, "{listed}");
    let folder = folder_of(&sandbox);
    let program = kit_cache().join("target/debug").join(folder.file_name().unwrap());
    // It was used a day later than asked for.
    age(&folder, days_ago(20));
    ok(sandbox.kit(&["cache", "--older-than", "21"]));
    assert!(folder.exists() && program.exists());
    let cleaned = ok(sandbox.kit(&["cache", "--older-than", "20", "--json"]));
    let deleted = cleaned.json()["deleted"].clone();
    assert_eq!(deleted, serde_json::json!([folder.file_name().unwrap().to_str().unwrap()]), "{cleaned}");
    assert!(!folder.exists() && !program.exists());
    assert!(build_of(&sandbox, &ok(sandbox.kit(&["cache", "--json"]))).is_none());
    assert!(built(&ok(sandbox.kit(&["migrate:redo", "--force", "-v"]))));
    assert!(!built(&ok(sandbox.kit(&["migrate:redo", "--force", "-v"]))));
}

#[test]
fn a_build_is_kept_while_its_migrations_run() {
    let waits = migration(
        "{ std::fs::write(\"running\", \"\").unwrap(); \
         while !std::path::Path::new(\"go\").exists() { std::thread::sleep(std::time::Duration::from_millis(20)); } \
         let _ = manager; Ok(()) }",
        "{ let _ = manager; Ok(()) }",
    );
    let sandbox = project("m20240101_000001_wait", waits);
    let root = sandbox.root();
    std::thread::scope(|scope| {
        let run = || {
            let sandbox = Sandbox::at(&root).clock(real_clock).env("KIT_CACHE_DIR", kit_cache().to_str().unwrap());
            sandbox.env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc").kit(&["migrate"]).to_string()
        };
        let run = scope.spawn(run);
        while !root.join("running").exists() {
            assert!(!run.is_finished(), "it ended without its migration");
            std::thread::sleep(Duration::from_millis(50));
        }
        let folder = folder_of(&sandbox);
        age(&folder, days_ago(40));
        let cleaned = ok(sandbox.kit(&["cache", "--older-than", "30", "--json"])).json();
        sandbox.write("go", "");
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(cleaned["kept"].as_array().unwrap().iter().any(|kept| kept == name), "{cleaned}");
        assert!(folder.exists());
        assert!(run.join().unwrap().ends_with("exit 0 ---"));
    });
}

#[test]
fn a_build_deletes_those_that_were_unused_for_a_month() {
    let [old, new] = ["old", "new"].map(|table| project("m20240101_000001_create", creates(table)));
    ok(old.kit(&["migrate"]));
    let folder = folder_of(&old);
    age(&folder, days_ago(31));
    if let Ok(last) = File::open(kit_cache().join(".cleaning")) {
        last.set_modified(days_ago(2)).unwrap();
    }
    ok(new.kit(&["migrate"]));
    // Another test's build may have begun to clean before.
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        !folder.exists()
    });
    assert!(gone && folder_of(&new).exists());
}

#[test]
fn a_cache_is_listed_and_cleared_outside_of_a_project() {
    let sandbox = fabricated();
    let listed = ok(sandbox.kit(&["cache"]));
    assert!(listed.shows("/shop") && listed.shows("1.1.20") && listed.shows("20.0 GiB"), "{listed}");
    let json = ok(sandbox.kit(&["cache", "--json"])).json();
    assert_eq!(json["limit"], 20_u64 << 30);
    assert_eq!(json["builds"][0]["last_used"], "2025-12-23T03:04:05Z");
    for (arguments, is_kept) in [
        (&["--older-than", "11"] as &[&str], true),
        (&["--older-than", "10"], false),
        (&["--clear"], false),
        (&["--clear", "--json"], false),
    ] {
        ok(sandbox.kit(&[&["cache"], arguments].concat()));
        assert_eq!(has_build(&sandbox), is_kept, "{arguments:?}");
    }
    let files = sandbox.files();
    assert!(files.iter().all(|file| !file.contains("0123456789ab")), "{files:?}");
    assert_eq!(ok(sandbox.kit(&["cache", "--json"])).json()["bytes"], 0);
    // Without a folder, there is nothing to do.
    let none = Sandbox::new().env("KIT_CACHE_DIR", "none");
    for arguments in [&["cache"] as &[&str], &["cache", "--json"], &["cache", "--clear"]] {
        ok(none.kit(arguments));
    }
    assert!(none.files().is_empty());
}

#[test]
fn a_build_in_use_is_kept_and_named() {
    let sandbox = fabricated();
    let used = File::open(sandbox.root().join("cache/migrators").join(BUILD).join("used")).unwrap();
    used.lock_shared().unwrap();
    assert_eq!(ok(sandbox.kit(&["cache", "--json"])).json()["builds"][0]["in_use"], true);
    assert_eq!(ok(sandbox.kit(&["cache", "--clear", "--json"])).json()["kept"], serde_json::json!([BUILD]));
    assert!(has_build(&sandbox) && ok(sandbox.kit(&["cache", "--clear"])).shows("/shop"));
    drop(used);
    ok(sandbox.kit(&["cache", "--clear"]));
    assert!(!has_build(&sandbox));
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let sandbox = fabricated().file("cache/letter.txt", "mine");
    let before = sandbox.files();
    // There are builds of kit's in it, and no tag says that all of it is kit's.
    for arguments in [&["cache", "--clear"] as &[&str], &["cache", "--older-than", "0"]] {
        let refused = sandbox.kit(arguments);
        assert_error!(refused, Error::Cache(CacheError::Foreign { .. }));
        assert!(refused.code == 1 && refused.hint().contains("KIT_CACHE_DIR"), "{refused}");
    }
    assert_eq!(sandbox.files(), before);
}

#[test]
fn what_a_link_leads_to_survives() {
    let sandbox = fabricated().file("theirs/debug/.fingerprint/dep-0123456789abcdef/lib-dep", "mine");
    let cache = sandbox.root().join("cache");
    fs::remove_dir_all(cache.join("target")).unwrap();
    symlink(sandbox.root().join("theirs"), cache.join("target")).unwrap();
    ok(sandbox.kit(&["cache", "--clear"]));
    assert_eq!(sandbox.read("theirs/debug/.fingerprint/dep-0123456789abcdef/lib-dep"), "mine");
    assert!(!has_build(&sandbox));
}

#[test]
fn what_cannot_be_understood_or_read_is_an_error() {
    let sandbox = fabricated();
    for arguments in [
        &["--older-than", "-1"] as &[&str],
        &["--older-than", "abc"],
        &["--older-than"],
        &["--older-than", "1", "--clear"],
    ] {
        let refused = sandbox.kit(&[&["cache"], arguments].concat());
        assert_error!(refused, Error::Usage(_));
        assert!(refused.code == 2 && refused.shows("--older-than"), "{refused}");
    }
    let refused = sandbox.seeing("KIT_CACHE_LIMIT", "20").kit(&["cache"]);
    assert_error!(refused, Error::BadValue { flag: "KIT_CACHE_LIMIT", .. });
    assert!(refused.code == 2 && refused.shows("20GiB"), "{refused}");
    assert!(has_build(&sandbox));
    let file = Sandbox::new().file("file", "mine").env("KIT_CACHE_DIR", "file");
    for arguments in [&["cache"] as &[&str], &["cache", "--clear"]] {
        let refused = file.kit(arguments);
        assert_error!(refused, Error::Cache(CacheError::Io { action: "read", .. }));
        assert!(refused.code == 1 && refused.hint().contains("KIT_CACHE_DIR"), "{refused}");
    }
    assert_eq!(file.read("file"), "mine");
}
