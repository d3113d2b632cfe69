//! Database URLs from the outside: what kit says of bad ones, and that no password is in it.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]

use std::time::{Duration, Instant};

use kit::database::Target;
use kit::error::Error;
use kit_runtime::dialect::Dialect;
use tempfile::TempDir;

use crate::support::{Sandbox, assert_error, quotes, shows};

mod created;
mod forms;
mod refused;
mod waiting;
mod warnings;

/// What no byte of an output may hold.
const SECRET: &str = "s3cr3t";

/// URLs that kit refuses without connecting.
const BAD: [&str; 18] = [
    " ",
    "no-scheme/s3cr3t@h",
    "u:s3cr3t@h/x",
    "postgre://u:s3cr3t@h/x",
    "postgres:/u:s3cr3t@h",
    "postgres:u:s3cr3t@h/x",
    "postgres://u:s3cr3t@h",
    "postgres://u:s3cr3t@h:70000/x",
    "postgres://u:s3cr3t@h:port/x",
    "postgres://u:s3cr3t#@h/x",
    "postgres://u:12/s3cr3t@h/x",
    "postgres://u:12?s3cr3t@h/x",
    "postgres://u%3As3cr3t%40h/x",
    "mysql://u:s3cr3t@[::1/x",
    "mysql://u:s3cr3t@h",
    "sqlite://u:s3cr3t@h/x",
    "sqlite::memory:",
    "sqlite://",
];

/// URLs that kit takes.
const GOOD: [&str; 12] = [
    "postgres://u:s3cr3t@h/x",
    "postgres://u:s3cr3t%23%25%2F@h/x",
    "postgres://u:%s3cr3t@h/x",
    "postgres://u:s3cr3tü@hörst/dä",
    "postgres://u:s3cr3t@[::1]:5432/x",
    "postgres://u:s3cr3t@%2Fvar%2Frun/db",
    "postgres:///db?host=/var/run&password=s3cr3t",
    "postgres://u%3As3cr3t@h/x",
    "postgres://u:s3cr3t@h?dbname=x",
    "mysql:///db?socket=/run/m.sock&password=s3cr3t",
    "mariadb://u:s3cr3t@h/x",
    "sqlite://no/such/folder/x.db",
];

const WAYS: [&[&str]; 5] =
    [&["about"], &["about", "--json"], &["about", "-q"], &["about", "-v"], &["about", "-vvv", "--color", "always"]];

/// A sandbox for each way a URL can come in.
fn sources(url: &str) -> [(Sandbox, Vec<String>); 4] {
    let quoted = url.replace('\\', "\\\\").replace('"', "\\\"");
    [
        (Sandbox::project().env("DATABASE_URL", url), vec![]),
        (Sandbox::project().file(".env", &format!("DATABASE_URL='{url}'\n")), vec![]),
        (Sandbox::project().file("kit.toml", &format!("[connections.a]\nurl = \"{quoted}\"\n")), vec![]),
        (Sandbox::project(), vec![format!("--database={url}")]),
    ]
}

#[test]
fn a_bad_url_is_refused_with_a_hint_and_without_its_password() {
    for url in BAD.iter().map(|url| (*url).to_owned()).chain([format!("postgres://u:s3cr3t@h/{}", "x".repeat(10_240))])
    {
        for (sandbox, flags) in sources(&url) {
            for way in WAYS {
                let arguments: Vec<&str> = way.iter().copied().chain(flags.iter().map(String::as_str)).collect();
                let run = sandbox.kit(&arguments);
                assert_eq!(run.code, 1, "{url}\n{run}");
                assert_error!(run, Error::BadUrl { .. });
                assert!(run.hint().contains("postgres://"), "{url}\n{run}");
                assert!(run.hides(SECRET), "{url}\n{run}");
            }
        }
    }
}

#[test]
fn a_good_url_is_shown_without_its_password() {
    for url in GOOD {
        for (sandbox, flags) in sources(url) {
            for way in WAYS {
                let arguments: Vec<&str> = way.iter().copied().chain(flags.iter().map(String::as_str)).collect();
                let run = sandbox.kit(&arguments);
                assert_eq!(run.code, 0, "{url}\n{run}");
                assert!(run.shows("://") && run.hides(SECRET), "{url}\n{run}");
            }
        }
    }
}

#[test]
fn a_url_in_the_wrong_place_of_the_command_line_is_not_echoed_with_its_password() {
    let url = "postgres://u:s3cr3t@h/x";
    let joined = format!("--databse={url}");
    for arguments in
        [&[url][..], &["about", url], &["about", &joined], &["about", "--color", url], &["--project", url, "about"]]
    {
        let run = Sandbox::project().kit(arguments);
        assert_ne!(run.code, 0, "{run}");
        assert!(run.hides(SECRET), "{run}");
    }
}

#[test]
fn the_servers_own_url_goes_before_a_poolers_where_both_stand_in_one_place() {
    let (pooled, own) = ("postgres://u:s3cr3t@pooler:6543/shop", "postgres://u:s3cr3t@server:5432/shop");
    let about = |sandbox: Sandbox| sandbox.kit(&["about"]);
    let both = about(Sandbox::project().env("DATABASE_URL", pooled).env("DIRECT_DATABASE_URL", own));
    assert!(both.shows("@server:5432/shop"), "{both}");
    let text = format!("DATABASE_URL='{pooled}'\nDIRECT_DATABASE_URL='{own}'\n");
    let both = about(Sandbox::project().file(".env", &text));
    assert!(both.shows("@server:5432/shop"), "{both}");
    // What was typed before a command is not overruled by a file.
    let typed = about(Sandbox::project().env("DATABASE_URL", "postgres://u@h/other").file(".env", &text));
    assert!(typed.shows("postgres://u@h/other"), "{typed}");
    let wrong = Sandbox::project().env("DATABASE_URL", pooled).env("DIRECT_DATABASE_URL", "postgres://u@server/test");
    let wrong = wrong.kit(&["migrate:status"]);
    assert_eq!(wrong.code, 1);
    assert_error!(wrong, Error::Config { origin, message } if origin == "DIRECT_DATABASE_URL" && message.contains("DATABASE_URL"));
}

async fn refusal(url: &str) -> (Error, Duration) {
    let folder = TempDir::new().unwrap();
    let started = Instant::now();
    let target = Target::parse(url, "a test", folder.path()).unwrap();
    match target.connect().await {
        Ok(_) => panic!("connected to {}", target.redacted()),
        Err(error) => (error, started.elapsed()),
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_reported_at_once_with_the_reason() {
    for (url, reason) in [
        ("postgres://u:s3cr3t@127.0.0.1:1/x", "Connection refused"),
        ("mysql://u:s3cr3t@127.0.0.1:1/x", "Connection refused"),
        ("postgres://u:s3cr3t@[::1]:1/x", ""),
        ("postgres://u:s3cr3t@%2Fno%2Fsuch%2Ffolder/x", "No such file"),
        ("postgres:///x?host=/no/such/folder&password=s3cr3t", "No such file"),
        ("mysql://u:s3cr3t@host.invalid/x", "lookup"),
        ("postgres://u:s3cr3t@127.0.0.1:1/x?sslmode=bogus", "bogus"),
        ("postgres://u:%FFs3cr3t@127.0.0.1:1/x", "utf-8"),
    ] {
        let (error, took) = refusal(url).await;
        assert!(matches!(error, Error::Connect { .. }), "{url}: {error}");
        let text = format!("{error} {error:?} {}", error.hint().unwrap_or_default());
        assert!(quotes(&text, reason), "{url}: {text}");
        assert!(!shows(&text, SECRET), "{text}");
        assert!(took < Duration::from_secs(9), "{url} took {took:?}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let (error, took) = refusal(&format!("postgres://u:s3cr3t@127.0.0.1:{port}/x")).await;
    assert!(
        matches!(&error, Error::Connect { database, .. } if *database == format!("postgres://u:***@127.0.0.1:{port}/x")),
        "{error:?}"
    );
    assert!(took > Duration::from_secs(9), "{took:?}");
    assert!(took < Duration::from_secs(12), "{took:?}");
}

#[tokio::test]
async fn a_file_is_only_created_when_asked_to() {
    let folder = TempDir::new().unwrap();
    let target = Target::parse("sqlite://deep/100%25 #1?mode=rwc", "a test", folder.path()).unwrap();
    assert!(matches!(target.connect().await, Err(Error::NoDatabase { .. })));
    assert!(!folder.path().join("deep").exists());
    target.create().await.unwrap();
    assert!(folder.path().join("deep/100% #1").is_file());
    target.connect().await.unwrap();
}

fn server(variable: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "test.sh says here where its servers are")]
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run ./test.sh"))
}

/// `url` with another database, and with another user where one is given.
fn instead(url: &str, database: &str, user: Option<(&str, &str)>) -> String {
    let mut url = url::Url::parse(url).unwrap();
    url.set_path(database);
    if let Some((name, password)) = user {
        url.set_username(name).unwrap();
        url.set_password(Some(password)).unwrap();
    }
    url.to_string()
}

/// Creates a database that is not there, connects to it, drops it again.
async fn created(url: &str) {
    use kit_runtime::connection::Connection;
    let name = format!("kit_urls_{} \"`odd", std::process::id());
    let folder = TempDir::new().unwrap();
    let target = Target::parse(&instead(url, &name, None), "a test", folder.path()).unwrap();
    assert_eq!(target.database_name().as_deref(), Some(name.as_str()));
    let Err(error) = target.connect().await else { panic!("{name} is there already") };
    assert!(matches!(error, Error::NoDatabase { .. }), "{error}");
    target.create().await.unwrap();
    let session = target.connect().await.unwrap();
    session.execute("CREATE TABLE t (id int)", &[]).await.unwrap();
    drop(session);
    let server = Target::parse(url, "a test", folder.path()).unwrap().connect().await.unwrap();
    let force = if target.dialect == Dialect::Postgres { " WITH (FORCE)" } else { "" };
    server.execute(&format!("DROP DATABASE {}{force}", target.dialect.quote(&name)), &[]).await.unwrap();
    // A wrong password is no missing database.
    let (error, _) = refusal(&instead(url, "x", Some(("nobody", "wr0ng s3cr3t")))).await;
    assert!(matches!(error, Error::Connect { .. }), "{error}");
    assert!(!shows(&format!("{error} {error:?}"), SECRET), "{error}");
}

#[tokio::test]
async fn a_missing_database_is_told_from_a_missing_server_postgres() {
    created(&server("KIT_TEST_POSTGRES_URL")).await;
}

#[tokio::test]
async fn a_missing_database_is_told_from_a_missing_server_mysql() {
    created(&server("KIT_TEST_MYSQL_URL")).await;
}
