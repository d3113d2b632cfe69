//! SQL that undoes one change of the schema. Names may have a schema before a dot.

use super::Dialect;

impl Dialect {
    fn path(self, name: &str) -> String {
        name.split('.').map(|part| self.quote(part)).collect::<Vec<_>>().join(".")
    }

    /// `DROP`, for what `kind` says: `TABLE`, `VIEW`, `TYPE` …
    pub fn drop_created(self, kind: &str, name: &str) -> String {
        format!("DROP {kind} {}", self.path(name))
    }

    /// `DROP INDEX`, for an index of `table`.
    pub fn drop_index(self, index: &str, table: &str) -> String {
        match (self, table.rsplit_once('.')) {
            (Self::MySql, _) => format!("DROP INDEX {} ON {}", self.quote(index), self.path(table)),
            (_, Some((schema, _))) => format!("DROP INDEX {}.{}", self.path(schema), self.quote(index)),
            (_, None) => format!("DROP INDEX {}", self.quote(index)),
        }
    }

    /// Drops a trigger of `table`.
    pub fn drop_trigger(self, trigger: &str, table: &str) -> String {
        match self {
            Self::Postgres => format!("DROP TRIGGER {} ON {}", self.quote(trigger), self.path(table)),
            Self::Sqlite | Self::MySql => format!("DROP TRIGGER {}", self.quote(trigger)),
        }
    }

    /// Drops a constraint that is not a foreign key; an index where that is what unique constraints are. `None` where a
    /// constraint cannot be dropped.
    pub fn drop_constraint(self, constraint: &str, table: &str, unique: bool) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::MySql if constraint == "PRIMARY" => {
                Some(format!("ALTER TABLE {} DROP PRIMARY KEY", self.path(table)))
            }
            Self::MySql if unique => Some(self.drop_index(constraint, table)),
            Self::Postgres | Self::MySql => {
                Some(format!("ALTER TABLE {} DROP CONSTRAINT {}", self.path(table), self.quote(constraint)))
            }
        }
    }

    /// Drops a foreign key.
    pub fn drop_foreign_key(self, constraint: &str, table: &str) -> Option<String> {
        match self {
            Self::MySql => {
                Some(format!("ALTER TABLE {} DROP FOREIGN KEY {}", self.path(table), self.quote(constraint)))
            }
            Self::Postgres | Self::Sqlite => self.drop_constraint(constraint, table, false),
        }
    }

    /// Drops a column.
    pub fn drop_column(self, column: &str, table: &str) -> String {
        format!("ALTER TABLE {} DROP COLUMN {}", self.path(table), self.quote(column))
    }

    /// Renames a column.
    pub fn rename_column(self, from: &str, to: &str, table: &str) -> String {
        format!("ALTER TABLE {} RENAME COLUMN {} TO {}", self.path(table), self.quote(from), self.quote(to))
    }

    /// Renames a table.
    pub fn rename_table(self, from: &str, to: &str) -> String {
        match self {
            Self::MySql => format!("RENAME TABLE {} TO {}", self.path(from), self.path(to)),
            Self::Postgres => {
                // The new name has no schema.
                let to = to.rsplit_once('.').map_or(to, |(_, name)| name);
                format!("ALTER TABLE {} RENAME TO {}", self.path(from), self.quote(to))
            }
            Self::Sqlite => format!("ALTER TABLE {} RENAME TO {}", self.path(from), self.quote(to)),
        }
    }

    /// Whether a foreign key brings an index of its own name that stays when it is dropped.
    pub fn indexes_foreign_keys(self) -> bool {
        self == Self::MySql
    }

    /// Whether a change of the schema commits the transaction that is open.
    pub fn commits_implicitly(self) -> bool {
        self == Self::MySql
    }
}
