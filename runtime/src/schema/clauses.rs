//! The text of one column: its name, its type, and the clauses after the type. It replaces the type, `NULL` and the default
//! and keeps the other clauses, and it knows no database.

use super::definition::{Kindred, Token, tokens};

/// A column's text, split at its clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnText<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    clauses: Vec<Clause<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause<'a> {
    kind: ClauseKind,
    text: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClauseKind {
    NotNull,
    Null,
    Default,
    /// Character set and collation, which belong to the type.
    Collation,
    Check,
    Comment,
    /// `ON UPDATE CURRENT_TIMESTAMP`.
    OnUpdate,
    Other,
}

impl<'a> ColumnText<'a> {
    /// Splits the text. `None` if it has no name.
    pub fn read(text: &'a str) -> Option<Self> {
        let tokens = tokens(text);
        let name = tokens.first()?;
        let mut starts: Vec<(ClauseKind, usize)> = Vec::new();
        let mut named = None;
        let mut inside = "";
        for (at, token) in tokens.iter().enumerate().skip(1).filter(|(_, token)| token.depth == 0) {
            let near = |at: Option<usize>| at.and_then(|at| tokens.get(at));
            let next = |word: &str| near(at.checked_add(1)).is_some_and(|token| token.is(word));
            let after = |words: &[&str]| near(at.checked_sub(1)).is_some_and(|token| token.is_any(words));
            // A name, or the value of the clause before.
            if after(&["CONSTRAINT", "DEFAULT", "COLLATE", "REFERENCES"]) {
                continue;
            }
            if token.is("CONSTRAINT") {
                named = Some(at);
                continue;
            }
            let kind = match () {
                () if token.is("NOT") && next("NULL") => ClauseKind::NotNull,
                () if token.is("NULL") && !after(&["NOT", "SET"]) => ClauseKind::Null,
                () if token.is("DEFAULT") && !after(&["SET"]) => ClauseKind::Default,
                () if token.is("COLLATE") || token.is("CHARACTER") && next("SET") => ClauseKind::Collation,
                () if token.is("CHECK") => ClauseKind::Check,
                () if token.is("COMMENT") => ClauseKind::Comment,
                () if token.is("ON") && next("UPDATE") && inside != "REFERENCES" => ClauseKind::OnUpdate,
                () if token.is_any(&["PRIMARY", "UNIQUE", "REFERENCES", "GENERATED", "AUTO_INCREMENT"]) => {
                    ClauseKind::Other
                }
                () if token.is("AS") && !after(&["ALWAYS"]) => ClauseKind::Other,
                () => continue,
            };
            inside = if token.is("REFERENCES") { "REFERENCES" } else { "" };
            starts.push((kind, named.take().unwrap_or(at)));
        }
        let end_of_type = starts.first().map_or(tokens.len(), |(_, at)| *at);
        let ends = starts.iter().skip(1).map(|(_, at)| *at).chain([tokens.len()]);
        let piece = |from: usize, to: usize| {
            let part = tokens.get(from..to).unwrap_or_default();
            match (part.first(), part.last()) {
                (Some(first), Some(last)) => text.get(first.start..last.end()).unwrap_or_default(),
                _ => "",
            }
        };
        let clauses = starts.iter().zip(ends).map(|((kind, from), to)| Clause { kind: *kind, text: piece(*from, to) });
        Some(Self { name: name.text, kind: piece(1, end_of_type), clauses: clauses.collect() })
    }

    /// Whether the column may be NULL.
    pub fn is_nullable(&self) -> bool {
        !self.clauses.iter().any(|clause| clause.kind == ClauseKind::NotNull)
    }

    /// The default, without the word.
    pub fn default(&self) -> Option<&'a str> {
        let clause = self.clauses.iter().find(|clause| clause.kind == ClauseKind::Default)?;
        let word = tokens(clause.text).first().map_or(0, Token::end);
        clause.text.get(word..).map(str::trim)
    }

    /// This column with the type, NULL and default of another one. Clauses that belong to the old type do not stay.
    pub fn changed_to(&self, new: &ColumnText<'_>) -> String {
        let mut parts = vec![self.name, new.kind];
        let old = self.kind.to_ascii_lowercase();
        let was_enum = old.starts_with("enum");
        let kind = new.kind.to_ascii_lowercase();
        let is_text = ["char", "varchar", "text", "enum"].iter().any(|word| kind.starts_with(word));
        let is_time = ["timestamp", "datetime"].iter().any(|word| kind.starts_with(word));
        let has = |of: ClauseKind| new.clauses.iter().any(|clause| clause.kind == of);
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for clause in &self.clauses {
            match clause.kind {
                ClauseKind::NotNull | ClauseKind::Null | ClauseKind::Default => {}
                ClauseKind::Collation if is_text => first.push(clause.text),
                ClauseKind::Collation => {}
                ClauseKind::OnUpdate if !is_time => {}
                ClauseKind::Comment if was_enum || has(ClauseKind::Comment) => {}
                // The check of an enum has the enum's name; that of JSON has the function's.
                ClauseKind::Check if was_enum && clause.text.to_ascii_uppercase().starts_with("CONSTRAINT") => {}
                ClauseKind::Check if clause.text.contains("json_valid(") && kind != "json" => {}
                _ => last.push(clause.text),
            }
        }
        parts.extend(first);
        parts.extend(new.clauses.iter().map(|clause| clause.text));
        parts.extend(last);
        parts.join(" ")
    }
}

/// Whether the database computes the column.
pub fn is_computed(text: &str) -> bool {
    tokens(text)
        .iter()
        .any(|token| token.depth == 0 && token.kind == Kindred::Word && token.is_any(&["GENERATED", "AS"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(old: &str, new: &str) -> String {
        ColumnText::read(old).unwrap().changed_to(&ColumnText::read(new).unwrap())
    }

    #[test]
    fn type_null_and_default_are_replaced_and_the_rest_stays() {
        for (old, new, expected) in [
            ("a varchar(10)", "a text NOT NULL", "a text NOT NULL"),
            (
                "[user id] int NOT NULL CONSTRAINT [k] REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE NOT DEFERRABLE DEFAULT (1 + (2))",
                "x bigint NULL",
                "[user id] bigint NULL CONSTRAINT [k] REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE NOT DEFERRABLE",
            ),
            (
                "a text COLLATE NOCASE NOT NULL DEFAULT 'x, NOT NULL' CHECK (a <> '')",
                "a varchar",
                "a varchar COLLATE NOCASE CHECK (a <> '')",
            ),
            ("a int UNIQUE ON CONFLICT IGNORE DEFAULT NULL", "a text", "a text UNIQUE ON CONFLICT IGNORE"),
            (
                "a enum_text NOT NULL CONSTRAINT \"m\" CHECK (a IN ('x'))",
                "a text NULL DEFAULT 'y'",
                "a text NULL DEFAULT 'y'",
            ),
            ("`a` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()", "`a` date", "`a` date"),
            (
                "`a` varchar(9) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'x' COMMENT 'of \\\\'",
                "`a` varchar(20) NOT NULL",
                "`a` varchar(20) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL COMMENT 'of \\\\'",
            ),
            ("`a` enum('x','y') NOT NULL COMMENT 'enum m'", "`a` text", "`a` text"),
            ("`a` longtext DEFAULT NULL CHECK (json_valid(`a`))", "`a` text", "`a` text"),
        ] {
            assert_eq!(changed(old, new), expected);
        }
    }

    #[test]
    fn clauses_are_read() {
        let column = ColumnText::read("\"a\" timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP").unwrap();
        assert_eq!(
            (column.kind, column.is_nullable(), column.default()),
            ("timestamp with time zone", false, Some("CURRENT_TIMESTAMP"))
        );
        let column = ColumnText::read("\"a\" character varying(3) DEFAULT -5").unwrap();
        assert_eq!((column.kind, column.is_nullable(), column.default()), ("character varying(3)", true, Some("-5")));
        assert!(
            is_computed("a int GENERATED ALWAYS AS (b * 2) STORED") && !is_computed("a int DEFAULT (CAST(1 AS int))")
        );
        assert_eq!(ColumnText::read(""), None);
    }
}
