//! The owner of the lock is known to others while it works, also in a database that no run of kit has been in before.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::LEDGER;
use kit_runtime::lock;

use crate::support::Sandbox;
use crate::support::database::Database;

/// Statements that keep others from writing into a table, but not from reading the schema, and that end this.
fn obstacle(dialect: Dialect) -> ([&'static str; 2], &'static str) {
    match dialect {
        Dialect::MySql => (["LOCK TABLES users READ", "DO 1"], "UNLOCK TABLES"),
        _ => (["BEGIN", "LOCK TABLE users IN SHARE MODE"], "COMMIT"),
    }
}

fn start(sandbox: &Sandbox, url: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
    command.args(arguments).arg("--force").current_dir(sandbox.root()).env("DATABASE_URL", url);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test]
async fn the_owner_of_the_lock_is_known_while_it_works() {
    for (arguments, name) in [(&["db:seed"][..], "db:seed"), (&["db:truncate"], "db:truncate")] {
        for database in [Database::postgres().await, Database::mysql().await] {
            database.execute(&["CREATE TABLE users (id int PRIMARY KEY)"]).await;
            let sandbox = Sandbox::project().file("database/fixtures/users.yaml", "- id: 1\n");
            let other = database.session().await;
            let (begin, end) = obstacle(database.dialect);
            for sql in begin {
                other.execute(sql, &[]).await.unwrap();
            }
            let child = start(&sandbox, database.url(), arguments);
            let clock = Instant::now();
            let mut found = None;
            while found.is_none() && clock.elapsed() < Duration::from_secs(20) {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let presence = lock::look(&database.session, LEDGER).await.unwrap();
                found = presence.and_then(|presence| presence.holder);
            }
            other.execute(end, &[]).await.unwrap();
            let id = child.id();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{:?} {name}: {output:?}", database.dialect);
            let Some(holder) = found else { panic!("{:?} {name}: no owner of the lock was seen", database.dialect) };
            assert_eq!((holder.command.as_str(), holder.pid), (name, id), "{:?}", database.dialect);
            // Nothing of it stays behind.
            let rows = database.query(&format!("SELECT host FROM {}", lock::TABLE)).await;
            assert_eq!(rows.len(), 0, "{:?} {name}", database.dialect);
        }
    }
}
