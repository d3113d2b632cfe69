//! What is left on the servers when tests of an application are over, panic, or are killed.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit_runtime::dialect::Dialect;
use kit_runtime::testing::{Error, TestDatabase};
use kit_runtime::wire::{Cause, Direction, Failure};
use sea_orm::ConnectionTrait;

use crate::support::database::Database;
use crate::testing::blog::migrations::Migrator;
use crate::testing::{SERVERS, fresh};

const HOLD: &str = "KIT_TEST_HOLD";

/// Has a database on each server, and rows in a transaction that does not end.
#[tokio::test]
#[ignore = "waits until it is killed"]
async fn holds() {
    if std::env::var(HOLD).is_err() {
        return;
    }
    for server in SERVERS {
        let database = fresh(server).await;
        let transaction = sea_orm::TransactionTrait::begin(database.connection()).await.unwrap();
        transaction.execute_unprepared("DELETE FROM categories").await.unwrap();
        println!("held {}", database.url().rsplit('/').next().unwrap());
        std::mem::forget((database, transaction));
    }
    println!("holding");
    std::future::pending::<()>().await;
}

/// The whole suite, as `cargo test` runs it: this very binary, started again.
fn start(arguments: &[&str], hold: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(arguments)
        .args(["--ignored", "--nocapture", "--test-threads=8"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if hold {
        command.env(HOLD, "1");
    }
    command.spawn().unwrap()
}

/// The databases on the servers that are kit's for tests.
async fn there() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for database in [Database::postgres().await, Database::mysql().await] {
        names.extend(database.siblings().await.into_iter().filter(|name| name.starts_with("kit_t")));
    }
    names
}

fn names<'a>(lines: impl IntoIterator<Item = &'a String>, word: &str) -> BTreeSet<String> {
    let names = lines.into_iter().filter_map(|line| line.split_once(word)).map(|(_, name)| name.to_owned());
    // In memory there is nothing to be left.
    names.filter(|name| !name.contains('?')).collect()
}

#[tokio::test]
async fn of_a_killed_run_nothing_is_left_after_the_next() {
    let mut killed = start(&["suite::", "holds"], true);
    let mut lines = Vec::new();
    let mut output = BufReader::new(killed.stdout.take().unwrap()).lines().map_while(Result::ok);
    // In the midst of the suite, with some databases gone and some there.
    let midway =
        |lines: &[String]| lines.iter().any(|line| line.ends_with("holding")) && names(lines, "database ").len() > 20;
    while !midway(&lines) {
        lines.push(output.next().unwrap());
    }
    let held = names(&lines, "held ");
    assert_eq!(held.len(), 2, "{lines:#?}");
    let before = there().await;
    assert!(held.is_subset(&before), "{held:?} are not in {before:?}");
    killed.kill().unwrap();
    killed.wait().unwrap();
    lines.extend(output);
    // Until the servers have noticed.
    tokio::time::sleep(Duration::from_millis(500)).await;
    // As nextest does it: several processes at once.
    let next = [&["::one", "::two"][..], &["::three", "::four", "::five"]].map(|tests| start(tests, false));
    let mut passed = 0;
    for run in next {
        let output = run.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        passed += text.matches(" ... ok\n").count();
        lines.extend(text.lines().map(str::to_owned));
    }
    assert_eq!(passed, 50);
    let all = names(&lines, "database ");
    assert!(all.len() >= 120, "{}: tests have shared a database", all.len());
    let left: Vec<String> = there().await.intersection(&all).cloned().collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_test_that_panics_leaves_nothing() {
    for server in SERVERS.into_iter().flatten() {
        let database = fresh(Some(server)).await;
        let name = database.url().rsplit('/').next().unwrap().to_owned();
        assert!(there().await.contains(&name));
        let clock = Instant::now();
        let panics = tokio::spawn(async move {
            // What is in the midst of a transaction is not in the way.
            let transaction = sea_orm::TransactionTrait::begin(database.connection()).await.unwrap();
            transaction.execute_unprepared("DELETE FROM categories").await.unwrap();
            assert!(database.url().is_empty());
        });
        assert!(panics.await.unwrap_err().is_panic());
        assert!(!there().await.contains(&name), "{name}");
        assert!(clock.elapsed() < Duration::from_secs(20), "it waited for the session of the test");
    }
}

/// One of each program: an older build's is replaced, one that nobody has used for long goes, and what only looks like it stays.
#[tokio::test]
async fn templates_do_not_pile_up() {
    for (server, database) in SERVERS.into_iter().flatten().zip([Database::postgres().await, Database::mysql().await]) {
        let own = |names: Vec<String>| names.into_iter().filter(|name| name.starts_with("kit_template_"));
        fresh(Some(server)).await.close().await.unwrap();
        let owners: BTreeSet<String> =
            own(database.siblings().await).filter_map(|name| Some(name.rsplit_once('_')?.0.to_owned())).collect();
        // Which of them is this program's only the program knows.
        let older: BTreeSet<String> = owners.iter().map(|owner| format!("{owner}_0123456789abcdef")).collect();
        let chance = || format!("{:016x}", RandomState::new().build_hasher().finish());
        let foreign = format!("kit_template_{}_mine", chance());
        let [recent, unused] = [(); 2].map(|()| format!("kit_template_{}_{}", chance(), chance()));
        for name in older.iter().chain([&foreign, &recent, &unused]) {
            let quoted = database.dialect.quote(name);
            // A run of this test that failed may have left it.
            let [drop, create] = [format!("DROP DATABASE IF EXISTS {quoted}"), format!("CREATE DATABASE {quoted}")];
            database.execute(&[&drop, &create]).await;
            if database.dialect == Dialect::MySql {
                // What is complete has statements, and what is not has kit's mark.
                let table = if older.contains(name) { "kit_scratch" } else { "kit_template" };
                database.execute(&[&format!("CREATE TABLE {quoted}.{table} (id int)")]).await;
            }
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        for (name, used) in [(&recent, now - 6 * DAY), (&unused, now - 8 * DAY)] {
            for sql in database.dialect.note_of_template(name, &format!("a template of kit's for tests, used {used}")) {
                database.execute(&[&sql]).await;
            }
        }
        let output = start(&["suite::numbers_begin_at_one::one"], false).wait_with_output().unwrap();
        assert!(output.status.success());
        let left: BTreeSet<String> = own(database.siblings().await).collect();
        assert!(left.contains(&foreign) && left.contains(&recent) && !left.contains(&unused), "{left:?}");
        assert_eq!(older.difference(&left).count(), 1, "{left:?}");
        for name in older.iter().chain([&foreign, &recent]) {
            database.execute(&[&format!("DROP DATABASE IF EXISTS {}", database.dialect.quote(name))]).await;
        }
    }
}

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn what_cannot_be_made_says_why_and_leaves_nothing() {
    use sea_orm_migration::prelude::*;
    struct Wrong;
    struct Fails;
    impl MigrationName for Fails {
        fn name(&self) -> &str {
            "m1_fails"
        }
    }
    #[async_trait::async_trait]
    impl MigrationTrait for Fails {
        async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
            m.get_connection().execute_unprepared("CREATE TABLE half (id int)").await?;
            Err(DbErr::Custom("no".to_owned()))
        }
    }
    impl MigratorTrait for Wrong {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(Fails)]
        }
    }
    for server in SERVERS {
        let error = match server {
            None => TestDatabase::in_memory::<Wrong>().await.unwrap_err(),
            Some(variable) => TestDatabase::new::<Wrong>(&std::env::var(variable).unwrap()).await.unwrap_err(),
        };
        let Error::Migration(Failure::Migration { name, direction: Direction::Up, cause: Cause::Error, .. }) = &error
        else {
            panic!("{server:?}: {error:?}")
        };
        assert_eq!(name, "m1_fails");
    }
    assert_eq!(TestDatabase::new::<Migrator>("oracle://x").await.unwrap_err(), Error::Url);
    let nobody = std::env::var("KIT_TEST_POSTGRES_URL").unwrap().replace("s3cr3t", "wr0ng");
    let error = TestDatabase::new::<Migrator>(&nobody).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }) && !format!("{error} {error:?}").contains("wr0ng"), "{error:?}");
}
