//! Rows that Rust makes: seeders, which call each other, and factories, which make rows up. It owns what both work with, the
//! database and the randomness of one run, and returns what the database says. It does not know where seeders come from, and
//! the transaction around them is its caller's.
//!
//! ```no_run
//! # mod users {
//! #     use sea_orm_migration::sea_orm::entity::prelude::*;
//! #     use sea_orm_migration::sea_orm;
//! #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
//! #     #[sea_orm(table_name = "users")]
//! #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub name: String, pub email: String }
//! #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
//! #     pub enum Relation {}
//! #     impl ActiveModelBehavior for ActiveModel {}
//! # }
//! use kit_runtime::seeding::prelude::*;
//!
//! pub struct UserFactory;
//!
//! impl Factory for UserFactory {
//!     type Row = users::ActiveModel;
//!
//!     fn definition(&self, faker: &mut Faker<'_>) -> users::ActiveModel {
//!         users::ActiveModel { name: Set(faker.name()), email: Set(faker.email()), ..Default::default() }
//!     }
//! }
//!
//! pub struct DatabaseSeeder;
//!
//! impl Seeder for DatabaseSeeder {
//!     async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {
//!         UserFactory.count(10).create(seeds).await?;
//!         Ok(())
//!     }
//! }
//! ```
//!
//! `kit db:seed` runs the seeders of a project, see [`main`]. A test, or an application, runs one on its own connection:
//! `Seeds::new(&db, 1).call(DatabaseSeeder).await?`.

mod factory;
mod fakeable;
mod faker;
mod program;

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub use fake;
use fake::rand::SeedableRng;
use fake::rand::rngs::ChaCha8Rng;
use sea_orm_migration::prelude::{IntoSchemaManagerConnection, SchemaManagerConnection};
use sea_orm_migration::sea_orm::DbErr;

pub use factory::{Batch, Factory, Model};
pub use fakeable::Fakeable;
pub use faker::Faker;
pub use program::{Entry, main};

use crate::sea_orm::executor;
use crate::wire::Event;

/// What seeders and factories name: the traits and types of this module, and SeaORM's.
pub mod prelude {
    pub use sea_orm_migration::sea_orm::entity::prelude::*;
    pub use sea_orm_migration::sea_orm::{ActiveValue, IntoActiveModel, NotSet, QueryOrder, QuerySelect, Set};

    pub use super::{Batch, Factory, Fakeable, Faker, Seeder, Seeds};
}

/// Puts rows into a database. Laravel's `Seeder`.
pub trait Seeder: Send + Sync {
    /// Puts them in. What it is to call others with, and factories, is `seeds`; the database is [`Seeds::db`].
    fn run(&self, seeds: &Seeds<'_>) -> impl Future<Output = Result<(), DbErr>> + Send;
}

/// One run of seeders: the database that they fill, and the randomness that they fill it with.
pub struct Seeds<'c> {
    db: SchemaManagerConnection<'c>,
    number: u64,
    state: Mutex<State>,
    tell: Mutex<Tell<'c>>,
}

type Tell<'c> = Box<dyn FnMut(Event) + Send + 'c>;

struct State {
    random: ChaCha8Rng,
    /// What no other run's serials begin with, as good as certainly.
    prefix: String,
    serial: u64,
    rows: u64,
    given: HashSet<String>,
    /// Seeders that are at work, the innermost last.
    running: Vec<String>,
    /// The innermost that failed.
    failed: Option<String>,
    told: Instant,
}

/// Milliseconds between two words of how far it is.
const PACE: u128 = 100;

impl std::fmt::Debug for Seeds<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seeds").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'c> Seeds<'c> {
    /// A run on `db`, a connection or a transaction. The same `number` makes the same rows, in an order of calls that is the
    /// same.
    pub fn new(db: impl IntoSchemaManagerConnection<'c>, number: u64) -> Self {
        Self::telling(db, number, |_| ())
    }

    /// The same, telling `tell` of each [`Event::Seeding`] and [`Event::Seeded`].
    pub fn telling(db: impl IntoSchemaManagerConnection<'c>, number: u64, tell: impl FnMut(Event) + Send + 'c) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(number);
        let prefix = faker::code(&mut random, 5);
        let state = State {
            random,
            prefix,
            serial: 0,
            rows: 0,
            given: HashSet::new(),
            running: Vec::new(),
            failed: None,
            told: Instant::now(),
        };
        let db = executor(db);
        Self { db, number, state: Mutex::new(state), tell: Mutex::new(Box::new(tell)) }
    }

    /// The database. What is done here is in the transaction of the run.
    pub fn db(&self) -> &SchemaManagerConnection<'c> {
        &self.db
    }

    /// What random values began with.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Rows that factories have made so far.
    pub fn rows(&self) -> u64 {
        self.state().rows
    }

    /// Made-up values, for rows that no factory makes.
    pub fn fake<T>(&self, make: impl FnOnce(&mut Faker<'_>) -> T) -> T {
        self.fake_at(0, make)
    }

    /// Runs another seeder.
    ///
    /// # Errors
    /// Its own.
    pub async fn call<S: Seeder>(&self, seeder: S) -> Result<(), DbErr> {
        let name = name_of::<S>();
        let before = {
            let mut state = self.state();
            state.running.push(name.clone());
            state.rows
        };
        self.tell(Event::Seeding { seeder: name.clone(), rows: before });
        let clock = Instant::now();
        let outcome = Box::pin(seeder.run(self)).await;
        let rows = {
            let mut state = self.state();
            state.running.pop();
            if outcome.is_err() && state.failed.is_none() {
                state.failed = Some(name.clone());
            }
            state.rows - before
        };
        outcome?;
        let millis = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tell(Event::Seeded { seeder: name, rows, millis });
        Ok(())
    }

    /// Values for the row with this number in its batch.
    fn fake_at<T>(&self, index: usize, make: impl FnOnce(&mut Faker<'_>) -> T) -> T {
        make(&mut Faker { state: &mut self.state(), index })
    }

    /// Takes note of rows that are in.
    fn count(&self, rows: u64) {
        let told = {
            let mut state = self.state();
            state.rows += rows;
            if state.told.elapsed().as_millis() < PACE {
                return;
            }
            state.told = Instant::now();
            Event::Seeding { seeder: state.running.last().cloned().unwrap_or_default(), rows: state.rows }
        };
        self.tell(told);
    }

    /// The seeder that failed; a panic leaves it at work.
    fn culprit(&self) -> Option<String> {
        let state = self.state();
        state.failed.clone().or_else(|| state.running.last().cloned())
    }

    fn tell(&self, event: Event) {
        (self.tell.lock().unwrap_or_else(PoisonError::into_inner))(event);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A type's name without its modules.
fn name_of<T>() -> String {
    let name = std::any::type_name::<T>();
    name.split('<').next().unwrap_or(name).rsplit("::").next().unwrap_or(name).to_owned()
}
