//! What has to be known of a database before its rows are written into files or replaced, besides its schema: rows that no file
//! can hold, triggers that would change rows on their way back, tables of which a role sees only some rows. It reads, and decides
//! nothing.

use std::collections::BTreeSet;
use std::fmt;

use kit_runtime::connection::{Connection, Error};
use kit_runtime::dialect::{Dialect, virtual_table};

use super::dialect::survey;
use crate::schema::model::{Column, Key, Kind, Schema, Table};

/// A database as far as dumping and loading rows is concerned.
#[derive(Debug, Default)]
pub struct Survey {
    /// Its schema, with the virtual tables that have rows of their own.
    pub schema: Schema,
    /// Objects whose rows, or some of them, are not written into files, and not deleted by a reset either.
    pub left_out: Vec<LeftOut>,
    /// Tables that show rows of others and have none of their own.
    derived: BTreeSet<String>,
    /// Tables whose rows are in partitions.
    partitioned: BTreeSet<String>,
    /// Tables of which the role sees the rows that policies let it see.
    pub secured: BTreeSet<String>,
    /// Triggers that run when rows are loaded or tables are emptied, where they can be named.
    pub triggers: Vec<Trigger>,
    /// Indexes of full text over a table's rows: the index, and that table.
    pub indexes: Vec<(String, String)>,
}

/// An object that is not dumped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: Why,
}

/// Why rows are not dumped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Another server has the rows.
    Foreign,
    /// Some of its partitions are foreign tables.
    ForeignPartition,
    /// It is a partition of a table in another schema.
    PartitionOfOtherSchema,
    /// The index does not keep the text.
    Contentless,
    /// A module keeps the rows, and kit does not know whether they can be read and inserted.
    Module(String),
    /// The current rows are dumped, earlier versions are not.
    History,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.why {
            Why::Foreign => write!(f, "the rows of the foreign table `{name}`, which another server keeps"),
            Why::ForeignPartition => write!(f, "the rows of `{name}`: some of its partitions are foreign tables"),
            Why::PartitionOfOtherSchema => {
                write!(f, "the rows of `{name}`, a partition of a table in another schema")
            }
            Why::Contentless => write!(f, "the entries of the full-text index `{name}`, which does not keep the text"),
            Why::Module(module) => write!(f, "the rows of the virtual table `{name}` of the module `{module}`"),
            Why::History => write!(f, "the earlier versions of the rows of `{name}`"),
        }
    }
}

/// A trigger on a table that is loaded or emptied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The table, or that of which the trigger's table is a partition.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Whether it runs when rows are inserted.
    pub on_insert: bool,
    /// Whether it runs when the table is emptied.
    pub on_empty: bool,
    /// The statements that disable it and enable it as it was, where there are such statements.
    pub switch: Option<(String, String)>,
    /// Whether the role may execute them.
    pub may_switch: bool,
}

impl Survey {
    /// Reads it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn read(session: &impl Connection, schema: Schema) -> Result<Self, Error> {
        let dialect = session.dialect();
        let mut survey = Self { schema, ..Self::default() };
        for row in session.query(survey::TABLES.of(dialect), &[]).await? {
            let mut cells = row.into_iter();
            let (Some(name), Some(fact)) = (cells.next().flatten(), cells.next().flatten()) else { continue };
            let mut leave_out = |why| survey.left_out.push(LeftOut { name: name.clone(), why });
            match fact.as_str() {
                "foreign" => leave_out(Why::Foreign),
                "foreign partition" => leave_out(Why::ForeignPartition),
                "partition" => leave_out(Why::PartitionOfOtherSchema),
                "history" => leave_out(Why::History),
                "derived" => drop(survey.derived.insert(name)),
                "partitioned" => drop(survey.partitioned.insert(name)),
                "secured" => drop(survey.secured.insert(name)),
                "virtual" => {
                    let sql = cells.next().flatten().unwrap_or_default();
                    survey.virtual_table(session, name, &sql).await?;
                }
                _ => {}
            }
        }
        let yes = |cell: &Option<String>| cell.as_deref() == Some("1");
        for row in session.query(survey::TRIGGERS.of(dialect), &[]).await? {
            let [Some(table), Some(name), on_insert, on_empty, off, on, may] = row.as_slice() else { continue };
            survey.triggers.push(Trigger {
                table: table.clone(),
                name: name.clone(),
                on_insert: yes(on_insert),
                on_empty: yes(on_empty),
                switch: off.clone().zip(on.clone()),
                may_switch: yes(may),
            });
        }
        survey.schema.sort();
        Ok(survey)
    }

    async fn virtual_table(&mut self, session: &impl Connection, name: String, sql: &str) -> Result<(), Error> {
        let made = virtual_table::read(sql);
        if let Some(indexed) = made.indexed() {
            self.indexes.push((name.clone(), indexed.to_owned()));
        }
        if !made.has_own_rows() {
            let why = if made.is_full_text() { Why::Contentless } else { Why::Module(made.module.clone()) };
            if !made.is_derived() {
                self.left_out.push(LeftOut { name, why });
            }
            return Ok(());
        }
        let columns = session.query(survey::VIRTUAL_COLUMNS, &[name.as_str().into()]).await?;
        let column = |name: String, type_name: Option<String>| Column {
            name,
            type_name: type_name.unwrap_or_default(),
            kind: Kind::Other,
            cast: None,
            nullable: true,
            default: None,
            identity: None,
            generated: None,
            collation: None,
            comment: None,
        };
        let columns = columns.into_iter().filter_map(|row| {
            let mut cells = row.into_iter();
            Some(column(cells.next()??, cells.next()?))
        });
        // The number of a row of an index of full text is a column that is not listed.
        let number = made.is_full_text().then(|| column("rowid".to_owned(), None));
        let columns: Vec<Column> = number.into_iter().chain(columns).collect();
        let key = columns.first().map(|first| Key { name: None, columns: vec![first.name.clone()] });
        self.schema.tables.push(Table { name, columns, primary_key: key, ..Table::default() });
        Ok(())
    }

    /// The tables that a dump writes and a reset empties, without those named in `except`.
    pub fn tables(&self, except: &[&str]) -> Vec<String> {
        let whole = |table: &&Table| {
            let left_out = self.left_out.iter().any(|one| one.name == table.name && one.why != Why::History);
            !left_out && !self.derived.contains(&table.name) && !except.contains(&table.name.as_str())
        };
        self.schema.tables.iter().filter(whole).map(|table| table.name.clone()).collect()
    }

    /// What the rows of a table that are its own are selected from.
    pub fn own_rows(&self, dialect: Dialect, table: &str) -> String {
        let only = survey::inherits(dialect) && !self.partitioned.contains(table);
        format!("{}{}", if only { "ONLY " } else { "" }, dialect.quote(table))
    }

    /// The tables among these of which the role does not see all rows.
    pub fn secured<'a>(&self, tables: impl Iterator<Item = &'a str>) -> Vec<String> {
        tables.filter(|table| self.secured.contains(*table)).map(str::to_owned).collect()
    }
}
