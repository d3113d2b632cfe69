//! The rows of a YAML file, and of a JSON file, which is one: a list of rows, or rows by their labels. Anchors may stand there;
//! what refers to them is refused, since a few lines of that can mean more rows than there is memory.

use std::io::Read;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::chars::{Chars, with_at};
use super::source::{Meter, Source};
use super::{Cell, Node, Record, Rows, Tag};
use crate::error::FixtureMistake;

/// Lists and maps in each other.
const DEPTH: usize = 64;

/// The rows of a file.
pub struct Yaml<R: Read> {
    parser: Parser<'static, granit_parser::FallibleBufferedInput<Chars<Source<R>>>>,
    meter: Meter,
    form: Form,
    names: Arc<Vec<String>>,
    number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Unknown,
    List,
    Labelled,
    Over,
}

impl<R: Read> Yaml<R> {
    /// Those of `source`.
    pub fn new(source: Source<R>) -> Self {
        let meter = source.meter();
        let options = granit_parser::options! { emit_comments: false };
        let parser = Parser::new_from_fallible_iter_with_options(Chars::new(source), options);
        Self { parser, meter, form: Form::Unknown, names: Arc::default(), number: 0 }
    }

    /// The next event and its line.
    fn event(&mut self) -> Result<(Event<'static>, u64), FixtureMistake> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, line(&span))),
            Some(Err(error)) => {
                Err(FixtureMistake::at(error.marker().line() as u64, with_at(&error.kind().to_string())))
            }
            None => Ok((Event::StreamEnd, 0)),
        }
    }

    fn record(&mut self) -> Result<Option<Record>, FixtureMistake> {
        if self.form == Form::Unknown {
            self.form = self.begin()?;
        }
        if self.form == Form::Over {
            return Ok(None);
        }
        let next = self.number + 1;
        let (first, line) = self.event().map_err(|fault| FixtureMistake { row: Some(next), ..fault })?;
        let (label, event) = match first {
            Event::Scalar(label, ..) if self.form == Form::Labelled => (Some(with_at(&label)), self.event()?.0),
            other => (None, other),
        };
        match event {
            Event::MappingStart(..) => {}
            Event::SequenceEnd | Event::MappingEnd if label.is_none() => {
                self.end()?;
                return Ok(None);
            }
            Event::Alias(_) => return Err(alias(line)),
            _ => return Err(FixtureMistake::at(line, "a row is a map of columns to values")),
        }
        self.number += 1;
        self.meter.begin();
        let record = self.columns(label, line);
        record.map(Some).map_err(|fault| fault.in_row(self.number, line))
    }

    /// What kind of file it is.
    fn begin(&mut self) -> Result<Form, FixtureMistake> {
        loop {
            return match self.event()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => continue,
                (Event::SequenceStart(..), _) => Ok(Form::List),
                (Event::MappingStart(..), _) => Ok(Form::Labelled),
                (Event::StreamEnd, _) => Ok(Form::Over),
                (Event::Scalar(text, ScalarStyle::Plain, ..), _) if is_null(&text) => {
                    self.end()?;
                    Ok(Form::Over)
                }
                (_, line) => Err(FixtureMistake::at(line, "a fixture is a list of rows, or a map of labels to rows")),
            };
        }
    }

    fn end(&mut self) -> Result<(), FixtureMistake> {
        self.form = Form::Over;
        loop {
            match self.event()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd, _) => {}
                (_, line) => return Err(FixtureMistake::at(line, "a fixture is one document")),
            }
        }
    }

    fn columns(&mut self, label: Option<String>, line: u64) -> Result<Record, FixtureMistake> {
        let (known, mut names) = (self.names.clone(), None::<Vec<String>>);
        let mut cells: Vec<Cell> = Vec::with_capacity(known.len());
        loop {
            let name = match self.event()? {
                (Event::MappingEnd, _) => break,
                (Event::Scalar(name, ScalarStyle::Plain, ..), line) if name == "<<" => return Err(alias(line)),
                (Event::Scalar(name, ..), _) => name,
                (Event::Alias(_), line) => return Err(alias(line)),
                (_, line) => return Err(FixtureMistake::at(line, "the name of a column is a word")),
            };
            let at = cells.len();
            let same = names.is_none() && known.get(at).is_some_and(|known| *known == *name);
            if !same {
                let name = with_at(&name);
                let names = names.get_or_insert_with(|| known.iter().take(at).cloned().collect());
                if names.contains(&name) {
                    return Err(FixtureMistake::new("it is there twice").in_column(&name));
                }
                names.push(name);
            }
            let (event, line) = self.event()?;
            let node = self.node(event, line, 0)?;
            cells.push(Cell { node, line });
        }
        if let Some(names) = names {
            self.names = Arc::new(names);
        } else if known.len() > cells.len() {
            self.names = Arc::new(known.iter().take(cells.len()).cloned().collect());
        }
        Ok(Record { label, names: self.names.clone(), cells, number: self.number, line })
    }

    fn node(&mut self, event: Event<'static>, line: u64, depth: usize) -> Result<Node, FixtureMistake> {
        if depth > DEPTH {
            return Err(FixtureMistake::at(line, format!("more than {DEPTH} lists and maps in each other")));
        }
        match event {
            Event::Scalar(text, style, _, tag) => {
                let plain = style == ScalarStyle::Plain;
                let tag = match tag.as_deref() {
                    None => None,
                    Some(tag) => match tag.suffix() {
                        "str" => Some(Tag::Text),
                        "int" => Some(Tag::Integer),
                        "float" => Some(Tag::Float),
                        "binary" => Some(Tag::Binary),
                        "bool" | "null" | "timestamp" => None,
                        other => return Err(FixtureMistake::at(line, format!("kit knows no tag `{other}`"))),
                    },
                };
                if plain && tag.is_none() && is_null(&text) {
                    return Ok(Node::Null);
                }
                Ok(Node::Text { text: with_at(&text), plain, tag })
            }
            Event::SequenceStart(..) => {
                let mut list = Vec::new();
                loop {
                    let (event, line) = self.event()?;
                    if event == Event::SequenceEnd {
                        return Ok(Node::List(list));
                    }
                    list.push(self.node(event, line, depth + 1)?);
                }
            }
            Event::MappingStart(..) => {
                let mut map = Vec::new();
                loop {
                    let name = match self.event()? {
                        (Event::MappingEnd, _) => return Ok(Node::Map(map)),
                        (Event::Scalar(name, ..), _) => with_at(&name),
                        (_, line) => return Err(FixtureMistake::at(line, "the key of a map is a word")),
                    };
                    let (event, line) = self.event()?;
                    let node = self.node(event, line, depth + 1)?;
                    map.push((name, node));
                }
            }
            Event::Alias(_) => Err(alias(line)),
            _ => Err(FixtureMistake::at(line, "a value is missing")),
        }
    }
}

impl<R: Read> Rows for Yaml<R> {
    fn next(&mut self, record: &mut Record) -> Result<bool, FixtureMistake> {
        match self.record() {
            Ok(Some(next)) => *record = next,
            Ok(None) => return Ok(false),
            Err(fault) => {
                self.form = Form::Over;
                return Err(fault);
            }
        }
        Ok(true)
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn line(span: &Span) -> u64 {
    span.start.line() as u64
}

fn alias(line: u64) -> FixtureMistake {
    FixtureMistake::at(line, "a fixture takes no aliases (`*name`): write the value out, or give rows labels")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<Record>, String> {
        let rows = crate::seeds::source::tests::all(Yaml::new(Source::new(text.as_bytes(), 1 << 20)));
        rows.map_err(|fault| format!("{}: {fault}", fault.line.unwrap_or_default()))
    }

    fn words(text: &str) -> Vec<Vec<String>> {
        let word = |(name, cell): (&String, &Cell)| match &cell.node {
            Node::Text { text, plain, tag } => {
                format!(
                    "{name}={text}{}{}",
                    if *plain { "" } else { "\"" },
                    tag.map(|tag| format!("{tag:?}")).unwrap_or_default()
                )
            }
            other => format!("{name}={other:?}"),
        };
        let row = |row: &Record| {
            let label = row.label.iter().cloned();
            label.chain(row.names.iter().zip(&row.cells).map(word)).collect()
        };
        rows(text).unwrap().iter().map(row).collect()
    }

    #[test]
    fn rows_come_one_by_one() {
        assert_eq!(
            words("- id: 1\n  name: \"a\"\n- id: 2\n- name: b\n  id: 3\n"),
            [vec!["id=1", "name=a\""], vec!["id=2"], vec!["name=b", "id=3"]]
        );
        assert_eq!(
            words("[{\"id\": 1, \"a\": \"\\ud83d\\ude00\"},\n{\"id\": null}]"),
            [vec!["id=1", "a=😀\""], vec!["id=Null"]]
        );
        assert_eq!(
            words("alice:\n  user: @bob\n  mail: a@b\nbob: {}\n"),
            [vec!["alice", "user=@bob", "mail=a@b"], vec!["bob"]]
        );
        assert_eq!(
            words("- a: !!binary aGk=\n  b: !!str 1\n  c: '~'\n  d: ~\n"),
            [["a=hi".replace("hi", "aGk=Binary").as_str(), "b=1Text", "c=~\"", "d=Null"]]
        );
        for nothing in ["", "[]", "---\n", "# nobody\n", "null\n", "{}"] {
            assert_eq!(words(nothing), Vec::<Vec<String>>::new(), "{nothing:?}");
        }
    }

    #[test]
    fn rows_with_the_same_columns_share_them() {
        let rows = rows("- {a: 1, b: 2}\n- {a: 3, b: 4}\n- {a: 5}\n").unwrap();
        assert!(Arc::ptr_eq(&rows[0].names, &rows[1].names) && !Arc::ptr_eq(&rows[1].names, &rows[2].names));
        assert_eq!((rows[2].number, rows[2].line), (3, 3));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let says = |text: &str| rows(text).unwrap_err();
        assert_eq!(says("- a: 1\n- 7\n"), "2: a row is a map of columns to values");
        assert_eq!(says("hello\n"), "1: a fixture is a list of rows, or a map of labels to rows");
        assert_eq!(says("- a: 1\n  a: 2\n"), "1: row 1, column a: it is there twice");
        let bomb = "- &a {x: 1}\n- *a\n";
        assert!(says(bomb).starts_with("2: a fixture takes no aliases"), "{}", says(bomb));
        assert!(says("- <<: 1\n").contains("takes no aliases"));
        assert!(says("- a: 1\n---\n- a: 2\n").contains("one document"));
        assert_eq!(says("- a: [1, 2\n"), "1: row 1: unclosed bracket '['");
        assert!(says(&format!("- a: {}1{}\n", "[".repeat(70), "]".repeat(70))).contains("64 lists"));
        assert!(says(&format!("- a: '{}'\n", "x".repeat(2 << 20))).contains("row 1: a row of more than 1048576 bytes"));
        assert!(says(&format!("- a: 1\n# {}\n", "x".repeat(2 << 20))).contains("a row of more than 1048576 bytes"));
    }
}
