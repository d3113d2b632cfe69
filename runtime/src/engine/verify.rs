//! Trying migrations on a database that is nobody's: each is applied, rolled back and applied again, in the same
//! transactions as for real, and the schema is compared in between; then once more with rows in the tables, if asked for.
//! It reports what does not come back, and does not know where the database comes from or goes.
//!
//! What a fault leaves is not what the next migration expects, so the database is made anew behind it. And a fault that
//! is found where others were rolled back before counts only if it is found on a database made anew, too: numbers that
//! a table has counted up to do not come back, for instance.

use std::time::Instant;

use super::migration::millis_since;
use super::{Run, database, unusable};
use crate::connection::{Connection, Migrations, table_exists};
use crate::ledger::{self, own_tables};
use crate::rows::{Contents, Loss, fill};
use crate::scratch::{self, MARK};
use crate::snapshot::{Change, Scope, Snapshot};
use crate::wipe::wipe;
use crate::wire::{Cause, Direction, Event, Failure, Fault, Remark, Verify, Wipe};

const ALL: Wipe = Wipe { views: true, types: true };

/// Objects that are named where a database is not empty.
const NAMED: usize = 5;

/// What is known of a migration.
#[derive(Default)]
struct Findings {
    faults: Vec<Fault>,
    notes: Vec<Remark>,
    /// The database is as it is to be when the migration is applied.
    whole: bool,
}

/// The schema as it is without a migration and with it.
struct Schemas {
    without: Snapshot,
    with: Snapshot,
    /// Rows that there are without it.
    rows: Vec<Contents>,
    /// `down` and `up` have restored it exactly, the order of columns included.
    exact: bool,
}

/// Objects outside all schemas that existed before, such as extensions, and the schemas themselves: kind and name.
type Outside = Vec<(String, String)>;

impl<C: Connection, M: Migrations<C>> Run<'_, C, M> {
    /// Verifies; the faults are events, not failures.
    pub(super) async fn verify(&mut self, verify: &Verify) -> Result<(), Failure> {
        self.lock.check(self.connection).await?;
        if !table_exists(self.connection, MARK).await.map_err(database)? {
            let objects = self.objects().await?;
            if !objects.is_empty() {
                return Err(Failure::Occupied { objects });
            }
        }
        let outside = self.outside().await?;
        self.empty(&outside).await?;
        self.lay_out().await?;
        let outcome = self.one_by_one(verify, &outside).await;
        if !verify.clean {
            return outcome;
        }
        outcome.and(self.empty(&outside).await)
    }

    async fn one_by_one(&mut self, verify: &Verify, outside: &Outside) -> Result<(), Failure> {
        let names = self.names.clone();
        let Some(last) = names.iter().rposition(|name| verify.only.contains(name)) else { return Ok(()) };
        // Nothing has been rolled back since the database was made.
        let mut fresh = true;
        for (index, name) in names.iter().enumerate().take(last + 1) {
            let rows = verify.only.contains(name).then_some(verify.rows);
            (self.on_event)(Event::Started { direction: Direction::Up, name: name.clone() });
            let clock = Instant::now();
            let mut found = self.look(name, rows).await?;
            if !found.faults.is_empty() && !fresh && self.rebuild(&names, index, outside).await? {
                found = self.look(name, rows).await?;
            }
            fresh = fresh && rows.is_none();
            let (name, millis) = (name.clone(), millis_since(clock));
            let dead = found.faults.iter().any(|fault| matches!(fault, Fault::Up { .. }));
            (self.on_event)(match rows {
                None if !dead => Event::Finished { direction: Direction::Up, name, millis },
                _ => Event::Verified { name, millis, faults: found.faults, notes: found.notes },
            });
            if dead || index == last {
                return Ok(());
            }
            if !found.whole {
                fresh = self.rebuild(&names, index + 1, outside).await?;
                if !fresh {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Finds out about a migration that is next; without `rows`, whether it can be applied.
    async fn look(&mut self, name: &str, rows: Option<u32>) -> Result<Findings, Failure> {
        let mut found = Findings::default();
        let Some(rows) = rows else {
            let refused = self.attempt(Direction::Up, name).await?;
            found.whole = refused.is_none();
            found.faults.extend(refused.map(|(_, message)| Fault::Up { message }));
            return Ok(found);
        };
        match self.there_and_back(name, rows > 0, &mut found.notes).await? {
            Err(fault) => found.faults.push(fault),
            Ok(schemas) if rows == 0 => found.whole = schemas.exact,
            Ok(schemas) => self.with_rows(name, rows, &schemas, &mut found).await?,
        }
        Ok(found)
    }

    /// Up, down, up, on tables that have no rows but those of migrations.
    async fn there_and_back(
        &mut self,
        name: &str,
        reads: bool,
        notes: &mut Vec<Remark>,
    ) -> Result<Result<Schemas, Fault>, Failure> {
        let without = self.schema().await?;
        let rows = if reads { self.contents().await? } else { Vec::new() };
        if let Some((_, message)) = self.attempt(Direction::Up, name).await? {
            return Ok(Err(Fault::Up { message }));
        }
        let with = self.schema().await?;
        match self.attempt(Direction::Down, name).await? {
            None => {}
            Some((Cause::Irreversible, _)) => return Ok(Err(Fault::Missing)),
            Some((_, message)) => return Ok(Err(Fault::Down { message })),
        }
        let restored = self.schema().await?;
        if let Some(changes) = self.apart(&without, &restored, notes) {
            let idle = restored == with;
            return Ok(Err(if idle { Fault::Idle { changes } } else { Fault::Other { changes } }));
        }
        if let Some((_, message)) = self.attempt(Direction::Up, name).await? {
            return Ok(Err(Fault::Again { message }));
        }
        let again = self.schema().await?;
        if let Some(changes) = self.apart(&with, &again, notes) {
            return Ok(Err(Fault::Unlike { changes }));
        }
        Ok(Ok(Schemas { exact: again == with, without, with, rows }))
    }

    /// Returns what is different, without an order of columns that the database cannot restore: that is noted.
    fn apart(&self, before: &Snapshot, after: &Snapshot, notes: &mut Vec<Remark>) -> Option<Vec<Change>> {
        let mut changes = before.changes(after);
        if !self.connection.dialect().places_columns() {
            changes.retain(|change| {
                let Some([was, is]) = change.reordered() else { return true };
                let note = Remark::Reordered { was, is };
                if !notes.contains(&note) {
                    notes.push(note);
                }
                false
            });
        }
        (!changes.is_empty()).then_some(changes)
    }

    /// Down and up again on tables that have rows.
    async fn with_rows(
        &mut self,
        name: &str,
        rows: u32,
        schemas: &Schemas,
        found: &mut Findings,
    ) -> Result<(), Failure> {
        let own = self.contents().await?;
        let filling = fill(self.connection, rows, &self.not_theirs()).await.map_err(database)?;
        found.notes.extend(filling.notes.iter().cloned());
        let mut before = self.contents().await?;
        // What the migration has brought itself may go with it.
        for table in &mut before {
            table.leave_out(&schemas.rows, &own);
        }
        if let Some((_, message)) = self.attempt(Direction::Down, name).await? {
            found.faults.push(Fault::OnlyEmpty { message });
            return Ok(());
        }
        let restored = self.schema().await?;
        if let Some(changes) = self.apart(&schemas.without, &restored, &mut found.notes) {
            found.faults.push(Fault::Other { changes });
            return Ok(());
        }
        let mut between = self.contents().await?;
        compare(&before, &between, Direction::Down, found);
        if !found.faults.is_empty() {
            return Ok(());
        }
        if let Some((_, message)) = self.attempt(Direction::Up, name).await? {
            found.notes.push(Remark::UpOnRows { message });
            return Ok(());
        }
        let after = self.contents().await?;
        // What `up` has done to rows of earlier migrations, without any of kit's, is its purpose.
        let meant = losses(&schemas.rows, &own, Direction::Up);
        for table in &mut between {
            table.leave_out(&own, &schemas.rows);
        }
        compare(&between, &after, Direction::Up, found);
        found.faults.retain(|fault| match fault {
            Fault::ValuesLost { table, column, direction: Direction::Up } => {
                !meant.iter().any(|(name, loss)| name == table && *loss == Loss::Values(column.clone()))
            }
            _ => true,
        });
        found.notes.extend(meant.into_iter().map(|(table, loss)| match loss {
            Loss::Rows(rows) => Remark::UpDeletes { table, rows },
            Loss::Values(column) => Remark::UpClears { table, column },
        }));
        let same = self.schema().await? == schemas.with;
        found.whole = found.faults.is_empty() && same && filling.remove(self.connection).await;
        Ok(())
    }

    /// Runs a migration; how it refused, if it did.
    async fn attempt(&mut self, direction: Direction, name: &str) -> Result<Option<(Cause, String)>, Failure> {
        let job = self.job(direction, name, Some(1))?;
        match self.tries(&job).await {
            Ok(()) => Ok(None),
            Err(Failure::Migration { cause, message, .. }) => Ok(Some((
                cause,
                match cause {
                    Cause::Panic => format!("it panicked: {message}"),
                    Cause::Unsupported => format!("this database cannot do it: {message}"),
                    Cause::Error
                    | Cause::Refused(_)
                    | Cause::NoColumn
                    | Cause::InTransaction
                    | Cause::Starved
                    | Cause::Irreversible => message,
                },
            ))),
            Err(failure) => Err(failure),
        }
    }

    /// Tables that no migration has made.
    fn not_theirs(&self) -> Vec<&str> {
        own_tables(&self.table).into_iter().chain([MARK]).collect()
    }

    async fn contents(&self) -> Result<Vec<Contents>, Failure> {
        Contents::all(self.connection, &self.not_theirs()).await.map_err(database)
    }

    async fn schema(&self) -> Result<Snapshot, Failure> {
        Snapshot::take(self.connection, Scope::Database, &self.not_theirs()).await.map_err(database)
    }

    /// Makes the database anew, with the first `count` migrations applied; says whether that went well.
    async fn rebuild(&mut self, names: &[String], count: usize, outside: &Outside) -> Result<bool, Failure> {
        self.empty(outside).await?;
        self.lay_out().await?;
        for name in names.iter().take(count) {
            if self.attempt(Direction::Up, name).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The mark first: whoever finds the database when kit was killed must know that it may be emptied.
    async fn lay_out(&self) -> Result<(), Failure> {
        let mark = scratch::mark(self.connection.dialect());
        self.connection.execute(&mark, &[]).await.map_err(database)?;
        ledger::install(self.connection, &self.table).await.map_err(unusable)
    }

    async fn empty(&self, outside: &Outside) -> Result<(), Failure> {
        let dialect = self.connection.dialect();
        for (kind, name) in self.outside().await?.iter().filter(|one| !outside.contains(one)) {
            self.connection.execute(&dialect.drop_outside(kind, name), &[]).await.map_err(database)?;
        }
        wipe(self.connection, ALL, &self.table).await.map(|_| ()).map_err(database)
    }

    async fn outside(&self) -> Result<Outside, Failure> {
        let Some(sql) = self.connection.dialect().outside() else { return Ok(Vec::new()) };
        let rows = self.connection.query(sql, &[]).await.map_err(database)?;
        let pair = |row: crate::connection::Row| {
            let mut cells = row.into_iter();
            Some((cells.next()??, cells.next()??))
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    /// Some of what is in the database.
    async fn objects(&self) -> Result<Vec<String>, Failure> {
        let mut objects = Vec::new();
        for sql in self.connection.dialect().objects(ALL) {
            let rows = self.connection.query(&sql, &[]).await.map_err(database)?;
            objects.extend(rows.into_iter().filter_map(|row| match row.as_slice() {
                [Some(kind), Some(name), ..] => Some(format!("{} {name}", kind.to_lowercase())),
                _ => None,
            }));
        }
        let more = objects.len().saturating_sub(NAMED);
        objects.truncate(NAMED);
        if more > 0 {
            objects.push(format!("{more} more"));
        }
        Ok(objects)
    }
}

/// Returns what is missing from the tables that are in both, by table.
fn losses(before: &[Contents], after: &[Contents], direction: Direction) -> Vec<(String, Loss)> {
    let pairs = before.iter().filter_map(|table| Some((table, after.iter().find(|one| one.name() == table.name())?)));
    pairs
        .flat_map(|(earlier, later)| {
            earlier.losses(later, direction).into_iter().map(|loss| (earlier.name().to_owned(), loss))
        })
        .collect()
}

/// What got lost between two looks at the rows.
fn compare(before: &[Contents], after: &[Contents], direction: Direction, found: &mut Findings) {
    for later in after {
        let table = later.name().to_owned();
        let Some(earlier) = before.iter().find(|earlier| earlier.name() == table) else {
            if direction == Direction::Down && later.rows.is_empty() {
                found.notes.push(Remark::Emptied { table, column: None });
            }
            continue;
        };
        let of = earlier.rows.len();
        found.faults.extend(earlier.losses(later, direction).into_iter().map(|loss| match loss {
            Loss::Rows(lost) => Fault::RowsLost { table: table.clone(), direction, lost, of },
            Loss::Values(column) => Fault::ValuesLost { table: table.clone(), column, direction },
        }));
        if direction == Direction::Down {
            let emptied = later.emptied(earlier).map(str::to_owned);
            found.notes.extend(emptied.map(|column| Remark::Emptied { table: table.clone(), column: Some(column) }));
        }
    }
}
