//! The transaction that a script is in: what begins and ends it, and what is undone with it.

use sea_orm_migration::sea_orm::DbErr;

use super::{Core, Pretence};
use crate::dialect::Dialect;
use crate::pretend::statement::{Control, Statement};
use crate::pretend::{Enclosure, Said};

/// A transaction or a savepoint that is open, and how everything was when it began.
#[derive(Clone)]
pub(super) struct Level {
    savepoint: Option<String>,
    before: Box<Pretence>,
}

/// What is known of the session's transaction.
#[derive(Clone, Default)]
pub(super) struct Transaction {
    levels: Vec<Level>,
    /// Transactions that the driver counts.
    counted: usize,
    /// One begins before the first statement that does not end it at once.
    due: bool,
    /// A statement in it has failed, and the server refuses all others.
    aborted: bool,
}

impl Core {
    /// Begins a migration, in a transaction or not.
    pub(super) fn start(&mut self, enclosure: Enclosure) {
        self.transaction = Transaction::default();
        match enclosure {
            Enclosure::Transaction => {
                self.transaction.counted = 1;
                let begin = self.dialect().begin_script();
                self.begin_level(None, begin.to_owned());
            }
            Enclosure::UntilCommit => self.transaction.due = true,
            Enclosure::Bare => {}
        }
    }

    /// Ends a migration that went well; the rows of the ledger are written by `ledger`.
    pub(super) async fn finish(&mut self, ledger: &[String]) -> Result<(), DbErr> {
        self.is_usable()?;
        self.check_all().await;
        for sql in ledger {
            self.write(sql, &[]).await?;
            // It is kit's own.
            if let Some(Said::Statement(sql)) = self.said.pop() {
                self.script(sql);
            }
        }
        if !self.transaction.levels.is_empty() {
            self.transaction.levels.clear();
            self.script("COMMIT".to_owned());
        }
        self.transaction.due = false;
        Ok(())
    }

    /// Ends a migration that failed: nothing of its open transaction stays.
    pub(super) fn fail(&mut self) {
        if self.transaction.levels.is_empty() {
            return;
        }
        self.undo_all();
        // One without a statement needs no end.
        match self.said.last() {
            Some(Said::Script(sql)) if sql == self.dialect().begin_script() => {
                self.said.pop();
            }
            _ => self.script("ROLLBACK".to_owned()),
        }
    }

    /// What the driver sends when a migration begins a transaction of its own.
    pub(super) fn begin_counted(&mut self) {
        self.transaction.due = false;
        let depth = self.transaction.counted;
        self.transaction.counted += 1;
        let outcome = match depth {
            0 => self.control(&Control::Begin, "BEGIN".to_owned()),
            depth => self.control(&Control::Savepoint(savepoint(depth)), format!("SAVEPOINT {}", savepoint(depth))),
        };
        // The driver hears of it with the next statement.
        self.transaction.aborted |= outcome.is_err();
    }

    /// What the driver sends when such a transaction ends.
    pub(super) fn end_counted(&mut self, commit: bool) {
        let Some(depth) = self.transaction.counted.checked_sub(1) else { return };
        self.transaction.counted = depth;
        let name = savepoint(depth);
        let (control, sql) = match (depth, commit) {
            (0, true) => (Control::Commit, "COMMIT".to_owned()),
            (0, false) => (Control::Rollback, "ROLLBACK".to_owned()),
            (_, true) => (Control::Release(name.clone()), format!("RELEASE SAVEPOINT {name}")),
            (_, false) => (Control::RollbackTo(name.clone()), format!("ROLLBACK TO SAVEPOINT {name}")),
        };
        let outcome = self.control(&control, sql);
        self.transaction.aborted |= outcome.is_err();
    }

    /// Takes note of a statement that begins or ends a transaction.
    pub(super) fn control(&mut self, control: &Control, sql: String) -> Result<(), DbErr> {
        self.transaction.due = false;
        let is_open = !self.transaction.levels.is_empty();
        match control {
            Control::Begin if is_open && self.dialect() == Dialect::Sqlite => {
                return Err(DbErr::Custom("cannot start a transaction within a transaction".to_owned()));
            }
            Control::Commit | Control::Rollback if !is_open && self.dialect() == Dialect::Sqlite => {
                return Err(DbErr::Custom("no transaction is active".to_owned()));
            }
            // One that is open goes on.
            Control::Begin if is_open && self.dialect() == Dialect::Postgres => self.say(sql),
            Control::Begin => {
                self.transaction.levels.clear();
                self.begin_level(None, sql);
            }
            Control::Savepoint(name) => {
                self.is_usable()?;
                self.begin_level(Some(name.clone()), sql);
            }
            Control::Commit if self.transaction.aborted => {
                self.say(sql);
                self.undo_all();
            }
            Control::Commit => {
                self.say(sql);
                self.transaction.levels.clear();
            }
            Control::Rollback => {
                self.say(sql);
                self.undo_all();
            }
            Control::RollbackTo(name) => {
                let Some(at) = self.level(name) else {
                    return Err(DbErr::Custom(format!("savepoint `{name}` does not exist")));
                };
                self.say(sql);
                self.transaction.levels.truncate(at + 1);
                if let Some(level) = self.transaction.levels.last() {
                    self.now = (*level.before).clone();
                }
                self.transaction.aborted = false;
            }
            Control::Release(name) => {
                self.is_usable()?;
                if let Some(at) = self.level(name) {
                    self.transaction.levels.truncate(at);
                }
                self.say(sql);
            }
        }
        Ok(())
    }

    /// Takes note that a statement is sent, which may begin or end a transaction.
    pub(super) fn enter(&mut self, statement: &Statement) {
        let commits = matches!(statement, Statement::Schema(_)) && !self.dialect().transactional_ddl();
        if commits {
            self.transaction.levels.clear();
            self.transaction.due = false;
        } else if self.transaction.due && !matches!(statement, Statement::Session | Statement::Look) {
            self.transaction.due = false;
            self.begin_level(None, "START TRANSACTION".to_owned());
        }
    }

    /// Whether no transaction is open, or about to be.
    pub(super) fn is_outside(&self) -> bool {
        self.transaction.levels.is_empty() && !self.transaction.due
    }

    /// Begins what the server makes one transaction without being asked.
    pub(super) fn enclose(&mut self) {
        self.script(self.dialect().begin_script().to_owned());
        self.transaction.levels.push(Level { savepoint: None, before: Box::new(self.now.clone()) });
    }

    /// Ends it.
    pub(super) fn leave(&mut self) {
        self.script("COMMIT".to_owned());
        self.transaction.levels.clear();
    }

    /// Takes note that a statement was refused.
    pub(super) fn abort(&mut self) {
        self.transaction.aborted |= self.dialect().aborts_transactions() && !self.transaction.levels.is_empty();
    }

    /// Whether the transaction takes statements.
    pub(super) fn is_usable(&self) -> Result<(), DbErr> {
        match self.transaction.aborted {
            true => Err(DbErr::Custom(
                "current transaction is aborted, commands ignored until end of transaction block".to_owned(),
            )),
            false => Ok(()),
        }
    }

    fn begin_level(&mut self, savepoint: Option<String>, sql: String) {
        let before = Box::new(self.now.clone());
        let own = self.transaction.levels.is_empty() && self.said.is_empty() || sql == "START TRANSACTION";
        self.transaction.levels.push(Level { savepoint, before });
        self.said.push(if own { Said::Script(sql) } else { Said::Statement(sql) });
    }

    fn level(&self, name: &str) -> Option<usize> {
        self.transaction.levels.iter().rposition(|level| level.savepoint.as_deref() == Some(name))
    }

    fn undo_all(&mut self) {
        let first = std::mem::take(&mut self.transaction.levels).into_iter().next();
        if let Some(first) = first {
            self.now = *first.before;
        }
        self.transaction.aborted = false;
    }

    pub(super) fn script(&mut self, sql: String) {
        self.said.push(Said::Script(sql));
    }
}

/// A name as the driver gives one.
fn savepoint(depth: usize) -> String {
    format!("kit_{depth}")
}
