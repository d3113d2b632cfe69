//! `--wait-for-database`: a server that starts late is waited for, an error that does not pass is not, and a database that kit
//! creates holds every character.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use kit::error::Error;
use url::Url;

use crate::support::database::Database;
use crate::support::{Sandbox, Transcript, assert_error};

const MIGRATION: &str = "pub struct Migration;\n";

/// Every command that waits, with a project in which it needs the database.
const COMMANDS: [&[&str]; 5] = [
    &["migrate", "--force"],
    &["migrate:status"],
    &["migrate:fresh", "--force"],
    &["migrate:install", "--force"],
    &["db:seed", "--force"],
];

fn kit(url: &str, arguments: &[&str]) -> Transcript {
    let sandbox = Sandbox::project().file("migrations/m1_a.rs", MIGRATION).env("DATABASE_URL", url);
    // Kit brings its own runtime.
    thread::scope(|scope| scope.spawn(|| sandbox.kit(arguments)).join().unwrap())
}

/// A port on which nothing listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn with_port(url: &str, port: u16) -> String {
    let mut url = Url::parse(url).unwrap();
    url.set_port(Some(port)).unwrap();
    url.to_string()
}

/// Passes connections on to the server of `url`, from `delay` on.
fn late_server(url: &str, delay: Duration) -> u16 {
    let port = free_port();
    let server = Url::parse(url).unwrap().socket_addrs(|| None).unwrap()[0];
    thread::spawn(move || {
        thread::sleep(delay);
        for client in TcpListener::bind(("127.0.0.1", port)).unwrap().incoming().flatten() {
            let server = TcpStream::connect(server).unwrap();
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                thread::spawn(move || {
                    let _ = copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_starts_late_is_waited_for() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let url = with_port(database.url(), late_server(database.url(), Duration::from_millis(1500)));
        let clock = Instant::now();
        let run = kit(&url, &["migrate:status", "--json", "--wait-for-database", "30"]);
        assert_eq!(run.code, 0, "{run}");
        assert!(clock.elapsed() > Duration::from_millis(1400), "{run}");
    }
}

#[test]
fn each_command_stops_waiting_after_its_time() {
    for command in COMMANDS {
        let url = format!("postgres://u:s3cr3t@127.0.0.1:{}/x", free_port());
        let run = kit(&url, &[command, &["--wait-for-database", "1"]].concat());
        assert_eq!(run.code, 1, "{command:?}: {run}");
        assert_error!(run, Error::Connect { .. });
        assert!(!run.to_string().contains("s3cr3t"), "{run}");
    }
}

#[tokio::test]
async fn an_error_that_does_not_pass_ends_the_wait() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let mut url = Url::parse(database.url()).unwrap();
        url.set_password(Some("wrong")).unwrap();
        let clock = Instant::now();
        let run = kit(url.as_str(), &["migrate:status", "--wait-for-database", "60"]);
        assert_error!(run, Error::Connect { .. });
        assert!(clock.elapsed() < Duration::from_secs(20), "{run}");
    }
    let absent = kit("sqlite://nowhere.sqlite", &["migrate:status", "--json", "--wait-for-database", "60"]);
    assert_error!(absent, Error::NoDatabase { .. });
}
