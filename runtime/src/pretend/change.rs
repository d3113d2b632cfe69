//! What a statement changes in the schema. It reads one statement and knows no schema.

use super::alteration::{alter, renamed};
use super::declaration::{column, constraints, primary_key, unique};
use super::names::Names;
use super::rules::Rule;
use super::statement::{closing, name, split, table_name, text};
use super::token::{Kind, Token};

/// One change of the schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Creates a table or a view.
    Create {
        /// Its name.
        table: String,
        /// The columns that the statement lists; `None` if it lists none.
        columns: Option<Vec<Column>>,
        /// The query that it is, or is filled from.
        query: Option<String>,
        /// What it is.
        relation: Relation,
        /// Where more columns come from.
        sources: Vec<Source>,
        /// What happens if it exists.
        existing: Existing,
    },
    /// Drops a table or a view.
    Drop {
        /// Its name.
        table: String,
        /// A missing one is no error.
        if_exists: bool,
    },
    /// Renames a table.
    Rename(String, String),
    /// Adds a column.
    Add {
        /// The table.
        table: String,
        /// The column.
        column: Column,
        /// An existing one is no error.
        unless_there: bool,
    },
    /// Drops a column.
    Remove {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// A missing one is no error.
        if_exists: bool,
    },
    /// Renames a column: table, old name, new name.
    RenameColumn(String, String, String),
    /// Changes the type of a column, and so the values in it.
    Alter(String, String),
    /// Changes another attribute of a column: its default, whether it takes NULL.
    Redefine(String, String),
    /// Deletes all rows.
    Empty(String),
    /// Changes something of a table that is not followed; the table has to exist.
    Touch(String),
    /// Adds a constraint that rows have to meet.
    Rule {
        /// The table.
        table: String,
        /// The constraint.
        rule: Rule,
    },
    /// Makes the rows of a table those of another one, or ends that: child, parent.
    Attach(String, String),
    /// Creates an object that is no table.
    Object {
        /// What it is.
        kind: Object,
        /// Its name.
        name: String,
        /// The table that it belongs to.
        table: Option<String>,
        /// What happens if it exists.
        existing: Existing,
    },
    /// Drops an object that is no table.
    DropObject {
        /// What it is.
        kind: Object,
        /// Its name.
        name: String,
        /// The table that it belongs to, where the statement names it.
        table: Option<String>,
        /// A missing one is no error.
        if_exists: bool,
    },
    /// Adds a value to an enum type.
    Value {
        /// The type.
        name: String,
        /// The value.
        value: String,
    },
}

/// A table, or what can be read like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A table.
    Table,
    /// A view, which has the rows that its query has when it is read.
    View,
    /// A materialized view, which has the rows that its query had.
    Materialized,
}

/// A table that another one takes its columns from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `LIKE`: a copy of the columns; `keys` says that keys, defaults and numbers are copied, too.
    Like {
        /// The other table.
        table: String,
        /// `INCLUDING ALL`, or what comes to the same.
        keys: bool,
    },
    /// `PARTITION OF`, `INHERITS`: what the other table has, and its rows are found in both.
    Parent(String),
}

/// What `CREATE` does where the object exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It fails.
    Fails,
    /// It does nothing: `IF NOT EXISTS`.
    Kept,
    /// It replaces the object: `OR REPLACE`.
    Replaced,
}

/// An object that is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// An index.
    Index,
    /// A constraint.
    Constraint,
    /// A type.
    Type,
    /// A function or a procedure.
    Routine,
    /// A trigger.
    Trigger,
    /// An extension.
    Extension,
    /// A schema.
    Schema,
    /// A sequence.
    Sequence,
}

/// A column that a statement declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Its default, as it stands.
    pub default: Option<String>,
    /// The database numbers it.
    pub numbered: bool,
    /// It takes NULL.
    pub nullable: bool,
    /// The database computes it from other columns.
    pub computed: bool,
}

/// Returns what a statement changes in the schema; nothing if that is not followed.
pub fn changes(sql: &str, words: &[Token], names: &Names) -> Vec<Change> {
    let head = Head::of(words);
    let rest = words.get(head.length..).unwrap_or_default();
    match (head.verb.as_str(), head.kind.as_str()) {
        ("create", "table") => create(sql, rest, head.existing, names),
        ("create", "index") => index(rest, &head, names),
        ("create", "view") => view(sql, rest, &head, names).into_iter().collect(),
        ("create", kind) => object(kind).map(|kind| create_object(kind, rest, &head, names)).unwrap_or_default(),
        ("drop", "table" | "view") => {
            let drop = |table| Change::Drop { table, if_exists: head.if_exists };
            tables(rest, names).into_iter().map(drop).collect()
        }
        ("drop", "index") => split(rest, ",")
            .filter_map(name)
            .map(|(name, after)| {
                let on = after.first().filter(|word| word.is("on")).and_then(|_| table_name(after.get(1..)?, names));
                let table = on.map(|(table, _)| table);
                Change::DropObject { kind: Object::Index, name, table, if_exists: head.if_exists }
            })
            .collect(),
        ("drop", kind) => {
            let Some((kind, (name, after))) = object(kind).zip(name(rest)) else { return Vec::new() };
            let table = trigger_table(kind, after, names);
            vec![Change::DropObject { kind, name, table, if_exists: head.if_exists }]
        }
        ("rename", "table") => split(rest, ",")
            .filter_map(|part| {
                let (from, after) = table_name(part, names)?;
                Some(Change::Rename(from, table_name(after.get(1..)?, names)?.0))
            })
            .collect(),
        ("truncate", "table") => tables(rest, names).into_iter().map(Change::Empty).collect(),
        ("truncate", _) => tables(words.get(1..).unwrap_or_default(), names).into_iter().map(Change::Empty).collect(),
        ("alter", "table") => {
            table_name(rest, names).map(|(table, parts)| alter(sql, &table, parts, names)).unwrap_or_default()
        }
        ("alter", "index") => renamed_itself(Object::Index, rest),
        ("alter", "type") => match name(rest) {
            Some((name, [add, value, after @ ..])) if add.is("add") && value.is("value") => {
                let value = after.iter().find(|word| word.kind == Kind::Text).map(|word| word.text.clone());
                value.map(|value| Change::Value { name, value }).into_iter().collect()
            }
            _ => renamed_itself(Object::Type, rest),
        },
        _ => Vec::new(),
    }
}

/// The first words of a statement, up to the name of what it is about.
struct Head {
    verb: String,
    /// What is created, altered or dropped.
    kind: String,
    existing: Existing,
    if_exists: bool,
    unique: bool,
    materialized: bool,
    /// How many words these are.
    length: usize,
}

impl Head {
    fn of(words: &[Token]) -> Self {
        let lower = |at: usize| words.get(at).map(|word| word.text.to_lowercase()).unwrap_or_default();
        let is_any = |at: usize, known: &[&str]| words.get(at).is_some_and(|word| known.iter().any(|w| word.is(w)));
        let mut at = 1;
        while is_any(at, &BEFORE_KIND) {
            at += 1;
        }
        // `ALGORITHM = …`, `DEFINER = …`, `SQL SECURITY …`.
        if is_any(at, &["algorithm", "definer", "sql"]) {
            let is_kind = |word: &Token| OF_OWNER.iter().any(|known| word.is(known));
            at += words.get(at..).unwrap_or_default().iter().position(is_kind).unwrap_or_default();
        }
        let before = words.get(1..at).unwrap_or_default();
        let kind = lower(at);
        let after = at + 1;
        at = after;
        while is_any(at, &["if", "not", "exists", "concurrently", "only"]) {
            at += 1;
        }
        let conditions = words.get(after..at).unwrap_or_default();
        let has = |words: &[Token], word: &str| words.iter().any(|own| own.is(word));
        let existing = match (has(conditions, "not"), has(before, "replace")) {
            (true, _) => Existing::Kept,
            (false, true) => Existing::Replaced,
            (false, false) => Existing::Fails,
        };
        Self {
            verb: lower(0),
            kind,
            existing,
            if_exists: has(conditions, "exists"),
            unique: has(before, "unique"),
            materialized: has(before, "materialized"),
            length: at,
        }
    }
}

/// Words between `CREATE` and what is created.
const BEFORE_KIND: [&str; 16] = [
    "temporary",
    "temp",
    "global",
    "local",
    "unlogged",
    "or",
    "replace",
    "unique",
    "fulltext",
    "spatial",
    "if",
    "materialized",
    "recursive",
    "constraint",
    "virtual",
    "aggregate",
];

/// What can have an owner that is named before it.
const OF_OWNER: [&str; 5] = ["view", "trigger", "procedure", "function", "event"];

fn object(kind: &str) -> Option<Object> {
    Some(match kind {
        "type" | "domain" => Object::Type,
        "function" | "procedure" => Object::Routine,
        "trigger" => Object::Trigger,
        "extension" => Object::Extension,
        "schema" => Object::Schema,
        "sequence" => Object::Sequence,
        _ => return None,
    })
}

/// The names of tables between commas.
fn tables(words: &[Token], names: &Names) -> Vec<String> {
    split(words, ",").filter_map(|part| table_name(part, names)).map(|(table, _)| table).collect()
}

/// The table of a trigger, which follows `ON`.
fn trigger_table(kind: Object, words: &[Token], names: &Names) -> Option<String> {
    let on = words.iter().position(|word| word.is("on")).filter(|_| kind == Object::Trigger)?;
    table_name(words.get(on + 1..)?, names).map(|(table, _)| table)
}

fn create_object(kind: Object, words: &[Token], head: &Head, names: &Names) -> Vec<Change> {
    let Some((name, after)) = name(words) else { return Vec::new() };
    let table = trigger_table(kind, after, names);
    let values = after.iter().filter(|word| kind == Object::Type && word.kind == Kind::Text);
    let mut found = vec![Change::Object { kind, name: name.clone(), table, existing: head.existing }];
    found.extend(values.map(|word| Change::Value { name: name.clone(), value: word.text.clone() }));
    found
}

/// `ALTER INDEX a RENAME TO b`, and the same of a type.
fn renamed_itself(kind: Object, words: &[Token]) -> Vec<Change> {
    match name(words) {
        Some((from, [rename, to, after @ ..])) if rename.is("rename") && to.is("to") => {
            renamed(kind, from, name(after).map(|(to, _)| to), None)
        }
        _ => Vec::new(),
    }
}

fn index(words: &[Token], head: &Head, names: &Names) -> Vec<Change> {
    let Some(on) = words.iter().position(|word| word.is("on")) else { return Vec::new() };
    let Some((table, list)) = words.get(on + 1..).and_then(|words| table_name(words, names)) else { return Vec::new() };
    let given = name(words.get(..on).unwrap_or_default()).map(|(name, _)| name);
    let mut found = Vec::new();
    if let Some(name) = given.clone() {
        let table = Some(table.clone());
        found.push(Change::Object { kind: Object::Index, name, table, existing: head.existing });
    }
    if head.unique {
        found.push(Change::Rule { table, rule: Rule { name: given, kind: unique(list) } });
    }
    found
}

fn view(sql: &str, words: &[Token], head: &Head, names: &Names) -> Option<Change> {
    let (table, rest) = table_name(words, names)?;
    let columns = listed_names(rest);
    let relation = if head.materialized { Relation::Materialized } else { Relation::View };
    let (query, _) = query(sql, rest, true);
    Some(Change::Create { table, columns, query, relation, sources: Vec::new(), existing: head.existing })
}

/// Columns of which only the names are listed.
fn listed_names(words: &[Token]) -> Option<Vec<Column>> {
    let end = words.first().filter(|word| word.is("(")).and_then(|_| closing(words))?;
    let column = |(name, _)| Column {
        name,
        kind: String::new(),
        default: None,
        numbered: false,
        nullable: true,
        computed: false,
    };
    Some(split(words.get(1..end)?, ",").filter_map(name).map(column).collect())
}

fn create(sql: &str, words: &[Token], existing: Existing, names: &Names) -> Vec<Change> {
    let Some((table, rest)) = table_name(words, names) else { return Vec::new() };
    let mut found = Vec::new();
    let mut sources = Vec::new();
    let mut columns = None;
    let mut after = rest;
    match rest {
        [like, other @ ..] if like.is("like") => {
            sources.extend(table_name(other, names).map(|(table, _)| Source::Like { table, keys: true }));
        }
        [partition, of, other @ ..] if partition.is("partition") && of.is("of") => {
            sources.extend(table_name(other, names).map(|(table, _)| Source::Parent(table)));
        }
        [open, ..] if open.is("(") => {
            let end = closing(rest).unwrap_or(rest.len());
            let parts = rest.get(1..end).unwrap_or_default();
            after = rest.get(end + 1..).unwrap_or_default();
            columns = Some(declared(sql, parts, &table, names, &mut found, &mut sources));
        }
        _ => {}
    }
    if let Some(at) = after.iter().position(|word| word.is("inherits"))
        && let Some(list) = after.get(at + 1..)
    {
        let end = closing(list).unwrap_or(list.len());
        let parents = tables(list.get(1..end).unwrap_or_default(), names);
        sources.extend(parents.into_iter().map(Source::Parent));
    }
    let (query, is_empty) = if sources.is_empty() { query(sql, after, false) } else { (None, false) };
    let create = Change::Create { table: table.clone(), columns, query, relation: Relation::Table, sources, existing };
    found.insert(0, create);
    if is_empty {
        found.push(Change::Empty(table));
    }
    found
}

/// The columns in the parentheses of `CREATE TABLE`.
fn declared(
    sql: &str,
    words: &[Token],
    table: &str,
    names: &Names,
    found: &mut Vec<Change>,
    sources: &mut Vec<Source>,
) -> Vec<Column> {
    let mut own: Vec<Column> = Vec::new();
    for part in split(words, ",") {
        if let [like, other @ ..] = part
            && like.is("like")
            && let Some((table, options)) = table_name(other, names)
        {
            let includes = |what: &str| {
                options
                    .windows(2)
                    .any(|two| matches!(two, [including, own] if including.is("including") && own.is(what)))
            };
            let keys = names.dialect.indexes_in_tables() || includes("all") || includes("indexes");
            sources.push(Source::Like { table, keys });
            continue;
        }
        found.extend(constraints(sql, part, table, names));
        own.extend(column(sql, part, names.dialect));
        for key in primary_key(part) {
            for column in own.iter_mut().filter(|own| names.column(&own.name) == names.column(&key)) {
                column.nullable = false;
            }
        }
    }
    own
}

/// The query that a table is filled from or a view is, and whether its rows are left out: `WITH NO DATA`.
fn query(sql: &str, words: &[Token], is_view: bool) -> (Option<String>, bool) {
    let starts = |word: &Token| ["select", "with", "values", "table", "("].iter().any(|known| word.is(known));
    let mut depth = 0_usize;
    let mut first = None;
    for (at, word) in words.iter().enumerate() {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && word.is("as") && words.get(at + 1).is_some_and(starts) {
            first = Some(at + 1);
            break;
        } else if depth == 0 && !is_view && word.is("select") {
            first = Some(at);
            break;
        }
    }
    let Some(query) = first.and_then(|at| words.get(at..)) else { return (None, false) };
    match query {
        [query @ .., with, no, data] if with.is("with") && no.is("no") && data.is("data") => {
            (Some(text(sql, query)), true)
        }
        [query @ .., with, data] if with.is("with") && data.is("data") => (Some(text(sql, query)), false),
        [query @ .., with, check, option] if with.is("with") && check.is("check") && option.is("option") => {
            (Some(text(sql, query)), false)
        }
        [query @ .., with, _, check, option] if with.is("with") && check.is("check") && option.is("option") => {
            (Some(text(sql, query)), false)
        }
        query => (Some(text(sql, query)), false),
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
