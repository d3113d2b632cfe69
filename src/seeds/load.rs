//! Filling tables from files: all of it in one transaction, each table after those it refers to, many rows at once. If a batch is
//! refused, the row that is to blame is looked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use kit_runtime::dialect::Dialect;
use sea_orm::sqlx;

use super::dialect::value::{Datum, datum};
use super::dialect::{Batch, Writer, is_lost, said};
use super::labels::Labels;
use super::order::{Order, order};
use super::{Fixture, Mistake, Node, Record};
use crate::database::Target;
use crate::error::{Error, Result};
use crate::schema::model::{Column, ForeignKey, Schema, Table};

/// What is to be loaded.
pub struct Job<'a> {
    /// The database.
    pub target: &'a Target,
    /// Its schema.
    pub schema: &'a Schema,
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
/// [`Error::Fixture`], [`Error::Fixtures`], [`Error::Database`]; [`Error::Seeded`] where the database does not take everything
/// back.
pub async fn load(job: &Job<'_>, on_rows: &mut dyn FnMut(&str, u64)) -> Result<Loaded> {
    for fixture in job.fixtures {
        if job.schema.table(&fixture.table).is_none() {
            return Err(unknown_table(fixture, job));
        }
    }
    let labels = Labels::of(job.fixtures, job.schema)?;
    let mut loader = Loader { job, labels, writer: Writer::open(job.target).await? };
    let outcome = loader.all(on_rows).await;
    if let Err(error) = outcome {
        // The first error is the one to report; a session that is gone has taken everything back.
        let _ = loader.writer.execute("ROLLBACK").await;
        return Err(loader.with_what_stays(error).await);
    }
    outcome
}

struct Loader<'a> {
    job: &'a Job<'a>,
    labels: Labels,
    writer: Writer,
}

/// Where a value of a row goes.
#[derive(Clone, Copy)]
struct Slot<'a> {
    column: &'a Column,
    /// The key that it is part of, and the table that leads to.
    refers: Option<&'a Table>,
    /// It is called by what it refers to: only a label may stand there.
    by_label: bool,
}

impl<'a> Loader<'a> {
    async fn all(&mut self, on_rows: &mut dyn FnMut(&str, u64)) -> Result<Loaded> {
        let job = self.job;
        let chosen: BTreeSet<&str> = job.fixtures.iter().map(|fixture| fixture.table.as_str()).collect();
        let order = order(job.schema, &chosen);
        let target = job.target;
        let failed = |error: sqlx::Error| failed(target, &error);
        self.writer.begin().await.map_err(failed)?;
        if !job.reset.is_empty() {
            self.writer.empty(job.reset).await.map_err(failed)?;
        }
        let relaxed = self.writer.relax(&order.waiting).await.map_err(failed)?;
        let mut loaded = Loaded::default();
        for table in &order.tables {
            let Some(fixture) = job.fixtures.iter().find(|fixture| fixture.table == table.name) else { continue };
            let rows = self.table(fixture, table, on_rows).await?;
            loaded.tables.push((table.name.clone(), rows));
        }
        self.check(&order).await?;
        for sql in relaxed {
            self.writer.execute(&sql).await.map_err(failed)?;
        }
        self.writer.number_on(&order.tables).await.map_err(failed)?;
        self.writer.execute("COMMIT").await.map_err(failed)?;
        Ok(loaded)
    }

    async fn table(&mut self, fixture: &Fixture, table: &'a Table, on_rows: &mut dyn FnMut(&str, u64)) -> Result<u64> {
        let (mut names, mut slots) = (None::<Arc<Vec<String>>>, Vec::new());
        let mut batch = Batch { table, columns: Vec::new(), rows: Vec::new() };
        let mut places: Vec<(u64, u64)> = Vec::new();
        let mut capacity = 0;
        let mut rows = 0;
        for record in fixture.records()? {
            let record = record.map_err(|fault| fixture.wrong(fault))?;
            let same = names.as_ref().is_some_and(|names| Arc::ptr_eq(names, &record.names));
            if !same || batch.rows.len() >= capacity {
                self.flush(fixture, &mut batch, &mut places).await?;
                on_rows(&table.name, rows);
            }
            let wrong = |fault: Mistake| fixture.wrong(fault.in_row(record.number, record.line));
            if !same {
                slots = self.slots(table, &record).map_err(wrong)?;
                batch.columns = slots.iter().map(|slot| slot.column).collect();
                capacity = self.writer.capacity(slots.len());
                names = Some(record.names.clone());
            }
            let row = self.row(table, &slots, &record).map_err(wrong)?;
            batch.rows.push(row);
            places.push((record.number, record.line));
            rows += 1;
        }
        self.flush(fixture, &mut batch, &mut places).await?;
        on_rows(&table.name, rows);
        Ok(rows)
    }

    /// Which columns the names of a row mean. A row with a label has a key, whether it says so or not.
    fn slots(&self, table: &'a Table, record: &Record) -> std::result::Result<Vec<Slot<'a>>, Mistake> {
        let mut slots: Vec<Slot<'a>> = Vec::new();
        for name in record.names.iter() {
            let key = |columns: &dyn Fn(&ForeignKey) -> bool| {
                table.foreign_keys.iter().find(|key| key.columns.len() == 1 && columns(key))
            };
            let slot = match table.column(name) {
                Some(column) => {
                    let key = key(&|key| key.columns.first() == Some(name));
                    let refers = key.and_then(|key| self.job.schema.table(&key.table));
                    Slot { column, refers, by_label: false }
                }
                None => {
                    let own = format!("{name}_id");
                    let key = key(&|key| key.columns.first() == Some(&own));
                    let found = key.and_then(|key| {
                        Some((table.column(key.columns.first()?)?, self.job.schema.table(&key.table)?))
                    });
                    let Some((column, refers)) = found else { return Err(unknown_column(table, name)) };
                    Slot { column, refers: Some(refers), by_label: true }
                }
            };
            if slot.column.generated.is_some() {
                return Err(Mistake::new("the database computes it").in_column(name));
            }
            if slots.iter().any(|other| other.column.name == slot.column.name) {
                return Err(Mistake::new("it is there twice").in_column(name));
            }
            slots.push(slot);
        }
        if record.label.is_some()
            && let Some(key) = super::labels::key_column(table)
            && !slots.iter().any(|slot| slot.column.name == key.name)
        {
            slots.push(Slot { column: key, refers: None, by_label: false });
        }
        Ok(slots)
    }

    /// A row with a label that says no key has that of its label.
    fn row(&self, table: &Table, slots: &[Slot<'a>], record: &Record) -> std::result::Result<Vec<Datum>, Mistake> {
        let dialect = self.writer.dialect();
        let mut row = Vec::with_capacity(slots.len());
        for (at, slot) in slots.iter().enumerate() {
            let value = match (record.cells.get(at), &record.label) {
                (Some(cell), _) => self.value(slot, &cell.node, dialect),
                (None, Some(label)) => self
                    .labels
                    .key(table, label)
                    .and_then(|text| datum(&Node::Text { text, plain: true, tag: None }, slot.column, dialect)),
                (None, None) => Err("it has no value".to_owned()),
            };
            row.push(value.map_err(|message| {
                let line = record.cells.get(at).map(|cell| cell.line);
                Mistake { line, ..Mistake::new(message).in_column(&slot.column.name) }
            })?);
        }
        Ok(row)
    }

    fn value(&self, slot: &Slot<'a>, node: &Node, dialect: Dialect) -> std::result::Result<Datum, String> {
        if let (Some(other), Node::Text { text, tag: None, .. }) = (slot.refers, node)
            && let Some(label) = text.strip_prefix('@')
        {
            let text = match label.starts_with('@') {
                // One for two: a text that begins so.
                true => label.to_owned(),
                false => self.labels.key(other, label)?,
            };
            return datum(&Node::Text { text, plain: false, tag: None }, slot.column, dialect);
        }
        if slot.by_label && *node != Node::Null {
            return Err(format!("only a label may stand there, `@name`; a key stands in {}", slot.column.name));
        }
        datum(node, slot.column, dialect)
    }

    async fn flush(&mut self, fixture: &Fixture, batch: &mut Batch<'_>, places: &mut Vec<(u64, u64)>) -> Result<()> {
        if batch.rows.is_empty() {
            return Ok(());
        }
        let key = match self.job.upsert {
            true => {
                Some(key_of(batch).ok_or_else(|| fixture.wrong(Mistake::new("--upsert needs the columns of a key")))?)
            }
            false => None,
        };
        let outcome = self.try_rows(batch, 0..batch.rows.len(), key).await;
        if let Err(error) = outcome {
            return Err(self.blame(fixture, batch, places, key, error).await);
        }
        batch.rows.clear();
        places.clear();
        Ok(())
    }

    /// Inserts some rows, or none of them.
    async fn try_rows(
        &mut self,
        batch: &Batch<'_>,
        rows: std::ops::Range<usize>,
        key: Option<&[String]>,
    ) -> sqlx::Result<()> {
        self.writer.execute("SAVEPOINT kit_rows").await?;
        let outcome = self.writer.insert(batch, rows, key).await;
        if outcome.is_err() {
            self.writer.execute("ROLLBACK TO SAVEPOINT kit_rows").await?;
        }
        self.writer.execute("RELEASE SAVEPOINT kit_rows").await?;
        outcome
    }

    /// The row that a batch is refused for.
    async fn blame(
        &mut self,
        fixture: &Fixture,
        batch: &Batch<'_>,
        places: &[(u64, u64)],
        key: Option<&[String]>,
        mut error: sqlx::Error,
    ) -> Error {
        let (mut from, mut to) = (0, batch.rows.len());
        while to - from > 1 && !is_lost(&error) {
            let middle = from + (to - from) / 2;
            match self.try_rows(batch, from..middle, key).await {
                Ok(()) => from = middle,
                Err(own) => (to, error) = (middle, own),
            }
        }
        if to - from == 1
            && let Err(own) = self.try_rows(batch, from..to, key).await
        {
            error = own;
        }
        if is_lost(&error) {
            return failed(self.job.target, &error);
        }
        let message = self.job.target.scrub(&said(&error));
        let column = batch.columns.iter().find(|column| names(&message, &column.name));
        let (number, line) = places.get(from).copied().unwrap_or_default();
        let fault = Mistake { column: column.map(|column| column.name.clone()), ..Mistake::new(message) };
        fixture.wrong(fault.in_row(number, line))
    }

    /// Whether all references lead somewhere, where the database was told not to look.
    async fn check(&mut self, order: &Order<'_>) -> Result<()> {
        if order.waiting.is_empty() && self.job.reset.is_empty() || !self.writer.is_silent() {
            return Ok(());
        }
        for table in &order.tables {
            for key in &table.foreign_keys {
                let sql = dangling(self.writer.dialect(), table, key);
                let found = self.writer.texts(&sql).await.map_err(|error| failed(self.job.target, &error))?;
                if let Some(value) = found.into_iter().next() {
                    let value = value.unwrap_or_default();
                    let column = key.columns.join(", ");
                    let fault = Mistake::new(format!("{value} is in no row of {}", key.table)).in_column(&column);
                    let fixture = self.job.fixtures.iter().find(|fixture| fixture.table == table.name);
                    return Err(match fixture {
                        Some(fixture) => fixture.wrong(fault),
                        None => Error::Database { database: self.job.target.redacted(), message: fault.to_string() },
                    });
                }
            }
        }
        Ok(())
    }

    /// The error, and what it leaves where tables take nothing back.
    async fn with_what_stays(&mut self, error: Error) -> Error {
        let Ok(found) = self.writer.final_tables().await else { return error };
        let touched = |name: &String| {
            self.job.fixtures.iter().any(|fixture| fixture.table == *name) || self.job.reset.contains(name)
        };
        let tables: Vec<String> = found.into_iter().filter(touched).collect();
        match tables.is_empty() {
            true => error,
            false => Error::Seeded { tables, error: Box::new(error) },
        }
    }
}

/// A query for a value of `key` that no row has.
fn dangling(dialect: Dialect, table: &Table, key: &ForeignKey) -> String {
    let quote = |name: &str| dialect.quote(name);
    let pairs = key.columns.iter().zip(&key.references);
    let joins: Vec<String> = pairs.map(|(own, other)| format!("a.{} = b.{}", quote(own), quote(other))).collect();
    let known: Vec<String> = key.columns.iter().map(|name| format!("a.{} IS NOT NULL", quote(name))).collect();
    let (first, other) = (key.columns.first(), key.references.first());
    format!(
        "SELECT {} FROM {} a LEFT JOIN {} b ON {} WHERE {} AND b.{} IS NULL LIMIT 1",
        dialect.text(&format!("a.{}", first.map(|name| quote(name)).unwrap_or_default())),
        quote(&table.name),
        quote(&key.table),
        joins.join(" AND "),
        known.join(" AND "),
        other.map(|name| quote(name)).unwrap_or_default()
    )
}

/// The columns by which rows are known that are there already.
fn key_of<'a>(batch: &Batch<'a>) -> Option<&'a [String]> {
    let has = |name: &String| batch.columns.iter().any(|column| column.name == *name);
    let keys = batch.table.primary_key.iter().chain(&batch.table.uniques);
    keys.map(|key| key.columns.as_slice()).find(|columns| columns.iter().all(has))
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
    let near = job.schema.tables.iter().find(|table| strsim::jaro_winkler(&table.name, &fixture.table) > 0.8);
    let near = near.map(|table| format!(", did you mean {}?", table.name)).unwrap_or_default();
    Error::Fixtures { path: fixture.path.clone(), message: format!("there is no table {}{near}", fixture.table) }
}

fn unknown_column(table: &Table, name: &str) -> Mistake {
    let near = table.columns.iter().find(|column| strsim::jaro_winkler(&column.name, name) > 0.8);
    let near = near.map(|column| format!(", did you mean {}?", column.name)).unwrap_or_default();
    Mistake::new(format!("{} has no such column{near}", table.name)).in_column(name)
}

fn failed(target: &Target, error: &sqlx::Error) -> Error {
    Error::Database { database: target.redacted(), message: target.scrub(&said(error)) }
}
