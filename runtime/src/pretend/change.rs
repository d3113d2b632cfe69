//! What a statement changes in the schema. It reads one statement and knows no schema.

use super::names::Names;
use super::statement::{closing, name, split, table_name};
use super::token::{Kind, Token};
use crate::dialect::Dialect;

/// One change of the schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Creates a table or a view.
    Create {
        /// Its name.
        table: String,
        /// Its columns; `None` if they come from a query.
        columns: Option<Vec<Column>>,
        /// The query that it is, or is filled from.
        query: Option<String>,
        /// It is a view.
        view: bool,
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
    /// Changes the type or another attribute of a column.
    Alter(String, String),
    /// Deletes all rows.
    Empty(String),
    /// Changes something of a table that is not followed; the table has to exist.
    Touch(String),
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
}

/// Returns what a statement changes in the schema; nothing if that is not followed.
pub fn changes(sql: &str, words: &[Token], names: &Names) -> Vec<Change> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
    let mut at = 1;
    let mut existing = Existing::Fails;
    while BEFORE_KIND.iter().any(|word| is(at, word)) {
        if is(at, "replace") {
            existing = Existing::Replaced;
        }
        at += 1;
    }
    let kind = words.get(at).map(|word| word.text.to_lowercase()).unwrap_or_default();
    at += 1;
    let mut if_exists = false;
    while ["if", "not", "exists", "concurrently", "only"].iter().any(|word| is(at, word)) {
        if is(at, "not") {
            existing = Existing::Kept;
        }
        if_exists |= is(at, "exists");
        at += 1;
    }
    let rest = words.get(at..).unwrap_or_default();
    let first = words.first().map(|word| word.text.to_lowercase()).unwrap_or_default();
    let tables = |words: &[Token]| -> Vec<String> {
        split(words, ",").filter_map(|part| table_name(part, names)).map(|(table, _)| table).collect()
    };
    match (first.as_str(), kind.as_str()) {
        ("create", "table") => create(sql, rest, existing, names),
        ("create", "index") => index(rest, existing, names).into_iter().collect(),
        ("create", "view") => {
            let view = |table| Change::Create { table, columns: None, query: query(sql, rest), view: true, existing };
            table_name(rest, names).map(|(table, _)| view(table)).into_iter().collect()
        }
        ("drop", "table" | "view") => tables(rest).into_iter().map(|table| Change::Drop { table, if_exists }).collect(),
        ("drop", "index") => split(rest, ",")
            .filter_map(name)
            .map(|(name, after)| {
                let on = after.first().filter(|word| word.is("on")).and_then(|_| table_name(after.get(1..)?, names));
                Change::DropObject { kind: Object::Index, name, table: on.map(|(table, _)| table), if_exists }
            })
            .collect(),
        ("rename", "table") => split(rest, ",")
            .filter_map(|part| {
                let (from, after) = table_name(part, names)?;
                Some(Change::Rename(from, table_name(after.get(1..)?, names)?.0))
            })
            .collect(),
        ("truncate", "table") => tables(rest).into_iter().map(Change::Empty).collect(),
        ("truncate", _) => tables(words.get(1..).unwrap_or_default()).into_iter().map(Change::Empty).collect(),
        ("alter", "table") => {
            table_name(rest, names).map(|(table, parts)| alter(sql, &table, parts, names)).unwrap_or_default()
        }
        ("alter", "index") => match name(rest) {
            Some((from, [rename, to, after @ ..])) if rename.is("rename") && to.is("to") => {
                renamed(Object::Index, from, name(after).map(|(to, _)| to), None)
            }
            _ => Vec::new(),
        },
        ("alter", "type") => match name(rest) {
            Some((from, [rename, to, after @ ..])) if rename.is("rename") && to.is("to") => {
                renamed(Object::Type, from, name(after).map(|(to, _)| to), None)
            }
            Some((name, [add, value, after @ ..])) if add.is("add") && value.is("value") => {
                let value = after.iter().find(|word| word.kind == Kind::Text).map(|word| word.text.clone());
                value.map(|value| Change::Value { name, value }).into_iter().collect()
            }
            _ => Vec::new(),
        },
        (verb @ ("create" | "drop"), kind) => {
            let Some((kind, (name, after))) = object(kind).zip(name(rest)) else { return Vec::new() };
            let on = after.iter().position(|word| word.is("on")).filter(|_| kind == Object::Trigger);
            let on = on.and_then(|at| table_name(after.get(at + 1..)?, names)).map(|(table, _)| table);
            if verb == "drop" {
                return vec![Change::DropObject { kind, name, table: on, if_exists }];
            }
            let values = after.iter().filter(|word| kind == Object::Type && word.kind == Kind::Text);
            let values: Vec<String> = values.map(|word| word.text.clone()).collect();
            let mut found = vec![Change::Object { kind, name: name.clone(), table: on, existing }];
            found.extend(values.into_iter().map(|value| Change::Value { name: name.clone(), value }));
            found
        }
        _ => Vec::new(),
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

fn renamed(kind: Object, from: String, to: Option<String>, table: Option<String>) -> Vec<Change> {
    let Some(to) = to else { return Vec::new() };
    vec![
        Change::DropObject { kind, name: from, table: table.clone(), if_exists: false },
        Change::Object { kind, name: to, table, existing: Existing::Fails },
    ]
}

fn index(words: &[Token], existing: Existing, names: &Names) -> Option<Change> {
    let (name, after) = name(words.get(..).filter(|words| !words.first().is_some_and(|word| word.is("on")))?)?;
    let on = after.iter().position(|word| word.is("on"))?;
    let (table, _) = table_name(after.get(on + 1..)?, names)?;
    Some(Change::Object { kind: Object::Index, name, table: Some(table), existing })
}

fn create(sql: &str, words: &[Token], existing: Existing, names: &Names) -> Vec<Change> {
    let Some((table, rest)) = table_name(words, names) else { return Vec::new() };
    let mut found = Vec::new();
    let mut columns = None;
    if rest.first().is_some_and(|word| word.is("("))
        && let Some(end) = closing(rest)
    {
        let mut own: Vec<Column> = Vec::new();
        for part in split(rest.get(1..end).unwrap_or_default(), ",") {
            found.extend(constraints(part, &table, names));
            own.extend(column(sql, part, names.dialect));
            for key in key_columns(part) {
                for column in own.iter_mut().filter(|own| names.column(&own.name) == names.column(&key)) {
                    column.nullable = false;
                }
            }
        }
        columns = Some(own);
    }
    let query = if columns.is_none() { query(sql, rest) } else { None };
    found.insert(0, Change::Create { table, columns, query, view: false, existing });
    found
}

/// The columns of a primary key that is a part of its own.
fn key_columns(part: &[Token]) -> Vec<String> {
    let Some(at) = part.iter().position(|word| word.is("primary")) else { return Vec::new() };
    if at > 2 || at == 1 || !part.get(at + 1).is_some_and(|word| word.is("key")) {
        return Vec::new();
    }
    let inside = part.get(at + 3..).unwrap_or_default();
    split(inside.split_last().map_or(inside, |(_, before)| before), ",")
        .filter_map(name)
        .map(|(name, _)| name)
        .collect()
}

/// What follows `AS`.
fn query(sql: &str, words: &[Token]) -> Option<String> {
    let at = words.iter().position(|word| word.is("as"))?;
    let (first, last) = (words.get(at + 1)?, words.last()?);
    sql.get(first.place.start..last.place.end).map(str::to_owned)
}

fn alter(sql: &str, table: &str, words: &[Token], names: &Names) -> Vec<Change> {
    let mut found = vec![Change::Touch(table.to_owned())];
    let table = table.to_owned();
    for part in split(words, ",") {
        let Some((verb, rest)) = part.split_first() else { continue };
        let conditional = rest.iter().take(3).any(|word| word.is("if"));
        let begins = |words: &[&str]| rest.first().is_some_and(|first| words.iter().any(|word| first.is(word)));
        let object = if begins(&["index", "key"]) { Object::Index } else { Object::Constraint };
        let is_object = begins(&["index", "key", "constraint"]);
        let bare = without(rest, &["column", "index", "key", "constraint", "if", "not", "exists"]);
        match verb.text.to_lowercase().as_str() {
            "add" => {
                found.extend(constraints(rest, &table, names));
                let columns = without(rest, &["column", "if", "not", "exists"]);
                let listed = columns.first().is_some_and(|word| word.is("("));
                let inside = closing(columns).filter(|_| listed).and_then(|end| columns.get(1..end));
                for part in inside.map_or(vec![columns], |inside| split(inside, ",").collect()) {
                    let column = column(sql, part, names.dialect);
                    let add = |column| Change::Add { table: table.clone(), column, unless_there: conditional };
                    found.extend(column.map(add));
                }
            }
            "drop" if begins(&["primary"]) => found.push(Change::DropObject {
                kind: Object::Index,
                name: "PRIMARY".to_owned(),
                table: Some(table.clone()),
                if_exists: false,
            }),
            "drop" if !begins(&["check", "default", "not", "partition"]) => {
                let bare = if begins(&["foreign"]) { without(rest, &["foreign", "key", "if", "exists"]) } else { bare };
                found.extend(name(bare).map(|(name, _)| match is_object || begins(&["foreign"]) {
                    true => {
                        Change::DropObject { kind: object, name, table: Some(table.clone()), if_exists: conditional }
                    }
                    false => Change::Remove { table: table.clone(), column: name, if_exists: conditional },
                }));
            }
            "rename" => {
                let whole = begins(&["to", "as"]);
                let Some((from, after)) = name(without(bare, &["to", "as"])) else { continue };
                let to = after.get(1..).and_then(name).map(|(to, _)| to);
                found.extend(match (whole, is_object, to) {
                    (true, ..) => {
                        let (to, _) = table_name(without(rest, &["to", "as"]), names).unwrap_or((from, &[]));
                        vec![Change::Rename(table.clone(), to)]
                    }
                    (_, true, to) => renamed(object, from, to, Some(table.clone())),
                    (_, false, Some(to)) => vec![Change::RenameColumn(table.clone(), from, to)],
                    (.., None) => Vec::new(),
                });
            }
            "change" => {
                if let Some((from, after)) = name(bare)
                    && let Some((to, _)) = name(after)
                {
                    found.push(Change::RenameColumn(table.clone(), from, to.clone()));
                    found.push(Change::Alter(table.clone(), to));
                }
            }
            "alter" | "modify" if !is_object => {
                found.extend(name(bare).map(|(column, _)| Change::Alter(table.clone(), column)));
            }
            _ => {}
        }
    }
    found
}

/// The words after any of these.
fn without<'a>(words: &'a [Token], leading: &[&str]) -> &'a [Token] {
    let skipped = words.iter().take_while(|word| leading.iter().any(|leading| word.is(leading))).count();
    words.get(skipped..).unwrap_or_default()
}

/// The constraints and indexes that a part of a table declares, by the names that the database gives them.
fn constraints(part: &[Token], table: &str, names: &Names) -> Vec<Change> {
    let named = part.first().is_some_and(|word| word.is("constraint"));
    let bare = if named { part.get(2..).unwrap_or_default() } else { part };
    let first = |words: &[&str]| bare.first().is_some_and(|first| words.iter().any(|word| first.is(word)));
    let given = part.get(1).filter(|_| named).map(|word| word.text.clone());
    let mut found = Vec::new();
    let mut add = |kind: Object, name: String| {
        found.push(Change::Object { kind, name, table: Some(table.to_owned()), existing: Existing::Fails });
    };
    let own = names.own(table).to_owned();
    let listed = |words: &[Token]| -> Vec<String> {
        let open = words.iter().position(|word| word.is("(")).and_then(|at| words.get(at..));
        let inside = open.and_then(|words| words.get(1..closing(words)?)).unwrap_or_default();
        split(inside, ",").filter_map(name).map(|(name, _)| name).collect()
    };
    if first(&["primary", "unique", "foreign", "check", "exclude"]) {
        let keys = first(&["primary", "unique"]);
        let inline = bare.iter().skip(1).find(|word| word.is_name() && !word.is("key") && !word.is("index"));
        let inline = inline.filter(|_| bare.iter().position(|word| word.is("(")).is_some_and(|at| at > 1));
        let ending = match () {
            () if first(&["primary"]) => "pkey".to_owned(),
            () if first(&["unique"]) => format!("{}_key", listed(bare).join("_")),
            () if first(&["foreign"]) => format!("{}_fkey", listed(bare).join("_")),
            () => "check".to_owned(),
        };
        let made = names.dialect.constraint_name(&own, &ending, listed(bare).first().map(String::as_str));
        let inline = inline.filter(|_| first(&["unique"])).map(|word| word.text.clone());
        let name = if first(&["primary"]) && names.dialect.names_primary() {
            Some("PRIMARY".to_owned())
        } else {
            given.or(inline)
        };
        let Some(name) = name.or(made) else { return found };
        if keys {
            add(Object::Index, name.clone());
        }
        add(Object::Constraint, name);
    } else if first(&["key", "index", "fulltext", "spatial"]) && names.dialect.indexes_in_tables() {
        let name = bare.iter().skip(1).find(|word| word.is_name() && !word.is("key") && !word.is("index"));
        found.extend(name.map(|name| Change::Object {
            kind: Object::Index,
            name: name.text.clone(),
            table: Some(table.to_owned()),
            existing: Existing::Fails,
        }));
    } else if let Some(column) = bare.first().filter(|word| word.is_name()) {
        let has = |word: &str| bare.iter().skip(1).any(|own| own.is(word));
        for (word, ending, key) in
            [("primary", "pkey".to_owned(), true), ("unique", format!("{}_key", column.text), true)]
        {
            let name = match (word, names.dialect.names_primary()) {
                ("primary", true) => Some("PRIMARY".to_owned()),
                _ => names.dialect.constraint_name(&own, &ending, Some(&column.text)),
            };
            let Some(name) = name.filter(|_| has(word)) else { continue };
            if key {
                add(Object::Index, name.clone());
            }
            add(Object::Constraint, name);
        }
    }
    found
}

/// A column's declaration; `None` for what stands beside columns.
fn column(sql: &str, part: &[Token], dialect: Dialect) -> Option<Column> {
    let (first, rest) = part.split_first()?;
    let beside = [
        "constraint",
        "primary",
        "foreign",
        "unique",
        "check",
        "key",
        "index",
        "like",
        "exclude",
        "fulltext",
        "period",
    ];
    if !first.is_name() || first.kind == Kind::Word && beside.iter().any(|word| first.is(word)) {
        return None;
    }
    let place = |words: &[Token]| Some(words.first()?.place.start..words.last()?.place.end);
    let declaration = place(rest).and_then(|place| sql.get(place)).unwrap_or_default().to_lowercase();
    let ends = [
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
    ];
    let length = rest.iter().position(|word| ends.iter().any(|end| word.is(end))).unwrap_or(rest.len());
    let kind = rest.get(..length).and_then(place).and_then(|place| sql.get(place)).unwrap_or_default().to_lowercase();
    let default = rest.iter().position(|word| word.is("default")).and_then(|at| {
        let value = rest.get(at + 1..)?;
        let ends = [
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
        let length =
            value.iter().skip(1).position(|word| ends.iter().any(|end| word.is(end))).map_or(value.len(), |at| at + 1);
        sql.get(place(value.get(..length)?)?).map(str::to_owned)
    });
    let numbered = dialect.numbers(&declaration);
    let bound = |two: &[Token]| matches!(two, [a, b] if a.is("not") && b.is("null") || a.is("primary") && b.is("key"));
    let nullable = !rest.windows(2).any(bound) && !kind.contains("serial");
    Some(Column { name: first.text.clone(), kind, default, numbered, nullable })
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
