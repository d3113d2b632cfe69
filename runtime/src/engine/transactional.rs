//! A migration in a transaction, on a database that can roll DDL back: migration, ledger row and side row are in together
//! or not at all. The side row says `running` in that transaction: if the migration ends it itself, what it did before that is
//! in, and the row with it.

use super::call::Refusal;
use super::migration::{Halt, Job};
use super::settings::{Settings, is_open};
use super::{Run, database};
use crate::connection::{Connection, Error, Migrations, Row, Trouble};
use crate::dialect::Switch;
use crate::ledger::{self, Entry, State};
use crate::wire::Warning;

impl<C: Connection, M: Migrations<C>> Run<'_, C, M> {
    /// Runs it. With `foreign_keys_off` nothing happens to rows that refer to a table while that is made anew; at the end
    /// none may lead nowhere that did not before.
    pub(super) async fn in_transaction(&mut self, job: &Job, foreign_keys_off: bool) -> Result<(), Halt> {
        let settings = Settings::read(self.connection).await.map_err(database)?;
        let switch = self.connection.dialect().foreign_key_switch().filter(|switch| !switch.inside);
        let outcome = match switch.filter(|_| foreign_keys_off) {
            Some(switch) => {
                self.set(&switch, switch.off).await?;
                self.transaction(job, &settings, None).await
            }
            None => self.transaction(job, &settings, switch).await,
        };
        // What cannot be put back inside the transaction, and what a rollback has not taken back.
        let changed = settings.restore(self.connection).await;
        if outcome.is_ok() {
            let changed = changed.map_err(database)?.into_iter();
            let own = |name: &String| foreign_keys_off && name == "foreign_keys";
            self.warn_settings(job, changed.filter(|name| !own(name)).collect());
        }
        outcome
    }

    /// `watched` says how foreign keys are looked at, where a table may have to be made anew without that.
    async fn transaction(&mut self, job: &Job, settings: &Settings, watched: Option<Switch>) -> Result<(), Halt> {
        let (entry, _) = self.starting(job).await?;
        let transaction = self.connection.begin().await.map_err(|error| refused(error, true))?;
        if let Err(lost) = self.lock.check(&transaction).await {
            // Nothing was done in it yet.
            let _ = transaction.rollback().await;
            return Err(lost.into());
        }
        let noted = async {
            let before = Before::of(&transaction).await?;
            let running = Entry { state: State::Running, ..entry };
            ledger::record(&transaction, &running, &self.request.kit).await?;
            Ok(before)
        };
        let before = match noted.await {
            Ok(before) => before,
            Err(error) => {
                // As above.
                let _ = transaction.rollback().await;
                return Err(database(error).into());
            }
        };
        let may_rebuild = watched.is_some() && settings.get("foreign_keys") == Some("1");
        fault!("before-up", &transaction);
        let called = self.call(job, &transaction, None).await;
        fault!("after-up", &transaction);
        if let Err(refusal) = called {
            let blocked = refusal.trouble == Trouble::ForeignKey && may_rebuild && !before.parents.is_empty();
            let undone = match refusal.trouble {
                Trouble::Lost => {
                    // Its session has to be given back before there can be a new one.
                    let _ = transaction.rollback().await;
                    // Its rows are not written yet; this waits until the old session is over.
                    self.is_settled(job, &Error::new(refusal.message.clone())).await?;
                    !self.is_committed(&before).await
                }
                _ => self.give_up(job, transaction, &before).await,
            };
            if !undone {
                let note = async |on: &C| self.note_failure(job, on, &refusal).await;
                // If this cannot be written, `running` stands there and says enough.
                let _ = self.lock.write(self.connection, note).await;
            }
            return Err(match blocked && undone {
                true => Halt::NeedsForeignKeysOff,
                false => Halt::Refused { refusal, undone },
            });
        }
        if !before.is_still_in(&transaction).await {
            let changed = settings.restore(&transaction).await.map_err(database)?;
            if is_open(&transaction).await {
                return self.commit_another(job, transaction, changed).await;
            }
            self.give_up(job, transaction, &before).await;
            self.warn_settings(job, changed);
            self.warn(Warning::CommittedInside { name: job.entry.name.clone() });
            return self.settle_alone(job).await;
        }
        let objection = match before.objection(&transaction, may_rebuild, watched.is_none()).await {
            Ok(objection) => objection,
            Err(error) => Some(Halt::Refused { refusal: error.into(), undone: true }),
        };
        if let Some(halt) = objection {
            self.give_up(job, transaction, &before).await;
            return Err(halt);
        }
        let settled = async {
            let inside = self.connection.dialect().restores_inside();
            let changed = if inside { settings.restore(&transaction).await? } else { Vec::new() };
            self.settle(job, &transaction).await?;
            Ok(changed)
        };
        let changed = match settled.await {
            Ok(changed) => changed,
            Err(error) => {
                let undone = self.give_up(job, transaction, &before).await;
                return Err(refused(error, undone));
            }
        };
        if let Err(lost) = self.lock.fence(&transaction).await {
            // Whoever has the lock now has not seen this migration.
            let _ = transaction.rollback().await;
            return Err(lost.into());
        }
        fault!("before-commit", &transaction);
        let committed = transaction.commit().await;
        fault!("after-commit", self.connection);
        if let Err(error) = committed {
            if error.trouble != Trouble::Lost {
                return Err(refused(error, true));
            }
            if !self.is_settled(job, &error).await? {
                return Err(refused(error, true));
            }
        }
        self.warn_settings(job, changed);
        Ok(())
    }

    /// Commits a transaction that the migration has begun after it ended its own, with both rows.
    async fn commit_another(&mut self, job: &Job, transaction: C, changed: Vec<String>) -> Result<(), Halt> {
        self.settle(job, &transaction).await.map_err(database)?;
        if let Err(lost) = self.lock.fence(&transaction).await {
            // Whoever has the lock now has not seen this migration.
            let _ = transaction.rollback().await;
            return Err(lost.into());
        }
        fault!("before-commit", &transaction);
        let committed = transaction.commit().await;
        fault!("after-commit", self.connection);
        self.warn_settings(job, changed);
        self.warn(Warning::CommittedInside { name: job.entry.name.clone() });
        self.end(job, committed, true).await
    }

    /// Writes the rows of a migration that is in already.
    pub(super) async fn settle_alone(&mut self, job: &Job) -> Result<(), Halt> {
        loop {
            let outcome = async {
                let transaction = self.connection.begin().await?;
                self.settle(job, &transaction).await?;
                // If the lock is gone, `running` stays there and says that it is not known how far the migration got.
                if let Err(lost) = self.lock.fence(&transaction).await {
                    let _ = transaction.rollback().await;
                    return Ok(Err(lost));
                }
                fault!("before-commit", &transaction);
                let committed = transaction.commit().await;
                fault!("after-commit", self.connection);
                committed.map(Ok)
            };
            match outcome.await {
                Ok(done) => return Ok(done?),
                Err(error) if error.trouble == Trouble::Lost => {
                    if self.is_settled(job, &error).await? {
                        return Ok(());
                    }
                }
                Err(error) if error.trouble == Trouble::Passing => {}
                Err(error) => return Err(database(error).into()),
            }
        }
    }

    /// Rolls back; says whether that took everything back.
    async fn give_up(&self, job: &Job, transaction: C, before: &Before) -> bool {
        if self.connection.dialect().transaction_name().is_none() && !is_open(&transaction).await {
            // The migration has ended it, or the database has: a full disk takes all of it back. The driver counts
            // transactions, and does so only when they end.
            let _ = transaction.execute("BEGIN", &[]).await;
            let _ = transaction.rollback().await;
            let state = ledger::state(self.connection, &job.entry.name).await;
            return state.is_ok_and(|state| state != Some(State::Running));
        }
        let rolled_back = transaction.rollback().await;
        let rolled_back = rolled_back.is_ok() || rolled_back.is_err_and(|error| error.trouble == Trouble::Lost);
        rolled_back && !self.is_committed(before).await
    }

    /// Whether the server says that the transaction was committed, by whomever.
    async fn is_committed(&self, before: &Before) -> bool {
        let Some(name) = before.name.as_deref() else { return false };
        let Some(sql) = self.connection.dialect().transaction_outcome(name) else { return false };
        let answer = self.connection.query(&sql, &[]).await;
        answer.is_ok_and(|rows| rows.into_iter().flatten().next().flatten().as_deref() == Some("committed"))
    }

    async fn set(&self, switch: &Switch, position: &str) -> Result<(), Halt> {
        let sql = format!("{}{position}", switch.set);
        Ok(self.connection.execute(&sql, &[]).await.map_err(database)?)
    }
}

fn refused(error: Error, undone: bool) -> Halt {
    Halt::Refused { refusal: error.into(), undone }
}

/// What is known of a transaction before the migration begins.
struct Before {
    name: Option<String>,
    /// Tables that others refer to, and what becomes another when one is made anew.
    parents: Vec<Row>,
    dangling: Vec<Row>,
}

impl Before {
    async fn of<C: Connection>(transaction: &C) -> Result<Self, Error> {
        let dialect = transaction.dialect();
        let name = ask(transaction, dialect.transaction_name()).await?.into_iter().flatten().next().flatten();
        let parents = ask(transaction, dialect.parents()).await?;
        let dangling = if parents.is_empty() { Vec::new() } else { ask(transaction, dialect.dangling()).await? };
        Ok(Self { name, parents, dangling })
    }

    /// Whether the session is still in the same transaction.
    async fn is_still_in<C: Connection>(&self, transaction: &C) -> bool {
        match &self.name {
            None => is_open(transaction).await,
            Some(before) => {
                let rows = ask(transaction, transaction.dialect().transaction_name()).await.unwrap_or_default();
                rows.into_iter().flatten().next().flatten().as_ref() == Some(before)
            }
        }
    }

    /// What stands against what the migration did to tables that others refer to.
    async fn objection<C: Connection>(
        &self,
        transaction: &C,
        may_rebuild: bool,
        unwatched: bool,
    ) -> Result<Option<Halt>, Error> {
        let dialect = transaction.dialect();
        if may_rebuild && !self.parents.is_empty() {
            let now = ask(transaction, dialect.parents()).await?;
            let is_new = |before: &Row| now.iter().any(|row| row.first() == before.first() && row != before);
            if self.parents.iter().any(is_new) {
                return Ok(Some(Halt::NeedsForeignKeysOff));
            }
        }
        if unwatched {
            let now = ask(transaction, dialect.dangling()).await?;
            if let Some([Some(table), parent, count]) =
                now.iter().find(|row| !self.dangling.contains(row)).map(Vec::as_slice)
            {
                let (parent, count) = (parent.as_deref().unwrap_or("?"), count.as_deref().unwrap_or("?"));
                let message =
                    format!("FOREIGN KEY constraint failed: {count} rows of `{table}` refer to no row of `{parent}`");
                return Ok(Some(Halt::Refused { refusal: Refusal::new(message), undone: true }));
            }
        }
        Ok(None)
    }
}

async fn ask<C: Connection>(connection: &C, sql: Option<&str>) -> Result<Vec<Row>, Error> {
    match sql {
        Some(sql) => connection.query(sql, &[]).await,
        None => Ok(Vec::new()),
    }
}
