//! What only the text of a `CREATE` statement says, on SQLite. It takes the text apart into words, strings and
//! brackets, as SQLite's own tokenizer does, and returns pieces of it; it is never wrong loudly: what it does not
//! find is not there.

use std::ops::Range;

/// What stands between the brackets of `CREATE TABLE`.
#[derive(Debug, Default)]
pub struct Definitions {
    /// Its columns, in order.
    pub columns: Vec<Written>,
    /// Checks, those of columns too: name and expression.
    pub checks: Vec<(Option<String>, String)>,
    /// What its constraints do on a conflict and when its foreign keys are checked, those of columns excepted:
    /// `UNIQUE (a, b) ON CONFLICT IGNORE`.
    pub clauses: Vec<String>,
}

/// A column as it was written.
#[derive(Debug)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// What it is computed from.
    pub generated: Option<String>,
    /// Its collation.
    pub collation: Option<String>,
    /// Whether it says AUTOINCREMENT.
    pub auto_increment: bool,
    /// What its constraints do on a conflict and when its foreign key is checked: `NOT NULL ON CONFLICT IGNORE`.
    pub clauses: Vec<String>,
}

/// Takes `CREATE TABLE` apart.
pub fn table(sql: &str) -> Definitions {
    let mut definitions = Definitions::default();
    for part in parts(sql) {
        let tokens = tokens(&sql[part.clone()]);
        let text = |token: &Token| &sql[part.start + token.range.start..part.start + token.range.end];
        let is = |index: usize, word: &str| {
            tokens.get(index).is_some_and(|token| !token.quoted && text(token).eq_ignore_ascii_case(word))
        };
        let Some(first) = tokens.first() else { continue };
        let constraint = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|word| is(0, word));
        let mut column = Written {
            name: unquote(text(first)),
            generated: None,
            collation: None,
            auto_increment: false,
            clauses: Vec::new(),
        };
        let mut named = None;
        let words: Vec<&str> = tokens.iter().map(text).collect();
        column.clauses = clauses(&words);
        for index in 0..tokens.len() {
            let bracket = tokens.get(index + 1).filter(|next| text(next).starts_with('('));
            let inside = || bracket.map(|bracket| inner(text(bracket)));
            let next = || tokens.get(index + 1).map(|next| unquote(text(next)));
            if is(index, "CONSTRAINT") {
                named = next();
            } else if is(index, "CHECK") {
                definitions.checks.extend(inside().map(|expression| (named.take(), expression)));
            } else if constraint || index == 0 {
                continue;
            } else if is(index, "AS") {
                column.generated = inside();
            } else if is(index, "COLLATE") {
                column.collation = next();
            } else if is(index, "AUTOINCREMENT") {
                column.auto_increment = true;
            }
        }
        if constraint {
            definitions.clauses.append(&mut column.clauses);
        } else {
            definitions.columns.push(column);
        }
    }
    definitions
}

/// Returns the clauses of a column or of a table's constraint, each after the constraint that it belongs to. Clauses that
/// repeat the default are left out.
fn clauses(words: &[&str]) -> Vec<String> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|other| other.eq_ignore_ascii_case(word));
    let mut found = Vec::new();
    let mut of = String::new();
    for at in 0..words.len() {
        let clause = if is(at, "PRIMARY") || is(at, "NOT") && is(at + 1, "NULL") || is(at, "FOREIGN") {
            of = words[at..].iter().take(2).copied().collect::<Vec<_>>().join(" ");
            of.extend(words.get(at + 2).filter(|next| next.starts_with('(')).map(|next| format!(" {}", plain(next))));
            None
        } else if is(at, "UNIQUE") || is(at, "REFERENCES") && !of.starts_with("FOREIGN") {
            words[at].clone_into(&mut of);
            of.extend(words.get(at + 1).filter(|next| next.starts_with('(')).map(|next| format!(" {}", plain(next))));
            None
        } else if is(at, "ON") && is(at + 1, "CONFLICT") && !is(at + 2, "ABORT") {
            words.get(at + 2).map(|what| format!("ON CONFLICT {what}"))
        } else if is(at, "MATCH") {
            words.get(at + 1).map(|what| format!("MATCH {what}"))
        } else if is(at, "DEFERRABLE") && is(at + 1, "INITIALLY") && is(at + 2, "DEFERRED") {
            let not = at.checked_sub(1).is_some_and(|before| is(before, "NOT"));
            (!not).then(|| "DEFERRABLE INITIALLY DEFERRED".to_owned())
        } else {
            None
        };
        found.extend(clause.map(|clause| format!("{of} {clause}").to_uppercase()));
    }
    found
}

/// The part at `place`, from 0, of what `CREATE INDEX` is over, without its order.
pub fn index_part(sql: &str, place: usize) -> Option<String> {
    let part = parts(sql).get(place)?.clone();
    let text = sql[part].trim();
    let upper = text.to_ascii_uppercase();
    let end = [" ASC", " DESC"].iter().find_map(|order| upper.ends_with(order).then(|| text.len() - order.len()));
    Some(text[..end.unwrap_or(text.len())].trim().to_owned())
}

/// What stands behind the `WHERE` of `CREATE INDEX`.
pub fn predicate(sql: &str) -> Option<String> {
    let tokens = tokens(sql);
    let at = tokens.iter().find(|token| !token.quoted && sql[token.range.clone()].eq_ignore_ascii_case("WHERE"))?;
    Some(sql[at.range.end..].trim().to_owned())
}

/// The module that `CREATE VIRTUAL TABLE` names, and its arguments.
pub fn module(sql: &str) -> (String, Vec<String>) {
    let tokens = tokens(sql);
    let text = |token: &Token| &sql[token.range.clone()];
    let using = tokens.iter().position(|token| !token.quoted && text(token).eq_ignore_ascii_case("USING"));
    let module = using.and_then(|at| tokens.get(at + 1)).map(|token| unquote(text(token))).unwrap_or_default();
    (module, parts(sql).into_iter().map(|part| sql[part].trim().to_owned()).collect())
}

/// A statement, or a part of one, as it would be written by one hand: single spaces, no quotes around plain names, no
/// comments. The database itself puts quotes around names when it renames what they stand for.
pub fn plain(sql: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for token in tokens(sql) {
        let text = &sql[token.range];
        let name = unquote(text);
        let is_plain = !name.is_empty() && !text.starts_with('\'') && name.bytes().all(word);
        words.push(match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inside) => format!("({})", plain(inside)),
            None if token.quoted && is_plain => name,
            None => text.to_owned(),
        });
    }
    words.join(" ").replace(" ,", ",")
}

/// The parts between the first brackets of a statement.
fn parts(sql: &str) -> Vec<Range<usize>> {
    let Some(bracket) = tokens(sql).into_iter().find(|token| sql[token.range.clone()].starts_with('(')) else {
        return Vec::new();
    };
    let inside = bracket.range.start + 1..bracket.range.end.saturating_sub(1).max(bracket.range.start + 1);
    let mut parts = Vec::new();
    let mut start = inside.start;
    for token in tokens(&sql[inside.clone()]) {
        let at = inside.start + token.range.start;
        if !token.quoted && sql[at..].starts_with(',') {
            parts.push(start..at);
            start = at + 1;
        }
    }
    parts.push(start..inside.end);
    parts
}

struct Token {
    range: Range<usize>,
    /// A string or a quoted name.
    quoted: bool,
}

/// Returns where the double-quoted names are, those in brackets too.
pub fn double_quoted(sql: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = sql.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            match bytes[at] {
                b'\'' | b'"' | b'`' | b'[' => {
                    at = quoted(bytes, at);
                    if bytes[start] == b'"' {
                        return Some(start..at);
                    }
                }
                b'-' | b'/' if comment(bytes, at) > at => at = comment(bytes, at),
                _ => at += 1,
            }
        }
        None
    })
}

/// Returns the place after the first `word` outside of brackets.
pub fn after_word(sql: &str, word: &str) -> Option<usize> {
    let tokens = tokens(sql);
    let found = tokens.iter().find(|token| !token.quoted && sql[token.range.clone()].eq_ignore_ascii_case(word));
    found.map(|token| token.range.end)
}

/// Words, strings, brackets with all in them, and single characters; comments and space are skipped.
fn tokens(sql: &str) -> Vec<Token> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let token = match bytes[at] {
            b'(' => {
                at = bracket(bytes, at);
                Some(false)
            }
            b'\'' | b'"' | b'`' | b'[' => {
                at = quoted(bytes, at);
                Some(true)
            }
            b'-' | b'/' if comment(bytes, at) > at => {
                at = comment(bytes, at);
                None
            }
            c if c.is_ascii_whitespace() => {
                at += 1;
                None
            }
            c if word(c) => {
                at += bytes[at..].iter().take_while(|c| word(**c)).count();
                Some(false)
            }
            _ => {
                at += 1;
                Some(false)
            }
        };
        tokens.extend(token.map(|quoted| Token { range: start..at, quoted }));
    }
    tokens
}

fn word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'$' || c >= 0x80
}

/// Behind the bracket that closes the one at `at`.
fn bracket(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'\'' | b'"' | b'`' | b'[' => {
                at = quoted(bytes, at);
                continue;
            }
            b'-' | b'/' if comment(bytes, at) > at => {
                at = comment(bytes, at);
                continue;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

/// Behind the string or name that begins at `at`; a doubled quote does not end it.
fn quoted(bytes: &[u8], mut at: usize) -> usize {
    let close = if bytes[at] == b'[' { b']' } else { bytes[at] };
    at += 1;
    while at < bytes.len() {
        if bytes[at] == close {
            if close == b']' || bytes.get(at + 1) != Some(&close) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    at
}

/// Behind the comment that begins at `at`; `at` itself if none does.
fn comment(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"--") {
        return at + rest.iter().position(|c| *c == b'\n').unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return at + rest.windows(2).skip(2).position(|two| two == b"*/").map_or(rest.len(), |end| end + 4);
    }
    at
}

fn inner(bracket: &str) -> String {
    bracket.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(bracket).trim().to_owned()
}

/// Removes the quotes of a name, or of a text.
pub fn unquote(name: &str) -> String {
    let mut chars = name.chars();
    match (chars.next(), chars.next_back()) {
        (Some('['), Some(']')) => chars.as_str().to_owned(),
        (Some(quote @ ('"' | '`' | '\'')), Some(end)) if end == quote => {
            chars.as_str().replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_pragma_says_is_found() {
        let sql = "CREATE TABLE \"t (x\" (id INTEGER PRIMARY KEY AUTOINCREMENT, -- a, b (\n \"a,b\" text COLLATE NOCASE DEFAULT 'CHECK (1)', \
                   n int CONSTRAINT low CHECK (n > (0)), c int GENERATED ALWAYS AS (n * (2)) STORED, /* , */ \
                   [as] int AS (n), CONSTRAINT \"o\"\"k\" CHECK (n <> ','), CHECK (1), FOREIGN KEY (n) REFERENCES x (y))";
        let found = table(sql);
        let columns: Vec<_> = found
            .columns
            .iter()
            .map(|c| (c.name.as_str(), c.generated.as_deref(), c.collation.as_deref(), c.auto_increment))
            .collect();
        assert_eq!(
            columns,
            [
                ("id", None, None, true),
                ("a,b", None, Some("NOCASE"), false),
                ("n", None, None, false),
                ("c", Some("n * (2)"), None, false),
                ("as", Some("n"), None, false)
            ]
        );
        let checks: Vec<_> = found.checks.iter().map(|(name, text)| (name.as_deref(), text.as_str())).collect();
        assert_eq!(checks, [(Some("low"), "n > (0)"), (Some("o\"k"), "n <> ','"), (None, "1")]);
    }

    #[test]
    fn however_it_is_written_it_is_the_same() {
        for (one, other) in [
            ("CREATE INDEX i ON t (a)", "CREATE  INDEX\n[i] ON \"t\"(`a` ) -- here"),
            ("n > (0) AND b = 'x  \"y\"'", "\"n\">( 0 ) AND b='x  \"y\"'"),
        ] {
            assert_eq!(plain(one), plain(other));
        }
        assert_ne!(plain("b = 'x'"), plain("b = 'x '"));
        assert_ne!(plain("\"a b\""), plain("a b"));
    }

    #[test]
    fn indexes_are_taken_apart() {
        let sql = "CREATE INDEX \"where (\" ON t (lower(a, ')'), b DESC, c || ' x' asc) WHERE a > 1 AND b";
        assert_eq!(index_part(sql, 0).as_deref(), Some("lower(a, ')')"));
        assert_eq!(index_part(sql, 1).as_deref(), Some("b"));
        assert_eq!(index_part(sql, 2).as_deref(), Some("c || ' x'"));
        assert_eq!(index_part(sql, 3), None);
        assert_eq!(predicate(sql).as_deref(), Some("a > 1 AND b"));
        assert_eq!(predicate("CREATE INDEX i ON t (a)"), None);
        for broken in ["", "(", "CREATE TABLE t (a", "'", "/*", "CREATE TABLE t (a int CHECK"] {
            table(broken);
            index_part(broken, 0);
            plain(broken);
        }
    }
}
