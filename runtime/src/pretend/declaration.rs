//! What a part of `CREATE TABLE` or `ALTER TABLE … ADD` declares: a column, constraints, indexes. It reads the words of one
//! part and knows no schema.

use super::change::{Change, Column, Existing, Object};
use super::names::Names;
use super::rules::{KeyColumn, Rule, RuleKind};
use super::statement::{closing, name, split, table_name, text};
use super::token::{Kind, Token};
use crate::dialect::Dialect;

/// Words that begin a constraint or an index among columns.
const BESIDE: [&str; 11] =
    ["constraint", "primary", "foreign", "unique", "check", "key", "index", "like", "exclude", "fulltext", "period"];

/// Words that end the type of a column.
const AFTER_TYPE: [&str; 18] = [
    "not",
    "null",
    "primary",
    "unique",
    "default",
    "check",
    "references",
    "constraint",
    "generated",
    "auto_increment",
    "comment",
    "collate",
    "on",
    "as",
    "key",
    "first",
    "after",
    "virtual",
];

/// Words that end the default of a column.
const AFTER_DEFAULT: [&str; 12] = [
    "not",
    "null",
    "primary",
    "unique",
    "check",
    "references",
    "constraint",
    "comment",
    "on",
    "collate",
    "auto_increment",
    "generated",
];

fn is_any(word: &Token, known: &[&str]) -> bool {
    known.iter().any(|known| word.is(known))
}

/// Reads a column's declaration; `None` for a constraint or an index.
pub(super) fn column(sql: &str, part: &[Token], dialect: Dialect) -> Option<Column> {
    let (first, rest) = part.split_first()?;
    if !first.is_name() || first.kind == Kind::Word && is_any(first, &BESIDE) {
        return None;
    }
    let declaration = text(sql, rest).to_lowercase();
    let length = rest.iter().position(|word| is_any(word, &AFTER_TYPE)).unwrap_or(rest.len());
    let kind = text(sql, rest.get(..length).unwrap_or_default()).to_lowercase();
    let default = rest.iter().position(|word| word.is("default")).and_then(|at| {
        let value = rest.get(at + 1..)?;
        let end = value.iter().skip(1).position(|word| is_any(word, &AFTER_DEFAULT)).map_or(value.len(), |at| at + 1);
        value.get(..end).filter(|value| !value.is_empty()).map(|value| text(sql, value))
    });
    let numbered = dialect.numbers(&declaration);
    let bound = |two: &[Token]| matches!(two, [a, b] if a.is("not") && b.is("null") || a.is("primary") && b.is("key"));
    let nullable = !rest.windows(2).any(bound) && !kind.contains("serial");
    let computed = outside(rest).windows(2).any(|two| matches!(two, [as_, open] if as_.is("as") && open.is("(")));
    Some(Column { name: first.text.clone(), kind, default, numbered, nullable, computed: computed && !numbered })
}

/// The words that are in no parentheses, with the parentheses.
fn outside(words: &[Token]) -> Vec<&Token> {
    let mut depth = 0_usize;
    words
        .iter()
        .filter(|word| {
            if word.is(")") {
                depth = depth.saturating_sub(1);
            }
            let shown = depth == 0;
            if word.is("(") {
                depth += 1;
            }
            shown
        })
        .collect()
}

/// The columns of a primary key that is a part of its own.
pub(super) fn primary_key(part: &[Token]) -> Vec<String> {
    let (_, bare) = named(part);
    match bare {
        [primary, key, list @ ..] if primary.is("primary") && key.is("key") => listed(list),
        _ => Vec::new(),
    }
}

/// The name that `CONSTRAINT` gives, and what follows.
fn named(part: &[Token]) -> (Option<String>, &[Token]) {
    match part {
        [word, given, rest @ ..] if word.is("constraint") && given.is_name() && !is_any(given, &BESIDE) => {
            (Some(given.text.clone()), rest)
        }
        [word, rest @ ..] if word.is("constraint") => (None, rest),
        part => (None, part),
    }
}

/// The words in the first parentheses.
fn inside(words: &[Token]) -> &[Token] {
    let open = words.iter().position(|word| word.is("(")).and_then(|at| words.get(at..)).unwrap_or_default();
    closing(open).and_then(|end| open.get(1..end)).unwrap_or_default()
}

/// The names in the first parentheses.
fn listed(words: &[Token]) -> Vec<String> {
    split(inside(words), ",").filter_map(name).map(|(name, _)| name).collect()
}

/// What a unique key over the first parentheses requires.
pub(super) fn unique(words: &[Token]) -> RuleKind {
    let column = |part: &[Token]| {
        let (name, after) = name(part)?;
        // The length of a prefix, an expression, a collation, the class of an operator.
        after.iter().all(|word| is_any(word, &["asc", "desc", "nulls", "first", "last"])).then_some(KeyColumn {
            name,
            collation: None,
            text: false,
        })
    };
    let columns: Option<Vec<KeyColumn>> = split(inside(words), ",").map(column).collect();
    let rest: Vec<&Token> = outside(words);
    let is_partial = rest.iter().any(|word| is_any(word, &["where", "deferrable", "distinct"]));
    match columns {
        Some(columns) if !is_partial && !columns.is_empty() => RuleKind::Unique(columns),
        _ => RuleKind::Inexact,
    }
}

/// What `REFERENCES` requires of columns.
fn refers(words: &[Token], columns: Vec<String>, names: &Names) -> Option<RuleKind> {
    let at = words.iter().position(|word| word.is("references"))?;
    if words.windows(2).any(|two| matches!(two, [not, valid] if not.is("not") && valid.is("valid")))
        || words.iter().any(|word| word.is("deferred"))
    {
        return None;
    }
    let (parent, after) = table_name(words.get(at + 1..)?, names)?;
    let to = if after.first().is_some_and(|word| word.is("(")) { listed(after) } else { Vec::new() };
    Some(RuleKind::Refers { columns, parent, to })
}

/// Collects what a part of a table declares.
struct Declared<'a> {
    table: &'a str,
    names: &'a Names,
    found: Vec<Change>,
}

impl Declared<'_> {
    fn object(&mut self, kind: Object, name: Option<&String>) {
        let table = Some(self.table.to_owned());
        self.found.extend(name.map(|name| Change::Object {
            kind,
            name: name.clone(),
            table,
            existing: Existing::Fails,
        }));
    }

    fn rule(&mut self, name: Option<String>, kind: RuleKind) {
        self.found.push(Change::Rule { table: self.table.to_owned(), rule: Rule { name, kind } });
    }

    /// The name that the database gives what has none.
    fn made(&self, ending: &str, column: Option<&String>) -> Option<String> {
        let own = self.names.own(self.table);
        self.names.dialect.constraint_name(own, ending, column.map(String::as_str))
    }

    fn key(&mut self, name: Option<String>, kind: RuleKind) {
        self.object(Object::Index, name.as_ref());
        self.object(Object::Constraint, name.as_ref());
        self.rule(name, kind);
    }

    fn constraint(&mut self, name: Option<String>, kind: Option<RuleKind>) {
        self.object(Object::Constraint, name.as_ref());
        if let Some(kind) = kind {
            self.rule(name, kind);
        }
    }

    fn primary(&mut self, given: Option<String>, kind: RuleKind) {
        let made = || self.made("pkey", None);
        let name = if self.names.dialect.names_primary() { Some("PRIMARY".to_owned()) } else { given.or_else(made) };
        self.key(name, kind);
    }
}

/// The constraints and indexes that a part of a table declares, by the names that the database gives them.
pub(super) fn constraints(sql: &str, part: &[Token], table: &str, names: &Names) -> Vec<Change> {
    let (given, bare) = named(part);
    let mut declared = Declared { table, names, found: Vec::new() };
    let Some(first) = bare.first() else { return Vec::new() };
    let columns = listed(bare);
    // `UNIQUE KEY name (…)`.
    let inline = bare.iter().skip(1).find(|word| word.is_name() && !is_any(word, &["key", "index"]));
    let inline = inline.filter(|_| bare.iter().position(|word| word.is("(")).is_some_and(|at| at > 1));
    let inline = inline.map(|word| word.text.clone());
    let ending = |ending: &str| format!("{}_{ending}", columns.join("_"));
    if first.is("primary") {
        declared.primary(given, unique(bare));
    } else if first.is("unique") {
        let name = given.or(inline).or_else(|| declared.made(&ending("key"), columns.first()));
        declared.key(name, unique(bare));
    } else if first.is("foreign") {
        let name = given.or_else(|| declared.made(&ending("fkey"), columns.first()));
        declared.constraint(name, refers(bare, columns, names));
    } else if first.is("check") {
        let name = given.or_else(|| declared.made("check", columns.first()));
        let is_checked = !bare.iter().any(|word| word.is("valid"));
        declared.constraint(name, is_checked.then(|| RuleKind::Check(text(sql, inside(bare)))));
    } else if first.is("exclude") {
        let name = given.or_else(|| declared.made("check", columns.first()));
        declared.constraint(name, Some(RuleKind::Inexact));
    } else if is_any(first, &["key", "index", "fulltext", "spatial"]) {
        if names.dialect.indexes_in_tables() {
            let name = bare.iter().skip(1).find(|word| word.is_name() && !is_any(word, &["key", "index"]));
            declared.object(Object::Index, name.map(|word| &word.text));
        }
    } else if first.is_name() {
        of_column(sql, bare, &mut declared);
    }
    declared.found
}

/// The constraints in a column's own declaration.
fn of_column(sql: &str, part: &[Token], declared: &mut Declared<'_>) {
    let Some((column, rest)) = part.split_first() else { return };
    let own = vec![column.text.clone()];
    let key = || RuleKind::Unique(vec![KeyColumn { name: column.text.clone(), collation: None, text: false }]);
    let mut depth = 0_usize;
    let mut given: Option<String> = None;
    for (at, word) in rest.iter().enumerate() {
        let following = rest.get(at..).unwrap_or_default();
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth = depth.saturating_sub(1);
        } else if depth > 0 {
            // Part of a type or of an expression.
        } else if word.is("constraint") {
            given = rest.get(at + 1).map(|word| word.text.clone());
        } else if word.is("primary") {
            declared.primary(given.take(), key());
        } else if word.is("unique") {
            let name = given.take().or_else(|| declared.made(&format!("{}_key", column.text), Some(&column.text)));
            declared.key(name, key());
        } else if word.is("references") {
            let name = given.take().or_else(|| declared.made(&format!("{}_fkey", column.text), None));
            declared.constraint(name, refers(following, own.clone(), declared.names));
        } else if word.is("check") {
            let name = given.take().or_else(|| declared.made(&format!("{}_check", column.text), None));
            declared.constraint(name, Some(RuleKind::Check(text(sql, inside(following)))));
        }
    }
}
