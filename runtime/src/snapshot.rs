//! Reads a schema as text, object by object, and compares two of them: `migrate:repair` shows what an interrupted migration has
//! changed, `migrate:verify` whether rolling back restores everything. The text of an object is its definition in the server's
//! own dump. The queries are in [`crate::dialect`].

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::connection::{Connection, Error};
use crate::dialect::Definition;

/// The first line of a stored snapshot. A change to what is read needs a new number: a stored snapshot that other
/// queries wrote cannot be compared.
const HEADER: &str = "kit schema 2";

/// How much of the database is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The current schema: what migrations normally change.
    Schema,
    /// Every schema that is not the server's, and what belongs to none, such as casts and publications. The same as
    /// [`Scope::Schema`] where a database has only one schema.
    Database,
}

/// One object, or a part of one that is compared by itself, such as a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its kind and name: `column authors.name`.
    pub name: String,
    /// Everything else, a line each.
    pub definition: Vec<String>,
}

/// All objects, sorted. Two that are equal are two: SQLite has checks without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(Vec<Object>);

/// An object that is different in the second of two snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Only the second has it.
    Added {
        /// Kind and name.
        object: String,
        /// Its definition.
        definition: Vec<String>,
    },
    /// Only the first has it.
    Removed {
        /// Kind and name.
        object: String,
        /// Its definition.
        definition: Vec<String>,
    },
    /// Both have it, with another definition.
    Altered {
        /// Kind and name.
        object: String,
        /// Its definition in the first.
        before: Vec<String>,
        /// Its definition in the second.
        after: Vec<String>,
    },
}

impl Change {
    /// Kind and name of the object.
    pub fn object(&self) -> &str {
        match self {
            Self::Added { object, .. } | Self::Removed { object, .. } | Self::Altered { object, .. } => object,
        }
    }

    /// The table whose columns have another order, with the columns before and after, if that is the change.
    pub fn reordered(&self) -> Option<[String; 2]> {
        match self {
            Self::Altered { object, before, after } => {
                let table = object.strip_prefix(ORDER)?;
                Some([before, after].map(|columns| format!("{table} {}", columns.join(", "))))
            }
            _ => None,
        }
    }
}

/// The beginning of the name of an object that is the order of a table's columns.
const ORDER: &str = "columns of ";

impl Snapshot {
    /// Reads the schema, leaving out what belongs to the tables `without` of the current schema.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take<C: Connection>(connection: &C, scope: Scope, without: &[&str]) -> Result<Self, Error> {
        let dialect = connection.dialect();
        let mut objects = Vec::new();
        for alternatives in dialect.snapshot(scope) {
            for row in first_understood(connection, &alternatives).await? {
                let Some(definition) = Definition::parse(&row) else { continue };
                if definition.relation.as_deref().is_some_and(|name| without.contains(&name)) {
                    continue;
                }
                match dialect.show_create(&definition) {
                    // Without the privilege for the statement, the catalog's description has to do.
                    Some(sql) => match connection.query(&sql, &[]).await {
                        Ok(rows) => objects.extend(rows.iter().flat_map(|row| dialect.created(&definition, row))),
                        Err(_) => objects.extend(dialect.objects_of(definition)),
                    },
                    None => objects.extend(dialect.objects_of(definition)),
                }
            }
        }
        objects.sort();
        Ok(Self(objects))
    }

    /// The same with more objects.
    #[must_use]
    pub fn with(mut self, objects: impl IntoIterator<Item = Object>) -> Self {
        self.0.extend(objects);
        self.0.sort();
        self
    }

    /// The objects that `later` has otherwise, sorted by name. The order of a table's columns is among them only if
    /// the columns are the same.
    pub fn changes(&self, later: &Self) -> Vec<Change> {
        let (before, mut after) = apart(&self.0, &later.0);
        let mut changes = Vec::new();
        for Object { name: object, definition } in before {
            let Some(other) = after.get_mut(&object).and_then(VecDeque::pop_front) else {
                changes.extend((!object.starts_with(ORDER)).then_some(Change::Removed { object, definition }));
                continue;
            };
            if !object.starts_with(ORDER) || sorted(&definition) == sorted(&other) {
                changes.push(Change::Altered { object, before: definition, after: other });
            }
        }
        let added = after.into_iter().filter(|(object, _)| !object.starts_with(ORDER));
        changes.extend(added.flat_map(|(object, definitions)| {
            definitions.into_iter().map(move |definition| Change::Added { object: object.clone(), definition })
        }));
        changes.sort_by(|one, other| one.object().cmp(other.object()));
        changes
    }

    /// The objects, sorted.
    pub fn objects(&self) -> &[Object] {
        &self.0
    }

    /// All of it as one text, to be stored.
    pub fn text(&self) -> String {
        let escape = |text: &String| text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
        let line = |object: &Object| {
            let cells = std::iter::once(&object.name).chain(&object.definition);
            cells.map(escape).collect::<Vec<_>>().join("\t")
        };
        std::iter::once(HEADER.to_owned()).chain(self.0.iter().map(line)).collect::<Vec<_>>().join("\n")
    }

    /// Reads the text of [`Snapshot::text`]; returns `None` if a version of kit with other queries wrote it.
    pub fn parse(text: &str) -> Option<Self> {
        let unescape = |text: &str| {
            let (mut plain, mut chars) = (String::new(), text.chars());
            while let Some(c) = chars.next() {
                plain.push(match c {
                    '\\' => match chars.next() {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        other => other.unwrap_or('\\'),
                    },
                    c => c,
                });
            }
            plain
        };
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return None;
        }
        let object = |line: &str| {
            let mut cells = line.split('\t').map(unescape);
            Object { name: cells.next().unwrap_or_default(), definition: cells.collect() }
        };
        Some(Self(lines.map(object).collect()))
    }
}

/// Returns the objects that only the first of two sorted lists has, and by name those that only the second has.
fn apart(before: &[Object], after: &[Object]) -> (Vec<Object>, BTreeMap<String, VecDeque<Vec<String>>>) {
    let (mut removed, mut added) = (Vec::new(), BTreeMap::<String, VecDeque<Vec<String>>>::new());
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    loop {
        match (before.peek(), after.peek()) {
            (Some(one), Some(other)) if one == other => {
                before.next();
                after.next();
            }
            (Some(one), other) if other.is_none_or(|other| *one < *other) => {
                removed.extend(before.next().cloned());
            }
            (_, Some(_)) => {
                let Some(Object { name, definition }) = after.next().cloned() else { continue };
                added.entry(name).or_default().push_back(definition);
            }
            _ => return (removed, added),
        }
    }
}

fn sorted(lines: &[String]) -> Vec<&String> {
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort();
    lines
}

/// The answer to the first of some queries that the server understands.
///
/// # Errors
/// The server's error for the last one.
pub(crate) async fn first_understood<C: Connection>(
    connection: &C,
    alternatives: &[impl AsRef<str>],
) -> Result<Vec<crate::connection::Row>, Error> {
    let mut answer = Ok(Vec::new());
    for sql in alternatives {
        answer = connection.query(sql.as_ref(), &[]).await;
        if answer.is_ok() {
            break;
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(objects: &[(&str, &[&str])]) -> Snapshot {
        let object = |(name, definition): &(&str, &[&str])| Object {
            name: (*name).to_owned(),
            definition: definition.iter().map(|line| (*line).to_owned()).collect(),
        };
        Snapshot::default().with(objects.iter().map(object))
    }

    #[test]
    fn each_object_is_compared_with_the_one_of_its_name() {
        let before = snapshot(&[("check t", &["a"]), ("check t", &["a"]), ("view v", &["x", "y"]), ("table t", &[])]);
        let after = snapshot(&[("check t", &["a"]), ("view v", &["x", "z"]), ("table u", &[])]);
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            before.changes(&after),
            [
                Change::Removed { object: "check t".to_owned(), definition: lines(&["a"]) },
                Change::Removed { object: "table t".to_owned(), definition: Vec::new() },
                Change::Added { object: "table u".to_owned(), definition: Vec::new() },
                Change::Altered { object: "view v".to_owned(), before: lines(&["x", "y"]), after: lines(&["x", "z"]) },
            ]
        );
        assert!(before.changes(&before).is_empty());
    }

    #[test]
    fn the_order_of_columns_is_a_change_only_if_nothing_else_is() {
        let before = snapshot(&[("columns of t", &["a", "b", "c"]), ("columns of u", &["x", "y"])]);
        let after = snapshot(&[("columns of t", &["a", "b"]), ("columns of u", &["y", "x"])]);
        let changes = before.changes(&after);
        assert_eq!(
            changes.iter().map(Change::reordered).collect::<Vec<_>>(),
            [Some(["u x, y".to_owned(), "u y, x".to_owned()])]
        );
    }

    #[test]
    fn a_stored_snapshot_comes_back_and_one_of_another_version_does_not() {
        let whole = snapshot(&[("function f()", &["BEGIN\n\t'\\n'", "", "\\"]), ("table t", &[])]);
        assert_eq!(Snapshot::parse(&whole.text()), Some(whole));
        assert_eq!(Snapshot::parse(&Snapshot::default().text()), Some(Snapshot::default()));
        assert_eq!(Snapshot::parse("table t\ncolumn t id"), None);
        assert_eq!(Snapshot::parse(""), None);
    }
}
