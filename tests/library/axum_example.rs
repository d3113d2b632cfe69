//! The example with axum, run as it stands: copies of it that start together on each database.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test that starts itself says so in the environment")]

#[expect(dead_code, reason = "main only reads the environment")]
#[path = "../../examples/axum/main.rs"]
mod application;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::support::database::Database;
use application::migrations::Migrator;
use kit_runtime::pending;

const URL: &str = "KIT_TEST_EXAMPLE_URL";
const MIGRATE: &str = "KIT_TEST_EXAMPLE_MIGRATE";
const NAMES: usize = 4;

/// A copy is this very test binary, started again.
#[tokio::test]
#[ignore = "is a copy of the application"]
async fn copy() {
    let Ok(url) = std::env::var(URL) else { return };
    tracing_subscriber::fmt().with_ansi(false).init();
    application::run(&url, 0, std::env::var(MIGRATE).as_deref() != Ok("no")).await.unwrap();
}

struct Copy {
    process: Child,
    address: String,
    log: Receiver<String>,
}

impl Copy {
    fn start(url: &str, migrate: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["axum_example::copy", "--exact", "--ignored", "--nocapture"])
            .env(URL, url)
            .env(MIGRATE, migrate)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (line, log) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(|text| drop(line.send(text))));
        let address = loop {
            let line = log.recv_timeout(Duration::from_secs(20)).unwrap();
            if let Some((_, address)) = line.split_once("listening address=") {
                break address.to_owned();
            }
        };
        Self { process, address, log }
    }

    /// What it answers: the code, and the words.
    fn ready(&self) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let code = answer.split(' ').nth(1).unwrap().to_owned();
        (code, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Waits until it is ready, and says what it had answered before.
    fn until_ready(&self) -> Vec<(String, String)> {
        let (clock, mut before) = (Instant::now(), Vec::new());
        loop {
            assert!(clock.elapsed() < Duration::from_secs(60), "not ready: {before:?}");
            match self.ready() {
                (code, words) if code == "200" => {
                    assert_eq!(words, "ready\n");
                    return before;
                }
                answer => before.push(answer),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its log, up to a line with these words.
    fn log(&self, until: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.contains(until)) {
            match self.log.recv_timeout(Duration::from_secs(20)) {
                Ok(line) => lines.push(line),
                Err(_) => panic!("no `{until}` in {lines:#?}"),
            }
        }
        lines
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn three_copies_migrate_once_and_are_ready_when_that_is_done() {
    for database in Database::all().await {
        let (url, db) = (database.url().to_owned(), database.connect().await);
        let idle = Copy::start(&url, "no");
        let (code, words) = idle.ready();
        assert_eq!(code, "503");
        assert!(words.starts_with("pending: m20240115_120000_create_users_table, "), "{words}");
        assert_eq!(words.split(", ").count(), NAMES, "{words}");
        assert_eq!(database.tables().await, Vec::<String>::new(), "a probe creates nothing");
        let starts = [(); 3].map(|()| {
            let url = url.clone();
            std::thread::spawn(move || Copy::start(&url, "yes"))
        });
        let copies = starts.map(|start| start.join().unwrap());
        for copy in &copies {
            for (code, words) in copy.until_ready() {
                assert_eq!(code, "503");
                assert!(words.starts_with("pending: "), "{:?}: {words}", database.dialect);
            }
            assert_eq!(pending::<Migrator>(&db).await.unwrap(), Vec::<String>::new());
        }
        // Whoever does not migrate is ready, too, now that others have.
        assert_eq!(idle.ready().0, "200");
        // Another copy has done it, and this one may not know yet: it waits for the lock.
        let logs = copies.each_ref().map(|copy| copy.log("the database is up to date applied="));
        let lines = |text: &str| logs.iter().flatten().filter(|line| line.contains(text)).count();
        assert_eq!(lines("migration is done direction=\"up\" migration=\"m2024"), NAMES, "{logs:#?}");
        assert_eq!((lines(" applied=4"), lines(" applied=0")), (1, 2), "{logs:#?}");
        assert_eq!(lines("ERROR"), 0, "{logs:#?}");
        assert_eq!(idle.log.try_iter().collect::<Vec<_>>(), Vec::<String>::new());
        assert_eq!(database.value("(SELECT COUNT(*) FROM posts)").await.as_deref(), Some("1"));
    }
}

/// What cannot be migrated is alive, not ready, and says why.
#[tokio::test]
async fn a_copy_whose_migrations_fail_stays_alive_and_is_not_ready() {
    let database = Database::postgres().await;
    database.execute(&["CREATE TABLE posts (mine int)"]).await;
    let copy = Copy::start(database.url(), "yes");
    let log = copy.log("ERROR");
    let line = log.last().unwrap();
    assert!(line.contains("failure=") && line.contains("`m20240115_130000_create_posts_table`"), "{line}");
    let (code, words) = copy.ready();
    assert_eq!(code, "503");
    assert!(words.starts_with("pending: m20240115_130000_create_posts_table, "), "{words}");
}
