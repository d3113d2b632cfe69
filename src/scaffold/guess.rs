//! From a migration's name to what it is to do, as Laravel, Rails and Loco users write names. It returns
//! an [`Intent`] and whether a border between table and column had to be guessed. It reads no files:
//! which tables there are is told.
//!
//! `_and_` between columns separates them: `add_first_and_last_to_users` adds two. Of several `_to_` the
//! last one comes before the table, so that `add_reply_to_to_comments` adds `reply_to`. Where the table's
//! name ends is decided by the tables that are known, else by the first plural, and in the name of an index
//! else by the first word.

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
    /// No known table showed where the table's name ends.
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

/// Things that are added to a table and are no column, at either end of what is added.
const NO_COLUMNS: [&str; 7] = ["foreign_key", "foreign_keys", "fk", "constraint", "constraints", "check", "checks"];

/// Words for columns in general: fields give the columns of `add_columns_to_users`.
const ANY_COLUMNS: [&str; 8] = ["column", "columns", "field", "fields", "ref", "refs", "reference", "references"];

/// Plurals that are the name of no table.
const NO_PLURALS: [&str; 22] = [
    "changes",
    "columns",
    "constraints",
    "enums",
    "extensions",
    "fields",
    "fixes",
    "functions",
    "indexes",
    "indices",
    "keys",
    "migrations",
    "models",
    "references",
    "refs",
    "schemas",
    "tables",
    "things",
    "timestamps",
    "triggers",
    "updates",
    "views",
];

/// Words after which no column follows: `delete_users_without_email` deletes rows.
const NO_COLUMN_FOLLOWS: [&str; 22] = [
    "and", "at", "by", "for", "from", "if", "in", "not", "of", "older", "on", "or", "than", "that", "to", "when",
    "where", "which", "who", "whose", "with", "without",
];

/// Reads a normalised name.
pub fn guess(name: &str, scope: Scope<'_>) -> Guess {
    if let Some(guess) = index(name, scope) {
        return guess;
    }
    let found = join(name, scope)
        .or_else(|| create(name))
        .or_else(|| rename(name, scope))
        .or_else(|| drop_table(name, scope))
        .map(|intent| Guess { intent, split: false })
        .or_else(|| columns(name, scope));
    match (found, scope.table) {
        (Some(Guess { intent, .. }), Some(table)) => Guess { intent: intent.on(table), split: false },
        (Some(guess), None) => guess,
        (None, Some(table)) => Guess { intent: Intent::Alter { table: table.to_owned() }, split: false },
        (None, None) => {
            alter(name, scope).or_else(|| bare(name, scope)).unwrap_or(Guess { intent: Intent::Blank, split: false })
        }
    }
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

fn columns(name: &str, scope: Scope<'_>) -> Option<Guess> {
    let (verb, rest) = name.split_once('_')?;
    let adds = verb == "add";
    if !adds && !matches!(verb, "remove" | "drop" | "delete") {
        return None;
    }
    let without_kind =
        |list| ["column_", "columns_"].iter().find_map(|kind| str::strip_prefix(list, kind)).unwrap_or(list);
    let (list, table, split) = match rest.rsplit_once(if adds { "_to_" } else { "_from_" }) {
        Some((list, table)) => (without_kind(list), without_table(table), false),
        None => match (rest.strip_prefix(if adds { "to_" } else { "from_" }), scope.table) {
            (Some(table), None) => ("columns", without_table(table), false),
            (_, Some(table)) => (own_columns(without_kind(rest), table), table, false),
            // Loco's `add_users_email`.
            (None, None) => loco(without_kind(rest), scope)?,
        },
    };
    if list.is_empty() || table.is_empty() || list == "index" || list.ends_with("_index") {
        return indexed(adds, list, table).map(|intent| Guess { intent, split });
    }
    let at_either_end =
        |word: &str| list == word || list.starts_with(&format!("{word}_")) || list.ends_with(&format!("_{word}"));
    let columns = if list == "timestamps" {
        Column::timestamps(&Definition::Moment).to_vec()
    } else if NO_COLUMNS.into_iter().any(at_either_end)
        || ANY_COLUMNS.contains(&list)
        || ["_columns", "_fields", "_refs"].iter().any(|ending| list.ends_with(ending))
    {
        Vec::new()
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
    Some(Guess { intent: if adds { Intent::AddColumns(shape) } else { Intent::RemoveColumns(shape) }, split })
}

/// `users_email` as a column and a table: a known one, else the words up to the first plural.
fn loco<'a>(text: &'a str, scope: Scope<'_>) -> Option<(&'a str, &'a str, bool)> {
    let known = known_table(text, scope).map(|(table, list)| (list, table, false));
    let (list, table, split) = known.or_else(|| {
        let (table, list) = plural_table(text)?;
        Some((list, table, true))
    })?;
    let first = list.split('_').next().unwrap_or_default();
    let is_table = first == "table" || list.ends_with("_table") || list.ends_with("_tables");
    (!list.is_empty() && !is_table && !NO_COLUMN_FOLLOWS.contains(&first)).then_some((list, table, split))
}

/// `add_users_email_index`, where `email_index` is what is added to `users`.
fn indexed(adds: bool, list: &str, table: &str) -> Option<Intent> {
    let list = list.strip_suffix("index").filter(|_| !table.is_empty())?.trim_end_matches('_');
    let (list, unique) = match list.strip_suffix("unique") {
        Some(list) => (list.trim_end_matches('_'), true),
        None => (list, false),
    };
    let index = Index { name: None, table: table.to_owned(), columns: listed(list), unique };
    Some(if adds { Intent::AddIndex(index) } else { Intent::DropIndex(index) })
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
    let stated = separators.iter().find_map(|word| target.strip_prefix(word));
    if stated.is_none() && scope.tables.contains(rest) {
        return None;
    }
    let target = stated.unwrap_or(target);
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
        // `index_logs` of `generation_logs` names no column.
        let is_table = table == target || table.ends_with(&format!("_{target}"));
        return Some(found(table, if is_table { "" } else { own_columns(target, table) }, false));
    }
    if scope.tables.contains(without_table(target)) {
        return Some(found(without_table(target), "", false));
    }
    if let Some((table, list)) = known_table(target, scope) {
        return Some(found(table, list, false));
    }
    let several = |list: &str| list.split("_and_").next().is_some_and(|first| first.contains('_'));
    let (table, list) = match plural_table(target) {
        Some(split) => split,
        None if stated.is_some() => target.split_once('_').unwrap_or((target, "")),
        None if name.starts_with("index_") => target.split_once('_')?,
        None => return None,
    };
    let list = if list == "table" { "" } else { list };
    (!table.is_empty()).then(|| found(table, list, table.contains('_') || several(list)))
}

/// `alter_users`, `update_posts_table` and the like name a table, if nothing else.
fn alter(name: &str, scope: Scope<'_>) -> Option<Guess> {
    let rest = ["alter_", "update_", "change_", "modify_"].iter().find_map(|verb| name.strip_prefix(verb))?;
    let named = rest.strip_suffix("_table").filter(|table| !table.is_empty());
    let known = Some(rest).filter(|rest| scope.tables.contains(*rest));
    let plural = || plural_table(rest).filter(|(_, more)| more.is_empty()).map(|(table, _)| table);
    let (table, split) = match named.or(known) {
        Some(table) => (table, false),
        None => plural().map(|table| (table, table.contains('_')))?,
    };
    Some(Guess { intent: Intent::Alter { table: table.to_owned() }, split })
}

/// A plural alone is a new table, as in Loco: `movies`.
fn bare(name: &str, scope: Scope<'_>) -> Option<Guess> {
    let is_new = !name.contains('_') && !scope.tables.contains(name) && plural_table(name).is_some();
    is_new.then(|| Guess { intent: new_table(name), split: false })
}

/// The words of `text` up to the first that is a plural, and those after it.
fn plural_table(text: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    for word in text.split('_') {
        if NO_PLURALS.contains(&word) || end == 0 && NO_TABLES.contains(&word) {
            return None;
        }
        end += word.len();
        if pluralize(word, 2, false) == word && pluralize(word, 1, false) != word {
            return Some((&text[..end], text[end..].trim_start_matches('_')));
        }
        end += 1;
    }
    None
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
