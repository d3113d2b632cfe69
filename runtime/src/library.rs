//! Migrating from inside an application: at startup, in tests, before a readiness probe says yes. It opens a session of its
//! own beside the application's pool, takes the same lock and keeps the same tables as kit does, prints nothing, and does
//! not know where migrations come from.

#[cfg(feature = "tracing")]
mod log;

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::DatabaseConnection;
use tokio::sync::mpsc;

use crate::engine;
use crate::ledger;
use crate::plan;
use crate::sea_orm::{Project, Session, Settings, dialect_of, no_connection};
use crate::wire::{Action, Down, Event, Failure, LockKind, Locking, PROTOCOL, Request, Up};

/// How [`migrate`] and [`rollback`] work; the default is what `kit migrate` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// By which means others are kept out; `None` takes what the database has. `--lock`.
    pub lock: Option<LockKind>,
    /// How long to wait for another run. `--wait`.
    pub wait: Duration,
    /// How long a statement waits for what another session has locked; zero means as long as it takes.
    pub lock_timeout: Duration,
    /// Connections that a migration without a transaction may use at once.
    pub connections: u32,
    /// Apply at most so many migrations. `--limit`.
    pub limit: Option<usize>,
    /// Apply up to and including this one. `--to`.
    pub to: Option<String>,
    /// Apply only these; empty means any. `--path`.
    pub only: Vec<String>,
    /// A batch for each migration instead of one for the run. `--step`.
    pub batch_each: bool,
    /// Refuse migrations that are out of order, missing or unsorted, instead of telling of them. `--strict`, which on the
    /// command line refuses changed ones, too: a program does not have the sources it was made of.
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lock: None,
            wait: Duration::from_secs(60),
            lock_timeout: Duration::from_secs(5),
            connections: 1,
            limit: None,
            to: None,
            only: Vec::new(),
            batch_each: false,
            strict: false,
        }
    }
}

/// Applies what is pending and returns the names of what was applied, in order; none if there was nothing to do. When it
/// returns, no other run is at work, whoever did the work.
///
/// It runs in a thread of its own and goes on to its end if the future is dropped. A database in memory is migrated through
/// `db` itself, which should then have one connection.
///
/// # Errors
/// [`Failure`]; what was applied before stays.
pub async fn migrate<M: MigratorTrait + 'static>(
    db: &DatabaseConnection,
    options: &Options,
) -> Result<Vec<String>, Failure> {
    migrate_telling::<M>(db, options, |_| ()).await
}

/// [`migrate`], telling `on_event` what happens as it happens: for a log of your own. With the feature `tracing` the same is
/// said to whoever subscribes, by either of them.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_telling<M: MigratorTrait + 'static>(
    db: &DatabaseConnection,
    options: &Options,
    on_event: impl FnMut(&Event),
) -> Result<Vec<String>, Failure> {
    let up = Up {
        limit: options.limit,
        to: options.to.clone(),
        only: options.only.clone(),
        batch_each: options.batch_each,
        strict: options.strict,
    };
    perform::<M>(db, request(options, "migrate", Action::Up(up)), on_event).await
}

/// Rolls back what `down` says, newest first, and returns the names in that order: `Down::Steps(1)` is the last one. It is
/// as little asked about as [`migrate`], and runs in the same way. Of the options those of applying mean nothing here.
///
/// # Errors
/// [`Failure`]; what was rolled back before stays so.
pub async fn rollback<M: MigratorTrait + 'static>(
    db: &DatabaseConnection,
    down: &Down,
    options: &Options,
) -> Result<Vec<String>, Failure> {
    perform::<M>(db, request(options, "migrate:rollback", Action::Down(down.clone())), |_| ()).await
}

pub(crate) async fn perform<M: MigratorTrait + 'static>(
    db: &DatabaseConnection,
    request: Request,
    mut on_event: impl FnMut(&Event),
) -> Result<Vec<String>, Failure> {
    let dialect = Some(dialect_of(db));
    let settings = Settings::of(db, request.connections).await.map_err(|error| no_connection(&error, dialect))?;
    let (db, (events, mut received)) = (db.clone(), mpsc::unbounded_channel());
    let (end, ended) = tokio::sync::oneshot::channel();
    let caller = tokio::runtime::Handle::try_current();
    // A migration may block its thread, and what the engine awaits is not for every executor.
    let work = move || {
        let own = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let outcome = match (&settings, caller, own) {
            // Its only connection must go back to the pool, which happens in the runtime that it was taken in.
            (None, Ok(caller), _) => caller.block_on(run::<M>(request, settings, db, events)),
            (_, _, Ok(runtime)) => runtime.block_on(run::<M>(request, settings, db, events)),
            (_, _, Err(error)) => Err(Failure::Request { message: error.to_string() }),
        };
        // Nobody waits for it any more.
        let _ = end.send(outcome);
    };
    let started = std::thread::Builder::new().name("migrate".to_owned()).spawn(work);
    started.map_err(|error| Failure::Request { message: error.to_string() })?;
    let mut done = Vec::new();
    while let Some(event) = received.recv().await {
        if let Event::Finished { name, .. } = &event {
            done.push(name.clone());
        }
        #[cfg(feature = "tracing")]
        log::event(&event);
        on_event(&event);
    }
    match ended.await {
        Ok(outcome) => outcome.map(|()| done),
        Err(_) => Err(Failure::Request { message: "the thread of the migrations has ended".to_owned() }),
    }
}

/// Names of the migrations that are not applied, in order: none means that the application may start. It reads, locks
/// nothing and creates nothing.
///
/// # Errors
/// [`Failure::Halted`] if one of them failed half-way, [`Failure::Ledger`].
pub async fn pending<M: MigratorTrait + 'static>(db: &DatabaseConnection) -> Result<Vec<String>, Failure> {
    let session = Session::new(db.clone());
    let table = M::migration_table_name().to_string();
    let names: Vec<String> = M::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let ledger = ledger::read(&session, &table).await;
    let ledger = ledger.map_err(|error| Failure::Ledger { message: error.message, reason: error.reason })?;
    plan::whole(&ledger)?;
    plan::up(&names, &ledger, &Up::default(), &BTreeMap::new()).map(|(names, _)| names)
}

async fn run<M: MigratorTrait + 'static>(
    request: Request,
    settings: Option<Settings>,
    db: DatabaseConnection,
    events: mpsc::UnboundedSender<Event>,
) -> Result<(), Failure> {
    let dialect = Some(dialect_of(&db));
    let session = match settings {
        Some(settings) => Session::connect(settings).await.map_err(|error| no_connection(&error, dialect))?,
        None => Session::new(db),
    };
    // If nobody listens any more, the migrations go on.
    engine::run(&request, &Project::of::<M>(), &session, &mut |event| drop(events.send(event))).await
}

pub(crate) fn request(options: &Options, command: &str, action: Action) -> Request {
    Request {
        protocol: PROTOCOL,
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        url: String::new(),
        secrets: Vec::new(),
        schema: None,
        checksums: BTreeMap::new(),
        locking: Locking {
            kind: options.lock,
            wait: options.wait.as_secs(),
            command: command.to_owned(),
            ..Locking::default()
        },
        patience: options.lock_timeout.as_secs(),
        connections: options.connections,
        actions: vec![action],
    }
}
