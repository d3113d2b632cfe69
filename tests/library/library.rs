//! Migrating from inside an application: the same lock, the same tables, the same order as kit on the command line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod config;
mod loco;

use std::time::Duration;

use crate::support::database::Database;
use crate::support::projects::{FAMILY, On, family};
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::{self, LEDGER};
use kit_runtime::wire::{Cause, Down, Event, Failure, LockKind, Warning};
use kit_runtime::{Options, migrate, migrate_telling, pending, rollback};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use sea_orm_migration::prelude::*;

/// The migrations of [`family`], compiled into the application.
struct App;

struct One(&'static str);

impl MigrationName for One {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for One {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if self.0 == FAMILY[2] {
            // Time for others to come between.
            tokio::time::sleep(Duration::from_millis(100)).await;
            return manager.get_connection().execute_unprepared("INSERT INTO a (n) VALUES (1)").await.map(|_| ());
        }
        let table = self.0.rsplit_once('_').unwrap().1;
        let columns = ["id", "n"].map(|name| ColumnDef::new(Alias::new(name)).integer().default(0).to_owned());
        let mut create = Table::create().table(Alias::new(table)).to_owned();
        for column in columns {
            create.col(column);
        }
        manager.create_table(create).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if self.0 == FAMILY[2] {
            return manager.get_connection().execute_unprepared("DELETE FROM a").await.map(|_| ());
        }
        let table = self.0.rsplit_once('_').unwrap().1;
        manager.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await
    }
}

impl MigratorTrait for App {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        FAMILY.iter().map(|name| Box::new(One(name)) as Box<dyn MigrationTrait>).collect()
    }
}

/// As an application has it: a pool of several.
async fn pool(database: &Database) -> DatabaseConnection {
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(5).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

#[tokio::test]
async fn an_application_migrates_once_and_says_what_it_did() {
    for database in Database::all().await {
        let db = pool(&database).await;
        assert_eq!(pending::<App>(&db).await.unwrap(), FAMILY);
        assert_eq!(database.tables().await, Vec::<String>::new(), "asking creates nothing");
        let mut log = Vec::new();
        let two = Options { limit: Some(2), ..Options::default() };
        let applied = migrate_telling::<App>(&db, &two, |event| {
            if let Event::Finished { name, .. } = event {
                log.push(name.clone());
            }
        });
        assert_eq!(applied.await.unwrap(), FAMILY[..2]);
        assert_eq!(log, FAMILY[..2]);
        assert_eq!(pending::<App>(&db).await.unwrap(), FAMILY[2..]);
        assert_eq!(migrate::<App>(&db, &Options::default()).await.unwrap(), FAMILY[2..]);
        assert_eq!(migrate::<App>(&db, &Options::default()).await.unwrap(), Vec::<String>::new());
        assert_eq!(pending::<App>(&db).await.unwrap(), Vec::<String>::new());
        let ledger = ledger::read(&database.session, LEDGER).await.unwrap();
        assert_eq!((ledger.applied.len(), ledger.unfinished.len(), ledger.last_batch()), (4, 0, 2));
    }
}

#[tokio::test]
async fn an_application_applies_some_and_rolls_back() {
    let none = Options::default;
    for database in Database::all().await {
        let db = pool(&database).await;
        let before = database.schema().await;
        let second = Options { only: vec![FAMILY[1].to_owned()], ..none() };
        assert_eq!(migrate::<App>(&db, &second).await.unwrap(), [FAMILY[1]]);
        assert_eq!(pending::<App>(&db).await.unwrap(), [FAMILY[0], FAMILY[2], FAMILY[3]]);
        let strict = migrate::<App>(&db, &Options { strict: true, ..none() }).await.unwrap_err();
        assert!(matches!(strict, Failure::Strict(Warning::OutOfOrder { .. })), "{strict}");
        let each = Options { batch_each: true, to: Some(FAMILY[2].to_owned()), ..none() };
        assert_eq!(migrate::<App>(&db, &each).await.unwrap(), [FAMILY[0], FAMILY[2]]);
        assert_eq!(rollback::<App>(&db, &Down::Steps(1), &none()).await.unwrap(), [FAMILY[2]]);
        assert_eq!(rollback::<App>(&db, &Down::To(FAMILY[1].to_owned()), &none()).await.unwrap(), [FAMILY[0]]);
        let unknown = rollback::<App>(&db, &Down::To("nobody".to_owned()), &none()).await.unwrap_err();
        assert_eq!(unknown, Failure::Unknown { name: "nobody".to_owned() });
        assert_eq!(migrate::<App>(&db, &none()).await.unwrap(), [FAMILY[0], FAMILY[2], FAMILY[3]]);
        assert_eq!(rollback::<App>(&db, &Down::All, &none()).await.unwrap().len(), 4);
        assert_eq!(database.schema().await, before);
        assert_eq!(rollback::<App>(&db, &Down::All, &none()).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn copies_of_an_application_and_kit_that_start_together_never_interleave() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        let options = Options::default();
        // Built before the race, so that kit has a chance to win it.
        on.ok(&["migrate:install"]);
        let start = || async {
            let db = pool(&database).await;
            migrate::<App>(&db, &options).await
        };
        let kit = async {
            let (sandbox, url) = (sandbox.seeing("DATABASE_URL", database.url()), database.url().to_owned());
            let runs = tokio::task::spawn_blocking(move || On { sandbox: &sandbox, url: &url }.kit(&["migrate"]));
            runs.await.unwrap()
        };
        let (one, two, three, kit) = tokio::join!(start(), start(), start(), kit);
        assert_eq!(kit.code, 0, "{kit}");
        let applied: usize = [one, two, three].into_iter().map(|outcome| outcome.unwrap().len()).sum();
        assert_eq!(applied + kit.stdout.matches(" DONE").count(), 4, "{kit}");
        assert_eq!(database.value("(SELECT COUNT(*) FROM a)").await.as_deref(), Some("1"));
        assert_eq!(on.states(), ["ran"; 4]);
    }
}

#[tokio::test]
async fn a_failure_is_a_value_with_its_words() {
    struct Wrong;
    impl MigratorTrait for Wrong {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(One(FAMILY[2]))]
        }
    }
    for database in Database::all().await {
        let db = pool(&database).await;
        let failure = migrate::<Wrong>(&db, &Options::default()).await.unwrap_err();
        let Failure::Migration { name, cause: Cause::Error, rolled_back: true, .. } = &failure else {
            panic!("{failure:?}")
        };
        assert_eq!(name, FAMILY[2]);
        assert!(failure.to_string().contains(FAMILY[2]), "{failure}");
        assert!(!format!("{failure:?}").contains("s3cr3t"));
        let named = Options { to: Some("nobody".to_owned()), ..Options::default() };
        let failure = migrate::<App>(&db, &named).await.unwrap_err();
        assert_eq!(failure, Failure::Unknown { name: "nobody".to_owned() });
    }
}

#[tokio::test]
async fn a_database_in_memory_is_the_applications_own() {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1);
    let db = sea_orm::Database::connect(options).await.unwrap();
    assert_eq!(migrate::<App>(&db, &Options::default()).await.unwrap(), FAMILY);
    db.execute_unprepared("INSERT INTO b (n) VALUES (1)").await.unwrap();
}

#[tokio::test]
async fn a_schema_and_a_lock_of_its_own() {
    let database = Database::postgres().await;
    database.execute(&["CREATE SCHEMA \"o\"\"ther\""]).await;
    let mut options = ConnectOptions::new(database.url());
    options.set_schema_search_path("\"o\"\"ther\"").sqlx_logging(false);
    let db = sea_orm::Database::connect(options).await.unwrap();
    let lease = Options { lock: Some(LockKind::Lease), ..Options::default() };
    assert_eq!(migrate::<App>(&db, &lease).await.unwrap(), FAMILY);
    assert_eq!(database.tables().await, Vec::<String>::new());
    assert_eq!(database.dialect, Dialect::Postgres);
    assert_eq!(pending::<App>(&db).await.unwrap(), Vec::<String>::new());
}

/// An application may migrate wherever it likes.
#[test]
fn the_future_can_be_sent() {
    fn sent<T: Send>(_: &T) {}
    let check = |db: &DatabaseConnection, options: &Options| {
        sent(&migrate::<App>(db, options));
        sent(&pending::<App>(db));
    };
    let _ = check;
}
