//! The statement that made a table, for databases that keep it as text and cannot alter what it says: taken apart at its
//! commas, changed in one place, put together again. What it does not have to understand stays as it was written. It is pure.

/// `CREATE TABLE name (items) tail`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    items: Vec<Item>,
    tail: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Column { name: String, text: String },
    Constraint(Constraint),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Constraint {
    kind: Kind,
    /// The columns it is of; those that a check mentions.
    columns: Vec<String>,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    PrimaryKey,
    Unique,
    Check,
    ForeignKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kindred {
    Word,
    Quoted,
    Text,
    Open,
    Close,
    Comma,
    Other,
}

/// A piece of SQL, and how many parentheses are open around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kindred,
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) depth: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kindred::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// The name it is, quotes taken off.
    fn name(&self) -> Option<String> {
        let inside = || self.text.get(1..self.text.len() - 1).unwrap_or_default();
        match (self.kind, self.text.chars().next()) {
            (Kindred::Word, _) => Some(self.text.to_owned()),
            (Kindred::Quoted, Some('[')) => Some(inside().to_owned()),
            (Kindred::Quoted | Kindred::Text, Some(quote)) => {
                Some(inside().replace(&format!("{quote}{quote}"), &quote.to_string()))
            }
            _ => None,
        }
    }
}

impl Definition {
    /// Reads one; `None` if it is not understood.
    pub fn read(sql: &str) -> Option<Self> {
        let tokens = tokens(sql);
        let open = tokens.iter().position(|token| token.kind == Kindred::Open)?;
        let close =
            open + tokens.get(open..)?.iter().position(|token| token.kind == Kindred::Close && token.depth == 0)?;
        // CREATE TABLE name AS SELECT is kept with columns.
        if !tokens.first()?.is("CREATE") || !tokens.get(1)?.is("TABLE") {
            return None;
        }
        let mut items = Vec::new();
        for part in tokens.get(open + 1..close)?.split(|token| token.kind == Kindred::Comma && token.depth == 1) {
            let first = part.first()?;
            if first.is_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]) {
                for part in constraints(part) {
                    items.push(Item::Constraint(Constraint::read(sql, part)?));
                }
            } else {
                items.push(Item::Column { name: first.name()?, text: span(sql, part)?.to_owned() });
            }
        }
        let tail = tokens.get(close + 1..)?;
        let tail = if tail.is_empty() { "" } else { span(sql, tail)? };
        Some(Self { items, tail: tail.to_owned() })
    }

    /// The statement for a table of this name, which has to be quoted.
    pub fn write(&self, name: &str) -> String {
        let items: Vec<&str> = self
            .items
            .iter()
            .map(|item| match item {
                Item::Column { text, .. } | Item::Constraint(Constraint { text, .. }) => text.as_str(),
            })
            .collect();
        // A comment at the end of a line would swallow what stands behind it.
        format!("CREATE TABLE {name} (\n{}\n) {}", items.join(",\n"), self.tail).trim_end().to_owned()
    }

    /// Whether it has this column.
    pub fn has(&self, column: &str) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Column { name, .. } if name.eq_ignore_ascii_case(column)))
    }

    /// The text of a column.
    pub fn column(&self, column: &str) -> Option<&str> {
        self.items.iter().find_map(|item| match item {
            Item::Column { name, text } if name.eq_ignore_ascii_case(column) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Replaces the text of a column. `false` if there is none of this name.
    pub fn set_column(&mut self, column: &str, new: String) -> bool {
        for item in &mut self.items {
            if let Item::Column { name, text } = item
                && name.eq_ignore_ascii_case(column)
            {
                *text = new;
                return true;
            }
        }
        false
    }

    /// Whether a column cannot go without another part of the statement, or without the index of one.
    pub fn is_bound(&self, column: &str) -> bool {
        self.items.iter().any(|item| match item {
            Item::Constraint(constraint) => constraint.columns.iter().any(|name| name.eq_ignore_ascii_case(column)),
            Item::Column { name, text } => {
                let binds = |token: &Token<'_>| token.depth == 0 && token.is_any(&["PRIMARY", "UNIQUE", "REFERENCES"]);
                name.eq_ignore_ascii_case(column) && tokens(text).iter().any(binds)
            }
        })
    }

    /// Whether it has a foreign key that `other` does not have in the same words.
    pub fn has_another_key_than(&self, other: &Self) -> bool {
        let known = other.keys();
        self.keys().iter().any(|key| !known.contains(key))
    }

    /// The texts of foreign keys, and of the columns that have one.
    fn keys(&self) -> Vec<&str> {
        let texts = self.items.iter().map(|item| match item {
            Item::Column { text, .. } | Item::Constraint(Constraint { text, .. }) => text.as_str(),
        });
        texts.filter(|text| tokens(text).iter().any(|token| token.is("REFERENCES"))).collect()
    }

    /// Adds a column behind the others.
    pub fn add_column(&mut self, name: &str, text: String) {
        let at = self.items.iter().rposition(|item| matches!(item, Item::Column { .. })).map_or(0, |at| at + 1);
        self.items.insert(at, Item::Column { name: name.to_owned(), text });
    }

    /// Adds a foreign key of one column.
    pub fn add_key(&mut self, column: &str, text: String) {
        let columns = vec![column.to_owned()];
        self.items.push(Item::Constraint(Constraint { kind: Kind::ForeignKey, columns, text }));
    }

    /// Takes a column out, with what else names it. `false` if it is part of the primary key, or not there.
    pub fn remove_column(&mut self, column: &str) -> bool {
        let mut found = false;
        let named = |columns: &[String]| columns.iter().any(|name| name.eq_ignore_ascii_case(column));
        let key = self.items.iter().any(|item| match item {
            Item::Constraint(constraint) => constraint.kind == Kind::PrimaryKey && named(&constraint.columns),
            Item::Column { name, text } => name.eq_ignore_ascii_case(column) && is_key(text),
        });
        if key {
            return false;
        }
        self.items.retain(|item| match item {
            Item::Column { name, .. } => {
                let it = name.eq_ignore_ascii_case(column);
                found |= it;
                !it
            }
            Item::Constraint(constraint) => !named(&constraint.columns),
        });
        found
    }

    /// Takes the foreign key of a column out, and leaves the column. `false` if it has none of its own.
    pub fn remove_key(&mut self, column: &str) -> bool {
        let before = self.clone();
        self.items.retain(|item| match item {
            Item::Constraint(constraint) => {
                constraint.kind != Kind::ForeignKey
                    || !matches!(constraint.columns.as_slice(), [only] if only.eq_ignore_ascii_case(column))
            }
            Item::Column { .. } => true,
        });
        for item in &mut self.items {
            if let Item::Column { name, text } = item
                && name.eq_ignore_ascii_case(column)
                && let Some(without) = without_reference(text)
            {
                *text = without;
            }
        }
        *self != before
    }

    /// Lets a check of this name, `… IN (…)`, take more values, which have to be literals. `false` if there is none.
    pub fn widen(&mut self, check: &str, values: &[String]) -> bool {
        let mut found = false;
        for item in &mut self.items {
            let (Item::Column { text, .. } | Item::Constraint(Constraint { text, .. })) = item;
            if let Some(at) = end_of_list(text, check) {
                let more: Vec<&str> = values.iter().map(String::as_str).filter(|value| !text.contains(value)).collect();
                if !more.is_empty() {
                    text.insert_str(at, &format!(", {}", more.join(", ")));
                }
                found = true;
            }
        }
        found
    }
}

impl Constraint {
    fn read(sql: &str, part: &[Token<'_>]) -> Option<Self> {
        let kind = part.iter().find_map(|token| match () {
            () if token.is("PRIMARY") => Some(Kind::PrimaryKey),
            () if token.is("UNIQUE") => Some(Kind::Unique),
            () if token.is("CHECK") => Some(Kind::Check),
            () if token.is("FOREIGN") => Some(Kind::ForeignKey),
            () => None,
        })?;
        let inside = |part: &[Token<'_>]| {
            let open = part.iter().position(|token| token.kind == Kindred::Open)?;
            let depth = part.get(open)?.depth;
            let close = part.iter().position(|token| token.kind == Kindred::Close && token.depth == depth)?;
            Some((open + 1, close))
        };
        let (from, to) = inside(part)?;
        let inside = part.get(from..to)?;
        let columns = match kind {
            Kind::Check => inside.iter().filter_map(Token::name).collect(),
            _ => {
                let depth = inside.first()?.depth;
                let parts = inside.split(|token| token.kind == Kindred::Comma && token.depth == depth);
                parts.map(|part| part.first()?.name()).collect::<Option<Vec<_>>>()?
            }
        };
        Some(Self { kind, columns, text: span(sql, part)?.to_owned() })
    }
}

/// Constraints that stand behind each other, with or without commas.
fn constraints<'a, 'b>(part: &'a [Token<'b>]) -> Vec<&'a [Token<'b>]> {
    let depth = part.first().map_or(0, |token| token.depth);
    let mut starts: Vec<usize> = Vec::new();
    for (at, token) in part.iter().enumerate() {
        // Behind CONSTRAINT stands its name, and behind that what it is.
        let named = at >= 2 && part.get(at - 2).is_some_and(|token| token.depth == depth && token.is("CONSTRAINT"));
        let begins = token.is_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]);
        if token.depth == depth && begins && !named {
            starts.push(at);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([part.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| part.get(*start..end)).collect()
}

/// Whether a column says itself that it is the primary key.
fn is_key(text: &str) -> bool {
    tokens(text).iter().any(|token| token.depth == 0 && token.is("PRIMARY"))
}

/// A column's text without `[CONSTRAINT name] REFERENCES …`.
fn without_reference(text: &str) -> Option<String> {
    let tokens = tokens(text);
    let at = tokens.iter().position(|token| token.depth == 0 && token.is("REFERENCES"))?;
    let named = at >= 2 && tokens.get(at - 2).is_some_and(|token| token.is("CONSTRAINT"));
    let start = tokens.get(if named { at - 2 } else { at })?.start;
    // The table, and its columns.
    let mut end = at + 2;
    if tokens.get(end).is_some_and(|token| token.kind == Kindred::Open) {
        end += tokens.get(end..)?.iter().position(|token| token.kind == Kindred::Close && token.depth == 0)? + 1;
    }
    let is = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| token.is_any(words));
    loop {
        end += match () {
            () if is(end, &["ON"]) && is(end + 2, &["SET", "NO"]) => 4,
            () if is(end, &["ON"]) => 3,
            () if is(end, &["MATCH", "INITIALLY"]) => 2,
            () if is(end, &["NOT"]) && is(end + 1, &["DEFERRABLE"]) => 2,
            () if is(end, &["DEFERRABLE"]) => 1,
            () => break,
        };
    }
    let end = tokens.get(end - 1).map_or(text.len(), Token::end);
    Some(format!("{}{}", text.get(..start)?.trim_end(), text.get(end..)?))
}

/// Where the list of `CONSTRAINT check CHECK (… IN (…))` ends.
fn end_of_list(text: &str, check: &str) -> Option<usize> {
    let tokens = tokens(text);
    let at = tokens.windows(3).position(|three| {
        matches!(three, [word, name, kind] if word.is("CONSTRAINT") && name.name().as_deref() == Some(check) && kind.is("CHECK"))
    })?;
    let rest = tokens.get(at + 3..)?;
    let depth = rest.first().filter(|token| token.kind == Kindred::Open)?.depth;
    let close = rest.iter().position(|token| token.kind == Kindred::Close && token.depth == depth)?;
    let list = rest.get(close.checked_sub(1)?)?;
    (list.kind == Kindred::Close).then_some(list.start)
}

fn span<'a>(sql: &'a str, part: &[Token<'_>]) -> Option<&'a str> {
    sql.get(part.first()?.start..part.last()?.end())
}

pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(letter) = sql.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = sql.get(at..).unwrap_or_default();
        let length = match letter {
            _ if letter.is_whitespace() => {
                at += letter.len_utf8();
                continue;
            }
            '-' if rest.starts_with("--") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            '/' if rest.starts_with("/*") => {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            '"' | '`' | '\'' => quoted(rest, letter),
            _ if is_word(letter) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            _ => letter.len_utf8(),
        };
        let kind = match letter {
            '(' => Kindred::Open,
            ')' => Kindred::Close,
            ',' => Kindred::Comma,
            '"' | '`' | '[' => Kindred::Quoted,
            '\'' => Kindred::Text,
            _ if is_word(letter) => Kindred::Word,
            _ => Kindred::Other,
        };
        if kind == Kindred::Close {
            depth = depth.saturating_sub(1);
        }
        tokens.push(Token { kind, text: rest.get(..length).unwrap_or(rest), start: at, depth });
        if kind == Kindred::Open {
            depth += 1;
        }
        at += length;
    }
    tokens
}

/// Length of what stands in quotes, which are doubled inside.
fn quoted(rest: &str, quote: char) -> usize {
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote && letters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$' || !letter.is_ascii() && !letter.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE \"a,b\" (\n  id integer PRIMARY KEY AUTOINCREMENT, -- a, comment (\n  \"we\"\"ird, name\" text DEFAULT 'x, y) --' COLLATE NOCASE,\n  \
         [user id] int NOT NULL CONSTRAINT [k] REFERENCES users (id) ON DELETE SET NULL NOT DEFERRABLE INITIALLY DEFERRED DEFAULT (1 + (2)),\n  \
         `n` decimal(10, 2) /* a ) in , a comment */ CHECK (n > 0),\n  state enum_text CONSTRAINT \"of\" CHECK (state IN ('a', 'b')),\n  \
         UNIQUE (n, state) CHECK (state <> 'z' OR n < 5) CONSTRAINT f FOREIGN KEY (n) REFERENCES m,\n  \
         FOREIGN KEY (n, state) REFERENCES other (a, b)\n) WITHOUT ROWID, STRICT";

    fn read() -> Definition {
        Definition::read(TABLE).unwrap()
    }

    #[test]
    fn what_is_not_changed_stays_as_it_was() {
        let table = read();
        assert_eq!(table.items.len(), 9, "{table:#?}");
        let written = table.write("\"new\"");
        assert!(written.starts_with("CREATE TABLE \"new\" (\nid integer PRIMARY KEY AUTOINCREMENT,\n\"we\"\"ird, name\" text DEFAULT 'x, y) --' COLLATE NOCASE,\n"), "{written}");
        assert!(written.ends_with("\n) WITHOUT ROWID, STRICT"), "{written}");
        assert_eq!(Definition::read(&written).unwrap(), table);
    }

    #[test]
    fn a_column_goes_with_what_names_it() {
        let mut table = read();
        assert!(table.remove_column("N"));
        let written = table.write("t");
        assert!(
            !written.contains("decimal")
                && !written.contains("UNIQUE")
                && !written.contains("FOREIGN")
                && !written.contains("'z'"),
            "{written}"
        );
        assert!(written.contains("state enum_text"), "{written}");
        assert!(!table.remove_column("n"), "it is gone");
        assert!(!table.remove_column("id"), "it is the key");
        let mut joined = Definition::read("CREATE TABLE j (a int, b int, PRIMARY KEY (a, \"b\"))").unwrap();
        assert!(!joined.remove_column("b"));
    }

    #[test]
    fn a_key_goes_and_the_column_stays() {
        let mut table = read();
        assert!(table.remove_key("user id"));
        assert!(table.write("t").contains("\n[user id] int NOT NULL DEFAULT (1 + (2)),\n"), "{}", table.write("t"));
        assert!(!table.remove_key("user id"));
        assert!(table.remove_key("n"));
        let written = table.write("t");
        assert!(!written.contains("REFERENCES m") && written.contains("REFERENCES other"), "{written}");
    }

    #[test]
    fn a_column_and_a_key_are_added_where_they_may_stand() {
        let mut table = read();
        table.add_column("more", "\"more\" int".to_owned());
        table.add_key("more", "FOREIGN KEY (\"more\") REFERENCES x (id)".to_owned());
        let written = table.write("t");
        assert!(written.contains("('a', 'b')),\n\"more\" int,\nUNIQUE"), "{written}");
        assert!(written.contains("\nFOREIGN KEY (\"more\") REFERENCES x (id)\n)"), "{written}");
        assert!(table.remove_column("more") && !table.write("t").contains("more"));
    }

    #[test]
    fn a_check_takes_more_values() {
        let mut table = read();
        assert!(table.widen("of", &["'b'".to_owned(), "'c'".to_owned()]));
        assert!(table.write("t").contains("(state IN ('a', 'b', 'c'))"), "{}", table.write("t"));
        assert!(!table.widen("other", &["'c'".to_owned()]));
    }

    #[test]
    fn what_is_no_table_is_not_read() {
        for sql in [
            "",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "CREATE TABLE t",
            "CREATE TABLE t (a int",
            "CREATE TABLE t (,)",
        ] {
            assert_eq!(Definition::read(sql), None, "{sql}");
        }
    }
}
