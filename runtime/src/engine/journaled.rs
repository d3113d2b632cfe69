//! A migration without a transaction around all of it: on a database that cannot roll DDL back, or because it says so
//! itself. The side row says how far it got: `starting`, then `running`, then `applied` or `failed`.
//!
//! `running` is written as the first statement of a transaction in which the migration begins. DDL commits that transaction
//! without being asked, and `running` with it; data changes without DDL are in together with both rows, or not at all. So
//! a row that still says `starting` says that nothing of the migration is in.

use super::call::Refusal;
use super::migration::{Halt, Job};
use super::settings::{Settings, is_open};
use super::{Run, database, unusable};
use crate::connection::{Connection, Error, Migrations, Row, Trouble};
use crate::ledger::{self, Entry, State, own_tables};
use crate::record::Recorder;
use crate::snapshot::{Scope, Snapshot};
use crate::statements::{self, Outcome, Recorded};
use crate::wire::{Cause, Direction, Failure, Warning};

/// How the first statements of a migration are held together.
enum Start<C> {
    /// In a transaction that SeaORM knows of, since the migration asks for one.
    Transaction(C),
    /// In one that it does not know of, and that DDL or the migration's own transaction ends.
    Plain,
    /// Not at all.
    Bare,
}

impl<C: Connection, M: Migrations<C>> Run<'_, C, M> {
    pub(super) async fn journaled(&mut self, job: &Job) -> Result<(), Halt> {
        let (entry, connection) = (&job.entry, self.connection);
        let settings = Settings::read(connection).await.map_err(database)?;
        let (starting, previous) = self.starting(job).await?;
        let recorder = self.recorder().await;
        let (before, kit) = (self.snapshot().await.map_err(database)?, &self.request.kit);
        let note = async |on: &C| {
            ledger::record(on, &starting, kit).await?;
            if recorder.is_some() {
                statements::forget(on, &entry.name).await?;
            }
            ledger::keep_snapshot(on, &entry.name, &before).await
        };
        fault!("before-running-row", connection);
        self.lock.write(connection, note).await?;
        fault!("after-running-row", connection);
        let start = self.start(job.wanted).await.map_err(database)?;
        let on = if let Start::Transaction(transaction) = &start { transaction } else { connection };
        #[cfg(feature = "fault")]
        let early = crate::fault::TOUCHES_FIRST.load(std::sync::atomic::Ordering::SeqCst);
        #[cfg(not(feature = "fault"))]
        let early = true;
        if early {
            ledger::touch(on, &entry.name).await.map_err(database)?;
        }
        fault!("before-up", on);
        let changes = changed(on).await;
        let outcome = match self.call(job, on, recorder.as_ref()).await {
            Ok(()) => self.finished_indexes(on).await,
            refused => refused,
        };
        let sent = recorder.as_ref().map(Recorder::end);
        fault!("after-up", on);
        if !early {
            ledger::touch(on, &entry.name).await.map_err(database)?;
        }
        if let Err(refusal) = outcome {
            let undone = self.is_undone(job, start, &before, &changes, &refusal).await?;
            // A session that was lost has no settings; the first failure is the one to report.
            let _ = settings.restore(connection).await;
            let sent = sent.map(|sent| blamed(sent, &refusal));
            let note = async |on: &C| {
                if sent.is_some() {
                    statements::forget(on, &entry.name).await?;
                }
                match (undone, &previous) {
                    (true, Some(previous)) => ledger::record(on, previous, &self.request.kit).await,
                    (true, None) => ledger::forget(on, &entry.name).await,
                    (false, _) => {
                        statements::write(on, &entry.name, sent.as_deref().unwrap_or_default()).await?;
                        self.note_failure(job, on, &refusal).await
                    }
                }
            };
            // If this cannot be written either, `running` stands there and says enough.
            let noted = self.lock.write(connection, note).await;
            if let Err(Failure::LockLost) = noted {
                return Err(Failure::LockLost.into());
            }
            return Err(Halt::Refused { refusal, undone: undone && noted.is_ok() });
        }
        let changed = settings.restore(on).await.map_err(database)?;
        let open = is_open(on).await;
        match start {
            Start::Transaction(transaction) => {
                if open {
                    self.settle(job, &transaction).await.map_err(database)?;
                    self.lock.fence(&transaction).await?;
                    fault!("before-commit", &transaction);
                }
                let committed = transaction.commit().await;
                fault!("after-commit", connection);
                self.end(job, committed, open).await?;
            }
            Start::Plain if open => {
                self.settle(job, connection).await.map_err(database)?;
                self.lock.fence(connection).await?;
                fault!("before-commit", connection);
                let committed = connection.execute("COMMIT", &[]).await;
                fault!("after-commit", connection);
                self.end(job, committed, true).await?;
            }
            Start::Plain => self.settle_alone(job).await?,
            Start::Bare => {
                if open {
                    connection.execute("COMMIT", &[]).await.map_err(database)?;
                    self.warn(Warning::LeftOpen { name: entry.name.clone() });
                }
                self.settle_alone(job).await?;
            }
        }
        self.warn_settings(job, changed);
        Ok(())
    }

    /// The side row to begin with, and the one that was there: rolling back, the ledger row is still there, and its side row
    /// must go on belonging to it and saying what was applied.
    pub(super) async fn starting(&self, job: &Job) -> Result<(Entry, Option<Entry>), Halt> {
        if job.direction == Direction::Up {
            return Ok((job.entry.clone(), None));
        }
        let ledger = ledger::read(self.connection, &self.table).await.map_err(unusable)?;
        let row = ledger.applied.into_iter().find(|applied| applied.name == job.entry.name);
        let (applied_at, own) = row.map_or((None, None), |row| (Some(row.applied_at), row.entry));
        let checksum = own.as_ref().and_then(|own| own.checksum.clone());
        let previous = own.map(|own| Entry { state: State::Applied, direction: Direction::Up, error: None, ..own });
        Ok((Entry { applied_at, checksum, ..job.entry.clone() }, previous))
    }

    /// Returns the recorder of this run's statements; `None` if its table cannot be created.
    async fn recorder(&mut self) -> Option<Recorder> {
        let installed = statements::is_installed(self.connection).await.unwrap_or_default();
        if !installed && statements::install(self.connection).await.is_err() {
            self.recorder = None;
        } else if self.recorder.is_none() {
            self.recorder = Some(Recorder::start(self.connection));
        }
        self.recorder.clone()
    }

    async fn start(&self, wanted: Option<bool>) -> Result<Start<C>, Error> {
        let transactional = self.connection.dialect().transactional_ddl();
        match wanted {
            Some(true) => self.connection.begin().await.map(Start::Transaction),
            None if !transactional && self.connection.is_one_session() => {
                self.connection.execute("START TRANSACTION", &[]).await.map(|()| Start::Plain)
            }
            _ => Ok(Start::Bare),
        }
    }

    async fn snapshot(&self) -> Result<Snapshot, Error> {
        Snapshot::take(self.connection, Scope::Schema, &own_tables(&self.table)).await
    }

    /// Objects if an index was begun and not finished: `IF NOT EXISTS` takes it for one that is there.
    async fn finished_indexes(&self, on: &C) -> Result<(), Refusal> {
        let Some(sql) = on.dialect().invalid_indexes() else { return Ok(()) };
        let rows = on.query(sql, &[]).await?;
        let names: Vec<String> = rows.into_iter().flatten().flatten().collect();
        match names.is_empty() {
            true => Ok(()),
            false => Err(Refusal::new(format!("index {} is INVALID: its build was interrupted", names.join(", ")))),
        }
    }

    /// After a failure: ends what is open, and says whether nothing of the migration is in.
    async fn is_undone(
        &mut self,
        job: &Job,
        start: Start<C>,
        before: &Snapshot,
        changes: &Option<Vec<Row>>,
        refusal: &Refusal,
    ) -> Result<bool, Halt> {
        if refusal.trouble == Trouble::Lost {
            // Its session has to be given back before there can be a new one.
            drop(start);
            // Nothing is settled yet; this waits until the old session is over.
            self.is_settled(job, &Error::new(refusal.message.clone())).await?;
        } else {
            match start {
                Start::Transaction(transaction) => {
                    // What it did is asked for below, whether this goes well or not.
                    let _ = transaction.rollback().await;
                }
                Start::Plain => {
                    let _ = self.connection.execute("ROLLBACK", &[]).await;
                }
                Start::Bare if is_open(self.connection).await => {
                    let _ = self.connection.execute("ROLLBACK", &[]).await;
                }
                Start::Bare => {}
            }
        }
        let state = ledger::state(self.connection, &job.entry.name).await.map_err(database)?;
        if state == Some(State::Starting) && self.takes_back().await? {
            return Ok(true);
        }
        let same_rows = refusal.trouble != Trouble::Lost
            && match (changes, changed(self.connection).await) {
                (Some(before), Some(now)) => self.connection.dialect().is_unchanged(before, &now),
                _ => false,
            };
        let now = if same_rows { self.snapshot().await.ok() } else { None };
        Ok(now.is_some_and(|now| now == *before))
    }

    /// The end of a transaction in which the rows were written, or of one that was over before.
    pub(super) async fn end(&mut self, job: &Job, committed: Result<(), Error>, settled: bool) -> Result<(), Halt> {
        match committed {
            Ok(()) if settled => Ok(()),
            Ok(()) => self.settle_alone(job).await,
            Err(error) if error.trouble == Trouble::Lost => match self.is_settled(job, &error).await? {
                true => Ok(()),
                false
                    if ledger::state(self.connection, &job.entry.name).await.map_err(database)?
                        == Some(State::Starting) =>
                {
                    Err(Halt::Refused { refusal: error.into(), undone: true })
                }
                false => self.settle_alone(job).await,
            },
            Err(error) => Err(Halt::Refused { refusal: error.into(), undone: false }),
        }
    }
}

/// The statements, of which the one that made the migration fail is marked: SeaORM 1.1 does not report which one failed.
fn blamed(mut sent: Vec<Recorded>, refusal: &Refusal) -> Vec<Recorded> {
    let from_database = matches!(refusal.cause, Cause::Error | Cause::Refused(_) | Cause::InTransaction)
        && refusal.message.contains(FROM_DATABASE);
    if from_database
        && sent.iter().all(|statement| statement.outcome == Outcome::Done)
        && let Some(last) = sent.last_mut()
    {
        (last.outcome, last.error) = (Outcome::Failed, Some(refusal.message.clone()));
    }
    sent
}

/// The driver's prefix of an error of the database.
const FROM_DATABASE: &str = "error returned from database";

/// How many rows this session has changed, if the database tells. While a transaction is open, `on` is that: there may be no
/// other way to the session.
async fn changed<C: Connection>(on: &C) -> Option<Vec<Row>> {
    on.query(on.dialect().changes()?, &[]).await.ok()
}
