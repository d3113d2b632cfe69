//! The rows of a CSV file: names of columns in the first line, then a row a line. An empty cell is nothing where its column
//! takes that, which the column decides.

use std::io::Read;
use std::sync::Arc;

use ::csv::{ErrorKind, ReaderBuilder, StringRecord, StringRecordsIntoIter};

use super::{Cell, Mistake, Node, Record};

/// The rows of a file.
pub struct Csv<R> {
    rows: StringRecordsIntoIter<R>,
    names: Arc<Vec<String>>,
    number: u64,
}

impl<R: Read> Csv<R> {
    /// Those of `source`.
    ///
    /// # Errors
    /// What is wrong with the names of the columns.
    pub fn new(source: R) -> Result<Self, Mistake> {
        let mut reader = ReaderBuilder::new().from_reader(source);
        let header = reader.headers().map_err(|error| fault(&error))?;
        let names: Vec<String> =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(Mistake::at(1, format!("column {} has no name", at + 1)));
            }
            if names.iter().take(at).any(|before| before == name) {
                return Err(Mistake::at(1, "it is there twice").in_column(name));
            }
        }
        Ok(Self { rows: reader.into_records(), names: Arc::new(names), number: 0 })
    }

    fn record(&self, row: &StringRecord) -> Record {
        let line = row.position().map_or(0, ::csv::Position::line);
        let cell = |text: &str| {
            // Whether there were quotes is not known.
            let node = Node::Text { text: text.to_owned(), plain: true, tag: None };
            Cell { node, line }
        };
        Record {
            label: None,
            names: self.names.clone(),
            cells: row.iter().map(cell).collect(),
            number: self.number,
            line,
        }
    }
}

impl<R: Read> Iterator for Csv<R> {
    type Item = Result<Record, Mistake>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        self.number += 1;
        Some(match row {
            Ok(row) => Ok(self.record(&row)),
            Err(error) => Err(Mistake { row: Some(self.number), ..fault(&error) }),
        })
    }
}

fn fault(error: &::csv::Error) -> Mistake {
    let line = error.position().map(::csv::Position::line);
    let message = match error.kind() {
        ErrorKind::Utf8 { .. } => "not UTF-8".to_owned(),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} values for {expected_len} columns")
        }
        ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    };
    Mistake { line, ..Mistake::new(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<Record>, Mistake> {
        Csv::new(text)?.collect()
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
    }
}
