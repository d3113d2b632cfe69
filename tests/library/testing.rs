//! `kit_runtime::testing`: the tests of the example application `examples/blog`, each with a database of its own on each server,
//! and what is left when they are over, or killed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test that starts itself says so in the environment")]
#![allow(clippy::print_stdout, reason = "a test binary that is watched from outside says which databases it has")]

#[path = "../../examples/blog/lib.rs"]
mod blog;
mod filters;
mod left_behind;
mod models;
mod speed;
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

/// The environment of the child process of [`production_in_any_spelling_gives_no_database`].
const PRODUCTION: &str = "KIT_TEST_PRODUCTION";

#[tokio::test]
#[ignore = "started by production_in_any_spelling_gives_no_database, in an environment of its own"]
async fn is_refused_in_production() {
    if std::env::var(PRODUCTION).is_ok() {
        let refused = TestDatabase::from_env::<blog::migrations::Migrator>().await;
        assert!(matches!(refused, Err(kit_runtime::testing::Error::Production)), "{refused:?}");
    }
}

#[test]
fn production_in_any_spelling_gives_no_database() {
    for (variable, name) in [("APP_ENV", "production"), ("APP_ENV", "Prod"), ("LOCO_ENV", "PRODUCTION")] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child
            .args(["--ignored", "--exact", "testing::is_refused_in_production"])
            .env_remove("APP_ENV")
            .env_remove("LOCO_ENV");
        let output = child.env(PRODUCTION, "1").env(variable, name).output().unwrap();
        assert!(output.status.success(), "{variable}={name}: {output:?}");
    }
    // What kit asks first counts first.
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "testing::is_refused_in_production"]).env("APP_ENV", "test");
    assert!(!child.env(PRODUCTION, "1").env("LOCO_ENV", "production").output().unwrap().status.success());
}

/// Two users; the second one is refused.
struct Twice(bool);

impl kit_runtime::seeding::Seeder for Twice {
    async fn run(&self, seeds: &kit_runtime::seeding::Seeds<'_>) -> Result<(), sea_orm::DbErr> {
        blog::register(seeds.db(), "ada@example.org", "Ada").await?;
        if self.0 {
            blog::register(seeds.db(), "ada@example.org", "Bob").await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_seeder_fills_it_or_leaves_nothing() {
    use sea_orm::{EntityTrait, PaginatorTrait};
    for server in SERVERS {
        let db = fresh(server).await;
        let users = async || blog::models::users::Entity::find().count(db.connection()).await.unwrap();
        db.seed(Twice(true)).await.unwrap_err();
        assert_eq!(users().await, 0);
        db.seed(Twice(false)).await.unwrap();
        assert_eq!(users().await, 1);
    }
}
