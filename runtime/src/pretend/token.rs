//! SQL as words: names, texts, numbers, placeholders, signs. It knows where each stands, leaves out comments and
//! understands nothing.

use std::ops::Range;

use crate::dialect::Lexis;

/// One word of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// A name or a text without its quotes, a name as the database takes it, anything else as it stands.
    pub text: String,
    /// Where it stands.
    pub place: Range<usize>,
}

/// What a word of SQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword, or a name without quotes.
    Word,
    /// A name in quotes.
    Quoted,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A placeholder, counted from 0.
    Placeholder(usize),
    /// A sign.
    Sign,
}

impl Token {
    /// Whether it is this keyword, or this sign.
    pub fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether both are names, and the same one in any case.
    pub fn is_same_name(&self, other: &Self) -> bool {
        self.is_name() && other.is_name() && self.text.eq_ignore_ascii_case(&other.text)
    }

    /// Whether it can be a name.
    pub fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// All words of `sql`.
pub fn tokens(sql: &str, lexis: Lexis) -> Vec<Token> {
    let mut reader = Reader { sql, at: 0, lexis, placeholders: 0 };
    let mut found = Vec::new();
    while let Some(token) = reader.next() {
        found.push(token);
    }
    found
}

/// Where the statements of `sql` stand, without their ends. Those within a routine belong to it.
pub fn statements(sql: &str, lexis: Lexis) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let words = tokens(sql, lexis);
    let mut start = None;
    let (mut first, mut depth, mut end) = (0, 0_usize, 0);
    for (at, token) in words.iter().enumerate() {
        if token.is(";") && depth == 0 {
            found.extend(start.take().map(|start| start..end));
            continue;
        }
        if start.is_none() {
            (start, first) = (Some(token.place.start), at);
        }
        end = token.place.end;
        if is_routine(words.get(first..=at).unwrap_or_default()) {
            let next = words.get(at + 1);
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            if token.is("begin") || token.is("case") && !before.is_some_and(|before| before.is("end")) {
                depth += 1;
            } else if token.is("end")
                && !next.is_some_and(|next| ["if", "loop", "repeat", "while", "for"].iter().any(|word| next.is(word)))
            {
                depth = depth.saturating_sub(1);
            }
        }
    }
    found.extend(start.map(|start| start..end));
    found
}

/// Whether these words begin something that has statements inside.
fn is_routine(words: &[Token]) -> bool {
    words.first().is_some_and(|word| word.is("create"))
        && words
            .iter()
            .take(12)
            .any(|word| ["trigger", "procedure", "function", "event", "package"].iter().any(|kind| word.is(kind)))
}

struct Reader<'a> {
    sql: &'a str,
    at: usize,
    lexis: Lexis,
    placeholders: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.sql.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<Token> {
        self.skip();
        let start = self.at;
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, text) = match first {
            '\'' => (Kind::Text, self.quoted('\'', self.lexis.backslashes)),
            '"' if self.lexis.double_quoted_text => (Kind::Text, self.quoted('"', self.lexis.backslashes)),
            '"' | '`' => (Kind::Quoted, self.quoted(first, false)),
            '[' if self.lexis.brackets => (Kind::Quoted, self.quoted(']', false)),
            'e' | 'E' if self.lexis.dollars && rest[1..].starts_with('\'') => {
                self.at += 1;
                (Kind::Text, self.quoted('\'', true))
            }
            '$' if self.lexis.dollars => self.dollar(),
            '?' if !self.lexis.dollars => {
                self.at += 1;
                let digits = self.take(|c| c.is_ascii_digit());
                let number = digits.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                let number = number.unwrap_or(self.placeholders);
                self.placeholders = self.placeholders.max(number) + 1;
                (Kind::Placeholder(number), "?".to_owned())
            }
            c if c.is_ascii_digit() => (Kind::Number, self.take(|c| c.is_ascii_alphanumeric() || c == '.')),
            c if is_name(c) => {
                let word = self.take(|c| is_name(c) || c.is_numeric() || c == '$');
                (Kind::Word, if self.lexis.folds_words { word.to_lowercase() } else { word })
            }
            c => {
                self.at += c.len_utf8();
                (Kind::Sign, c.to_string())
            }
        };
        Some(Token { kind, text, place: start..self.at })
    }

    /// Passes spaces and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let spaces = rest.len() - rest.trim_start().len();
            let hash = self.lexis.hash_comments && rest.starts_with('#');
            if spaces > 0 {
                self.at += spaces;
            } else if rest.starts_with("--") || hash {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") && !rest.starts_with("/*!") && !rest.starts_with("/*M!") {
                self.at += self.comment();
            } else {
                return;
            }
        }
    }

    /// The length of a comment, with comments in it.
    fn comment(&self) -> usize {
        let (rest, mut depth, mut at) = (self.rest(), 0_usize, 0);
        while let Some(two) = rest.get(at..).filter(|rest| !rest.is_empty()) {
            if two.starts_with("/*") && (depth == 0 || self.lexis.dollars) {
                (depth, at) = (depth + 1, at + 2);
            } else if two.starts_with("*/") {
                (depth, at) = (depth.saturating_sub(1), at + 2);
                if depth == 0 {
                    return at;
                }
            } else {
                at += two.chars().next().map_or(1, char::len_utf8);
            }
        }
        rest.len()
    }

    /// What stands in quotes that end with `end`; twice is one of them.
    fn quoted(&mut self, end: char, backslashes: bool) -> String {
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        let mut length = self.rest().len();
        while let Some((at, c)) = characters.next() {
            if c == '\\' && backslashes {
                text.extend(characters.next().map(|(_, c)| unescaped(c)));
            } else if c != end {
                text.push(c);
            } else if characters.peek().is_some_and(|(_, next)| *next == end) && end != ']' {
                text.push(c);
                characters.next();
            } else {
                length = at + c.len_utf8();
                break;
            }
        }
        self.at += length;
        text
    }

    /// `$1`, or `$tag$ … $tag$`.
    fn dollar(&mut self) -> (Kind, String) {
        let rest = self.rest().to_owned();
        let tag: String = rest.chars().skip(1).take_while(|c| is_name(*c) || c.is_numeric()).collect();
        let fence = format!("${tag}$");
        if !tag.starts_with(|c: char| c.is_ascii_digit())
            && let Some(inside) = rest.strip_prefix(&fence)
        {
            let length = inside.find(&fence).unwrap_or(inside.len());
            self.at = (self.at + 2 * fence.len() + length).min(self.sql.len());
            return (Kind::Text, inside.get(..length).unwrap_or_default().to_owned());
        }
        self.at += 1 + tag.len();
        match tag.parse::<usize>().ok().and_then(|number| number.checked_sub(1)) {
            Some(number) => (Kind::Placeholder(number), fence),
            None => (Kind::Sign, fence),
        }
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let text: String = self.rest().chars().take_while(|c| wanted(*c)).collect();
        self.at += text.len();
        text
    }
}

fn is_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '@'
}

fn unescaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        'b' => '\u{8}',
        'Z' => '\u{1a}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn words(dialect: Dialect, sql: &str) -> Vec<String> {
        tokens(sql, dialect.lexis()).into_iter().map(|token| token.text).collect()
    }

    fn cut(dialect: Dialect, sql: &str) -> Vec<&str> {
        statements(sql, dialect.lexis()).into_iter().map(|place| &sql[place]).collect()
    }

    #[test]
    fn each_database_has_its_own_quotes() {
        use Dialect::{MySql, Postgres, Sqlite};
        assert_eq!(
            words(Postgres, r#"a "b""c" 'd''e\' E'f\'g' $x$h;'$x$ $1"#)[1..6],
            ["b\"c", "d'e\\", "f'g", "h;'", "$1$"]
        );
        assert_eq!(words(MySql, r#"`a``b` "c" 'd\'e' # x"#), ["a`b", "c", "d'e"]);
        assert_eq!(words(Sqlite, r#"[a b] "c" `d` 'e\' ?2 ?"#), ["a b", "c", "d", "e\\", "?", "?"]);
        let numbers = tokens("?2 ? ?1", Sqlite.lexis()).into_iter().map(|token| token.kind).collect::<Vec<_>>();
        assert_eq!(numbers, [Kind::Placeholder(1), Kind::Placeholder(2), Kind::Placeholder(0)]);
        assert_eq!(words(Postgres, "a /* b /* c */ d */ -- e\n f ? g"), ["a", "f", "?", "g"]);
        for unfinished in ["'a", "\"a", "/* a", "$x$ a", "E'a\\", "[a", "é", "$"] {
            for dialect in [Sqlite, Postgres, MySql] {
                tokens(unfinished, dialect.lexis());
                statements(unfinished, dialect.lexis());
            }
        }
    }

    #[test]
    fn statements_end_where_they_do() {
        use Dialect::{MySql, Postgres, Sqlite};
        assert_eq!(cut(Sqlite, " a; ;b ';' ; -- c;\n"), ["a", "b ';'"]);
        assert_eq!(cut(Postgres, "CREATE FUNCTION f() AS $$ a; b; $$; c"), ["CREATE FUNCTION f() AS $$ a; b; $$", "c"]);
        let routine =
            "CREATE PROCEDURE p() BEGIN IF a THEN b; END IF; CASE x WHEN 1 THEN c; END CASE; SELECT CASE 1 END; END";
        assert_eq!(cut(MySql, &format!("{routine}; d;")), [routine, "d"]);
        let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = 1; END";
        assert_eq!(cut(Sqlite, &format!("{trigger}; d")), [trigger, "d"]);
        assert_eq!(cut(Sqlite, "BEGIN; a; COMMIT"), ["BEGIN", "a", "COMMIT"]);
    }
}
