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
//! | [`plan`] | what a request means for a ledger: pure |
//! | [`engine`] | doing it |
//! | `pretend` | saying what it would do |
//! | [`repair`] | putting the ledger right by hand |
//! | [`snapshot`] | a schema as lines, to be compared |
//! | [`wipe`] | dropping everything of a schema |
//! | [`census`] | how much there is to lose |
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
//! With the feature of its driver (`sqlx-sqlite`, `sqlx-postgres`, `sqlx-mysql`) an application migrates by itself, under the
//! same lock and into the same tables as kit on the command line: of ten copies that start at once, one does the work.
//!
//! ```no_run
//! # #[cfg(feature = "driver")]
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! # use sea_orm_migration::{prelude::*, sea_orm::Database};
//! # struct Migrator;
//! # impl MigratorTrait for Migrator { fn migrations() -> Vec<Box<dyn MigrationTrait>> { vec![] } }
//! use kit_runtime::{Options, migrate, pending};
//!
//! let db = Database::connect(std::env::var("DATABASE_URL")?).await?;
//! // At startup: apply what is pending.
//! let applied = migrate::<Migrator>(&db, &Options::default()).await?;
//! // Or, where somebody else migrates: do not start before that is done.
//! if !pending::<Migrator>(&db).await?.is_empty() {
//!     return Err("migrations are pending".into());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A readiness probe asks `pending`, which reads and writes nothing. [`migrate_telling`] gives every [`wire::Event`] to a
//! closure, for a log. A migration that was killed half-way on a database that cannot roll it back is
//! [`wire::Failure::Halted`]: `kit migrate:repair` says what is in.

/// A point at which a test may make a run fail; nothing without the feature `fault`.
macro_rules! fault {
    ($point:literal, $connection:expr) => {
        #[cfg(feature = "fault")]
        $crate::fault::at($point, $connection).await;
    };
}

pub mod census;
pub mod connection;
pub mod dialect;
pub mod engine;
#[cfg(feature = "fault")]
pub mod fault;
pub mod ledger;
#[cfg(feature = "driver")]
mod library;
pub mod lock;
pub mod plan;
#[cfg(feature = "pretend")]
pub mod pretend;
pub mod repair;
pub mod sea_orm;
mod serve;
pub mod snapshot;
pub mod wipe;
pub mod wire;
mod words;

#[cfg(feature = "driver")]
pub use library::{Options, migrate, migrate_telling, pending};
pub use sea_orm::main;
#[cfg(not(feature = "sea-orm-1"))]
pub use sea_orm::main_with;
