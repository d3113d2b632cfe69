use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::*;
use crate::error::CacheError;
use crate::error::Error;
use crate::migrator::cache::Cache;
use crate::migrator::cache::in_use::{A_DAY, Building, InUse};
use crate::migrator::cache::record::{BuildRecord, RECORD};
use crate::test_files::write;

/// Names of builds.
const A: &str = "kit-migrator-aaaaaaaaaaaa";
const B: &str = "kit-migrator-bbbbbbbbbbbb";
const C: &str = "kit-seeder-cccccccccccc";

/// Hashes of artifacts.
const ONE: &str = "1111111111111111";
const TWO: &str = "2222222222222222";
const THREE: &str = "3333333333333333";

/// 100 KB.
const LARGE: usize = 100_000;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045)
}

/// A cache as kit and cargo leave it.
struct Made {
    cache: Cache,
    _home: TempDir,
}

impl Made {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        let cache = Cache { folder: home.path().canonicalize().unwrap().join("kit") };
        cache.make_private().unwrap();
        let made = Self { cache, _home: home };
        made.write("target/debug/.cargo-lock", "");
        made.write("target/CACHEDIR.TAG", "");
        made
    }

    fn path(&self, path: &str) -> PathBuf {
        self.cache.folder.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        write(&self.cache.folder, path, text);
    }

    fn age(&self, path: &str, days: u32) {
        let file = File::open(self.path(path)).unwrap();
        file.set_modified(now() - A_DAY * days).unwrap();
    }

    /// A build that was used this many days ago and needs these artifacts, which are as old.
    fn build(self, name: &str, days: u32, units: &[&str]) -> Self {
        let record = BuildRecord {
            project: format!("/projects/{name}").into(),
            target: "target".to_owned(),
            runtime: "0123456789abcdef".to_owned(),
            units: units.iter().map(|unit| (*unit).to_owned()).collect(),
            ..BuildRecord::default()
        };
        let folder = format!("migrators/{name}");
        self.write(&format!("{folder}/{RECORD}"), &serde_json::to_string(&record).unwrap());
        self.write(&format!("{folder}/Cargo.toml"), &"x".repeat(LARGE));
        self.write(&format!("{folder}/used"), "");
        self.write(&format!("target/debug/deps/{}-4444444444444444", name.replace('-', "_")), &"x".repeat(LARGE));
        fs::hard_link(
            self.path(&format!("target/debug/deps/{}-4444444444444444", name.replace('-', "_"))),
            self.path(&format!("target/debug/{name}")),
        )
        .unwrap();
        self.age(&format!("{folder}/{RECORD}"), days);
        self.age(&format!("{folder}/used"), days);
        units.iter().fold(self, |made, unit| made.unit(unit, days))
    }

    /// A compiled dependency.
    fn unit(self, hash: &str, days: u32) -> Self {
        let fingerprint = format!("target/debug/.fingerprint/dep-{hash}");
        let library = format!("target/debug/deps/libdep-{hash}.rlib");
        self.write(&format!("{fingerprint}/lib-dep"), "");
        self.write(&library, &"x".repeat(LARGE));
        for path in [format!("{fingerprint}/lib-dep"), fingerprint, library] {
            self.age(&path, days);
        }
        self
    }

    fn clean(&self, rules: Rules) -> Cleaned {
        self.cache.clean(&rules).unwrap()
    }

    fn clear(&self) -> Cleaned {
        self.clean(unused_for(0))
    }

    fn builds(&self) -> Vec<String> {
        self.cache.inventory().unwrap().builds.into_iter().map(|build| build.name).collect()
    }

    fn units(&self) -> Vec<String> {
        let inventory = self.cache.inventory().unwrap();
        inventory.targets.into_iter().flat_map(|target| target.units.into_keys()).collect()
    }

    fn has_program(&self, name: &str) -> bool {
        self.path(&format!("target/debug/{name}")).exists()
    }

    fn has_trash(&self) -> bool {
        let entries = fs::read_dir(&self.cache.folder).unwrap().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(".trash-"))
    }
}

fn unused_for(days: u32) -> Rules {
    Rules { now: now(), unused_for: Some(A_DAY * days), limit: None }
}

fn names(builds: &[CachedBuild]) -> Vec<&str> {
    builds.iter().map(|build| build.name.as_str()).collect()
}

#[test]
fn an_unused_build_is_deleted_with_what_only_it_needs() {
    let made = Made::new().build(A, 40, &[ONE, TWO]).build(B, 2, &[TWO]);
    // Its own copy is as old as the build that compiled it.
    let made = made.unit(TWO, 40);
    let before = made.cache.inventory().unwrap().bytes();
    let cleaned = made.clean(unused_for(30));
    assert_eq!((names(&cleaned.builds), cleaned.kept), (vec![A], vec![]));
    assert_eq!((made.builds(), made.units()), (vec![B.to_owned()], vec![TWO.to_owned()]));
    assert!(!made.has_program(A) && made.has_program(B) && !made.has_trash());
    assert_eq!(made.cache.inventory().unwrap().bytes(), before - cleaned.bytes);
}

#[test]
fn an_artifact_that_no_build_needs_is_deleted_when_it_is_old() {
    let made = Made::new().build(A, 1, &[ONE]).unit(TWO, 40).unit(THREE, 2);
    made.write("target/debug/incremental/app-0abc/s-1/query-cache.bin", "x");
    for path in ["s-1/query-cache.bin", "s-1", ""] {
        made.age(&format!("target/debug/incremental/app-0abc/{path}"), 40);
    }
    made.clean(unused_for(30));
    assert_eq!((made.builds(), made.units()), (vec![A.to_owned()], vec![ONE.to_owned(), THREE.to_owned()]));
    assert!(!made.path("target/debug/incremental/app-0abc").exists());
}

#[test]
fn the_oldest_builds_go_while_the_cache_takes_more_than_its_limit() {
    let made = Made::new().build(A, 3, &[ONE]).build(B, 2, &[TWO]).build(C, 1, &[THREE]);
    let inventory = made.cache.inventory().unwrap();
    // A file of a program with two names counts once.
    assert!(inventory.bytes() < 11 * u64::try_from(LARGE).unwrap(), "{}", inventory.bytes());
    let limit = inventory.bytes() - 1;
    let cleaned = made.clean(Rules { now: now(), unused_for: None, limit: Some(limit) });
    assert_eq!(names(&cleaned.builds), [A]);
    assert_eq!(made.units(), [TWO, THREE]);
    assert!(made.cache.inventory().unwrap().bytes() <= limit);
    assert_eq!(names(&made.clean(Rules { now: now(), unused_for: None, limit: Some(0) }).builds), [B, C]);
}

#[test]
fn a_build_in_use_is_kept_with_what_it_needs() {
    let made = Made::new().build(A, 40, &[ONE]).build(B, 40, &[TWO]);
    let in_use = InUse::take(&made.path(&format!("migrators/{A}")), now() - A_DAY * 40).unwrap();
    let cleaned = made.clear();
    assert_eq!(names(&cleaned.builds), [B]);
    assert!(matches!(cleaned.kept.as_slice(), [Kept::Build(build)] if build.name == A), "{:?}", cleaned.kept);
    assert_eq!(made.units(), [ONE]);
    assert!(made.has_program(A));
    drop(in_use);
    assert_eq!(names(&made.clear().builds), [A]);
    assert_eq!(
        made.cache.inventory().unwrap(),
        Inventory { targets: made.cache.inventory().unwrap().targets, ..Inventory::default() }
    );
    assert_eq!(made.cache.inventory().unwrap().bytes(), 0);
}

#[test]
fn what_builds_share_is_kept_while_one_is_running() {
    let made = Made::new().build(A, 40, &[ONE]).unit(TWO, 40);
    let building = Building::begin(&made.cache.folder);
    let cleaned = made.clear();
    assert_eq!((names(&cleaned.builds), cleaned.kept), (vec![A], vec![Kept::Shared]));
    assert_eq!(made.units(), [ONE, TWO]);
    drop(building);
    let cargo = File::open(made.path("target/debug/.cargo-lock")).unwrap();
    cargo.lock().unwrap();
    assert_eq!(made.clear().kept, [Kept::Target("target".to_owned())]);
    assert_eq!(made.units(), [ONE, TWO]);
    drop(cargo);
    made.clear();
    assert!(made.units().is_empty());
}

/// What another build frees is not deleted in place of what a running cargo uses.
#[test]
fn a_used_target_folder_costs_no_other_build() {
    let made = Made::new().build(A, 3, &[ONE]).build(B, 1, &[TWO]);
    let cargo = File::open(made.path("target/debug/.cargo-lock")).unwrap();
    cargo.lock().unwrap();
    let limit = made.cache.inventory().unwrap().bytes() - 3 * u64::try_from(LARGE).unwrap();
    made.clean(Rules { now: now(), unused_for: None, limit: Some(limit) });
    assert_eq!(made.builds(), [B]);
}

#[test]
fn a_build_that_is_taken_while_it_is_deleted_is_built_again() {
    let made = Made::new().build(A, 40, &[]);
    let folder = made.path(&format!("migrators/{A}"));
    let claimed = in_use::claim(&folder).unwrap();
    let taken = std::thread::scope(|scope| {
        let taken = scope.spawn(|| InUse::take(&folder, now()));
        std::thread::sleep(Duration::from_millis(50));
        fs::rename(&folder, made.path("elsewhere")).unwrap();
        drop(claimed);
        taken.join().unwrap()
    });
    assert!(taken.is_none());
    let _in_use = InUse::create(&folder, now()).unwrap();
    assert!(in_use::claim(&folder).is_none());
}

#[test]
fn a_use_is_recorded_once_a_day() {
    let made = Made::new().build(A, 40, &[]);
    let folder = made.path(&format!("migrators/{A}"));
    for (later, recorded) in [(Duration::ZERO, now()), (A_DAY / 2, now()), (A_DAY, now() + A_DAY)] {
        drop(InUse::take(&folder, now() + later).unwrap());
        assert_eq!(in_use::last_used(&folder), Some(recorded));
    }
    in_use::mark_used(&folder, now() + A_DAY * 5);
    assert_eq!(in_use::last_used(&folder), Some(now() + A_DAY * 5));
}

#[test]
fn automatic_cleaning_happens_once_a_day() {
    let made = Made::new().build(A, 40, &[ONE]).build(B, 1, &[TWO]);
    let clean = |later: Duration, limit| made.cache.clean_daily(now() + later, limit);
    assert_eq!(names(&clean(Duration::ZERO, None).unwrap().builds), [A]);
    assert!(clean(A_DAY / 2, Some(0)).is_none());
    assert_eq!(made.builds(), [B]);
    assert_eq!(names(&clean(A_DAY, Some(0)).unwrap().builds), [B]);
    assert!(clean(A_DAY * 2, Some(0)).is_none(), "nothing is left");
}

/// As a process leaves it that is killed after each step of a deletion.
#[test]
fn a_deletion_that_was_killed_leaves_no_build_and_is_finished_later() {
    let made = Made::new().build(A, 1, &[ONE]).build(B, 1, &[ONE]);
    fs::create_dir(made.path(".trash-x")).unwrap();
    fs::rename(made.path(&format!("migrators/{A}")), made.path(".trash-x/1")).unwrap();
    assert!(InUse::take(&made.path(&format!("migrators/{A}")), now()).is_none());
    assert_eq!(made.builds(), [B]);
    made.age(&format!("target/debug/{A}"), 40);
    made.clean(unused_for(30));
    assert!(!made.has_trash() && !made.has_program(A) && made.has_program(B));
    assert_eq!(made.units(), [ONE]);
}

#[test]
fn a_folder_that_kit_has_not_made_is_left_alone() {
    let files = [
        "target/debug/.cargo-lock",
        "target/debug/.fingerprint/app-1111111111111111/lib-app",
        "target/debug/deps/app-1111111111111111",
        "runtime/0123456789abcdef/file",
    ];
    for more in [
        &["notes.txt"] as &[_],
        &["migrators/mine/file"],
        &["notes.txt", "migrators/kit-migrator-aaaaaaaaaaaa/Cargo.toml"],
        &[],
    ] {
        let home = TempDir::new().unwrap();
        let all: Vec<&str> = files.iter().chain(more).copied().collect();
        all.iter().for_each(|file| write(home.path(), file, "mine"));
        let cache = Cache { folder: home.path().to_owned() };
        // A build there is possible, and does not make it kit's.
        cache.make_private().unwrap();
        assert!(cache.clean_daily(now(), Some(0)).is_none());
        let refused = cache.clean(&unused_for(0));
        assert!(matches!(refused, Err(Error::Cache(CacheError::Foreign { .. }))), "{refused:?}");
        assert!(all.iter().all(|file| fs::read_to_string(home.path().join(file)).unwrap() == "mine"));
    }
}

#[test]
fn files_of_others_in_a_cache_survive() {
    let made = Made::new().build(A, 1, &[ONE]);
    let theirs = [
        "notes.txt",
        "target-mine/debug/app",
        "migrators/mine/file",
        "runtime/mine/file",
        "trash-1/file",
        "target/mine",
    ];
    theirs.iter().for_each(|file| made.write(file, "mine"));
    made.clear();
    assert!(made.builds().is_empty());
    assert!(theirs.iter().all(|file| made.path(file).exists()));
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = TempDir::new().unwrap();
    let outside = outside.path();
    let files =
        ["debug/.fingerprint/dep-1111111111111111/lib-dep", "debug/deps/libdep-1111111111111111.rlib", "Cargo.toml"];
    files.iter().for_each(|file| write(outside, file, "mine"));
    let made = Made::new();
    let links = [
        ("target-0123456789ab", ""),
        ("target/x86_64-unknown-linux-gnu", ""),
        ("target/debug/.fingerprint", "debug/.fingerprint"),
        ("target/debug/deps", "debug/deps"),
        ("migrators/kit-migrator-aaaaaaaaaaaa", ""),
        ("runtime/0123456789abcdef", ""),
        ("sea-orm-2.0.4.lock", "Cargo.toml"),
        (".trash-x", ""),
    ];
    for (link, to) in links {
        fs::create_dir_all(made.path(link).parent().unwrap()).unwrap();
        symlink(outside.join(to), made.path(link)).unwrap();
    }
    // One inside of what is deleted.
    made.write("migrators/kit-migrator-bbbbbbbbbbbb/Cargo.toml", "");
    symlink(outside, made.path("migrators/kit-migrator-bbbbbbbbbbbb/src")).unwrap();
    made.clear();
    assert!(!made.path("migrators/kit-migrator-bbbbbbbbbbbb").exists());
    assert!(files.iter().all(|file| fs::read_to_string(outside.join(file)).unwrap() == "mine"));
    assert!(links.iter().all(|(link, _)| made.path(link).is_symlink()));
}
