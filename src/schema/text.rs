//! A schema as text: a line for each thing, in a stable order, for snapshots and for reading. Names stand in
//! quotes with everything odd escaped. It is no SQL and nothing reads it back.

use std::fmt::{self, Display, Formatter};

use super::model::{Column, Counting, Identity, Index, Key, Nulls, Schema, Table, What};

impl Display for Schema {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for one in &self.enums {
            writeln!(f, "enum {:?} {:?}", one.name, one.values)?;
        }
        for domain in &self.domains {
            let null = if domain.nullable { "" } else { " not null" };
            write!(f, "domain {:?} {}{null}", domain.name, line(&domain.type_name))?;
            named(f, "default", domain.default.as_deref())?;
            for check in &domain.checks {
                write!(f, " check {}", line(&check.expression))?;
            }
            writeln!(f)?;
        }
        for sequence in &self.sequences {
            write!(f, "sequence {:?}", sequence.name)?;
            if let Some(Counting { type_name, start, increment, minimum, maximum, cache, cycles }) = &sequence.counting
            {
                let cycle = if *cycles { " cycle" } else { "" };
                write!(f, " {} start {start} increment {increment} from {minimum} to {maximum}", line(type_name))?;
                write!(f, " cache {cache}{cycle}")?;
            }
            writeln!(f)?;
        }
        for table in &self.tables {
            write!(f, "{table}")?;
        }
        for view in &self.views {
            let materialized = if view.materialized { "materialized " } else { "" };
            writeln!(f, "{materialized}view {:?}", view.name)?;
            for column in &view.columns {
                writeln!(f, "  {column}")?;
            }
            writeln!(f, "  as {}", line(&view.definition))?;
        }
        Ok(())
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "table {:?}", self.name)?;
        comment(f, self.comment.as_deref())?;
        writeln!(f)?;
        for column in &self.columns {
            writeln!(f, "  {column}")?;
        }
        if let Some(key) = &self.primary_key {
            writeln!(f, "  primary key {:?}", key.columns)?;
        }
        for Key { name, columns } in &self.uniques {
            writeln!(f, "  unique{} {columns:?}", quoted(name.as_deref()))?;
        }
        for check in &self.checks {
            writeln!(f, "  check{} {}", quoted(check.name.as_deref()), line(&check.expression))?;
        }
        for key in &self.foreign_keys {
            let name = quoted(key.name.as_deref());
            write!(f, "  foreign key{name} {:?} references", key.columns)?;
            writeln!(
                f,
                "{} {:?} {:?} on delete {} on update {}",
                quoted(key.schema.as_deref()),
                key.table,
                key.references,
                key.on_delete.words(),
                key.on_update.words()
            )?;
        }
        for index in &self.indexes {
            writeln!(f, "  {index}")?;
        }
        Ok(())
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let null = if self.nullable { "" } else { " not null" };
        write!(f, "{:?} {}{null}", self.name, line(&self.type_name))?;
        f.write_str(match self.identity {
            None => "",
            Some(Identity::AutoIncrement) => " auto increment",
            Some(Identity::ByDefault) => " identity by default",
            Some(Identity::Always) => " identity always",
        })?;
        named(f, "default", self.default.as_deref())?;
        if let Some(generated) = &self.generated {
            let kept = if generated.stored { "stored" } else { "virtual" };
            write!(f, " generated {} {kept}", line(&generated.expression))?;
        }
        named(f, "collate", self.collation.as_deref())?;
        comment(f, self.comment.as_deref())
    }
}

impl Display for Index {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}index {:?}", if self.unique { "unique " } else { "" }, self.name)?;
        named(f, "using", self.method.as_deref())?;
        for (number, part) in self.parts.iter().enumerate() {
            f.write_str(if number == 0 { " " } else { ", " })?;
            match &part.what {
                What::Column(name) => write!(f, "{name:?}")?,
                What::Expression(expression) => write!(f, "({})", line(expression))?,
            }
            if let Some(length) = part.length {
                write!(f, "({length})")?;
            }
            if let Some(operators) = &part.operators {
                write!(f, " {operators:?}")?;
            }
            f.write_str(if part.descending { " desc" } else { "" })?;
            f.write_str(match part.nulls {
                None => "",
                Some(Nulls::First) => " nulls first",
                Some(Nulls::Last) => " nulls last",
            })?;
        }
        if !self.include.is_empty() {
            write!(f, " include {:?}", self.include)?;
        }
        named(f, "where", self.predicate.as_deref())
    }
}

fn named(f: &mut Formatter<'_>, word: &str, text: Option<&str>) -> fmt::Result {
    match text {
        Some(text) => write!(f, " {word} {}", line(text)),
        None => Ok(()),
    }
}

fn comment(f: &mut Formatter<'_>, comment: Option<&str>) -> fmt::Result {
    match comment {
        Some(comment) => write!(f, " comment {comment:?}"),
        None => Ok(()),
    }
}

fn quoted(name: Option<&str>) -> String {
    name.map(|name| format!(" {name:?}")).unwrap_or_default()
}

/// Text of the database's on one line, spaces between words made one.
fn line(text: &str) -> String {
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !odd(*c)).collect()
}
