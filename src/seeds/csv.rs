//! The rows of a CSV file: names of columns in the first line, then a row a line. An empty cell is nothing where its column
//! takes that, which the column decides.

use std::io::{Chain, Read};
use std::sync::Arc;

use ::csv::{ErrorKind, Position, Reader, ReaderBuilder, StringRecord};

use super::source::{Meter, Source};
use super::{Cell, Node, Record, Rows};
use crate::error::FixtureMistake;

/// A row that stands behind every file. If it is not read as one, then the file ends within quotes. It is a character that no
/// text has (Unicode guarantees that).
const END: &str = "\u{fdd1}";

/// The rows of a file.
pub struct Csv<R> {
    reader: Reader<Chain<Source<R>, &'static [u8]>>,
    meter: Meter,
    row: StringRecord,
    names: Arc<Vec<String>>,
    number: u64,
}

impl<R: Read> Csv<R> {
    /// Those of `source`.
    ///
    /// # Errors
    /// What is wrong with the names of the columns.
    pub fn new(source: Source<R>) -> Result<Self, FixtureMistake> {
        let meter = source.meter();
        let source = source.chain("\n\u{fdd1}".as_bytes());
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 16).from_reader(source);
        let mut row = StringRecord::new();
        reader.read_record(&mut row).map_err(|error| fault(&error))?;
        let names: Vec<String> = match row.get(0) {
            Some(END) => Vec::new(),
            _ => row.iter().map(|name| name.trim().to_owned()).collect(),
        };
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(FixtureMistake::at(1, format!("column {} has no name", at + 1)));
            }
            if name.ends_with(END) {
                return Err(FixtureMistake::at(1, "the file ends within quotes"));
            }
            if names.iter().take(at).any(|before| before == name) {
                return Err(FixtureMistake::at(1, "it is there twice").in_column(name));
            }
        }
        Ok(Self { reader, meter, row, names: Arc::new(names), number: 0 })
    }
}

impl<R: Read> Rows for Csv<R> {
    fn next(&mut self, record: &mut Record) -> Result<bool, FixtureMistake> {
        self.meter.begin();
        self.number += 1;
        let in_row = |fault: FixtureMistake| FixtureMistake { row: Some(self.number), ..fault };
        let more = self.reader.read_record(&mut self.row).map_err(|error| in_row(fault(&error)))?;
        if !more || self.row.get(0) == Some(END) {
            return Ok(false);
        }
        let line = self.row.position().map_or(0, Position::line);
        if let Some(last) = self.row.iter().next_back()
            && last.ends_with(END)
        {
            let column = self.names.get(self.row.len() - 1).cloned();
            return Err(FixtureMistake { column, ..in_row(FixtureMistake::at(line, "the file ends within quotes")) });
        }
        if self.row.len() != self.names.len() {
            let message = format!("{} values for {} columns", self.row.len(), self.names.len());
            return Err(in_row(FixtureMistake::at(line, message)));
        }
        if !Arc::ptr_eq(&record.names, &self.names) {
            record.names = self.names.clone();
        }
        (record.label, record.number, record.line) = (None, self.number, line);
        record.cells.resize_with(self.row.len(), || Cell { node: Node::Null, line });
        for (cell, value) in record.cells.iter_mut().zip(&self.row) {
            cell.line = line;
            match &mut cell.node {
                Node::Text { text, .. } => {
                    text.clear();
                    text.push_str(value);
                }
                // Whether there were quotes is not known.
                node => *node = Node::Text { text: value.to_owned(), plain: true, tag: None },
            }
        }
        Ok(true)
    }
}

fn fault(error: &::csv::Error) -> FixtureMistake {
    let line = error.position().map(::csv::Position::line);
    let message = match error.kind() {
        ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    };
    FixtureMistake { line, ..FixtureMistake::new(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<Record>, FixtureMistake> {
        crate::seeds::source::tests::all(Csv::new(Source::new(text, 1 << 20))?)
    }

    #[test]
    fn rows_have_the_columns_of_the_first_line() {
        let rows = rows("\u{feff}id, name\n1,\"a\n\"\"b\"\"\"\n2,\n".as_bytes()).unwrap();
        assert_eq!(*rows[0].names, ["id", "name"]);
        assert!(matches!(&rows[0].cells[1].node, Node::Text { text, .. } if text == "a\n\"b\""));
        assert_eq!((rows[1].number, rows[1].line), (2, 4));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let says = |text: &[u8]| {
            let fault = rows(text).unwrap_err();
            format!("{}: {fault}", fault.line.unwrap_or_default())
        };
        assert_eq!(says(b"a,a\n"), "1: column a: it is there twice");
        assert_eq!(says(b"a,\n"), "1: column 2 has no name");
        assert_eq!(says(b"a,b\n1,2\n3\n"), "3: row 2: 1 values for 2 columns");
        assert_eq!(says(b"a\n\xe4\n"), "2: row 1: not UTF-8");
        assert_eq!(says(b"a,b\n1,2\n3,\"four\n"), "3: row 2, column b: the file ends within quotes");
        assert_eq!(says(b"a,\"b"), "1: the file ends within quotes");
    }
}
