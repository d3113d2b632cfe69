//! From a migration's name to what it is to do, as Laravel, Rails and Loco users write names. It returns
//! an [`Intent`] and whether a border between table and column had to be guessed. It reads no files:
//! which tables there are is told.
//!
//! `_and_` between columns separates them: `add_first_and_last_to_users` adds two. Of several `_to_` the
//! last one comes before the table, so that `add_reply_to_to_comments` adds `reply_to`. What cannot be
//! told apart is resolved by the tables that earlier migrations create, else by the first word.

use std::collections::BTreeSet;

use pluralizer::pluralize;

use super::intent::{Column, Definition, Index, Intent, Shape};
use crate::fields::Type;
use crate::fields::reference::plural_of as plural;

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// What the migration is to do.
    pub intent: Intent,
    /// No known table showed where the table's name ends: its first word was taken for it.
    pub split: bool,
}

/// What is known besides the name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Tables of earlier migrations.
    pub tables: &'a BTreeSet<String>,
    /// The table that the user names.
    pub table: Option<&'a str>,
}

/// Things that are created and are no table: `create_view_totals` is left to the user.
const NO_TABLES: [&str; 12] = [
    "index",
    "view",
    "materialized",
    "function",
    "trigger",
    "extension",
    "enum",
    "type",
    "schema",
    "sequence",
    "procedure",
    "domain",
];

/// Things that are added to a table and are no column.
const NO_COLUMNS: [&str; 5] = ["foreign_key", "fk", "constraint", "check", "index"];

/// Reads a normalised name.
pub fn guess(name: &str, scope: Scope<'_>) -> Guess {
    if let Some(guess) = index(name, scope) {
        return guess;
    }
    let found = join(name, scope)
        .or_else(|| create(name))
        .or_else(|| rename(name, scope))
        .or_else(|| drop_table(name, scope))
        .or_else(|| columns(name, scope));
    let intent = match (found, scope.table) {
        (Some(intent), Some(table)) => intent.on(table),
        (Some(intent), None) => intent,
        (None, Some(table)) => Intent::Alter { table: table.to_owned() },
        (None, None) => alter(name),
    };
    Guess { intent, split: false }
}

/// The tables that the migrations of these names leave behind, as far as names tell.
pub fn tables<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for name in names {
        let intent = guess(name, Scope { tables: &tables, table: None }).intent;
        match intent {
            Intent::CreateTable(shape) | Intent::JoinTable(shape) => {
                tables.insert(shape.table);
            }
            Intent::RenameTable { from, to } => {
                tables.remove(&from);
                tables.insert(to);
            }
            Intent::DropTable(shape) => {
                tables.remove(&shape.table);
            }
            _ => {}
        }
    }
    tables
}

/// The columns of a new table of which nothing else is known.
pub fn new_table(table: &str) -> Intent {
    let id = Column::defined("id", Definition::Id(Type::INTEGER));
    let columns = std::iter::once(id).chain(Column::timestamps(&Definition::Now)).collect();
    Intent::CreateTable(Shape::of(table, columns))
}

fn create(name: &str) -> Option<Intent> {
    let rest = name.strip_prefix("create_")?;
    let table = match (rest.strip_suffix("_table"), rest.strip_prefix("table_")) {
        (Some(table), _) => table,
        (None, Some(table)) => table,
        (None, None) => {
            let (first, more) = rest.split_once('_').unwrap_or((rest, ""));
            let other = NO_TABLES.contains(&first) && !more.is_empty();
            if other || rest == "table" || rest.ends_with("_tables") {
                return None;
            }
            rest
        }
    };
    (!table.is_empty()).then(|| new_table(table))
}

fn join(name: &str, scope: Scope<'_>) -> Option<Intent> {
    let rest = without_table(name.strip_prefix("create_join_table_")?);
    let (left, right) = match rest.split_once("_and_") {
        Some(pair) => pair,
        None => {
            let mut splits = rest.match_indices('_').map(|(at, _)| (&rest[..at], &rest[at + 1..]));
            let known = |name: &str| scope.tables.contains(&plural_of(name, scope));
            if rest.matches('_').count() == 1 {
                splits.next()?
            } else {
                splits.find(|(left, right)| known(left) && known(right))?
            }
        }
    };
    if left.is_empty() || right.is_empty() {
        return None;
    }
    let [left, right] = [left, right].map(|side| plural_of(side, scope));
    let mut names = [&left, &right].map(|table| format!("{}_id", pluralize(table, 1, false)));
    if names[0] == names[1] {
        names[1] = format!("other_{}", names[1]);
    }
    let sides = names.iter().zip([&left, &right]).map(|(name, table)| Column::referring(name, table, false));
    let columns = sides.chain(Column::timestamps(&Definition::Now)).collect();
    let table = format!("{left}_{right}");
    let indexes = vec![Index { name: None, table: table.clone(), columns: vec![names[1].clone()], unique: false }];
    Some(Intent::JoinTable(Shape { table, columns, key: names.to_vec(), indexes }))
}

fn rename(name: &str, scope: Scope<'_>) -> Option<Intent> {
    let rest = name.strip_prefix("rename_")?;
    let named_table = rest.strip_prefix("table_");
    let named_column = rest.strip_prefix("column_");
    let (from, to) = named_table.or(named_column).unwrap_or(rest).split_once("_to_")?;
    if from.is_empty() || to.is_empty() {
        return None;
    }
    let rename_column = |table: &str, to: &str| {
        let (table, from, to) = (without_table(table).to_owned(), from.to_owned(), to.to_owned());
        Intent::RenameColumn { table, from, to }
    };
    if named_table.is_none() {
        // `in` is a word of many columns: `signed_in_at`.
        let in_table =
            |table: &str| named_column.is_some() || table.ends_with("_table") || scope.tables.contains(table);
        for separator in ["_on_", "_in_"] {
            if let Some((to, table)) = to.rsplit_once(separator)
                && !to.is_empty()
                && !table.is_empty()
                && (separator == "_on_" || in_table(table))
            {
                return Some(rename_column(table, to));
            }
        }
        if let Some(table) = scope.table.filter(|table| without_table(from) != *table) {
            return Some(rename_column(table, to));
        }
    }
    if named_column.is_some() {
        return None;
    }
    Some(Intent::RenameTable { from: without_table(from).to_owned(), to: without_table(to).to_owned() })
}

fn drop_table(name: &str, scope: Scope<'_>) -> Option<Intent> {
    let rest = ["drop_", "delete_", "remove_"].iter().find_map(|verb| name.strip_prefix(verb))?;
    if let Some(pair) = rest.strip_prefix("join_table_") {
        let Intent::JoinTable(shape) = join(&format!("create_join_table_{pair}"), scope)? else { return None };
        return Some(Intent::DropTable(Shape::of(&shape.table, Vec::new())));
    }
    let known = name.starts_with("drop_") && scope.tables.contains(rest);
    let table = rest
        .strip_suffix("_table")
        .filter(|rest| !rest.contains("_from_"))
        .or_else(|| rest.strip_prefix("table_"))
        .or(known.then_some(rest))?;
    (!table.is_empty()).then(|| Intent::DropTable(Shape::of(table, Vec::new())))
}

fn columns(name: &str, scope: Scope<'_>) -> Option<Intent> {
    let (verb, rest) = name.split_once('_')?;
    let adds = verb == "add";
    if !adds && !matches!(verb, "remove" | "drop" | "delete") {
        return None;
    }
    let rest = rest.strip_prefix("column_").or_else(|| rest.strip_prefix("columns_")).unwrap_or(rest);
    let (list, table) = match rest.rsplit_once(if adds { "_to_" } else { "_from_" }) {
        Some((list, table)) => (list, without_table(table)),
        None => match scope.table {
            Some(table) => (own_columns(rest, table), table),
            // Loco's `add_users_email`, where `users` is certainly a table.
            None => known_table(rest, scope).map(|(table, list)| (list, table))?,
        },
    };
    let excluded =
        |word: &str| list == word || list.starts_with(&format!("{word}_")) || list.ends_with(&format!("_{word}"));
    if list.is_empty() || table.is_empty() || NO_COLUMNS.into_iter().any(excluded) {
        return None;
    }
    let columns = if list == "timestamps" {
        Column::timestamps(&Definition::Moment).to_vec()
    } else {
        listed(list).iter().map(|name| column(name, scope)).collect()
    };
    let indexes = columns.iter().filter(|column| column.reference.is_some());
    let index = |column: &Column| Index {
        name: None,
        table: table.to_owned(),
        columns: vec![column.name.clone()],
        unique: false,
    };
    let indexes = indexes.map(index).collect();
    let shape = Shape { indexes, ..Shape::of(table, columns) };
    Some(if adds { Intent::AddColumns(shape) } else { Intent::RemoveColumns(shape) })
}

/// `user_ref` refers to the table of users, and so does `user_id` where there is one.
fn column(name: &str, scope: Scope<'_>) -> Column {
    for suffix in ["_ref", "_reference", "_references", "_id"] {
        if let Some(stem) = name.strip_suffix(suffix).filter(|stem| !stem.is_empty()) {
            let table = plural_of(stem, scope);
            if suffix != "_id" || scope.tables.contains(&table) {
                return Column::referring(&format!("{stem}_id"), &table, true);
            }
        }
    }
    Column::assumed(name)
}

fn index(name: &str, scope: Scope<'_>) -> Option<Guess> {
    let (verb, rest) = match name.strip_prefix("index_") {
        // Loco's `index_users_email`.
        Some(_) => ("add", name),
        None => name.split_once('_')?,
    };
    let adds = matches!(verb, "add" | "create");
    if !adds && !matches!(verb, "remove" | "drop" | "delete") {
        return None;
    }
    let (unique, rest) = match rest.strip_prefix("unique_") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let found = |table: &str, list: &str, split: bool| {
        let table = scope.table.unwrap_or(table).to_owned();
        let index = Index { name: None, table, columns: listed(list), unique };
        Guess { intent: if adds { Intent::AddIndex(index) } else { Intent::DropIndex(index) }, split }
    };
    let separators = ["to_", "on_", "from_", "for_"];
    let Some(target) = rest.strip_prefix("index_") else {
        // `add_slug_index_to_posts`
        let (list, target) = rest.split_once("_index_")?;
        let table = separators.iter().find_map(|word| target.strip_prefix(word))?;
        return (!list.is_empty() && !table.is_empty()).then(|| found(without_table(table), list, false));
    };
    let target = match separators.iter().find_map(|word| target.strip_prefix(word)) {
        Some(target) => target,
        None if name.starts_with("index_") => target,
        None => return None,
    };
    // `add_index_on_slug_to_posts`
    for separator in ["_to_", "_on_", "_from_"] {
        if let Some((list, table)) = target.rsplit_once(separator)
            && !list.is_empty()
            && !table.is_empty()
        {
            return Some(found(without_table(table), list, false));
        }
    }
    if let Some(table) = scope.table {
        return (target != table).then(|| found(table, own_columns(target, table), false));
    }
    if scope.tables.contains(target) {
        return None;
    }
    match known_table(target, scope) {
        Some((table, list)) => Some(found(table, list, false)),
        None if name.starts_with("index_") => None,
        None => {
            let (table, list) = target.split_once('_')?;
            let ambiguous = list.split("_and_").next().is_some_and(|first| first.contains('_'));
            Some(found(table, list, ambiguous))
        }
    }
}

/// `alter_posts_table` and the like name a table, if nothing else.
fn alter(name: &str) -> Intent {
    let table = ["alter_", "update_", "change_", "modify_"]
        .iter()
        .find_map(|verb| name.strip_prefix(verb))
        .and_then(|rest| rest.strip_suffix("_table"))
        .filter(|table| !table.is_empty());
    match table {
        Some(table) => Intent::Alter { table: table.to_owned() },
        None => Intent::Blank,
    }
}

/// The longest known table that `text` begins with, and what comes after it.
fn known_table<'a>(text: &'a str, scope: Scope<'_>) -> Option<(&'a str, &'a str)> {
    let mut splits = text.match_indices('_').map(|(at, _)| (&text[..at], &text[at + 1..]));
    splits.rfind(|(table, rest)| scope.tables.contains(*table) && !rest.is_empty())
}

/// `posts_slug` of `posts` is `slug`.
fn own_columns<'a>(text: &'a str, table: &str) -> &'a str {
    text.strip_prefix(table).and_then(|rest| rest.strip_prefix('_')).filter(|rest| !rest.is_empty()).unwrap_or(text)
}

/// The parts of `a_and_b`, each once.
fn listed(list: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in list.split("_and_").filter(|name| !name.is_empty()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn without_table(text: &str) -> &str {
    text.strip_suffix("_table").filter(|rest| !rest.is_empty()).unwrap_or(text)
}

/// The table that one side of a link table means: itself if it is one, else its plural.
fn plural_of(name: &str, scope: Scope<'_>) -> String {
    plural(name, &|table: &str| scope.tables.contains(table))
}

#[cfg(test)]
#[path = "guess_tests.rs"]
mod tests;
