//! Runs a request's actions: plans each against the ledger as it is then, runs the migrations and
//! keeps the ledger. It reports [`Event`]s and prints nothing.
//!
//! Where DDL can be rolled back, a migration, its ledger row and its side row are one transaction;
//! SeaORM's `use_transaction()` overrides that either way. Elsewhere the side row says how far it got
//! (`journaled`), and a migration that stopped on its way stops every later run until somebody says what is to become of it.
//!
//! Whatever writes has the database's [`Lock`], and makes sure of it before each statement of its own.

pub(crate) mod call;
mod journaled;
mod migration;
mod settings;
mod taken_for_text;
mod transactional;
mod verify;

use std::time::{SystemTime, UNIX_EPOCH};

pub use call::quiet_panics;
use migration::TRIES;

use crate::connection::{Connection, Error, Listed, Migrations, Sessions, Trouble};
use crate::interrupt::Interrupt;
use crate::ledger::{self, Ledger, State};
use crate::lock::{self, Lock};
use crate::plan;
use crate::record::Recorder;
use crate::serve::interrupted;
use crate::truncate::truncate;
use crate::wipe::wipe;
use crate::wire::{Action, Direction, Down, Event, Failure, Request, Up};

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
    // Boxed, or the types are nested too deep for the compiler.
    Box::pin(run_until(request, migrations, connection, on_event, &Interrupt::default())).await
}

/// [`run`], which `interrupt` ends early: the migration that runs then is rolled back where the database can do that.
///
/// # Errors
/// As [`run`]; [`Failure::Interrupted`].
pub async fn run_until<C: Connection, M: Migrations<C>>(
    request: &Request,
    migrations: &M,
    connection: &C,
    on_event: &mut (dyn FnMut(Event) + Send),
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    fault!("after-connect", connection);
    let list = migrations.list();
    let names: Vec<String> = list.iter().map(|listed| listed.name.clone()).collect();
    if let Some(name) = plan::duplicate(&names) {
        return Err(Failure::Duplicate { name: name.clone() });
    }
    plan::short(&names, connection.dialect())?;
    let table = migrations.ledger_table();
    if request.actions.iter().all(|action| *action == Action::List) {
        for _ in &request.actions {
            on_event(Event::Listed { migrations: names.clone(), ledger: table.clone() });
        }
        return Ok(());
    }
    if let Some(message) = request.actions.iter().find_map(foreign) {
        return Err(Failure::Request { message: message.to_owned() });
    }
    fault!("before-lock", connection);
    let mut told = |event| on_event(event);
    let locking = lock::acquire(connection, &table, &request.locking, &mut told);
    let lock = interrupt.or(locking).await.map_err(interrupted)??;
    fault!("after-lock", connection);
    let mut run = Run {
        request,
        migrations,
        connection,
        lock,
        list,
        names,
        table,
        last_start: 0,
        on_event,
        interrupt,
        recorder: None,
    };
    let outcome = match run.prepare().await {
        Ok(()) => run.all().await,
        Err(failure) => Err(failure),
    };
    fault!("before-release", connection);
    let released = run.lock.release(connection).await;
    fault!("after-release", connection);
    // The first failure is the one to report.
    outcome.and(released)?;
    // A signal also ends what the caller would do after the run.
    interrupt.requested().map_or(Ok(()), |signal| Err(interrupted(signal)))
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
    interrupt: &'a Interrupt,
    /// Records statements, once a migration ran that cannot be rolled back.
    recorder: Option<Recorder>,
}

impl<C: Connection, M: Migrations<C>> Run<'_, C, M> {
    async fn prepare(&self) -> Result<(), Failure> {
        if self.connection.sessions() == Sessions::Lent {
            // What is set in a session that is somebody else's next stays there.
            return Ok(());
        }
        for sql in self.connection.dialect().prepare_session(self.request.patience) {
            self.connection.execute(&sql, &[]).await.map_err(database)?;
        }
        Ok(())
    }

    async fn all(&mut self) -> Result<(), Failure> {
        for action in &self.request.actions {
            self.go_on()?;
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
                    let objects = wipe(self.connection, *what, &self.table).await.map_err(database)?;
                    (self.on_event)(Event::Wiped { objects });
                }
                Action::Truncate => {
                    self.lock.check(self.connection).await?;
                    let own = ledger::own_tables(&self.table);
                    truncate(self.connection, &own).await.map_err(database)?;
                }
                Action::Up(up) => self.up(up).await?,
                Action::Down(down) => {
                    self.down(down).await?;
                }
                Action::Verify(verify) => self.verify(verify).await?,
                Action::Redo(down) => {
                    let names = self.down(down).await?;
                    if !names.is_empty() {
                        self.up(&Up { only: names, ..Up::default() }).await?;
                    }
                }
                // Refused before anything began.
                Action::Pretend { .. } | Action::Seed(_) => {}
            }
        }
        Ok(())
    }

    /// Passes unless the run is to end.
    fn go_on(&self) -> Result<(), Failure> {
        self.interrupt.requested().map_or(Ok(()), |signal| Err(interrupted(signal)))
    }

    async fn install(&mut self) -> Result<Ledger, Failure> {
        let before = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
        self.lock.check(self.connection).await?;
        if before.installed && before.journaled {
            ledger::complete(self.connection).await.map_err(unusable)?;
            self.lock.announce(self.connection).await;
            return Ok(before);
        }
        ledger::install(self.connection, &self.table).await.map_err(unusable)?;
        fault!("after-bootstrap", self.connection);
        self.lock.announce(self.connection).await;
        if !before.installed {
            (self.on_event)(Event::Installed);
        }
        Ok(before)
    }

    async fn rehearse(&self, names: &[String]) -> Result<(), Failure> {
        let Some(longest) = names.iter().map(String::len).max() else { return Ok(()) };
        let now = now_millis() / 1_000;
        let mut tried = 1;
        loop {
            let outcome = ledger::rehearse(self.connection, &self.table, longest, now, &self.request.kit).await;
            match outcome {
                // An application may be writing.
                Err(error) if error.trouble == Trouble::Passing && tried < TRIES => tried += 1,
                outcome => return outcome.map_err(unusable),
            }
        }
    }

    async fn up(&mut self, up: &Up) -> Result<(), Failure> {
        let before = self.whole().await?;
        // Planned before anything is written, so that a refusal leaves no trace.
        let (names, warnings) = plan::up(&self.names, &before, up, &self.request.checksums)?;
        self.install().await?;
        self.rehearse(&names).await?;
        for warning in warnings {
            (self.on_event)(Event::Warned(warning));
        }
        (self.on_event)(Event::Planned { direction: Direction::Up, migrations: names.clone() });
        let mut batch = before.last_batch() + 1;
        for name in names {
            self.go_on()?;
            self.migrate(Direction::Up, &name, Some(batch)).await?;
            if up.batch_each {
                batch += 1;
            }
        }
        Ok(())
    }

    async fn down(&mut self, down: &Down) -> Result<Vec<String>, Failure> {
        let before = self.whole().await?;
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
            self.go_on()?;
            let applied = before.applied.iter().find(|applied| applied.name == *name);
            let batch = applied.and_then(|applied| applied.entry.as_ref()?.batch);
            self.migrate(Direction::Down, name, batch).await?;
        }
        Ok(names)
    }

    /// The ledger, of which no migration stopped half-way.
    async fn whole(&self) -> Result<Ledger, Failure> {
        let ledger = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
        for entry in ledger.halted() {
            // One that had only begun has left nothing, where everything it did was taken back with its session.
            if entry.state == State::Starting && self.takes_back().await? {
                continue;
            }
            return Err(plan::halted(entry));
        }
        Ok(ledger)
    }

    /// Whether all tables of the database take back what a transaction did that did not come to its end.
    async fn takes_back(&self) -> Result<bool, Failure> {
        let Some(sql) = self.connection.dialect().keeps_rows() else { return Ok(true) };
        Ok(self.connection.query(sql, &[]).await.map_err(database)?.is_empty())
    }
}

/// Why an action is not the engine's, if it is not.
fn foreign(action: &Action) -> Option<&'static str> {
    match action {
        // What `serve` has not given to those who pretend, the engine cannot give them.
        Action::Pretend { .. } => Some("pretending needs the feature `pretend` of kit-runtime, and goes alone"),
        Action::Seed(_) => Some("this program has migrations and no seeders"),
        _ => None,
    }
}

fn unusable(error: Error) -> Failure {
    Failure::Ledger { message: error.message, reason: error.reason }
}

fn database(error: Error) -> Failure {
    Failure::Database { message: error.message, reason: error.reason }
}

fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
