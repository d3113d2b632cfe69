//! F1 and F2: a run is made to fail at every point, in every way, and at random moments; then it goes on as kit says, and
//! everything has to be as if nothing had been. The same for SeaORM's own `Migrator`, to have its figures beside.

use std::time::{Duration, Instant};

use kit_runtime::dialect::Dialect;
use kit_runtime::fault;
use kit_runtime::wire::{Action, Failure, Up};
use sea_orm_migration::MigratorTrait;

use crate::process::{Ended, finish, start};
use crate::support::database::Database;
use crate::support::steps::{self, Migrator, Step};
use crate::tally::{Chance, Tally};
use crate::work::{CHANGES, Goal, Golden, TASKS, Work, connect, empty, go_on};

/// A database, and what it is to look like.
pub struct Place {
    pub database: Database,
    pub work: Work,
    up: Golden,
    down: Golden,
}

pub const NAMES: [&str; 4] = ["SQLite, journal", "SQLite, WAL", "PostgreSQL", "MariaDB"];

pub async fn place(name: &'static str) -> Place {
    let database = match name {
        "PostgreSQL" => Database::postgres().await,
        "MariaDB" => Database::mysql().await,
        _ => Database::sqlite().await,
    };
    if name == "SQLite, WAL" {
        database.execute(&["PRAGMA journal_mode = WAL"]).await;
    }
    Place::of(database).await
}

impl Place {
    pub async fn of(database: Database) -> Self {
        let work = Work::new(database.dialect);
        let all = finish("up", database.url(), None);
        assert!(all.fine, "{all:?}");
        let up = Golden::of(&database, Goal::Up).await;
        let back = finish("down", database.url(), None);
        assert!(back.fine, "{back:?}");
        let down = Golden::of(&database, Goal::Down).await;
        let place = Self { database, work, up, down };
        assert_eq!(place.down.compare(&place.database, true).await.reasons, Vec::<String>::new());
        empty(&place.database).await;
        place
    }

    pub fn golden(&self, goal: Goal) -> &Golden {
        if goal == Goal::Down { &self.down } else { &self.up }
    }

    /// The state that a run with this goal begins with.
    pub async fn prepare(&self, goal: Goal) {
        empty(&self.database).await;
        if goal != Goal::Up {
            let session = connect(self.database.url()).await;
            let actions = Goal::Up.actions(&session).await;
            let (lines, outcome) = steps::run(&session, &self.work.steps, &actions).await;
            assert_eq!(outcome, Ok(()), "{lines:?}");
        }
    }

    /// Goes on after a run that failed, and counts.
    pub async fn settle(&self, what: &str, goal: Goal, tally: &mut Tally, chance: &mut Chance) {
        let went_on = go_on(&self.database, &self.work, goal, &mut || chance.coin()).await;
        let faulty = self.golden(goal).compare(&self.database, true).await;
        tally.count(what, went_on, faulty);
    }
}

fn task(goal: Goal) -> &'static str {
    match goal {
        Goal::Up => "up",
        Goal::Down => "down",
        Goal::Fresh => "fresh",
    }
}

/// Points of a run, with how often it comes by.
fn places(goal: Goal) -> Vec<(&'static str, u32)> {
    let each = [
        "before-running-row",
        "after-running-row",
        "before-up",
        "after-up",
        "before-record",
        "after-record",
        "before-commit",
        "after-commit",
    ];
    let mut places: Vec<(&str, u32)> = match goal {
        Goal::Up => {
            let once =
                ["after-connect", "before-lock", "after-lock", "after-bootstrap", "before-release", "after-release"];
            once.map(|point| (point, 1)).into_iter().chain([("in-up", CHANGES)]).collect()
        }
        Goal::Down => vec![("in-down", CHANGES - 2), ("before-delete-row", TASKS - 1)],
        Goal::Fresh => return vec![("in-fresh", 8)],
    };
    places.extend(each.map(|point| (point, if goal == Goal::Up { TASKS } else { TASKS - 1 })));
    places
}

/// F1 on one database; with `only` every so-manieth case.
async fn every_point(name: &'static str, ways: &[&str], every: usize) -> Tally {
    let place = place(name).await;
    let (mut chance, mut tally) = (Chance::new("F1"), Tally::default());
    let mut reached = Vec::new();
    let mut at = 0;
    for goal in [Goal::Up, Goal::Down, Goal::Fresh] {
        for (point, times) in places(goal) {
            for (way_at, way) in ways.iter().enumerate() {
                for turn in 1..=times {
                    at += 1;
                    // The first way is tried everywhere, the others where it makes a difference.
                    let rare = way_at > 0 && times > 1 && turn % 3 != 2;
                    let known = reached.contains(&point);
                    if rare || (at % every != 0 && (known || times > 1 && turn != 3)) {
                        continue;
                    }
                    let fault = format!("{point}:{turn}={way}");
                    place.prepare(goal).await;
                    let ended = finish(task(goal), place.database.url(), Some(&fault));
                    if !ended.struck {
                        assert!(ended.fine, "{fault}: {ended:?}");
                        continue;
                    }
                    expect_end(&ended, way, &fault);
                    reached.push(point);
                    place.settle(&fault, goal, &mut tally, &mut chance).await;
                }
            }
        }
    }
    // A point that nothing comes by proves nothing.
    let missed: Vec<&&str> =
        fault::POINTS.iter().filter(|point| !reached.contains(point) && **point != "in-repair").collect();
    assert!(missed.is_empty(), "{missed:?}");
    tally
}

fn expect_end(ended: &Ended, way: &str, fault: &str) {
    match way {
        "kill" => assert_eq!(ended.signal, Some(9), "{fault}: {ended:?}"),
        "stop" => assert_eq!(ended.signal, Some(15), "{fault}: {ended:?}"),
        _ => assert_eq!(ended.signal, None, "{fault}: {ended:?}"),
    }
}

const ALL_WAYS: [&str; 4] = ["kill", "stop", "panic", "drop-conn"];

/// A file has no session that could be lost.
fn ways(name: &str) -> &'static [&'static str] {
    if name.starts_with("SQLite") { &ALL_WAYS[..3] } else { &ALL_WAYS }
}

#[tokio::test]
async fn a_run_killed_anywhere_goes_on_sqlite() {
    every_point("SQLite, journal", &["kill", "panic"], 12).await.assert_whole();
}

#[tokio::test]
async fn a_run_killed_anywhere_goes_on_mariadb() {
    every_point("MariaDB", &["kill", "drop-conn"], 16).await.assert_whole();
}

async fn f1(name: &'static str) {
    let tally = every_point(name, ways(name), 1).await;
    tally.report("F1 every point", name, "kit");
    tally.assert_whole();
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f1_sqlite_journal() {
    f1(NAMES[0]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f1_sqlite_wal() {
    f1(NAMES[1]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f1_postgres() {
    f1(NAMES[2]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f1_mariadb() {
    f1(NAMES[3]).await;
}

/// What a person said and was killed while saying it is said again.
#[tokio::test]
async fn a_repair_that_is_killed_is_done_again() {
    for name in ["PostgreSQL", "MariaDB", "SQLite, journal"] {
        let place = place(name).await;
        // Without a transaction, after its first statement: everywhere a person is needed.
        let ended = finish("up", place.database.url(), Some("in-up:10=kill"));
        assert_eq!(ended.signal, Some(9), "{ended:?}");
        for way in ways(name) {
            let ended = finish("repair", place.database.url(), Some(&format!("in-repair={way}")));
            assert!(ended.struck && !ended.fine, "{ended:?}");
        }
        let (mut tally, mut chance) = (Tally::default(), Chance::new("repair"));
        place.settle("in-repair", Goal::Up, &mut tally, &mut chance).await;
        tally.assert_whole();
        assert_eq!(tally.by_hand, 1, "{tally:?}");
    }
}

/// How long an undisturbed run takes from its start to its end.
pub fn duration(task: &str, url: &str) -> Duration {
    let mut run = start(task, url, None);
    run.wait_for("ready");
    let clock = Instant::now();
    let ended = run.wait();
    assert!(ended.fine, "{ended:?}");
    clock.elapsed()
}

/// Kills a run at a random moment; says whether it was still at work.
fn kill_at_random(task: &str, url: &str, longest: Duration, chance: &mut Chance) -> Option<Duration> {
    let mut run = start(task, url, None);
    run.wait_for("ready");
    let moment = Duration::from_micros(chance.below(longest.as_micros() as u64));
    std::thread::sleep(moment);
    run.kill();
    (run.wait().signal == Some(9)).then_some(moment)
}

/// F2 on one database.
async fn random_kills(place: &Place, rounds: u32, way: &str, chance: &mut Chance) -> Tally {
    let mut tally = Tally::default();
    place.prepare(Goal::Up).await;
    let (up, down) = (duration("up", place.database.url()), duration("down", place.database.url()));
    while tally.tried < rounds {
        // Three of four go up.
        let goal = if way == "up" && chance.below(4) == 0 { Goal::Down } else { Goal::Up };
        place.prepare(goal).await;
        let (task, longest) = if goal == Goal::Down { ("down", down) } else { (way, up) };
        if let Some(moment) = kill_at_random(task, place.database.url(), longest, chance) {
            place.settle(&format!("{task} after {moment:?}"), goal, &mut tally, chance).await;
        }
    }
    tally
}

async fn f2(name: &'static str) {
    let mut chance = Chance::new("F2");
    let place = place(name).await;
    let tally = random_kills(&place, 100, "up", &mut chance).await;
    tally.report("F2 kill -9 at random", name, "kit");
    tally.assert_whole();
    let peer = peer_kills(&place, 100, &mut chance).await;
    peer.report("F2 kill -9 at random", name, "sea-orm-migration");
}

/// The same kills, and then the same again without anybody in between, which is all there is.
async fn peer_kills(place: &Place, rounds: u32, chance: &mut Chance) -> Tally {
    let mut tally = Tally::default();
    empty(&place.database).await;
    let longest = duration("peer", place.database.url());
    while tally.tried < rounds {
        empty(&place.database).await;
        if let Some(moment) = kill_at_random("peer", place.database.url(), longest, chance) {
            peer_goes_on(place, &format!("after {moment:?}"), &mut tally).await;
        }
    }
    tally
}

pub async fn peer_goes_on(place: &Place, what: &str, tally: &mut Tally) {
    // What the server still does for the dead one is over first: kit's lock waits for it, here nothing does.
    tokio::time::sleep(Duration::from_millis(100)).await;
    steps::set(&place.work.steps);
    let connection = place.database.connect().await;
    let again = Migrator::up(&connection, None).await;
    let faulty = place.golden(Goal::Up).compare(&place.database, false).await;
    tally.count(what, again.map(|()| 0).map_err(|error| error.to_string()), faulty);
}

/// F1 for the peer: between any two statements.
#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f1_peer() {
    for name in NAMES {
        let place = place(name).await;
        let mut tally = Tally::default();
        for turn in 1..=CHANGES {
            empty(&place.database).await;
            let ended = finish("peer", place.database.url(), Some(&format!("in-up:{turn}=kill")));
            assert_eq!(ended.signal, Some(9), "{ended:?}");
            peer_goes_on(&place, &format!("in-up:{turn}"), &mut tally).await;
        }
        tally.report("F1 every point", name, "sea-orm-migration");
    }
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f2_sqlite_journal() {
    f2(NAMES[0]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f2_sqlite_wal() {
    f2(NAMES[1]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f2_postgres() {
    f2(NAMES[2]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f2_mariadb() {
    f2(NAMES[3]).await;
}

/// If kit noted that a migration runs only when it is through, kills would be seen to do damage: these suites can fail.
#[tokio::test]
async fn a_marker_after_the_change_loses_or_doubles_changes() {
    let place = place("MariaDB").await;
    assert_eq!(place.database.dialect, Dialect::MySql);
    let (mut tally, mut chance) = (Tally::default(), Chance::new("late marker"));
    for turn in 4..=6 {
        empty(&place.database).await;
        let ended = finish("late", place.database.url(), Some(&format!("in-up:{turn}=kill")));
        assert_eq!(ended.signal, Some(9), "{ended:?}");
        place.settle(&format!("in-up:{turn}"), Goal::Up, &mut tally, &mut chance).await;
    }
    assert!(tally.stuck + tally.wrong > 0, "{tally:?}");
}

/// One that ends the transaction it is given.
pub fn committing() -> Vec<Step> {
    let make = vec!["CREATE TABLE counter (n int)".into(), "INSERT INTO counter VALUES (1)".into()];
    let ends = vec!["UPDATE counter SET n = n + 10".into(), "COMMIT".into(), "UPDATE counter SET n = n + 100".into()];
    vec![Step::new("m1", make, vec![]), Step::new("m2", ends, vec![])]
}

#[tokio::test]
async fn what_it_committed_itself_is_not_done_twice() {
    for database in [Database::sqlite().await, Database::postgres().await] {
        let ended = finish("commits", database.url(), Some("in-up:5=kill"));
        assert_eq!(ended.signal, Some(9), "{ended:?}");
        let session = connect(database.url()).await;
        let (_, outcome) = steps::run(&session, &committing(), &[Action::Up(Up::default())]).await;
        assert!(matches!(outcome, Err(Failure::Halted { .. })), "{:?}: {outcome:?}", database.dialect);
        assert_eq!(database.value("(SELECT n FROM counter)").await.as_deref(), Some("11"));
    }
}

/// Whoever migrates after a killed `migrate:fresh`, and not with it again, is not told that all is well.
#[tokio::test]
async fn a_killed_fresh_leaves_no_ledger_that_lies() {
    for name in ["MariaDB", "PostgreSQL"] {
        let place = place(name).await;
        for turn in 1..=4 {
            place.prepare(Goal::Fresh).await;
            let ended = finish("fresh", place.database.url(), Some(&format!("in-fresh:{turn}=kill")));
            assert_eq!(ended.signal, Some(9), "{ended:?}");
            let up = finish("up", place.database.url(), None);
            let faulty = place.golden(Goal::Up).compare(&place.database, true).await;
            assert!(!up.fine || faulty.reasons.is_empty(), "{turn}: {faulty:?}");
        }
    }
}
