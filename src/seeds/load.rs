//! Filling tables from files: all of it in one transaction, each table after those it refers to, many rows at once. If a batch is
//! refused, the row that is to blame is looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::dialect::value::Datum;
use super::dialect::{Batch, Trouble, Writer};
use super::labels::Labels;
use super::order::{Order, order};
use super::slots::{Meaning, Slot};
use super::survey::{Survey, Trigger};
use super::unchecked::{Unchecked, compares, dangling};
use super::{Fixture, Record, Rows as _};
use crate::database::Target;
use crate::error::{Error, FixtureMistake, Result, SeedError};
use crate::schema::model::{ForeignKey, Key, Table, What};
use crate::similar;

/// What is to be loaded.
pub struct Job<'a> {
    /// The database.
    pub target: &'a Target,
    /// What it has.
    pub survey: &'a Survey,
    /// The files.
    pub fixtures: &'a [Fixture],
    /// Tables to be emptied first.
    pub reset: &'a [String],
    /// Rows that are there already get the values of the file.
    pub upsert: bool,
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Tables and the rows they got, in the order in which they were filled.
    pub tables: Vec<(String, u64)>,
}

/// Loads all of it, or nothing. `on_rows` is told of a table and how many rows it has got so far.
///
/// # Errors
/// [`SeedError::Fixture`], [`SeedError::Fixtures`], [`Error::Database`]; [`SeedError::Seeded`] where the database does not take everything
/// back.
pub async fn load(job: &Job<'_>, on_rows: &mut dyn FnMut(&str, u64)) -> Result<Loaded> {
    for fixture in job.fixtures {
        if job.survey.schema.table(&fixture.table).is_none() {
            return Err(unknown_table(fixture, job));
        }
    }
    let schema = &job.survey.schema;
    let secured = job.survey.secured(job.fixtures.iter().map(|fixture| fixture.table.as_str()));
    if !secured.is_empty() {
        return Err(SeedError::RowSecurity { database: job.target.redacted(), tables: secured }.into());
    }
    let labels = Labels::of(job.fixtures, schema)?;
    let meaning = Meaning { schema, labels: &labels, dialect: job.target.dialect };
    let mut writer = Writer::open(job.target).await?;
    let finals = writer.final_tables().await.map_err(|trouble| trouble.of(job.target))?;
    let finals = finals.into_iter().map(|table| (table, 0)).collect();
    let failed = |trouble: Trouble| trouble.of(job.target);
    let unchecked = Unchecked::find(&mut writer, schema, !job.reset.is_empty()).await.map_err(failed)?;
    if unchecked.ignores_keys {
        writer.ignore_foreign_keys().await.map_err(failed)?;
    }
    let mut loader = Loader { job, meaning, writer, finals, unchecked, is_writing: false };
    let outcome = loader.all(on_rows).await;
    if let Err(error) = outcome {
        // The first error is the one to report; a session that is gone has taken everything back.
        let _ = loader.writer.execute("ROLLBACK").await;
        return Err(loader.with_what_stays(error));
    }
    outcome
}

/// The number and the line of each row of a batch.
type Places = Vec<(u64, u64)>;

struct Loader<'a> {
    job: &'a Job<'a>,
    meaning: Meaning<'a>,
    writer: Writer,
    /// Tables that take nothing back, and how many rows they got.
    finals: BTreeMap<String, u64>,
    unchecked: Unchecked,
    /// Nothing was refused before the first statement that writes.
    is_writing: bool,
}

impl<'a> Loader<'a> {
    async fn all(&mut self, on_rows: &mut dyn FnMut(&str, u64)) -> Result<Loaded> {
        let job = self.job;
        let chosen: BTreeSet<&str> = job.fixtures.iter().map(|fixture| fixture.table.as_str()).collect();
        let order = order(&job.survey.schema, &chosen);
        let ignores_keys = self.unchecked.ignores_keys;
        let dumped = |table: &str| job.fixtures.iter().any(|fixture| fixture.dumped && fixture.table == table);
        let emptying = self.triggers(|trigger| trigger.on_empty && job.reset.contains(&trigger.table));
        let loading = self.triggers(|trigger| trigger.on_insert && dumped(&trigger.table));
        self.refuse_triggers(&emptying, &loading)?;
        let failed = |trouble: Trouble| trouble.of(job.target);
        self.writer.begin().await.map_err(failed)?;
        self.is_writing = true;
        if !job.reset.is_empty() {
            let back = self.writer.disable(&emptying).await.map_err(failed)?;
            self.writer.let_triggers_run(false).map_err(failed)?;
            self.writer.empty(job.reset, job.survey, ignores_keys).await.map_err(failed)?;
            self.writer.let_triggers_run(true).map_err(failed)?;
            self.all_of(back).await?;
        }
        let relaxed = self.writer.relax(&order.waiting, ignores_keys).await.map_err(failed)?;
        let back = self.writer.disable(&loading).await.map_err(failed)?;
        let mut loaded = Loaded::default();
        for table in &order.tables {
            let Some(fixture) = job.fixtures.iter().find(|fixture| fixture.table == table.name) else { continue };
            self.writer.let_triggers_run(!fixture.dumped).map_err(failed)?;
            let rows = self.table(fixture, table, on_rows).await?;
            loaded.tables.push((table.name.clone(), rows));
        }
        self.writer.let_triggers_run(true).map_err(failed)?;
        self.check(&order).await?;
        if !back.is_empty() {
            self.writer.settle().await.map_err(failed)?;
        }
        self.all_of(relaxed).await?;
        self.all_of(back).await?;
        for (index, table) in &job.survey.indexes {
            if dumped(table) || job.reset.contains(table) {
                self.writer.index_again(index).await.map_err(failed)?;
            }
        }
        // A table without rows is not touched: each that is takes locks.
        let has_rows = |table: &&Table| loaded.tables.iter().any(|(name, rows)| *rows > 0 && *name == table.name);
        let filled: Vec<&Table> = order.tables.iter().copied().filter(has_rows).collect();
        self.writer.number_on(&filled).await.map_err(failed)?;
        self.writer.execute("COMMIT").await.map_err(failed)?;
        let emptied = job.reset.iter().filter_map(|name| job.survey.schema.table(name));
        self.writer.number_anew(emptied).await;
        Ok(loaded)
    }

    fn triggers(&self, which: impl Fn(&Trigger) -> bool) -> Vec<&'a Trigger> {
        self.job.survey.triggers.iter().filter(|trigger| which(trigger)).collect()
    }

    /// Fails if triggers would run that may not, before anything is written.
    fn refuse_triggers(&self, emptying: &[&Trigger], loading: &[&Trigger]) -> Result<()> {
        // One that runs while rows are deleted is no harm where none is left; where it can be disabled, it has to be.
        let refused = |trigger: &&&Trigger| !trigger.may_switch && (trigger.on_insert || trigger.switch.is_some());
        let refused: Vec<&Trigger> = emptying.iter().chain(loading).filter(refused).copied().collect();
        if refused.is_empty() {
            return Ok(());
        }
        let mut triggers: Vec<String> =
            refused.iter().map(|trigger| format!("{}.{}", trigger.table, trigger.name)).collect();
        triggers.dedup();
        let owner_may = refused.iter().all(|trigger| trigger.switch.is_some());
        Err(SeedError::Triggers { database: self.job.target.redacted(), triggers, owner_may }.into())
    }

    async fn all_of(&mut self, statements: Vec<String>) -> Result<()> {
        for sql in statements {
            self.writer.execute(&sql).await.map_err(|trouble| trouble.of(self.job.target))?;
        }
        Ok(())
    }

    async fn table(&mut self, fixture: &Fixture, table: &'a Table, on_rows: &mut dyn FnMut(&str, u64)) -> Result<u64> {
        let mut names = None::<Arc<Vec<String>>>;
        let mut slots: Vec<Slot<'a>> = Vec::new();
        let mut batch = Batch::new(self.meaning.dialect, table, Vec::new(), None);
        let mut places = Places::default();
        // Where a part of a batch would stay, there is only one row in it.
        let alone = self.finals.contains_key(&table.name);
        let mut rows = 0;
        let mut records = fixture.records()?;
        let mut record = Record::default();
        while records.next(&mut record).map_err(|fault| fixture.wrong(fault))? {
            let wrong = |fault: FixtureMistake| fixture.wrong(fault.in_row(record.number, record.line));
            if !names.as_ref().is_some_and(|names| Arc::ptr_eq(names, &record.names)) {
                self.flush(fixture, &mut batch, &mut places).await?;
                slots = self.meaning.slots(table, &record).map_err(wrong)?;
                let columns: Vec<_> = slots.iter().map(|slot| slot.column).collect();
                let has = |name: &String| columns.iter().any(|column| column.name == *name);
                let key = match self.job.upsert {
                    true => Some(
                        key_of(table, has)
                            .ok_or_else(|| wrong(FixtureMistake::new("--upsert needs the columns of a key")))?,
                    ),
                    false => None,
                };
                batch = Batch::new(self.meaning.dialect, table, columns, key);
                names = Some(record.names.clone());
            }
            let row = self.meaning.row(table, &slots, &record).map_err(wrong)?;
            let full = self.writer.take(&mut batch, &row);
            let full = full.map_err(|trouble| self.refused(fixture, &batch, trouble, (record.number, record.line)))?;
            rows += 1;
            if batch.len() > 0 {
                places.push((record.number, record.line));
            }
            if full || alone || rows % 10_000 == 0 {
                self.flush(fixture, &mut batch, &mut places).await?;
                self.finals.entry(table.name.clone()).and_modify(|kept| *kept += 1);
            }
            if rows % 10_000 == 0 {
                on_rows(&table.name, rows);
                // Who waits for Ctrl-C hears it.
                tokio::task::yield_now().await;
            }
        }
        self.flush(fixture, &mut batch, &mut places).await?;
        on_rows(&table.name, rows);
        Ok(rows)
    }

    async fn flush(&mut self, fixture: &Fixture, batch: &mut Batch<'_>, places: &mut Places) -> Result<()> {
        if batch.len() > 0
            && let Err(trouble) = self.writer.insert(batch, 0..batch.len()).await
        {
            return Err(self.blame(fixture, batch, places, trouble).await);
        }
        batch.clear();
        places.clear();
        Ok(())
    }

    /// The row that a batch is refused for.
    async fn blame(&mut self, fixture: &Fixture, batch: &Batch<'_>, places: &Places, mut trouble: Trouble) -> Error {
        let Range { start: mut from, end: mut to } = 0..batch.len();
        while to - from > 1 && !trouble.is_lost {
            let middle = from + (to - from) / 2;
            match self.writer.insert(batch, from..middle).await {
                Ok(()) => from = middle,
                Err(own) => (to, trouble) = (middle, own),
            }
        }
        if to - from == 1
            && !trouble.is_lost
            && let Err(own) = self.writer.insert(batch, from..to).await
        {
            trouble = own;
        }
        self.refused(fixture, batch, trouble, places.get(from).copied().unwrap_or_default())
    }

    /// What the database said of a row.
    fn refused(&self, fixture: &Fixture, batch: &Batch<'_>, trouble: Trouble, (number, line): (u64, u64)) -> Error {
        if trouble.is_lost {
            return trouble.of(self.job.target);
        }
        let message = self.job.target.scrub(&trouble.message);
        let column = trouble.column.or_else(|| {
            let known = |name: &&String| names(&message, name);
            let mut said = batch.columns.iter().copied().chain(&batch.table.columns).map(|column| &column.name);
            let column = said.find(known);
            column.or_else(|| constrained(batch.table, &message, trouble.constraint.as_deref())).cloned()
        });
        fixture.wrong(FixtureMistake { column, ..FixtureMistake::new(message) }.in_row(number, line))
    }

    /// Whether all references lead somewhere, where the database was told not to look.
    async fn check(&mut self, order: &Order<'_>) -> Result<()> {
        if order.waiting.is_empty() && self.job.reset.is_empty() && !self.unchecked.ignores_keys {
            return Ok(());
        }
        for table in &order.tables {
            for key in &table.foreign_keys {
                // Who looks by itself does not say the row of what waits, and has said all else.
                let waits = || order.waiting.iter().any(|(_, other)| std::ptr::eq(*other, key));
                if !self.writer.is_silent() && !waits() || !compares(&self.job.survey.schema, key) {
                    continue;
                }
                let failed = |trouble: Trouble| trouble.of(self.job.target);
                let dialect = self.writer.dialect();
                let own = key.columns.first().map(|name| format!("a.{}", dialect.quote(name))).unwrap_or_default();
                let sql = format!("SELECT {} {} LIMIT 1", dialect.text(&own), dangling(dialect, table, key));
                let found = self.writer.texts(&sql).await.map_err(failed)?;
                if !found.is_empty() && self.unchecked.tolerates(&mut self.writer, table, key).await.map_err(failed)? {
                    continue;
                }
                if let Some(value) = found.into_iter().next() {
                    let value = value.unwrap_or_default();
                    let column = key.columns.join(", ");
                    let fault =
                        FixtureMistake::new(format!("{value} is in no row of {}", key.table)).in_column(&column);
                    let fixture = self.job.fixtures.iter().find(|fixture| fixture.table == table.name);
                    return Err(match fixture {
                        Some(fixture) => self.place(fixture, table, key, &value, fault)?,
                        None => Error::Database {
                            database: self.job.target.redacted(),
                            message: fault.to_string(),
                            reason: None,
                        },
                    });
                }
            }
        }
        Ok(())
    }

    /// The first row of a file that has a value in the column of `key`.
    fn place(
        &self,
        fixture: &Fixture,
        table: &'a Table,
        key: &ForeignKey,
        value: &str,
        fault: FixtureMistake,
    ) -> Result<Error> {
        let mut records = fixture.records()?;
        let mut record = Record::default();
        while records.next(&mut record).map_err(|fault| fixture.wrong(fault))? {
            let Ok(slots) = self.meaning.slots(table, &record) else { break };
            let Some(at) = slots.iter().position(|slot| key.columns.first() == Some(&slot.column.name)) else {
                continue;
            };
            let Ok(row) = self.meaning.row(table, &slots, &record) else { break };
            if matches!(row.get(at), Some(Datum::Text(text)) if text == value) {
                let line = record.cells.get(at).map_or(record.line, |cell| cell.line);
                return Ok(fixture.wrong(fault.in_row(record.number, line)));
            }
        }
        Ok(fixture.wrong(fault))
    }

    /// The error, and what it leaves where tables take nothing back.
    fn with_what_stays(&self, error: Error) -> Error {
        let touched = |(table, rows): &(&String, &u64)| **rows > 0 || self.job.reset.contains(table);
        let tables: Vec<String> =
            self.finals.iter().filter(touched).map(|(table, rows)| format!("{rows} in {table}")).collect();
        match tables.is_empty() || !self.is_writing {
            true => error,
            false => SeedError::Seeded { tables, error: Box::new(error) }.into(),
        }
    }
}

/// The columns by which rows are known that are there already.
fn key_of(table: &Table, has: impl Fn(&String) -> bool) -> Option<&[String]> {
    let keys = table.primary_key.iter().chain(&table.uniques);
    keys.map(|key| key.columns.as_slice()).find(|columns| columns.iter().all(&has))
}

/// The first column of the constraint that a row is against.
fn constrained<'a>(table: &'a Table, message: &str, constraint: Option<&str>) -> Option<&'a String> {
    let is = |name: &str| constraint == Some(name) || names(message, name);
    let is_key = |key: &&Key| key.name.as_deref().is_some_and(is);
    let primary = table.primary_key.as_ref().filter(|key| is_key(key) || is("PRIMARY"));
    let key = primary.or_else(|| table.uniques.iter().find(is_key)).and_then(|key| key.columns.first());
    let refers = || table.foreign_keys.iter().find(|key| key.name.as_deref().is_some_and(is))?.columns.first();
    let index = || match &table.indexes.iter().find(|index| is(&index.name))?.parts.first()?.what {
        What::Column(name) => Some(name),
        What::Expression(_) => None,
    };
    key.or_else(refers).or_else(index)
}

/// Whether a message of the database's names a column.
fn names(message: &str, column: &str) -> bool {
    let forms = [
        format!("\"{column}\""),
        format!("`{column}`"),
        format!("'{column}'"),
        format!("({column})"),
        format!(".{column}"),
    ];
    forms.iter().any(|form| match message.split_once(form.as_str()) {
        Some((_, rest)) => !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'),
        None => false,
    })
}

fn unknown_table(fixture: &Fixture, job: &Job<'_>) -> Error {
    let near = similar::near(&fixture.table, job.survey.schema.tables.iter().map(|table| table.name.as_str()));
    let near = near.first().map(|table| format!(", did you mean {table}?")).unwrap_or_default();
    SeedError::Fixtures { path: fixture.path.clone(), message: format!("there is no table {}{near}", fixture.table) }
        .into()
}
