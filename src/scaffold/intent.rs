//! What a migration is to do, as a value: the operation with its table and columns. Names give it
//! today, field lists will; from it `up` and `down` are written. It knows no SQL and no Rust.

/// What a migration does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Nobody knows yet.
    Blank,
    /// Something to this table.
    Alter {
        /// Its name.
        table: String,
    },
    /// Creates a table; `down` drops it.
    CreateTable {
        /// Its name.
        table: String,
        /// In their order.
        columns: Vec<Column>,
    },
    /// Drops a table; there is no way back.
    DropTable {
        /// Its name.
        table: String,
    },
    /// Renames a table, and back.
    RenameTable {
        /// Its name before.
        from: String,
        /// Its name after.
        to: String,
    },
    /// Creates a table of pairs; `down` drops it.
    JoinTable {
        /// Its name.
        table: String,
        /// The two halves of its primary key.
        sides: [Reference; 2],
    },
    /// Adds columns; `down` drops them.
    AddColumns {
        /// The table.
        table: String,
        /// In their order.
        columns: Vec<Column>,
    },
    /// Drops columns; `down` adds them again.
    RemoveColumns {
        /// The table.
        table: String,
        /// In their order.
        columns: Vec<Column>,
    },
    /// Renames a column, and back.
    RenameColumn {
        /// The table.
        table: String,
        /// The column's name before.
        from: String,
        /// The column's name after.
        to: String,
    },
    /// Creates an index; `down` drops it.
    AddIndex(Index),
    /// Drops an index; `down` creates it again.
    DropIndex(Index),
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub definition: Definition,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// The primary key, counting up.
    Id,
    /// A moment; the present one if none is given.
    Now,
    /// A moment, or none.
    Moment,
    /// Only the name is known: a string, or none.
    Assumed,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The table.
    pub table: String,
    /// In their order.
    pub columns: Vec<String>,
    /// No two rows alike.
    pub unique: bool,
}

/// A column that refers to the `id` of another table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// The table it refers to.
    pub table: String,
}

impl Column {
    /// A column of which only the name is known.
    pub fn assumed(name: &str) -> Self {
        Self { name: name.to_owned(), definition: Definition::Assumed }
    }

    /// `created_at` and `updated_at`.
    pub fn timestamps(definition: Definition) -> [Self; 2] {
        ["created_at", "updated_at"].map(|name| Self { name: name.to_owned(), definition })
    }
}

impl Index {
    /// `idx_{table}_{columns}`, `ux_…` if it is unique.
    pub fn name(&self) -> String {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        super::name::of_object(if self.unique { "ux" } else { "idx" }, &self.table, &columns)
    }
}

impl Intent {
    /// The same to another table. A table to be created is then one that is there and is altered.
    #[must_use]
    pub fn on(self, table: &str) -> Self {
        let table = table.to_owned();
        match self {
            Self::Blank | Self::Alter { .. } | Self::CreateTable { .. } | Self::JoinTable { .. } => {
                Self::Alter { table }
            }
            Self::DropTable { .. } => Self::DropTable { table },
            Self::RenameTable { to, .. } => Self::RenameTable { from: table, to },
            Self::AddColumns { columns, .. } => Self::AddColumns { table, columns },
            Self::RemoveColumns { columns, .. } => Self::RemoveColumns { table, columns },
            Self::RenameColumn { from, to, .. } => Self::RenameColumn { table, from, to },
            Self::AddIndex(index) => Self::AddIndex(Index { table, ..index }),
            Self::DropIndex(index) => Self::DropIndex(Index { table, ..index }),
        }
    }

    /// All tables and columns it names.
    pub fn names(&self) -> (Vec<&str>, Vec<&str>) {
        fn of(columns: &[Column]) -> Vec<&str> {
            columns.iter().map(|column| column.name.as_str()).collect()
        }
        match self {
            Self::Blank => (Vec::new(), Vec::new()),
            Self::Alter { table } | Self::DropTable { table } => (vec![table], Vec::new()),
            Self::CreateTable { table, columns }
            | Self::AddColumns { table, columns }
            | Self::RemoveColumns { table, columns } => (vec![table], of(columns)),
            Self::RenameTable { from, to } => (vec![from, to], Vec::new()),
            Self::JoinTable { table, sides: [left, right] } => {
                (vec![table, &left.table, &right.table], vec![&left.column, &right.column])
            }
            Self::RenameColumn { table, from, to } => (vec![table], vec![from, to]),
            Self::AddIndex(index) | Self::DropIndex(index) => {
                (vec![&index.table], index.columns.iter().map(String::as_str).collect())
            }
        }
    }
}
