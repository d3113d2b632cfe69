//! One migration: which way it is run, how often it is tried, what is told of it.

use std::time::{Duration, Instant};

use super::call::{Refusal, call};
use super::taken_for_text::Objects;
use super::{Run, now_millis, unusable};
use crate::connection::{Connection, Error, Migrations, Sessions, Trouble};
use crate::interrupt::{Ended, interruptible};
use crate::ledger::{self, Entry, State};
use crate::record::Recorder;
use crate::serve::interrupted;
use crate::statements;
use crate::wire::{Direction, Event, Failure, Stopped, Unfit, Warning};

/// A migration that is to run.
pub(super) struct Job {
    pub direction: Direction,
    /// Its place in the Migrator's list.
    pub index: usize,
    /// Its side row, as it is when it starts.
    pub entry: Entry,
    /// All of it is one transaction.
    pub transactional: bool,
    /// What it says itself of transactions.
    pub wanted: Option<bool>,
}

/// Why an attempt came to nothing.
pub(super) enum Halt {
    /// The migration did not go through.
    Refused {
        refusal: Refusal,
        /// Nothing of it is in.
        undone: bool,
    },
    /// Nothing of it is in; it needs foreign keys not to be looked at until its end.
    NeedsForeignKeysOff,
    /// It is not the migration's fault.
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// So often is tried what met another session's lock.
pub(super) const TRIES: u32 = 3;

/// The pause before the second try; later ones are longer.
const PAUSE: Duration = Duration::from_millis(200);

impl<C: Connection, M: Migrations<C>> Run<'_, C, M> {
    pub(super) async fn migrate(
        &mut self,
        direction: Direction,
        name: &str,
        batch: Option<i64>,
    ) -> Result<(), Failure> {
        let job = self.job(direction, name, batch)?;
        (self.on_event)(Event::Started { direction, name: name.to_owned() });
        let clock = Instant::now();
        self.tries(&job).await?;
        let millis = millis_since(clock);
        (self.on_event)(Event::Finished { direction, name: name.to_owned(), millis });
        Ok(())
    }

    /// A migration as it is to run next.
    pub(super) fn job(&mut self, direction: Direction, name: &str, batch: Option<i64>) -> Result<Job, Failure> {
        let index = self.names.iter().position(|known| known == name);
        let Some((index, listed)) = index.and_then(|index| Some((index, self.list.get(index)?))) else {
            return Err(Failure::Unknown { name: name.to_owned() });
        };
        let wanted = listed.transaction;
        let transactional = wanted != Some(false) && self.connection.dialect().transactional_ddl();
        if !transactional && self.connection.sessions() == Sessions::Lent {
            return Err(Failure::Unfit(Unfit::Lent { name: name.to_owned() }));
        }
        let started_at = now_millis().max(self.last_start + 1);
        self.last_start = started_at;
        let entry = Entry {
            name: name.to_owned(),
            batch,
            state: State::Starting,
            direction,
            checksum: self.request.checksums.get(name).cloned(),
            applied_at: None,
            started_at,
            finished_at: None,
            error: None,
        };
        Ok(Job { direction, index, entry, transactional, wanted })
    }

    /// Runs it, once more where another session was in the way.
    pub(super) async fn tries(&mut self, job: &Job) -> Result<(), Failure> {
        let (mut tried, mut foreign_keys_off) = (0, false);
        loop {
            let outcome = match job.transactional {
                true => self.in_transaction(job, foreign_keys_off).await,
                false => self.journaled(job).await,
            };
            let (refusal, undone) = match outcome {
                Ok(()) => return Ok(()),
                Err(Halt::Failed(failure)) => return Err(self.or_interrupted(job, failure)),
                Err(Halt::NeedsForeignKeysOff) => {
                    foreign_keys_off = true;
                    continue;
                }
                Err(Halt::Refused { refusal, undone }) => (refusal, undone),
            };
            if self.lock.is_taken(self.connection) {
                return Err(Failure::LockLost);
            }
            tried += 1;
            let name = job.entry.name.clone();
            if let Some(signal) = refusal.signal {
                let stopped = Stopped { name, direction: Some(job.direction), rolled_back: undone };
                return Err(Failure::Interrupted { signal, stopped: Some(stopped) });
            }
            if undone && refusal.trouble == Trouble::Passing && tried < TRIES {
                self.warn(Warning::Retried { name, message: refusal.message });
                let pause = tokio::time::sleep(PAUSE * 2_u32.pow(tried - 1));
                self.interrupt.or(pause).await.map_err(interrupted)?;
                continue;
            }
            let (direction, cause, message) = (job.direction, refusal.cause, refusal.message);
            return Err(Failure::Migration { name, direction, cause, message, rolled_back: undone });
        }
    }

    /// The failure to report: a session that was lost while a signal ended the migration is a consequence of that.
    fn or_interrupted(&self, job: &Job, failure: Failure) -> Failure {
        let lost = matches!(failure, Failure::Database { .. } | Failure::LockLost | Failure::OutcomeUnknown { .. });
        match self.interrupt.requested().filter(|_| lost) {
            Some(signal) => {
                let (name, direction) = (job.entry.name.clone(), Some(job.direction));
                Failure::Interrupted { signal, stopped: Some(Stopped { name, direction, rolled_back: false }) }
            }
            None => failure,
        }
    }

    /// Runs the migration's own code, and checks what it has created. Its statements are recorded if there is a recorder.
    pub(super) async fn call(&mut self, job: &Job, connection: &C, recorder: Option<&Recorder>) -> Result<(), Refusal> {
        let objects = Objects::read(connection).await?;
        let work = call(self.migrations, job.direction, job.index, connection, &self.request.secrets);
        match recorder {
            None => self.until_interrupted(connection, work).await?,
            Some(recorder) => {
                recorder.begin(&job.entry.name, &self.request.secrets);
                self.until_interrupted(connection, recorder.watch(work)).await?;
            }
        }
        for warning in objects.check(connection, &job.entry.name).await? {
            self.warn(warning);
        }
        Ok(())
    }

    async fn until_interrupted(
        &self,
        connection: &C,
        work: impl Future<Output = Result<(), Refusal>>,
    ) -> Result<(), Refusal> {
        match interruptible(self.interrupt, connection, work).await {
            Ended::Finished(outcome) => outcome,
            Ended::Interrupted { signal, returned } => Err(Refusal::interrupted(signal, returned)),
        }
    }

    /// Writes into its side row how a migration ended of which part may be in the database.
    pub(super) async fn note_failure(&self, job: &Job, connection: &C, refusal: &Refusal) -> Result<(), Error> {
        match refusal.signal {
            Some(_) => ledger::interrupt(connection, &job.entry.name, &refusal.message, now_millis()).await,
            None => ledger::fail(connection, &job.entry.name, &refusal.message, now_millis()).await,
        }
    }

    /// Writes both rows of a migration that went well.
    pub(super) async fn settle(&self, job: &Job, connection: &C) -> Result<(), Error> {
        let entry = &job.entry;
        fault!("before-record", connection);
        if self.recorder.is_some() && !job.transactional {
            statements::forget(connection, &entry.name).await?;
        }
        match job.direction {
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
                ledger::record(connection, &applied, &self.request.kit).await?;
            }
            Direction::Down => {
                fault!("before-delete-row", connection);
                ledger::delete(connection, &self.table, &entry.name).await?;
                ledger::forget(connection, &entry.name).await?;
            }
        }
        fault!("after-record", connection);
        Ok(())
    }

    /// After the session was lost: takes the lock again, which no session gets before the old one is over, and asks the
    /// ledger whether the migration is in (or, rolling back, out).
    pub(super) async fn is_settled(&mut self, job: &Job, error: &Error) -> Result<bool, Failure> {
        let name = &job.entry.name;
        let unknown = |message: &str| Failure::OutcomeUnknown { name: name.clone(), message: message.to_owned() };
        let on_event = &mut self.on_event;
        let mut told = |event| on_event(event);
        let clock = Instant::now();
        while let Err(failure) = self.lock.regain(self.connection, &self.request.locking, &mut told).await {
            if let Failure::LockLost = failure {
                return Err(failure);
            }
            // A server that was restarted takes a while.
            if !matches!(failure, Failure::Lock { .. } | Failure::Database { .. }) || clock.elapsed() > RETURN {
                return Err(unknown(&error.message));
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.prepare().await?;
        let ledger = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
        let own = ledger.applied.iter().find(|applied| applied.name == *name);
        Ok(match job.direction {
            Direction::Up => own
                .and_then(|applied| applied.entry.as_ref())
                .is_some_and(|entry| entry.started_at == job.entry.started_at && entry.state == State::Applied),
            Direction::Down => own.is_none(),
        })
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        (self.on_event)(Event::Warned(warning));
    }

    /// Tells of settings that were put back.
    pub(super) fn warn_settings(&mut self, job: &Job, settings: Vec<String>) {
        if !settings.is_empty() {
            self.warn(Warning::Settings { name: job.entry.name.clone(), settings });
        }
    }
}

pub(super) fn millis_since(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// So long may a server be away.
const RETURN: Duration = Duration::from_secs(30);
