//! A database of its own for each test of an application, with all migrations applied; and what makes snapshots of models the
//! same each time. It owns making databases and taking them away, on a server also those of runs that were killed. What a test does is
//! not its business, and the database that a URL names is never touched.
//!
//! ```no_run
//! # use sea_orm_migration::prelude::*;
//! # struct Migrator;
//! # impl MigratorTrait for Migrator { fn migrations() -> Vec<Box<dyn MigrationTrait>> { vec![] } }
//! # async fn register(_: &sea_orm_migration::sea_orm::DatabaseConnection, _: &str) -> Result<(), DbErr> { Ok(()) }
//! use kit_runtime::testing::TestDatabase;
//!
//! # /*
//! #[tokio::test]
//! # */
//! async fn an_address_is_taken_once() {
//!     let db = TestDatabase::from_env::<Migrator>().await.unwrap();
//!     register(&db, "ada@example.org").await.unwrap();
//!     register(&db, "ada@example.org").await.unwrap_err();
//! }
//! ```
//!
//! Any number of tests can run at once, in one process (`cargo test`) or in many (`cargo nextest run`): none needs to be serial. Rows
//! that a test needs come from the application's own code, or, with the feature `seed`, from a seeder: `db.seed(DatabaseSeeder)`.
//!
//! # Snapshots
//!
//! [`filters`] replaces what is different each time, and [`cleanup_user_model`] does so in Loco's words:
//!
//! ```text
//! insta::with_settings!({ filters => kit_runtime::testing::filters() }, {
//!     insta::assert_debug_snapshot!(user);   // id: ID, pid: UUID, created_at: DATE, password: "PASSWORD"
//! });
//! ```
//!
//! They go by form, so a text in which `id: 7` stands is changed, too.
//!
//! # What it needs
//!
//! Each test program that is on a server has one session with it, and each test its pool. A program on PostgreSQL, whose
//! `max_connections` is 100 unless somebody says otherwise, should not run more than some dozens of tests at once.
//!
//! The URL leads to the server itself, not to a pooler that lends sessions: names are locked in one. A database has the tables of
//! its migrations, those of kit and SeaORM, and `kit_scratch`, by which the next run knows it.
//!
//! In memory, connections share a database of SQLite's, where whoever reads waits for whoever has written and not committed yet, five
//! seconds at most: code that does both at once in one task gets `database is locked`.
//!
//! A template is known by the program that it was made by (path, size, time of its build) and by the migrations' names. A migration that
//! does not always do the same, since it reads a file or the clock, does so once for each build.

mod filters;
mod recipe;
mod server;
mod template;

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::{ConnectOptions, DatabaseConnection};
#[cfg(feature = "seed")]
use sea_orm_migration::sea_orm::{DbErr, TransactionTrait};

use crate::dialect::{Dialect, beside};
use crate::environment::is_production;
use crate::library::{Options, migrate};
use crate::wire::Failure;

pub use filters::{
    CLEANUP_DATE, CLEANUP_MAIL, CLEANUP_MODEL, CLEANUP_PASSWORD, CLEANUP_USER_MODEL, Filters, cleanup_email,
    cleanup_user_model, filters,
};
use recipe::Recipe;
use server::Keeper;

/// A fresh database with all migrations applied, for one test. It is gone with this value, also if the test panics.
///
/// | URL | what it is |
/// |---|---|
/// | none, or one of SQLite | in this process's memory; the file that a URL names is not opened |
/// | PostgreSQL | a copy of a template, which is migrated once for each build of the test program |
/// | MySQL, MariaDB | made by the statements that made the tables of such a template, or by the migrations if it has more than tables |
///
/// On a server it has a name that begins with `kit_test_`, and the database that the URL names only says what it is to be
/// like: encoding, collation, settings, extensions. That one need not be there. The user has to be allowed to create databases.
///
/// Databases of runs that were killed are dropped by the next run, if nobody is in them. Templates are called
/// `kit_template_…` and stay for the next run: a program that was built anew replaces its own, and one that nobody has used for
/// a week goes with any run.
///
/// It [derefs](Deref) to SeaORM's connection, an ordinary pool.
#[derive(Debug)]
pub struct TestDatabase {
    pool: DatabaseConnection,
    url: String,
    home: Option<Home>,
}

#[derive(Debug)]
enum Home {
    /// A connection that is never used: a database in memory is gone with its last one.
    Memory {
        _anchor: DatabaseConnection,
    },
    Server {
        keeper: Keeper,
        name: String,
    },
}

impl TestDatabase {
    /// One on the server of this URL; in memory if it is SQLite's.
    ///
    /// # Errors
    /// [`Error`], after which nothing is left.
    pub async fn new<M: MigratorTrait + 'static>(url: &str) -> Result<Self> {
        match Dialect::of_url(url) {
            None => Err(Error::Url),
            Some(dialect) if dialect.is_embedded() => Self::in_memory::<M>().await,
            Some(dialect) => {
                let url = dialect.driver_url(url);
                let keeper = Keeper::of(dialect, &url)?;
                let name = keeper.make(Recipe::of::<M>(&url)).await?;
                let url = beside(&url, &name);
                match connect(&url, None).await {
                    Ok(pool) => Ok(Self { pool, url, home: Some(Home::Server { keeper, name }) }),
                    Err(error) => {
                        // The first failure is the one to report.
                        let _ = keeper.remove(name).await;
                        Err(error)
                    }
                }
            }
        }
    }

    /// One in this process's memory.
    ///
    /// # Errors
    /// [`Error::Migration`], [`Error::Connect`] without SQLite's driver.
    pub async fn in_memory<M: MigratorTrait + 'static>() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let url = Dialect::memory_url(&format!("kit_test_{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let mut options = ConnectOptions::new(url.as_str());
        options.max_connections(1).min_connections(1).sqlx_logging(false);
        let anchor = crate::sea_orm::open_pool(options).await.map_err(refused)?;
        migrate::<M>(&anchor, &Options::default()).await.map_err(Error::Migration)?;
        // SeaORM's own default is one here, with which code that works on a server waits for itself.
        let pool = connect(&url, Some(5)).await?;
        Ok(Self { pool, url, home: Some(Home::Memory { _anchor: anchor }) })
    }

    /// One on the server that `TEST_DATABASE_URL` names, else `DATABASE_URL`; in memory where neither is set.
    ///
    /// # Errors
    /// [`Error::Production`] if `APP_ENV`, else `LOCO_ENV`, is `production` or `prod` in any case; those of [`TestDatabase::new`].
    #[expect(clippy::disallowed_methods, reason = "a test has nobody who reads the environment for it")]
    pub async fn from_env<M: MigratorTrait + 'static>() -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if variable("APP_ENV").or_else(|| variable("LOCO_ENV")).is_some_and(|name| is_production(&name)) {
            return Err(Error::Production);
        }
        match variable("TEST_DATABASE_URL").or_else(|| variable("DATABASE_URL")) {
            Some(url) => Self::new::<M>(&url).await,
            None => Self::in_memory::<M>().await,
        }
    }

    /// The pool.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Runs a seeder in one transaction. Made-up values are the same each time.
    ///
    /// # Errors
    /// The seeder's own, [`DbErr`]; nothing of it is in then.
    #[cfg(feature = "seed")]
    pub async fn seed<S: crate::seeding::Seeder>(&self, seeder: S) -> std::result::Result<(), DbErr> {
        let transaction = self.begin().await?;
        crate::seeding::Seeds::new(&transaction, 0).call(seeder).await?;
        transaction.commit().await
    }

    /// Its URL, password included, for whatever connects by itself. One in memory is there for this process alone.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes it away, and says if that fails; dropping it does the same and says nothing.
    ///
    /// # Errors
    /// [`Error::Server`]; the next run tries again.
    pub async fn close(mut self) -> Result<()> {
        let Some(home) = self.home.take() else { return Ok(()) };
        // What is closed already needs no closing.
        let _ = self.pool.clone().close().await;
        match home {
            Home::Memory { .. } => Ok(()),
            Home::Server { keeper, name } => keeper.remove(name).await,
        }
    }
}

impl Deref for TestDatabase {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        &self.pool
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(Home::Server { keeper, name }) = self.home.take() {
            keeper.remove_now(name, self.pool.clone());
        }
    }
}

async fn connect(url: &str, connections: Option<u32>) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false);
    if let Some(connections) = connections {
        options.max_connections(connections);
    }
    crate::sea_orm::open_pool(options).await.map_err(refused)
}

fn refused(error: sea_orm_migration::sea_orm::DbErr) -> Error {
    Error::Connect { message: error.to_string() }
}

/// What [`TestDatabase`] returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no database for a test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The environment is production.
    Production,
    /// The URL is of no family that kit knows.
    Url,
    /// No connection.
    Connect {
        /// What the driver said.
        message: String,
    },
    /// The server did not make it, or does not take it away.
    Server {
        /// What it said.
        message: String,
    },
    /// A database has the name of a template and is none of kit's.
    Occupied {
        /// Its name.
        name: String,
    },
    /// The migrations do not go through.
    Migration(Failure),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Production => f.write_str("tests do not run in production, which APP_ENV or LOCO_ENV names"),
            Self::Url => f.write_str("kit does not know the scheme of the URL"),
            Self::Connect { message } => write!(f, "cannot connect for a test database: {message}"),
            Self::Server { message } => write!(f, "the server refuses a test database: {message}"),
            Self::Occupied { name } => write!(f, "the database {name} is not kit's and has the name of a template"),
            Self::Migration(failure) => write!(f, "cannot migrate a test database: {failure}"),
        }
    }
}

impl std::error::Error for Error {}
