//! Statements that show whether SQLite has taken a double-quoted name for a text, which it does where the name is no column. In
//! backticks a name is never a text: a statement that compiles as it is written, and not with a name in backticks, has such a
//! text. `EXPLAIN` compiles a statement without executing it.

use super::{Dialect, sqlite_sql};

pub use sqlite_sql::unquote;

/// An object of the catalog with the statement that created it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `table`, `index` or `view`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The table that it belongs to, or its own name.
    pub table: String,
    /// The statement.
    pub sql: String,
}

impl Dialect {
    /// Returns a query for the rows of [`Written::parse`], if the database takes names for texts. The text of a trigger is
    /// compiled when it runs, and not here.
    pub fn written_objects(self) -> Option<&'static str> {
        (self == Self::Sqlite).then_some(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index', 'view') \
             AND sql IS NOT NULL AND sql NOT LIKE 'CREATE VIRTUAL %'",
        )
    }
}

impl Written {
    /// Reads a row of [`Dialect::written_objects`].
    pub fn parse(row: Vec<Option<String>>) -> Option<Self> {
        let [kind, name, table, sql] = <[Option<String>; 4]>::try_from(row).ok()?;
        Some(Self { kind: kind?, name: name?, table: table?, sql: sql? })
    }

    /// The names that are double-quoted in it, as they are written, each once.
    pub fn quoted_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = sqlite_sql::double_quoted(&self.sql).map(|range| &self.sql[range]).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns whether it is a table with such a column. Case does not matter.
    pub fn has_column(&self, name: &str) -> bool {
        sqlite_sql::table(&self.sql).columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Returns what follows its name, which a new name of the object does not change.
    pub fn body(&self) -> Option<&str> {
        self.sql.find('(').map(|at| &self.sql[at..])
    }

    /// Returns a statement that compiles it, with the double-quoted names for which `in_backticks` answers yes in backticks.
    pub fn compiled(&self, in_backticks: impl Fn(&str) -> bool) -> Option<String> {
        let mut sql = self.sql.clone();
        let ranges: Vec<_> = sqlite_sql::double_quoted(&self.sql).collect();
        for range in ranges.into_iter().rev().filter(|range| in_backticks(&self.sql[range.clone()])) {
            let name = unquote(&self.sql[range.clone()]);
            sql.replace_range(range, &format!("`{}`", name.replace('`', "``")));
        }
        match self.kind.as_str() {
            // A temporary table may have the name of another.
            "table" => Some(format!("EXPLAIN CREATE TEMP TABLE {}", sql.strip_prefix("CREATE TABLE")?)),
            "index" => {
                let rest = &sql[sqlite_sql::after_word(&sql, "INDEX")?..];
                let unique = if sql.starts_with("CREATE UNIQUE") { "UNIQUE " } else { "" };
                let on = sqlite_sql::after_word(rest, "ON")?;
                Some(format!("EXPLAIN CREATE {unique}INDEX kit_compiled ON {}", &rest[on..]))
            }
            _ => Some(format!("EXPLAIN {}", &sql[sqlite_sql::after_word(&sql, "AS")?..])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: &str, sql: &str) -> Written {
        Written { kind: kind.to_owned(), name: "x".to_owned(), table: "t".to_owned(), sql: sql.to_owned() }
    }

    #[test]
    fn names_are_put_into_backticks_and_texts_stay() {
        let index = written("index", "CREATE UNIQUE INDEX \"on\" ON \"t\" (\"a\"\"`b\", 'it''s \"c\"') -- \"d\"");
        assert_eq!(index.quoted_names(), ["\"a\"\"`b\"", "\"on\"", "\"t\""]);
        let all = index.compiled(|_| true).unwrap();
        assert_eq!(all, "EXPLAIN CREATE UNIQUE INDEX kit_compiled ON  `t` (`a\"``b`, 'it''s \"c\"') -- \"d\"");
        let view = written("view", "CREATE VIEW \"as\" (a) AS SELECT \"a\" AS b FROM t");
        assert_eq!(view.compiled(|name| name == "\"a\"").unwrap(), "EXPLAIN  SELECT `a` AS b FROM t");
    }
}
