//! Fixtures: files with rows that go into tables, and tables whose rows go into files. A file is read row by row and a table
//! is, too, so that memory stays the same however many there are. It knows the schema of a database and the database's own
//! way to take many rows; it knows no terminal, no project and no migration.

mod ahead;
mod chars;
mod csv;
mod dialect;
mod dump;
mod file_name;
mod fixtures;
mod labels;
mod load;
mod order;
mod slots;
mod source;
mod survey;
mod unchecked;
mod yaml;

use crate::error::FixtureMistake;
use std::fmt;
use std::sync::Arc;

pub use dump::{Dumped, dump};
pub use file_name::file_names;
pub use fixtures::{Fixture, find};
pub use load::{Job, Loaded, load};
pub use survey::{LeftOut, Survey};

/// A row of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// What other rows call it.
    pub label: Option<String>,
    /// Its columns; rows in a row that have the same share them.
    pub names: Arc<Vec<String>>,
    /// What stands in them.
    pub cells: Vec<Cell>,
    /// Which row of the file it is, counted from 1.
    pub number: u64,
    /// The line that it begins in, counted from 1.
    pub line: u64,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The value.
    pub node: Node,
    /// The line that it begins in, counted from 1.
    pub line: u64,
}

/// A value as a file has it. What it means depends on its column.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`.
    Null,
    /// Anything that is written as one word or in quotes.
    Text {
        /// Without quotes.
        text: String,
        /// Without quotes in the file, too.
        plain: bool,
        /// What the file says that it is.
        tag: Option<Tag>,
    },
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Vec<(String, Node)>),
}

/// What a file says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!!str`.
    Text,
    /// `!!int`.
    Integer,
    /// `!!float`.
    Float,
    /// `!!binary`: in base64.
    Binary,
}

impl FixtureMistake {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    fn at(line: u64, message: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::new(message) }
    }

    fn in_row(self, number: u64, line: u64) -> Self {
        Self { row: Some(number), line: self.line.or(Some(line)), ..self }
    }

    fn in_column(self, name: &str) -> Self {
        Self { column: Some(name.to_owned()), ..self }
    }
}

impl fmt::Display for FixtureMistake {
    /// `row 3, column age: not a whole number`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.row.map(|row| format!("row {row}"));
        let column = self.column.as_ref().map(|column| format!("column {column}"));
        let place: Vec<String> = row.into_iter().chain(column).collect();
        match place.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", place.join(", "), self.message),
        }
    }
}

/// The rows of a file, in its order.
trait Rows {
    /// Puts the next one into `record`, whose memory it uses again. Whether there was one.
    ///
    /// # Errors
    /// What is wrong with it, or with the file.
    fn next(&mut self, record: &mut Record) -> Result<bool, FixtureMistake>;
}
