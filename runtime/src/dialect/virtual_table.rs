//! What `CREATE VIRTUAL TABLE` says: which module keeps a table of SQLite, and with which arguments. It knows the modules that
//! SQLite itself has, not what is in their tables.

use super::sqlite_sql;

/// A virtual table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualTable {
    /// The module, in lower case.
    pub module: String,
    /// Options of the form `name=value`: names in lower case, values without quotes.
    options: Vec<(String, String)>,
}

/// Reads the statement that made a virtual table.
pub fn read(sql: &str) -> VirtualTable {
    let (module, arguments) = sqlite_sql::module(sql);
    let option = |argument: &String| {
        let (name, value) = argument.split_once('=')?;
        let value = value.trim().trim_matches(['\'', '"', '`', '[', ']']);
        Some((name.trim().to_lowercase(), value.to_owned()))
    };
    VirtualTable { module: module.to_lowercase(), options: arguments.iter().filter_map(option).collect() }
}

impl VirtualTable {
    /// Whether the rows that are inserted into it can be read from it again.
    pub fn has_own_rows(&self) -> bool {
        self.is_full_text() && self.content().is_none() || matches!(self.module.as_str(), "rtree" | "rtree_i32")
    }

    /// Whether it is an index of full text.
    pub fn is_full_text(&self) -> bool {
        matches!(self.module.as_str(), "fts3" | "fts4" | "fts5")
    }

    /// The table whose text it indexes, if that keeps the text.
    pub fn indexed(&self) -> Option<&str> {
        self.content().filter(|content| !content.is_empty())
    }

    /// Whether it indexes text that no table keeps, or another table keeps, so that it has no rows of its own and can forget
    /// all it has.
    pub fn is_index_without_rows(&self) -> bool {
        self.module == "fts5" && self.content().is_some()
    }

    /// Whether it only shows what other tables or the database itself have.
    pub fn is_derived(&self) -> bool {
        ["fts5vocab", "fts4aux", "fts3tokenize", "dbstat", "sqlite_stmt"].contains(&self.module.as_str())
            || self.is_full_text() && self.indexed().is_some()
    }

    fn content(&self) -> Option<&str> {
        let option = self.options.iter().find(|(name, _)| name == "content");
        option.filter(|_| self.is_full_text()).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_where_text_is_kept_are_read() {
        let own = read("CREATE VIRTUAL TABLE \"using (x)\" USING FTS5(content, \"a=b\", tokenize = 'porter')");
        assert_eq!(own.module, "fts5");
        assert!(own.has_own_rows() && !own.is_index_without_rows());
        let external =
            read("create virtual table if not exists main.t using fts5 (body, content='my docs', content_rowid=id)");
        assert_eq!(external.indexed(), Some("my docs"));
        assert!(!external.has_own_rows() && external.is_derived());
        let contentless = read("CREATE VIRTUAL TABLE t USING fts5(body, content = \"\")");
        assert!(contentless.is_index_without_rows() && contentless.indexed().is_none() && !contentless.is_derived());
        assert!(read("CREATE VIRTUAL TABLE r USING rtree(id, a, b, +note TEXT)").has_own_rows());
        assert!(!read("CREATE VIRTUAL TABLE c USING csv(filename='x')").has_own_rows());
        assert!(read("CREATE VIRTUAL TABLE v USING fts5vocab").is_derived());
    }
}
