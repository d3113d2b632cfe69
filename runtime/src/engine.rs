//! Runs a request's actions: plans each against the ledger as it is then, runs the migrations and
//! keeps the ledger. It reports [`Event`]s and prints nothing.
//!
//! Where DDL can be rolled back, a migration, its ledger row and its side row are one transaction;
//! SeaORM's `use_transaction()` overrides that either way. Elsewhere the side row says `running`
//! before the first statement, so that a crash leaves a trace.
//!
//! Whatever writes has the database's [`Lock`], and makes sure of it before each statement of its own.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::connection::{Connection, Error, Listed, Migrations, Sessions};
use crate::ledger::{self, Entry, Ledger, State};
use crate::lock::{self, Lock};
use crate::plan;
use crate::wipe::wipe;
use crate::wire::{Action, Cause, Direction, Down, Event, Failure, Request, Unfit, Up};

/// Carries out `request`, telling `on_event` of everything but the end, which is the result.
///
/// # Errors
/// The failure that ended it; what was done before stays done and has been told.
pub async fn run<C: Connection, M: Migrations<C>>(
    request: &Request,
    migrations: &M,
    connection: &C,
    on_event: &mut (dyn FnMut(Event) + Send),
) -> Result<(), Failure> {
    let list = migrations.list();
    let names: Vec<String> = list.iter().map(|listed| listed.name.clone()).collect();
    if let Some(name) = plan::duplicate(&names) {
        return Err(Failure::Duplicate { name: name.clone() });
    }
    let table = migrations.ledger_table();
    if request.actions.iter().all(|action| *action == Action::List) {
        for _ in &request.actions {
            on_event(Event::Listed { migrations: names.clone(), ledger: table.clone() });
        }
        return Ok(());
    }
    let lock = lock::acquire(connection, &table, &request.locking, &mut |event| on_event(event)).await?;
    let mut run = Run { request, migrations, connection, lock, list, names, table, last_start: 0, on_event };
    let outcome = run.all().await;
    let released = run.lock.release(connection).await;
    // The first failure is the one to report.
    outcome.and(released)
}

struct Run<'a, C, M> {
    request: &'a Request,
    migrations: &'a M,
    connection: &'a C,
    lock: Lock,
    list: Vec<Listed>,
    names: Vec<String>,
    table: String,
    /// When the last migration started, so that no two of a run carry the same time.
    last_start: i64,
    on_event: &'a mut (dyn FnMut(Event) + Send),
}

impl<C: Connection, M: Migrations<C>> Run<'_, C, M> {
    async fn all(&mut self) -> Result<(), Failure> {
        for action in &self.request.actions {
            match action {
                Action::List => {
                    let (migrations, ledger) = (self.names.clone(), self.table.clone());
                    (self.on_event)(Event::Listed { migrations, ledger });
                }
                Action::Install => {
                    self.install().await?;
                }
                Action::Wipe(what) => {
                    self.lock.check(self.connection).await?;
                    let objects = wipe(self.connection, *what).await.map_err(database)?;
                    (self.on_event)(Event::Wiped { objects });
                }
                Action::Up(up) => self.up(up).await?,
                Action::Down(down) => {
                    self.down(down).await?;
                }
                Action::Redo(down) => {
                    let names = self.down(down).await?;
                    if !names.is_empty() {
                        self.up(&Up { only: names, ..Up::default() }).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn install(&mut self) -> Result<Ledger, Failure> {
        let before = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
        self.lock.check(self.connection).await?;
        if before.installed && before.journaled {
            self.lock.announce(self.connection).await;
            return Ok(before);
        }
        ledger::install(self.connection, &self.table).await.map_err(unusable)?;
        self.lock.announce(self.connection).await;
        if !before.installed {
            (self.on_event)(Event::Installed);
        }
        Ok(before)
    }

    async fn rehearse(&self, names: &[String]) -> Result<(), Failure> {
        let Some(longest) = names.iter().map(String::len).max() else { return Ok(()) };
        ledger::rehearse(self.connection, &self.table, longest, now_millis() / 1_000, &self.request.kit)
            .await
            .map_err(unusable)
    }

    async fn up(&mut self, up: &Up) -> Result<(), Failure> {
        let before = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
        // Planned before anything is written, so that a refusal leaves no trace.
        let (names, warnings) = plan::up(&self.names, &before, up)?;
        self.install().await?;
        self.rehearse(&names).await?;
        for warning in warnings {
            (self.on_event)(Event::Warned(warning));
        }
        (self.on_event)(Event::Planned { direction: Direction::Up, migrations: names.clone() });
        let mut batch = before.last_batch() + 1;
        for name in names {
            self.migrate(Direction::Up, &name, Some(batch)).await?;
            if up.batch_each {
                batch += 1;
            }
        }
        Ok(())
    }

    async fn down(&mut self, down: &Down) -> Result<Vec<String>, Failure> {
        let before = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
        let names = plan::down(&before, down)?;
        if let Some(name) = names.iter().find(|name| !self.names.contains(name)) {
            return Err(Failure::Gone { name: name.clone() });
        }
        (self.on_event)(Event::Planned { direction: Direction::Down, migrations: names.clone() });
        if !names.is_empty() {
            self.install().await?;
            self.rehearse(&names).await?;
        }
        for name in &names {
            let applied = before.applied.iter().find(|applied| applied.name == *name);
            let batch = applied.and_then(|applied| applied.entry.as_ref()?.batch);
            self.migrate(Direction::Down, name, batch).await?;
        }
        Ok(names)
    }

    async fn migrate(&mut self, direction: Direction, name: &str, batch: Option<i64>) -> Result<(), Failure> {
        let index = self.names.iter().position(|known| known == name);
        let Some((index, listed)) = index.and_then(|index| Some((index, self.list.get(index)?))) else {
            return Err(Failure::Unknown { name: name.to_owned() });
        };
        let transactional = listed.transaction.unwrap_or(self.connection.dialect().transactional_ddl());
        if !transactional && self.connection.sessions() == Sessions::Lent {
            return Err(Failure::Unfit(Unfit::Lent { name: name.to_owned() }));
        }
        (self.on_event)(Event::Started { direction, name: name.to_owned() });
        let clock = Instant::now();
        let started_at = now_millis().max(self.last_start + 1);
        self.last_start = started_at;
        let entry = Entry {
            name: name.to_owned(),
            batch,
            state: State::Running,
            direction: match direction {
                Direction::Up => "up".to_owned(),
                Direction::Down => "down".to_owned(),
            },
            checksum: self.request.checksums.get(name).cloned(),
            applied_at: None,
            started_at,
            finished_at: None,
            error: None,
        };
        let outcome = if transactional && self.connection.dialect().transactional_ddl() {
            self.in_transaction(direction, index, &entry).await
        } else {
            self.journaled(direction, index, &entry, transactional).await
        };
        outcome?;
        let millis = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        (self.on_event)(Event::Finished { direction, name: name.to_owned(), millis });
        Ok(())
    }

    /// Migration, ledger row and side row are in together or not at all.
    async fn in_transaction(&self, direction: Direction, index: usize, entry: &Entry) -> Result<(), Failure> {
        let transaction = self.connection.begin().await.map_err(database)?;
        if let Err(lost) = self.lock.check(&transaction).await {
            // Nothing was done in it yet.
            let _ = transaction.rollback().await;
            return Err(lost);
        }
        if let Err((cause, message)) = self.call(direction, index, &transaction).await {
            // The failure of the migration is the one to report; a rollback that fails as well has lost its session.
            let rolled_back = transaction.rollback().await.is_ok();
            return Err(self.failed(direction, entry, cause, message, rolled_back));
        }
        let failed = |error: Error| self.failed(direction, entry, Cause::Error, error.message, true);
        self.settle(direction, entry, &transaction).await.map_err(failed)?;
        if let Err(lost) = self.lock.fence(&transaction).await {
            // Whoever has the lock now has not seen this migration.
            let _ = transaction.rollback().await;
            return Err(lost);
        }
        transaction.commit().await.map_err(failed)
    }

    /// The side row says `running` first; what fails stays as `failed`.
    async fn journaled(&self, direction: Direction, index: usize, entry: &Entry, wrap: bool) -> Result<(), Failure> {
        let kit = &self.request.kit;
        let running = match direction {
            Direction::Up => entry.clone(),
            // The ledger row is still there: its side row must go on belonging to it and saying what was applied.
            Direction::Down => {
                let ledger = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
                let row = ledger.applied.into_iter().find(|applied| applied.name == entry.name);
                let (applied_at, own) = row.map_or((None, None), |row| (Some(row.applied_at), row.entry));
                Entry { applied_at, checksum: own.and_then(|own| own.checksum), ..entry.clone() }
            }
        };
        self.lock.write(self.connection, async |connection| ledger::record(connection, &running, kit).await).await?;
        let outcome = if wrap {
            let transaction = self.connection.begin().await.map_err(database)?;
            match self.call(direction, index, &transaction).await {
                Ok(()) => transaction.commit().await.map_err(|error| (Cause::Error, error.message)),
                Err(failure) => {
                    // As above: the migration's own failure is the one to report.
                    let _ = transaction.rollback().await;
                    Err(failure)
                }
            }
        } else {
            self.call(direction, index, self.connection).await
        };
        if let Err((cause, message)) = outcome {
            if !self.connection.is_whole() {
                return Err(Failure::LockLost);
            }
            let failed = Entry {
                state: State::Failed,
                finished_at: Some(now_millis()),
                error: Some(message.clone()),
                ..running
            };
            // If this cannot be written either, `running` stands there and says enough.
            let written =
                self.lock.write(self.connection, async |connection| ledger::record(connection, &failed, kit).await);
            if let Err(Failure::LockLost) = written.await {
                return Err(Failure::LockLost);
            }
            return Err(self.failed(direction, entry, cause, message, false));
        }
        // If it cannot be written, `running` stays there and says that it is not known how far the migration got.
        self.lock.write(self.connection, async |connection| self.settle(direction, entry, connection).await).await
    }

    /// Writes both rows of a migration that went well.
    async fn settle(&self, direction: Direction, entry: &Entry, connection: &C) -> Result<(), Error> {
        match direction {
            Direction::Up => {
                let finished_at = now_millis();
                let applied_at = finished_at / 1_000;
                ledger::insert(connection, &self.table, &entry.name, applied_at).await?;
                let applied = Entry {
                    state: State::Applied,
                    applied_at: Some(applied_at),
                    finished_at: Some(finished_at),
                    ..entry.clone()
                };
                ledger::record(connection, &applied, &self.request.kit).await
            }
            Direction::Down => {
                ledger::delete(connection, &self.table, &entry.name).await?;
                ledger::forget(connection, &entry.name).await
            }
        }
    }

    /// Runs the migration's own code, which may fail in any way.
    async fn call(&self, direction: Direction, index: usize, connection: &C) -> Result<(), (Cause, String)> {
        let outcome = match direction {
            Direction::Up => catch(self.migrations.up(index, connection)).await,
            Direction::Down => catch(self.migrations.down(index, connection)).await,
        };
        // The side table keeps what is said here, for everybody to read.
        let without_secrets =
            |text: String| self.request.secrets.iter().fold(text, |text, secret| text.replace(secret, "***"));
        let outcome = match outcome {
            Ok(outcome) => Ok(outcome.map_err(|error| Error::new(without_secrets(error.message)))),
            Err(panic) => Err(without_secrets(panic)),
        };
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.message.contains(IRREVERSIBLE) => Err((Cause::Irreversible, error.message)),
            Ok(Err(error)) if error.message.contains(STARVED) => Err((Cause::Starved, error.message)),
            Ok(Err(error)) => Err((Cause::Error, error.message)),
            Err(panic) if unsupported(&panic) => Err((Cause::Unsupported, panic)),
            Err(panic) => Err((Cause::Panic, panic)),
        }
    }

    fn failed(&self, direction: Direction, entry: &Entry, cause: Cause, message: String, rolled_back: bool) -> Failure {
        Failure::Migration { name: entry.name.clone(), direction, cause, message, rolled_back }
    }
}

/// What SeaORM's default `down` returns.
const IRREVERSIBLE: &str = "We Don't Do That Here";

/// What SeaORM says when a pool has no connection to give.
const STARVED: &str = "Connection pool timed out";

/// What sea-query's builders say, in a panic, of a statement that the database does not have.
fn unsupported(panic: &str) -> bool {
    let text = panic.to_lowercase();
    let says_so = ["not support", "unsupported", "doesn't support", "only supports", "multiple alter"]
        .iter()
        .any(|phrase| text.contains(phrase));
    says_so && (text.contains("sqlite") || text.contains("mysql") || text.contains("postgres"))
}

static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Makes panics of migrations quiet and remembers where they happened; for programs that only run migrations.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = payload(info.payload());
        let text = match info.location() {
            Some(place) => format!("{message} ({}:{})", place.file(), place.line()),
            None => message,
        };
        *PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(text);
    }));
}

/// Polls a future to its end; a panic in it is an `Err` with its text.
async fn catch<T>(future: impl Future<Output = T> + Send) -> Result<T, String> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => {
                let noted = PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
                std::task::Poll::Ready(Err(noted.unwrap_or_else(|| payload(panic.as_ref()))))
            }
        }
    })
    .await
}

fn payload(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

fn unusable(error: Error) -> Failure {
    Failure::Ledger { message: error.message }
}

fn database(error: Error) -> Failure {
    Failure::Database { message: error.message }
}

fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
