//! Where a statement names the tables that it reads. It returns places among the words and knows no table.

use std::ops::Range;

use super::statement::closing;
use super::token::Token;

/// What is known between one parenthesis and its end.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    /// `FROM` in it is the clause, and no part of a function's arguments.
    query: bool,
    /// The words are those of a `FROM` clause.
    from: bool,
    /// The next name is a table's.
    expects: bool,
}

/// Words that end a `FROM` clause.
const ENDS: [&str; 17] = [
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "fetch",
    "union",
    "intersect",
    "except",
    "window",
    "for",
    "set",
    "returning",
    "values",
    "select",
    "qualify",
];

/// Finds the words that name tables after `FROM`, `JOIN` and the commas between tables, each with the schema before it.
/// Functions and the queries of a `WITH` are left out.
pub fn references(words: &[Token]) -> Vec<Range<usize>> {
    let defined = definitions(words);
    let is_defined = |place: &Range<usize>| match words.get(place.clone()) {
        Some([name]) => defined.iter().any(|(own, scope)| scope.contains(&place.start) && own.is_same_name(name)),
        _ => false,
    };
    let mut found = named(words);
    found.retain(|place| !is_defined(place));
    found
}

/// The names that `WITH` gives to queries, and the words among which they mean these.
fn definitions(words: &[Token]) -> Vec<(&Token, Range<usize>)> {
    let is = |at: usize, sign: &str| words.get(at).is_some_and(|word| word.is(sign));
    let end_of = |at: usize| words.get(at..).and_then(closing).map(|end| at + end);
    let mut found = Vec::new();
    for (with, _) in words.iter().enumerate().filter(|(_, word)| word.is("with")) {
        let recursive = is(with + 1, "recursive");
        let mut at = with + 1 + usize::from(recursive);
        while let Some(name) = words.get(at).filter(|word| word.is_name()) {
            let mut next = at + 1;
            if is(next, "(") {
                let Some(end) = end_of(next) else { break };
                next = end + 1;
            }
            if !is(next, "as") {
                break;
            }
            next += 1;
            while is(next, "not") || is(next, "materialized") {
                next += 1;
            }
            let Some(end) = end_of(next).filter(|_| is(next, "(")) else { break };
            let start = if recursive { with } else { end };
            found.push((name, start..end_of_scope(words, end + 1)));
            if !is(end + 1, ",") {
                break;
            }
            at = end + 2;
        }
    }
    found
}

/// Where the parentheses end that a word is in.
fn end_of_scope(words: &[Token], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(from) {
        if word.is("(") {
            depth += 1;
        } else if word.is(")") {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return at,
            }
        }
    }
    words.len()
}

fn named(words: &[Token]) -> Vec<Range<usize>> {
    let is = |at: usize, sign: &str| words.get(at).is_some_and(|word| word.is(sign));
    let mut found = Vec::new();
    let mut outer = Vec::new();
    let mut frame = Frame { query: true, ..Frame::default() };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word.is("(") {
            outer.push(Frame { expects: false, ..frame });
            let starts = ["select", "with", "values", "table", "("].iter().any(|sign| is(at + 1, sign));
            // A join may stand in parentheses of its own.
            let join = frame.expects && !starts;
            frame = Frame { query: starts || join, from: join, expects: frame.expects };
            frame.expects &= join || is(at + 1, "(");
        } else if word.is(")") {
            frame = outer.pop().unwrap_or(Frame { query: true, ..Frame::default() });
        } else if word.is("select") || word.is("delete") {
            frame = Frame { query: true, from: false, expects: false };
        } else if begins_table(words, at, frame) {
            (frame.from, frame.expects) = (true, true);
        } else if frame.expects && (word.is("only") || word.is("lateral")) {
            // The name follows.
        } else if frame.expects && word.is_name() {
            let start = at;
            while is(at + 1, ".") && words.get(at + 2).is_some_and(Token::is_name) {
                at += 2;
            }
            frame.expects = false;
            if !is(at + 1, "(") {
                found.push(start..at + 1);
            }
        } else {
            frame.expects = false;
            if ENDS.iter().any(|end| word.is(end)) {
                frame.from = false;
            }
        }
        at += 1;
    }
    found
}

/// Whether a table follows this word.
fn begins_table(words: &[Token], at: usize, frame: Frame) -> bool {
    let is = |sign: &str| words.get(at).is_some_and(|word| word.is(sign));
    let from = is("from") && frame.query && !is_distinct_from(words, at);
    from || is("join") || is("straight_join") || is(",") && frame.from
}

/// Whether this `FROM` belongs to `IS [NOT] DISTINCT FROM`.
fn is_distinct_from(words: &[Token], at: usize) -> bool {
    let before =
        |back: usize, sign: &str| at.checked_sub(back).and_then(|at| words.get(at)).is_some_and(|word| word.is(sign));
    before(1, "distinct") && (before(2, "is") || before(2, "not"))
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn every_table_that_a_query_reads_is_found() {
        for (sql, expected) in [
            ("SELECT 1 FROM a JOIN C ON 1 = 1, d", vec!["a", "C", "d"]),
            ("SELECT 1 FROM a LEFT JOIN b USING (x, y), c AS z, d WHERE e IN (1, f)", vec!["a", "b", "c", "d"]),
            ("SELECT 1 FROM a, (SELECT x, y FROM b, c) s, d", vec!["a", "b", "c", "d"]),
            ("SELECT f(a, b), c FROM d ORDER BY e, g", vec!["d"]),
            ("SELECT extract(year FROM day), trim(both 'x' FROM n) FROM a", vec!["a"]),
            ("SELECT x IS NOT DISTINCT FROM y FROM a", vec!["a"]),
            ("SELECT 1 FROM (a JOIN b ON a.x = b.x), c", vec!["a", "b", "c"]),
            ("SELECT 1 FROM generate_series(1, 2) g, a CROSS JOIN LATERAL (SELECT 1 FROM b) l", vec!["a", "b"]),
            ("SELECT 1 FROM a UNION SELECT 2 FROM b, ONLY c FOR UPDATE OF c, d", vec!["a", "b", "c"]),
            ("DELETE FROM a USING b", vec!["a"]),
            ("x IN (SELECT id FROM s.a)", vec!["s.a"]),
            ("WITH a AS (SELECT 1 FROM a), b (x) AS (SELECT 2 FROM a) SELECT 1 FROM a, b, c", vec!["a", "c"]),
            ("WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT 2 FROM a) SELECT 1 FROM a JOIN b ON 1", vec!["b"]),
            ("SELECT 1 FROM (WITH a AS (SELECT 1) SELECT * FROM A) x, a", vec!["a"]),
        ] {
            let words = tokens(sql, Dialect::Sqlite.lexis());
            let text =
                |place: &Range<usize>| words[place.clone()].iter().map(|word| word.text.as_str()).collect::<String>();
            assert_eq!(references(&words).iter().map(text).collect::<Vec<_>>(), expected, "{sql}");
        }
    }
}
