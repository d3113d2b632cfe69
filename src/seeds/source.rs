//! The bytes of a file: a mark at the start is left out, other encodings are said, and so is a row that does not end. It knows
//! no rows; who reads them says where one begins.

use std::cell::Cell;
use std::io::{Error, Read};
use std::rc::Rc;

/// Reads a file.
pub struct Source<R> {
    inner: R,
    meter: Meter,
    most: usize,
    /// What was read to see how the file begins.
    first: Option<Vec<u8>>,
}

/// How much was read since the last row began.
#[derive(Clone, Debug, Default)]
pub struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// A row begins here.
    pub fn begin(&self) {
        self.0.set(0);
    }
}

impl<R: Read> Source<R> {
    /// Reads `inner`, as long as no row takes more than `most` bytes, give or take what is read at once.
    pub fn new(inner: R, most: usize) -> Self {
        Self { inner, meter: Meter::default(), most, first: None }
    }

    /// What counts the bytes of a row.
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// How the file begins, without the mark of UTF-8.
    fn begin(&mut self) -> std::io::Result<Vec<u8>> {
        let mut first = Vec::new();
        self.inner.by_ref().take(4).read_to_end(&mut first)?;
        match first.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..] => {
                Err(Error::other("line 1 is UTF-16, not UTF-8"))
            }
            [0xef, 0xbb, 0xbf, rest @ ..] => Ok(rest.to_vec()),
            _ => Ok(first),
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.first.is_none() {
            self.first = Some(self.begin()?);
        }
        let read = match &mut self.first {
            Some(first) if !first.is_empty() => {
                let read = first.as_slice().read(buffer)?;
                first.drain(..read);
                read
            }
            _ => self.inner.read(buffer)?,
        };
        let size = self.meter.0.get() + read;
        self.meter.0.set(size);
        if size > self.most {
            return Err(Error::other(format!("a row of more than {} bytes", self.most)));
        }
        Ok(read)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::seeds::{FixtureMistake, Record, Rows};

    /// All rows, or the first mistake.
    pub fn all(mut rows: impl Rows) -> Result<Vec<Record>, FixtureMistake> {
        let (mut record, mut all) = (Record::default(), Vec::new());
        while rows.next(&mut record)? {
            all.push(record.clone());
        }
        Ok(all)
    }

    fn text(bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        let read = Source::new(bytes, 10).read_to_string(&mut text);
        read.map(|_| text).map_err(|error| error.to_string())
    }

    #[test]
    fn how_a_file_begins_says_its_encoding() {
        assert_eq!(text(b"\xef\xbb\xbfa"), Ok("a".to_owned()));
        assert_eq!(text(b""), Ok(String::new()));
        assert_eq!(text(b"a"), Ok("a".to_owned()));
        for utf_16 in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"a\0b\0", b"\0a\0b"] {
            assert_eq!(text(utf_16), Err("line 1 is UTF-16, not UTF-8".to_owned()));
        }
    }

    #[test]
    fn a_row_has_an_end() {
        assert_eq!(text(b"0123456789a"), Err("a row of more than 10 bytes".to_owned()));
        let mut source = Source::new(&b"0123456789a"[..], 10);
        let meter = source.meter();
        source.read_exact(&mut [0; 6]).unwrap();
        meter.begin();
        source.read_exact(&mut [0; 5]).unwrap();
    }
}
