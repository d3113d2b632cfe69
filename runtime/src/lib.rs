//! The half of kit that is compiled together with a project's migrations.
//!
//! Kit's command line builds a small program, the *migrator*, out of a project's own migrations and
//! this crate, and drives it over the [`wire`]. The [`engine`] runs migrations, keeps the
//! [`ledger`] and says what happened in [`wire::Event`]s; it prints nothing and knows no terminal.
//!
//! | module | owns |
//! |---|---|
//! | [`wire`] | the messages between the two halves |
//! | [`connection`] | the two traits that the engine drives |
//! | [`dialect`] | everything that differs between databases |
//! | [`ledger`] | `seaql_migrations`, and kit's `kit_migrations` beside it |
//! | [`lock`] | keeping two runs on one database apart |
//! | [`interrupt`] | ending a run early, after a signal |
//! | [`plan`] | what a request means for a ledger: pure |
//! | [`engine`] | doing it |
//! | `pretend` | saying what it would do |
//! | [`repair`] | putting the ledger right by hand |
//! | [`statements`], `record` | which statements of a migration ran, where it cannot be rolled back |
//! | `undo` | the SQL that undoes a statement |
//! | [`snapshot`] | a schema as lines, to be compared |
//! | [`scratch`] | databases that kit makes for a while |
//! | `rows` | rows that nobody wrote, to try migrations on |
//! | [`wipe`], [`truncate`] | dropping everything of a schema, emptying its tables |
//! | `config` | kit.toml, and opening the databases that it names |
//! | `testing` | a database for each test, filters for snapshots |
//! | [`secrets`] | passwords in text that is shown |
//! | [`census`] | how much there is to lose |
//! | [`schema`] | helpers for migrations, as Loco has them |
//! | `seeding` | seeders and factories: rows that Rust makes |
//! | [`sea_orm`] | the traits over SeaORM, a file for what each major version has of its own |
//!
//! A project that has to start its own migrator (`[migrator] command` in `kit.toml`) calls
//! [`main`] with its `Migrator`:
//!
//! ```no_run
//! # use sea_orm_migration::prelude::*;
//! # struct Migrator;
//! # impl MigratorTrait for Migrator { fn migrations() -> Vec<Box<dyn MigrationTrait>> { vec![] } }
//! fn main() -> std::process::ExitCode {
//!     kit_runtime::main::<Migrator>()
//! }
//! ```
//!
//! # In an application
//!
//! An application can migrate by itself, under the same lock and into the same tables as kit on the command line. It needs the
//! feature of its driver: `sqlx-sqlite`, `sqlx-postgres` or `sqlx-mysql`. `kit init --library` adds all that.
//!
//! ## At startup
//!
//! ```no_run
//! # #[cfg(feature = "driver")]
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! # use sea_orm_migration::{prelude::*, sea_orm::Database};
//! # struct Migrator;
//! # impl MigratorTrait for Migrator { fn migrations() -> Vec<Box<dyn MigrationTrait>> { vec![] } }
//! use kit_runtime::{Options, migrate};
//!
//! let db = Database::connect(std::env::var("DATABASE_URL")?).await?;
//! let applied = migrate::<Migrator>(&db, &Options::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Of ten copies that start together one does the work; the others wait for it and return an empty list. Migrating takes a
//! session of its own beside the pool, and a thread of its own, which goes on if the future is dropped: a timeout around
//! [`migrate`] ends the waiting, not the migration. [`Options`] has what `kit migrate` has as flags. [`rollback`] is there for
//! tests and for tools; an application that rolls back by itself is rarely what is wanted.
//!
//! ## Before it is ready
//!
//! [`pending`] names what is not applied. It reads the ledger, and neither locks nor creates anything, so a readiness probe can
//! ask it every second; so can an application that is not to start before somebody else has migrated.
//!
//! ```no_run
//! # #[cfg(feature = "driver")]
//! # async fn start(db: sea_orm_migration::sea_orm::DatabaseConnection) -> Result<(), Box<dyn std::error::Error>> {
//! # use sea_orm_migration::prelude::*;
//! # struct Migrator;
//! # impl MigratorTrait for Migrator { fn migrations() -> Vec<Box<dyn MigrationTrait>> { vec![] } }
//! use kit_runtime::pending;
//!
//! let names = pending::<Migrator>(&db).await?;
//! if !names.is_empty() {
//!     return Err(format!("not migrated yet: {}", names.join(", ")).into());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Where a long migration is possible, listen first and migrate then: a copy that answers no probe is restarted by whoever runs
//! it. `examples/axum` in kit's repository does so.
//!
//! ## With the switches of kit.toml
//!
//! The feature `config` opens the databases that `kit.toml` names, several if need be, with the pools and the switches that it says:
//! see `config`.
//!
//! ## In tests
//!
//! The feature `testing` gives each test a database of its own, with all migrations applied: see `testing`.
//!
//! ```toml
//! [dev-dependencies]
//! kit-runtime = { path = "vendor/kit-runtime", features = ["testing"] }
//! ```
//!
//! ```
//! # #[cfg(all(feature = "testing", feature = "drivers"))]
//! # fn main() {
//! # use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};
//! # struct Migrator;
//! # struct Users;
//! # impl MigrationName for Users { fn name(&self) -> &str { "m1_users" } }
//! # #[async_trait::async_trait]
//! # impl MigrationTrait for Users {
//! #     async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
//! #         manager.get_connection().execute_unprepared("CREATE TABLE users (id integer)").await.map(|_| ())
//! #     }
//! # }
//! # impl MigratorTrait for Migrator {
//! #     fn migrations() -> Vec<Box<dyn MigrationTrait>> { vec![Box::new(Users)] }
//! # }
//! use kit_runtime::testing::TestDatabase;
//!
//! # /*
//! #[tokio::test]
//! # */
//! async fn a_user_is_added() {
//!     // On the server of TEST_DATABASE_URL, else of DATABASE_URL; in memory if neither is set.
//! #   /*
//!     let db = TestDatabase::from_env::<Migrator>().await.unwrap();
//! #   */
//! #   let db = TestDatabase::in_memory::<Migrator>().await.unwrap();
//!     db.execute_unprepared("INSERT INTO users VALUES (1)").await.unwrap();
//! }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # runtime.block_on(a_user_is_added());
//! # }
//! # #[cfg(not(all(feature = "testing", feature = "drivers")))]
//! # fn main() {}
//! ```
//!
//! ## In the log
//!
//! Nothing is printed. With the feature `tracing` each migration that is done, each warning and each wait is an event with
//! the target `kit_runtime`, in the task that called. [`migrate_telling`] gives every [`wire::Event`] to a closure instead.
//!
//! ## When it is killed
//!
//! A copy that is killed while it migrates leaves what a killed `kit migrate` leaves. Where the database can roll a migration
//! back (PostgreSQL, SQLite), nothing of it is in, and the next copy to start does it. Elsewhere part of it may be in:
//! the next copy gets [`wire::Failure::Halted`] and does nothing, and so does [`pending`] once it is known to have failed.
//! `kit migrate:repair` says what is in and how to go on.
//!
//! ## When it fails
//!
//! Every error is a [`wire::Failure`], whose words are one sentence without the password. Those worth a case of their own:
//!
//! | failure | what an application does |
//! |---|---|
//! | `Busy` | another run took longer than [`Options::wait`]: starts again later |
//! | `Migration` | a migration said no, what came before it stays: keeps the old version serving |
//! | `Halted` | somebody has to look at the database first |
//! | `LockLost`, `OutcomeUnknown` | the session was lost: the next start finds out |
//! | `Connect`, `Unfit` | no database, or one that cannot be written to: a replica, a node without its cluster |

/// A point at which a test may make a run fail; nothing without the feature `fault`.
macro_rules! fault {
    ($point:literal, $connection:expr) => {
        #[cfg(feature = "fault")]
        $crate::fault::at($point, $connection).await;
    };
}

pub mod census;
#[cfg(feature = "config")]
pub mod config;
pub mod connection;
pub mod dialect;
pub mod engine;
pub mod environment;
#[cfg(feature = "fault")]
pub mod fault;
pub mod interrupt;
pub mod ledger;
#[cfg(feature = "driver")]
mod library;
pub mod lock;
pub mod plan;
#[cfg(feature = "pretend")]
pub mod pretend;
mod record;
pub mod repair;
pub mod rows;
pub mod schema;
pub mod scratch;
pub mod sea_orm;
pub mod secrets;
#[cfg(feature = "seed")]
pub mod seeding;
mod serve;
pub mod snapshot;
pub mod statements;
#[cfg(feature = "testing")]
pub mod testing;
pub mod truncate;
#[cfg(feature = "pretend")]
pub mod undo;
pub mod wipe;
pub mod wire;
mod words;

#[cfg(feature = "driver")]
pub use library::{Options, migrate, migrate_telling, pending, rollback};
pub use sea_orm::main;
#[cfg(not(feature = "sea-orm-1"))]
pub use sea_orm::main_with;
