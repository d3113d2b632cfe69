//! What a statement does, as far as it can be seen from its words: which tables it reads, which rows it writes, what it
//! makes of the schema. What it does not understand it says it does not.

use std::collections::BTreeSet;
use std::ops::Range;

use super::change::{Change, changes};
pub use super::insert::{Insert, Term, term_of};
use super::insert::{insert, sets};
use super::names::Names;
use super::references::references;
use super::token::{Kind, Token, tokens};
use crate::dialect::Dialect;

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// Asks for something that is no row of a table.
    Look,
    /// A query.
    Select(Select),
    /// Adds rows.
    Insert(Insert),
    /// Changes rows.
    Update(Update),
    /// Removes rows.
    Delete(Delete),
    /// Changes the schema; nothing that is followed, if there is none.
    Schema(Vec<Change>),
    /// Begins or ends a transaction or a part of one.
    Transaction(Control),
    /// Changes neither rows nor tables: a setting, a comment, a right.
    Session,
    /// Anything else.
    Other,
}

impl Statement {
    /// The table whose rows it changes.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Insert(insert) => Some(&insert.table),
            Self::Update(update) => Some(&update.table),
            Self::Delete(delete) => Some(&delete.table),
            _ => None,
        }
    }
}

/// What a statement does to a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Begins one.
    Begin,
    /// Ends it, and keeps what it did.
    Commit,
    /// Ends it, and undoes what it did.
    Rollback,
    /// Sets a savepoint.
    Savepoint(String),
    /// Undoes what was done since a savepoint.
    RollbackTo(String),
    /// Forgets a savepoint.
    Release(String),
}

/// A query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Select {
    /// What it reads from.
    pub tables: Vec<String>,
    /// A function in it that changes something, and what its cell is called.
    pub effect: Option<(String, String)>,
    /// Where it says that rows are to be locked.
    pub locks: Option<Range<usize>>,
}

/// `UPDATE`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// Of this table.
    pub table: String,
    /// What becomes what.
    pub sets: Vec<(String, String)>,
    /// Which rows.
    pub rows: Rows,
}

/// `DELETE`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delete {
    /// From this table.
    pub table: String,
    /// Which rows.
    pub rows: Rows,
}

/// Which rows a statement means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// What has to hold, as it stands.
    pub condition: Option<String>,
    /// What is answered of each, as it stands.
    pub returning: Option<String>,
    /// Only this one table has a part in it, and all rows that are meant are changed.
    pub alone: bool,
    /// Names of all that is changed, in lower case, where that may be several tables.
    pub others: BTreeSet<String>,
}

/// Reads a statement.
pub fn read(sql: &str, names: &Names) -> Statement {
    let dialect = names.dialect;
    let all = tokens(sql, dialect.lexis());
    let words = match all.split_last() {
        Some((last, before)) if last.is(";") => before,
        _ => &all,
    };
    let Some(first) = words.first() else { return Statement::Session };
    if let Some(control) = control(words) {
        return Statement::Transaction(control);
    }
    let has = |word: &str| words.iter().any(|token| token.is(word));
    let first = first.text.to_lowercase();
    match first.as_str() {
        "(" | "select" | "values" | "table" | "with" => {
            let writes = ["insert", "update", "delete", "merge", "into", "replace"];
            let at = |word: &str| {
                words.iter().enumerate().any(|(at, token)| {
                    let before = at.checked_sub(1).and_then(|before| words.get(before));
                    // `FOR UPDATE` only locks, and `replace(…)` is a function.
                    token.is(word)
                        && !before.is_some_and(|before| before.is("for") || before.is("key"))
                        && !words.get(at + 1).is_some_and(|next| next.is("("))
                })
            };
            if writes.iter().any(|word| at(word)) {
                Statement::Other
            } else {
                Statement::Select(select(sql, words, names))
            }
        }
        "show" | "describe" | "desc" => Statement::Look,
        "explain" if !has("analyze") => Statement::Look,
        "pragma" if !has("=") => Statement::Look,
        "insert" | "replace" => insert(sql, words, names).map_or(Statement::Other, Statement::Insert),
        "update" => update(sql, words, names).map_or(Statement::Other, Statement::Update),
        "delete" => delete(sql, words, names).map_or(Statement::Other, Statement::Delete),
        "create" | "alter" | "drop" | "rename" | "truncate" => Statement::Schema(changes(sql, words, names)),
        "comment" | "grant" | "revoke" | "analyze" | "vacuum" | "reindex" | "lock" | "unlock" | "set" | "reset"
        | "pragma" | "use" | "discard" | "notify" | "listen" | "unlisten" | "optimize" | "checkpoint" => {
            Statement::Session
        }
        _ => Statement::Other,
    }
}

/// What words do to a transaction, if that is what they are for.
fn control(words: &[Token]) -> Option<Control> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
    let begins = |known: &[&str]| known.iter().any(|word| is(0, word));
    let last = || words.last().map(|word| word.text.clone()).unwrap_or_default();
    if begins(&["begin"]) || is(0, "start") && is(1, "transaction") {
        return Some(Control::Begin);
    }
    if begins(&["commit", "end"]) {
        return Some(Control::Commit);
    }
    if begins(&["savepoint"]) {
        return Some(Control::Savepoint(last()));
    }
    if begins(&["release"]) {
        return Some(Control::Release(last()));
    }
    if begins(&["rollback", "abort"]) {
        let to = words.iter().any(|word| word.is("to"));
        return Some(if to { Control::RollbackTo(last()) } else { Control::Rollback });
    }
    None
}

/// The events that call a trigger, from the statement that creates it.
pub fn trigger_events(sql: &str, dialect: Dialect) -> Vec<&'static str> {
    let words = tokens(sql, dialect.lexis());
    let head: Vec<&Token> = words.iter().take_while(|word| !word.is("on")).collect();
    ["insert", "update", "delete"].into_iter().filter(|event| head.iter().any(|word| word.is(event))).collect()
}

/// The names in a statement, those in texts and routines in it included, in lower case; `None` if it runs statements that are
/// made as it runs, or a routine.
pub fn mentioned(sql: &str, dialect: Dialect) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let words = tokens(sql, dialect.lexis());
    let is_dynamic = |word: &Token| ["execute", "call", "load", "copy", "prepare"].iter().any(|known| word.is(known));
    for (at, word) in words.iter().enumerate() {
        // A trigger names its routine so.
        let names_routine = words.get(at + 1).is_some_and(|next| next.is("function") || next.is("procedure"));
        if is_dynamic(word) && !names_routine {
            return None;
        }
        match word.kind {
            Kind::Word | Kind::Quoted => {
                found.insert(word.text.to_lowercase());
            }
            Kind::Text if word.text.contains(char::is_whitespace) => found.extend(mentioned(&word.text, dialect)?),
            _ => {}
        }
    }
    Some(found)
}

fn select(sql: &str, words: &[Token], names: &Names) -> Select {
    let dialect = names.dialect;
    let mut found = Select::default();
    let mut depth = 0_usize;
    for place in references(words) {
        found.tables.extend(words.get(place).and_then(|words| table_name(words, names)).map(|(table, _)| table));
    }
    for (at, token) in words.iter().enumerate() {
        let next = words.get(at + 1);
        if token.is("(") {
            depth += 1;
        } else if token.is(")") {
            depth = depth.saturating_sub(1);
        }
        let called = next.is_some_and(|next| next.is("(")) && token.is_name();
        if called && dialect.is_catalog_function(&token.text) {
            found.tables.push(token.text.clone());
        }
        if called && dialect.effects().contains(&token.text.to_lowercase().as_str()) {
            let function = token.text.to_lowercase();
            let after = words.get(at + 1..).and_then(|rest| rest.get(closing(rest)? + 1..)).unwrap_or_default();
            let label = match after {
                [as_, label, ..] if as_.is("as") && label.is_name() => label.text.clone(),
                _ => function.clone(),
            };
            found.effect.get_or_insert((function, label));
        }
        if token.is("next") && next.is_some_and(|next| next.is("value")) {
            found.effect.get_or_insert(("nextval".to_owned(), "nextval".to_owned()));
        }
        if depth == 0
            && token.is("for")
            && next.is_some_and(|next| ["update", "share", "no", "key"].iter().any(|w| next.is(w)))
        {
            found.locks = Some(token.place.start..sql.len());
        }
    }
    found
}

fn update(sql: &str, words: &[Token], names: &Names) -> Option<Update> {
    let clause = Clauses::of(words);
    let meant = clause.get(words, "update");
    let before = meant.iter().take_while(|word| is_modifier(word)).count();
    let (table, rest) = table_name(meant.get(before..)?, names)?;
    let sets = sets(sql, clause.get(words, "set"))?;
    let tolerates = meant.iter().take(before).any(|word| word.is("ignore") || word.is("replace"));
    let alone = rest.is_empty() && !tolerates && clause.get(words, "from").is_empty();
    Some(Update { table, sets, rows: Rows { others: others(meant), ..rows(sql, words, &clause, alone) } })
}

/// Whether a word may be written between `UPDATE` and the table.
fn is_modifier(word: &Token) -> bool {
    ["or", "abort", "fail", "rollback", "ignore", "replace", "low_priority"].iter().any(|known| word.is(known))
}

fn delete(sql: &str, words: &[Token], names: &Names) -> Option<Delete> {
    let clause = Clauses::of(words);
    let meant = clause.get(words, "from");
    let from = words.iter().position(|word| word.is("from"))?;
    let targets = words.get(1..from)?.iter().filter(|word| !word.is("low_priority") && !word.is("quick"));
    let (table, rest) = table_name(meant, names)?;
    let several = targets.clone().next().is_some();
    let alone = rest.is_empty() && !several && clause.get(words, "using").is_empty();
    let mut others = others(meant);
    others.extend(targets.filter(|word| word.is_name()).map(|word| word.text.to_lowercase()));
    Some(Delete { table, rows: Rows { others, ..rows(sql, words, &clause, alone) } })
}

/// The names in a list of tables or a join, in lower case; none if there is only one table.
fn others(words: &[Token]) -> BTreeSet<String> {
    if !words.iter().any(|word| word.is(",") || word.is("join") || word.is("straight_join")) {
        return BTreeSet::new();
    }
    words.iter().filter(|word| word.is_name()).map(|word| word.text.to_lowercase()).collect()
}

fn rows(sql: &str, words: &[Token], clause: &Clauses, alone: bool) -> Rows {
    let condition = clause.get(words, "where");
    let cut = !clause.get(words, "limit").is_empty();
    let condition = (!condition.is_empty()).then(|| text(sql, condition));
    Rows { condition, returning: returning(sql, words), alone: alone && !cut, others: BTreeSet::new() }
}

fn returning(sql: &str, words: &[Token]) -> Option<String> {
    let at = words.iter().position(|word| word.is("returning"))?;
    Some(text(sql, words.get(at + 1..)?))
}

/// Words as they stand.
pub(super) fn text(sql: &str, words: &[Token]) -> String {
    let place = words.first().zip(words.last()).map(|(first, last)| first.place.start..last.place.end);
    place.and_then(|place| sql.get(place)).unwrap_or_default().to_owned()
}

/// A name with what stands before its dots: all parts, and what follows.
fn whole_name(words: &[Token]) -> Option<(Vec<String>, &[Token])> {
    let mut parts = Vec::new();
    let mut rest = words;
    if rest.first().is_some_and(|word| word.is("only") || word.is("lateral")) {
        rest = rest.get(1..)?;
    }
    loop {
        let (first, after) = rest.split_first()?;
        if !first.is_name() {
            return None;
        }
        parts.push(first.text.clone());
        match after.split_first() {
            Some((dot, next)) if dot.is(".") => rest = next,
            _ => return Some((parts, after)),
        }
    }
}

/// The name of a table, with its schema unless that is the current one, and what follows.
pub fn table_name<'a>(words: &'a [Token], names: &Names) -> Option<(String, &'a [Token])> {
    let (parts, rest) = whole_name(words)?;
    Some((names.own(&parts.join(".")).to_owned(), rest))
}

/// A name without what stands before its dots, and what follows.
pub(super) fn name(words: &[Token]) -> Option<(String, &[Token])> {
    let (mut parts, rest) = whole_name(words)?;
    Some((parts.pop()?, rest))
}

/// Where the parenthesis that these words begin with ends.
pub(super) fn closing(words: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The parts between signs or keywords that stand in no parentheses; none of nothing.
pub fn split<'a>(words: &'a [Token], by: &'a str) -> impl Iterator<Item = &'a [Token]> {
    let mut depth = 0_usize;
    let parts = words.split(move |word| {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && word.is(by)
    });
    let nothing = words.is_empty();
    parts.filter(move |_| !nothing)
}

/// The clauses of a statement, by their first words.
struct Clauses(Vec<(String, usize, usize)>);

impl Clauses {
    const WORDS: [&'static str; 17] = [
        "select",
        "from",
        "where",
        "group",
        "having",
        "order",
        "limit",
        "offset",
        "union",
        "intersect",
        "except",
        "window",
        "update",
        "set",
        "returning",
        "using",
        "for",
    ];

    fn of(words: &[Token]) -> Self {
        let mut found: Vec<(String, usize, usize)> = Vec::new();
        let mut depth = 0_usize;
        for (at, word) in words.iter().enumerate() {
            if word.is("(") {
                depth += 1;
            } else if word.is(")") {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 && Self::WORDS.iter().any(|known| word.is(known)) {
                if let Some(last) = found.last_mut() {
                    last.2 = at;
                }
                found.push((word.text.to_lowercase(), at, words.len()));
            }
        }
        Self(found)
    }

    /// What follows a clause's first word, up to the next clause.
    fn get<'a>(&self, words: &'a [Token], clause: &str) -> &'a [Token] {
        let found = self.0.iter().find(|(word, ..)| word == clause);
        found.and_then(|(_, start, end)| words.get(start + 1..*end)).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
