//! A server, a file or a user that refuses: commands and `kit doctor` give the same hint, and following it arrives.

use kit::error::Error;
use kit_runtime::dialect::{Dialect, Reason};
use url::Url;

use crate::support::database::Database;
use crate::support::{Sandbox, Transcript, commands};

fn project(url: &str) -> Sandbox {
    Sandbox::project().env("DATABASE_URL", url)
}

/// kit brings its own runtime.
fn kit(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    std::thread::scope(|scope| scope.spawn(|| sandbox.kit(arguments)).join().unwrap())
}

fn reason(transcript: &Transcript) -> Option<Reason> {
    match transcript.error() {
        Error::Connect { reason, .. } | Error::Database { reason, .. } | Error::Ledger { reason, .. } => *reason,
        other => panic!("{other:?}"),
    }
}

/// The hint that `kit doctor` has for the connection.
fn of_doctor(sandbox: &Sandbox) -> String {
    let findings = kit(sandbox, &["doctor", "--json"]).json();
    let connection = findings["findings"].as_array().unwrap().iter().find(|one| one["name"] == "connection").unwrap();
    connection["hint"].as_str().unwrap().to_owned()
}

fn changed(url: &str, change: impl FnOnce(&mut Url)) -> String {
    let mut url = Url::parse(url).unwrap();
    change(&mut url);
    url.to_string()
}

#[tokio::test]
async fn a_connection_that_is_refused_has_one_diagnosis() {
    let (postgres, mysql) = (Database::postgres().await, Database::mysql().await);
    let text = "no database at all, but a text that is longer than the header of one, which has a hundred bytes";
    let files = Sandbox::new().file("notes.txt", text);
    let mut cases = vec![(format!("sqlite://{}/notes.txt", files.root().display()), Reason::NotADatabase)];
    for url in [postgres.url(), mysql.url()] {
        cases.extend([
            (changed(url, |url| url.set_password(Some("wr0ng")).unwrap()), Reason::Login),
            (changed(url, |url| url.set_port(Some(1)).unwrap()), Reason::NotListening),
            (changed(url, |url| url.set_host(Some("nowhere.invalid")).unwrap()), Reason::UnknownHost),
        ]);
    }
    cases.push((changed(postgres.url(), |url| url.set_username("no_such_role").unwrap()), Reason::Login));
    for (url, expected) in cases {
        let sandbox = project(&url);
        for command in [&["migrate:status"] as &[&str], &["db:truncate", "--force"], &["db:sync", "--check"]] {
            let run = kit(&sandbox, command);
            assert_eq!(run.code, 1, "{url}: {run}");
            assert_eq!(reason(&run), Some(expected), "{url}: {run}");
            assert!(run.hides("wr0ng"), "{run}");
            if matches!(run.error(), Error::Connect { .. }) {
                assert_eq!(of_doctor(&sandbox), run.hint(), "{url}");
                // It names the place to correct.
                assert!(run.hint().contains("DATABASE_URL"), "{run}");
            }
        }
    }
}

/// Without access to the database `kit doctor` has nothing to look into: no hint sends anybody there.
#[tokio::test]
async fn a_user_without_access_to_the_database_is_not_sent_to_doctor() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let name = Url::parse(database.url()).unwrap().path().trim_start_matches('/').to_owned();
        let is_mysql = database.dialect == Dialect::MySql;
        let user = format!("{name}_n");
        let role = if is_mysql { format!("'{user}'@'127.0.0.1'") } else { format!("\"{user}\"") };
        let (kind, login) = if is_mysql { ("USER", "IDENTIFIED BY") } else { ("ROLE", "LOGIN PASSWORD") };
        database.execute(&[&format!("CREATE {kind} {role} {login} 'r3s3cr3t'")]).await;
        if !is_mysql {
            database.execute(&[&format!("REVOKE CONNECT ON DATABASE \"{name}\" FROM public")]).await;
        }
        let url = changed(database.url(), |url| {
            url.set_username(&user).unwrap();
            url.set_password(Some("r3s3cr3t")).unwrap();
        });
        let sandbox = project(&url);
        let refused = kit(&sandbox, &["migrate:status"]);
        assert_eq!(reason(&refused), Some(Reason::Permission), "{refused}");
        assert!(refused.hinted().is_empty() && refused.hint().contains("DATABASE_URL"), "{refused}");
        assert_eq!(of_doctor(&sandbox), refused.hint());
        database.execute(&[&format!("DROP {kind} {role}")]).await;
    }
}

/// `kit doctor`, which the hint names, prints the statement, and with it the command works.
#[tokio::test]
async fn a_user_without_privileges_is_led_to_the_grant() {
    for database in [Database::postgres().await, Database::mysql().await] {
        database.execute(&["CREATE TABLE posts (id int PRIMARY KEY)", "INSERT INTO posts VALUES (1)"]).await;
        let is_mysql = database.dialect == Dialect::MySql;
        let name = Url::parse(database.url()).unwrap().path().trim_start_matches('/').to_owned();
        let user = format!("{name}_g");
        let role = if is_mysql { format!("'{user}'@'127.0.0.1'") } else { format!("\"{user}\"") };
        let (kind, login) = if is_mysql { ("USER", "IDENTIFIED BY") } else { ("ROLE", "LOGIN PASSWORD") };
        let read = if is_mysql { format!("`{name}`.*") } else { "ALL TABLES IN SCHEMA public".to_owned() };
        database.execute(&[&format!("CREATE {kind} {role} {login} 'r3s3cr3t'")]).await;
        database.execute(&[&format!("GRANT SELECT ON {read} TO {role}")]).await;
        let url = changed(database.url(), |url| {
            url.set_username(&user).unwrap();
            url.set_password(Some("r3s3cr3t")).unwrap();
        });
        let sandbox = project(&url);
        let refused = kit(&sandbox, &["db:truncate", "--force"]);
        assert_eq!((refused.code, reason(&refused)), (1, Some(Reason::Permission)), "{refused}");
        assert_eq!(refused.hinted(), [["doctor"]], "{refused}");
        assert_eq!(database.value("(SELECT count(*) FROM posts)").await.as_deref(), Some("1"));
        let findings = kit(&sandbox, &["doctor", "--json"]).json();
        let hints = findings["findings"].as_array().unwrap().iter().filter_map(|one| one["hint"].as_str());
        let grants: Vec<String> = hints.filter_map(|hint| Some(hint.split_once("execute: ")?.1.to_owned())).collect();
        assert!(!grants.is_empty(), "{findings}");
        for grant in &grants {
            database.execute(&[grant]).await;
        }
        if !is_mysql {
            // Only its owner may truncate a table.
            database.execute(&[&format!("ALTER TABLE posts OWNER TO {role}")]).await;
        }
        let done = kit(&sandbox, &["db:truncate", "--force"]);
        assert_eq!(done.code, 0, "{done}");
        match is_mysql {
            true => database.execute(&[&format!("DROP USER {role}")]).await,
            false => database.execute(&[&format!("DROP OWNED BY {role}"), &format!("DROP ROLE {role}")]).await,
        }
    }
}

/// The statement that `kit doctor` prints gives the database and its tables an encoding that has the character.
#[tokio::test]
async fn a_character_that_the_encoding_does_not_have_is_led_to_another_encoding() {
    let database = Database::mysql().await;
    let name = Url::parse(database.url()).unwrap().path().trim_start_matches('/').to_owned();
    database
        .execute(&[
            &format!("ALTER DATABASE `{name}` CHARACTER SET latin1"),
            "CREATE TABLE posts (id int PRIMARY KEY, title varchar(20)) CHARACTER SET latin1",
        ])
        .await;
    let sandbox = project(database.url()).file("database/fixtures/posts.yaml", "- id: 1\n  title: \u{1f600}\n");
    let refused = kit(&sandbox, &["db:seed"]);
    let error = Error::Database { database: String::new(), message: String::new(), reason: Some(Reason::Encoding) };
    assert_eq!(refused.code, 1, "{refused}");
    for command in commands(&error.hint().unwrap()) {
        assert_eq!(command, ["doctor"]);
        let findings = kit(&sandbox, &["doctor", "--json"]).json();
        let hints = findings["findings"].as_array().unwrap().iter().filter_map(|one| one["hint"].as_str());
        let statements: Vec<String> =
            hints.filter_map(|hint| Some(hint.split_once("ALTER DATABASE")?.1.to_owned())).collect();
        let [statement] = statements.as_slice() else { panic!("{findings}") };
        database.execute(&[&format!("ALTER DATABASE{statement}")]).await;
    }
    // The hint of the finding names the tables, too.
    database.execute(&["ALTER TABLE posts CONVERT TO CHARACTER SET utf8mb4"]).await;
    let done = kit(&sandbox, &["db:seed"]);
    assert_eq!(done.code, 0, "{done}");
}

#[tokio::test]
async fn a_file_that_is_opened_to_read_names_what_to_change() {
    let database = Database::sqlite().await;
    database.execute(&["CREATE TABLE posts (id integer PRIMARY KEY)", "INSERT INTO posts VALUES (1)"]).await;
    let url = format!("{}?mode=ro", database.url().split('?').next().unwrap());
    let sandbox = project(&url);
    let refused = kit(&sandbox, &["db:truncate", "--force"]);
    assert_eq!((refused.code, reason(&refused)), (1, Some(Reason::ReadOnly)), "{refused}");
    assert_eq!(refused.hinted(), [["doctor"]], "{refused}");
    let doctor = kit(&sandbox, &["doctor"]);
    assert!(doctor.shows("mode=ro"), "{doctor}");
}

/// A user that has no connection to spare is transient: kit would wait for it.
#[tokio::test]
async fn a_server_without_a_connection_to_spare() {
    let database = Database::postgres().await;
    let name = Url::parse(database.url()).unwrap().path().trim_start_matches('/').to_owned();
    let role = format!("{name}_l");
    database.execute(&[&format!("CREATE ROLE {role} LOGIN PASSWORD 'r3s3cr3t' CONNECTION LIMIT 0")]).await;
    let url = changed(database.url(), |url| {
        url.set_username(&role).unwrap();
        url.set_password(Some("r3s3cr3t")).unwrap();
    });
    let refused = kit(&project(&url), &["migrate:status"]);
    assert_eq!(reason(&refused), Some(Reason::TooManyConnections), "{refused}");
    assert!(Reason::TooManyConnections.is_transient());
    database.execute(&[&format!("DROP ROLE {role}")]).await;
}
