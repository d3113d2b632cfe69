//! `ALTER TABLE`: what each of its parts changes. It reads one statement and knows no schema.

use super::change::{Change, Existing, Object};
use super::declaration::{column, constraints};
use super::names::Names;
use super::rules::{Rule, RuleKind};
use super::statement::{closing, name, split, table_name};
use super::token::Token;

/// Returns what `ALTER TABLE` changes.
pub(super) fn alter(sql: &str, table: &str, words: &[Token], names: &Names) -> Vec<Change> {
    let mut found = vec![Change::Touch(table.to_owned())];
    for part in split(words, ",") {
        found.extend(Alteration::of(sql, table, part, names).map(|part| part.changes()).unwrap_or_default());
    }
    found
}

/// One part of `ALTER TABLE`.
struct Alteration<'a> {
    sql: &'a str,
    table: String,
    verb: &'a Token,
    rest: &'a [Token],
    names: &'a Names,
}

impl<'a> Alteration<'a> {
    fn of(sql: &'a str, table: &str, part: &'a [Token], names: &'a Names) -> Option<Self> {
        let (verb, rest) = part.split_first()?;
        Some(Self { sql, table: table.to_owned(), verb, rest, names })
    }

    fn begins(&self, words: &[&str]) -> bool {
        self.rest.first().is_some_and(|first| words.iter().any(|word| first.is(word)))
    }

    /// Whether it is about an index or a constraint.
    fn is_object(&self) -> bool {
        self.begins(&["index", "key", "constraint"])
    }

    fn object(&self) -> Object {
        if self.begins(&["index", "key"]) { Object::Index } else { Object::Constraint }
    }

    fn is_conditional(&self) -> bool {
        self.rest.iter().take(3).any(|word| word.is("if"))
    }

    /// What follows the words that only say what a name is of.
    fn bare(&self) -> &'a [Token] {
        without(self.rest, &["column", "index", "key", "constraint", "if", "not", "exists"])
    }

    fn changes(&self) -> Vec<Change> {
        match self.verb.text.to_lowercase().as_str() {
            "add" => self.add(),
            "drop" => self.drop(),
            "rename" => self.rename(),
            "change" => match name(self.bare()) {
                Some((from, after)) => match name(after) {
                    Some((to, _)) => vec![
                        Change::RenameColumn(self.table.clone(), from, to.clone()),
                        Change::Alter(self.table.clone(), to),
                    ],
                    None => Vec::new(),
                },
                None => Vec::new(),
            },
            "alter" | "modify" if !self.is_object() => self.alter_column(),
            "attach" | "detach" => {
                let child = table_name(without(self.rest, &["partition"]), self.names);
                child.map(|(child, _)| Change::Attach(child, self.table.clone())).into_iter().collect()
            }
            "inherit" | "no" => {
                let parent = table_name(without(self.rest, &["inherit"]), self.names);
                parent.map(|(parent, _)| Change::Attach(self.table.clone(), parent)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn alter_column(&self) -> Vec<Change> {
        let Some((column, after)) = name(self.bare()) else { return Vec::new() };
        let requires =
            |three: &[Token]| matches!(three, [set, not, null] if set.is("set") && not.is("not") && null.is("null"));
        let declares = |two: &[Token]| matches!(two, [not, null] if not.is("not") && null.is("null"));
        let is_required = match self.verb.is("modify") {
            true => after.windows(2).any(declares),
            false => after.windows(3).any(requires),
        };
        let rule = Rule { name: Some(column.clone()), kind: RuleKind::Required(column.clone()) };
        let mut found = Vec::new();
        found.extend(is_required.then(|| Change::Rule { table: self.table.clone(), rule }));
        let is_attribute = !self.verb.is("modify")
            && after.first().is_some_and(|word| word.is("set") || word.is("drop"))
            && after.get(1).is_some_and(|word| word.is("default") || word.is("not"));
        let table = self.table.clone();
        found.push(if is_attribute { Change::Redefine(table, column) } else { Change::Alter(table, column) });
        found
    }

    fn add(&self) -> Vec<Change> {
        let bare = without(self.rest, &["column", "if", "not", "exists"]);
        let listed = bare.first().is_some_and(|word| word.is("("));
        let inside = closing(bare).filter(|_| listed).and_then(|end| bare.get(1..end));
        let unless_there = self.is_conditional();
        let mut found = Vec::new();
        for part in inside.map_or(vec![bare], |inside| split(inside, ",").collect()) {
            found.extend(constraints(self.sql, part, &self.table, self.names));
            let column = column(self.sql, part, self.names.dialect);
            found.extend(column.map(|column| Change::Add { table: self.table.clone(), column, unless_there }));
        }
        found
    }

    fn drop(&self) -> Vec<Change> {
        let drop =
            |kind, name, if_exists| Change::DropObject { kind, name, table: Some(self.table.clone()), if_exists };
        if self.begins(&["primary"]) {
            return vec![drop(Object::Index, "PRIMARY".to_owned(), false)];
        }
        if self.begins(&["check", "default", "not", "partition"]) {
            return Vec::new();
        }
        let foreign = self.begins(&["foreign"]);
        let bare = if foreign { without(self.rest, &["foreign", "key", "if", "exists"]) } else { self.bare() };
        let Some((name, _)) = name(bare) else { return Vec::new() };
        let if_exists = self.is_conditional();
        vec![match self.is_object() || foreign {
            true => drop(self.object(), name, if_exists),
            false => Change::Remove { table: self.table.clone(), column: name, if_exists },
        }]
    }

    fn rename(&self) -> Vec<Change> {
        let whole = self.begins(&["to", "as"]);
        let Some((from, after)) = name(without(self.bare(), &["to", "as"])) else { return Vec::new() };
        let to = after.get(1..).and_then(name).map(|(to, _)| to);
        match (whole, self.is_object(), to) {
            (true, ..) => {
                let (to, _) = table_name(without(self.rest, &["to", "as"]), self.names).unwrap_or((from, &[]));
                vec![Change::Rename(self.table.clone(), to)]
            }
            (_, true, to) => renamed(self.object(), from, to, Some(self.table.clone())),
            (_, false, Some(to)) => vec![Change::RenameColumn(self.table.clone(), from, to)],
            (.., None) => Vec::new(),
        }
    }
}

/// The words after any of these.
fn without<'a>(words: &'a [Token], leading: &[&str]) -> &'a [Token] {
    let skipped = words.iter().take_while(|word| leading.iter().any(|leading| word.is(leading))).count();
    words.get(skipped..).unwrap_or_default()
}

/// Returns the changes that give an object another name.
pub(super) fn renamed(kind: Object, from: String, to: Option<String>, table: Option<String>) -> Vec<Change> {
    let Some(to) = to else { return Vec::new() };
    vec![
        Change::DropObject { kind, name: from, table: table.clone(), if_exists: false },
        Change::Object { kind, name: to, table, existing: Existing::Fails },
    ]
}
