//! What is left on the servers when tests of an application are over, panic, or are killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit_runtime::testing::{Error, TestDatabase};
use sea_orm::ConnectionTrait;

use crate::blog::migrations::Migrator;
use crate::database::Database;
use crate::{SERVERS, fresh};

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

/// One of each build of a program, and none of another's.
#[tokio::test]
async fn templates_do_not_pile_up() {
    for (server, database) in SERVERS.into_iter().flatten().zip([Database::postgres().await, Database::mysql().await]) {
        let own =
            |names: Vec<String>| names.into_iter().filter(|name| name.starts_with("kit_template_")).collect::<Vec<_>>();
        fresh(Some(server)).await.close().await.unwrap();
        let mine = own(database.siblings().await);
        let (owner, _) = mine.first().unwrap().rsplit_once('_').unwrap();
        // What an older build of this program has left, and what only looks like it.
        let (old, foreign) = (format!("{owner}_0123456789abcdef"), format!("{owner}_mine"));
        for name in [&old, &foreign] {
            database.execute(&[&format!("CREATE DATABASE {}", database.dialect.quote(name))]).await;
        }
        let output = start(&["suite::numbers_begin_at_one::one"], false).wait_with_output().unwrap();
        assert!(output.status.success());
        let names = own(database.siblings().await);
        assert!(!names.contains(&old) && names.contains(&foreign) && names.contains(&mine[0]), "{names:?}");
        database.execute(&[&format!("DROP DATABASE {}", database.dialect.quote(&foreign))]).await;
    }
}

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
    let words = "cannot migrate a test database: applying `m1_fails` failed: Custom Error: no";
    for server in SERVERS {
        let error = match server {
            None => TestDatabase::in_memory::<Wrong>().await.unwrap_err(),
            Some(variable) => TestDatabase::new::<Wrong>(&std::env::var(variable).unwrap()).await.unwrap_err(),
        };
        assert_eq!(error.to_string(), words, "{server:?}");
    }
    assert_eq!(TestDatabase::new::<Migrator>("oracle://x").await.unwrap_err(), Error::Url);
    let nobody = std::env::var("KIT_TEST_POSTGRES_URL").unwrap().replace("s3cr3t", "wr0ng");
    let words = TestDatabase::new::<Migrator>(&nobody).await.unwrap_err().to_string();
    assert!(words.starts_with("cannot connect for a test database: ") && !words.contains("wr0ng"), "{words}");
}
