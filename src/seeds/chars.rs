//! The characters of a file, as it is read. What is no UTF-8 is said with its line.

use std::io::Read;

use granit_parser::ErrorKind;

/// YAML reserves `@` at the start of a word, where kit has labels. It goes through the parser as a character that no text has
/// (Unicode guarantees that), and [`with_at`] puts it back.
const STAND_IN: char = '\u{fdd0}';

/// The text with every `@` in its place again.
pub fn with_at(text: &str) -> String {
    text.replace(STAND_IN, "@")
}

/// Read from a file at once.
const CHUNK: usize = 64 * 1024;

/// The characters of a file.
pub struct Chars<R> {
    source: R,
    bytes: Vec<u8>,
    text: std::vec::IntoIter<char>,
    line: u64,
}

impl<R: Read> Chars<R> {
    /// Those of `source`.
    pub fn new(source: R) -> Self {
        Self { source, bytes: Vec::new(), text: Vec::new().into_iter(), line: 1 }
    }

    /// Reads on; whether there is more.
    fn fill(&mut self) -> Result<bool, String> {
        let kept = self.bytes.len();
        self.bytes.resize(kept + CHUNK, 0);
        let read = self.source.read(&mut self.bytes[kept..]).map_err(|error| error.to_string())?;
        self.bytes.truncate(kept + read);
        let valid = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.len(),
            // The rest of a character is still to come.
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) => {
                let before = self.bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
                return Err(format!("line {} is not UTF-8", self.line + before as u64));
            }
        };
        let rest = self.bytes.split_off(valid);
        let text = std::mem::replace(&mut self.bytes, rest);
        self.line += text.iter().filter(|byte| **byte == b'\n').count() as u64;
        let text = String::from_utf8(text).map_err(|error| error.to_string())?;
        self.text = text.chars().map(|c| if c == '@' { STAND_IN } else { c }).collect::<Vec<_>>().into_iter();
        Ok(read > 0)
    }
}

impl<R: Read> Iterator for Chars<R> {
    type Item = Result<char, ErrorKind>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(c) = self.text.next() {
                return Some(Ok(c));
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) if self.text.len() > 0 => {}
                Ok(false) => return None,
                Err(message) => return Some(Err(ErrorKind::Custom(message))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time.
    struct Slow(&'static [u8]);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn text(bytes: &'static [u8]) -> Result<String, String> {
        let text: Result<String, _> = Chars::new(Slow(bytes)).collect();
        text.map(|text| with_at(&text)).map_err(|error| error.to_string())
    }

    #[test]
    fn characters_may_come_in_parts() {
        assert_eq!(text("a@ä€😀\n".as_bytes()), Ok("a@ä€😀\n".to_owned()));
        assert_eq!(text("".as_bytes()), Ok(String::new()));
    }

    #[test]
    fn what_is_no_utf_8_is_said_with_its_line() {
        assert_eq!(text(b"a\nb\xe4c\n"), Err("line 2 is not UTF-8".to_owned()));
        assert_eq!(text(b"a\n\xe2\x82"), Err("line 2 is not UTF-8".to_owned()));
    }
}
