//! `kit_runtime::testing`: the tests of the example application `examples/blog`, each with a database of its own on each server,
//! and what is left when they are over, or killed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test that starts itself says so in the environment")]
#![allow(clippy::print_stdout, reason = "a test binary that is watched from outside says which databases it has")]

#[path = "../examples/blog/lib.rs"]
mod blog;
#[path = "support/database.rs"]
mod database;
#[path = "testing/filters.rs"]
mod filters;
#[path = "testing/left_behind.rs"]
mod left_behind;
#[path = "testing/speed.rs"]
mod speed;
#[path = "testing/suite.rs"]
mod suite;

use kit_runtime::testing::TestDatabase;

/// Where the servers are: none for a database in memory.
const SERVERS: [Option<&str>; 3] = [None, Some("KIT_TEST_POSTGRES_URL"), Some("KIT_TEST_MYSQL_URL")];

/// A database of the application on a server.
async fn fresh(server: Option<&str>) -> TestDatabase {
    let database = match server {
        Some(variable) => TestDatabase::new::<blog::migrations::Migrator>(&std::env::var(variable).unwrap()).await,
        None => TestDatabase::in_memory::<blog::migrations::Migrator>().await,
    };
    let database = database.unwrap();
    println!("database {}", database.url().rsplit('/').next().unwrap());
    database
}
