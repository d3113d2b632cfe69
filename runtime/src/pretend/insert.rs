//! `INSERT` and `REPLACE`: which rows a statement adds, and what it does with those whose keys exist. It reads one statement
//! and knows no table.

use super::names::Names;
use super::statement::{closing, name, split, table_name, text};
use super::token::{Kind, Token, tokens};
use crate::dialect::Dialect;

/// A value in a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// The column's default.
    Default,
    /// An expression that is its own value: a number, a text, NULL.
    Literal(String),
    /// One that the database computes.
    Computed(String),
}

/// `INSERT`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insert {
    /// Into this table.
    pub table: String,
    /// These columns; none are all.
    pub columns: Vec<String>,
    /// The rows that the statement lists.
    pub rows: Option<Vec<Vec<Term>>>,
    /// The query that they come from.
    pub query: Option<String>,
    /// What happens to a row whose key exists.
    pub conflict: Conflict,
    /// The list after `RETURNING`.
    pub returning: Option<String>,
}

/// What a statement does with a row whose key exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Conflict {
    /// It fails.
    #[default]
    Fails,
    /// It leaves the row out: `DO NOTHING`, `IGNORE`. `forgives` says that it forgives other violations, too.
    Skips {
        /// The keys that are meant.
        target: Target,
        /// A missing value, or a reference to an absent row, is no error either.
        forgives: bool,
    },
    /// It changes the existing row: `DO UPDATE`, `ON DUPLICATE KEY UPDATE`.
    Updates {
        /// The keys that are meant.
        target: Target,
        /// Which column becomes what.
        sets: Vec<(String, String)>,
        /// What has to hold of the existing row.
        condition: Option<String>,
    },
    /// It deletes the existing rows: `REPLACE`.
    Replaces,
    /// It does something that kit does not follow.
    Unknown,
}

/// The keys that a conflict clause names.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Any key.
    Any,
    /// The key of these columns.
    Columns(Vec<String>),
    /// The key of that name.
    Named(String),
}

/// Reads an `INSERT`; `None` if it is none that kit understands.
pub(super) fn insert(sql: &str, words: &[Token], names: &Names) -> Option<Insert> {
    // MySQL and MariaDB do not need `INTO`.
    let start = 1 + words.iter().skip(1).take_while(|word| is_modifier(word)).count();
    let before = words.get(1..start)?;
    let (table, rest) = table_name(words.get(start..)?, names)?;
    let (alias, rest) = match rest {
        [as_, alias, rest @ ..] if as_.is("as") && alias.is_name() => (Some(alias), rest),
        rest => (None, rest),
    };
    let (columns, rest) = columns(rest)?;
    let returning = depth_zero(rest, |word, _| word.is("returning"));
    let clause = depth_zero(rest, |word, next| word.is("on") && (next.is("conflict") || next.is("duplicate")));
    let returned = returning.and_then(|at| rest.get(at + 1..)).map(|words| text(sql, words));
    let end = clause.or(returning).unwrap_or(rest.len());
    let clause = clause.and_then(|at| rest.get(at + 1..returning.unwrap_or(rest.len())));
    let mut conflict = match (clause, alias) {
        (Some(_), Some(_)) => Conflict::Unknown,
        (Some(clause), None) => on_conflict(sql, clause).unwrap_or(Conflict::Unknown),
        (None, _) => Conflict::Fails,
    };
    let skips = before.iter().any(|word| word.is("ignore"));
    if words.first()?.is("replace") || before.iter().any(|word| word.is("replace")) {
        conflict = Conflict::Replaces;
    } else if skips && conflict == Conflict::Fails {
        conflict = Conflict::Skips { target: Target::Any, forgives: true };
    } else if skips {
        conflict = Conflict::Unknown;
    }
    let (columns, rows, query) = source(sql, rest.get(..end)?, columns)?;
    Some(Insert { table, columns, rows, query, conflict, returning: returned })
}

/// Whether a word may stand between `INSERT` and the table.
fn is_modifier(word: &Token) -> bool {
    const KNOWN: [&str; 10] =
        ["or", "abort", "fail", "rollback", "ignore", "replace", "low_priority", "high_priority", "delayed", "into"];
    KNOWN.iter().any(|known| word.is(known))
}

/// The list of columns, and what follows it.
fn columns(words: &[Token]) -> Option<(Vec<String>, &[Token])> {
    let is_query = words.get(1).is_some_and(|word| ["select", "values", "with", "table"].iter().any(|w| word.is(w)));
    if !words.first().is_some_and(|word| word.is("(")) || is_query {
        return Some((Vec::new(), words));
    }
    let end = closing(words)?;
    let names = split(words.get(1..end)?, ",").map(|part| name(part).map(|(name, _)| name)).collect::<Option<_>>()?;
    Some((names, words.get(end + 1..)?))
}

type Source = (Vec<String>, Option<Vec<Vec<Term>>>, Option<String>);

/// The rows: as they are listed, or the query that they come from.
fn source(sql: &str, words: &[Token], columns: Vec<String>) -> Option<Source> {
    let words = match words {
        [overriding, _, value, rest @ ..] if overriding.is("overriding") && value.is("value") => rest,
        words => words,
    };
    let first = words.first()?;
    if first.is("default") {
        return Some((columns, Some(vec![Vec::new()]), None));
    }
    if first.is("set") {
        let mut row = Vec::new();
        let mut named = Vec::new();
        for part in split(words.get(1..)?, ",") {
            let (column, [equals, value @ ..]) = name(part)? else { return None };
            if !equals.is("=") {
                return None;
            }
            named.push(column);
            row.push(term(sql, value));
        }
        return Some((named, Some(vec![row]), None));
    }
    if !(first.is("values") || first.is("value")) {
        return Some((columns, None, Some(text(sql, words))));
    }
    let mut rows = Vec::new();
    let mut left = words.get(1..)?;
    while left.first().is_some_and(|word| word.is("(")) {
        let end = closing(left)?;
        let row = split(left.get(1..end)?, ",").filter(|part| !part.is_empty()).map(|part| term(sql, part)).collect();
        rows.push(row);
        left = left.get(end + 1..)?;
        left = if left.first().is_some_and(|word| word.is(",")) { left.get(1..)? } else { left };
    }
    // `VALUES … ORDER BY`, or names for the new row.
    if !left.is_empty() {
        return Some((columns, None, Some(text(sql, words))));
    }
    Some((columns, Some(rows), None))
}

/// The place of the first word outside of parentheses that is wanted, with the word after it.
fn depth_zero(words: &[Token], wanted: impl Fn(&Token, &Token) -> bool) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate() {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && wanted(word, words.get(at + 1).unwrap_or(word)) {
            return Some(at);
        }
    }
    None
}

/// Reads what follows `ON`.
fn on_conflict(sql: &str, words: &[Token]) -> Option<Conflict> {
    let (first, mut rest) = words.split_first()?;
    if first.is("duplicate") {
        let [key, update, rest @ ..] = rest else { return None };
        let known = key.is("key") && update.is("update");
        return known.then_some(Conflict::Updates { target: Target::Any, sets: sets(sql, rest)?, condition: None });
    }
    let mut target = Target::Any;
    if rest.first()?.is("(") {
        let end = closing(rest)?;
        let plain = |part: &[Token]| name(part).filter(|(_, after)| after.is_empty()).map(|(name, _)| name);
        target = Target::Columns(split(rest.get(1..end)?, ",").map(plain).collect::<Option<_>>()?);
        rest = rest.get(end + 1..)?;
    } else if let [on, constraint, named, after @ ..] = rest
        && on.is("on")
        && constraint.is("constraint")
    {
        target = Target::Named(named.text.clone());
        rest = after;
    }
    match rest {
        [do_, nothing] if do_.is("do") && nothing.is("nothing") => Some(Conflict::Skips { target, forgives: false }),
        [do_, update, set, rest @ ..] if do_.is("do") && update.is("update") && set.is("set") => {
            let condition = depth_zero(rest, |word, _| word.is("where"));
            let changes = sets(sql, rest.get(..condition.unwrap_or(rest.len()))?)?;
            let condition = condition.and_then(|at| rest.get(at + 1..)).map(|words| text(sql, words));
            Some(Conflict::Updates { target, sets: changes, condition })
        }
        _ => None,
    }
}

/// Reads `column = value, …`.
pub(super) fn sets(sql: &str, words: &[Token]) -> Option<Vec<(String, String)>> {
    split(words, ",")
        .map(|part| {
            let (column, value) = name(part)?;
            let (equals, value) = value.split_first()?;
            equals.is("=").then(|| (column, text(sql, value)))
        })
        .collect()
}

/// A value that is a text of its own.
pub fn term_of(sql: &str, dialect: Dialect) -> Term {
    term(sql, &tokens(sql, dialect.lexis()))
}

/// A value.
fn term(sql: &str, expression: &[Token]) -> Term {
    let text = text(sql, expression);
    match expression {
        [one] if one.is("default") => Term::Default,
        [one] if matches!(one.kind, Kind::Text | Kind::Number) => Term::Literal(text),
        [one] if ["null", "true", "false"].iter().any(|word| one.is(word)) => Term::Literal(text),
        [minus, number] if minus.is("-") && number.kind == Kind::Number => Term::Literal(text),
        // `X'…'` are bytes, `N'…'` is a text.
        [prefix, rest] if ["x", "n"].iter().any(|known| prefix.is(known)) && rest.kind == Kind::Text => {
            Term::Literal(text)
        }
        _ => Term::Computed(text),
    }
}

/// An expression of a conflict clause with the values of the new row in the place of its names: `excluded.a`, `VALUES(a)`.
pub fn with_new_row(sql: &str, value: impl Fn(&str) -> Option<String>, dialect: Dialect) -> String {
    let words = tokens(sql, dialect.lexis());
    let (mut found, mut at) = (String::new(), 0);
    for (index, word) in words.iter().enumerate() {
        let column = match words.get(index..).unwrap_or_default() {
            [excluded, dot, column, ..] if excluded.is("excluded") && dot.is(".") => Some((column, column)),
            [values, open, column, close, ..]
                if (values.is("values") || values.is("value")) && open.is("(") && close.is(")") =>
            {
                Some((column, close))
            }
            _ => None,
        };
        if let Some((column, last)) = column
            && let Some(value) = value(&column.text)
        {
            found.push_str(sql.get(at..word.place.start).unwrap_or_default());
            found.push_str(&format!("({value})"));
            at = last.place.end;
        }
    }
    found.push_str(sql.get(at..).unwrap_or_default());
    found
}
