//! What a migration is to do, as a value: the operation with its table, columns and indexes. Names and field lists give
//! it; from it `up` and `down` are written. It knows no SQL and no Rust.

use super::name;
use crate::fields::{Literal, Type};
use crate::project::settings::Naming;
use crate::schema::model::Action;

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
    CreateTable(Shape),
    /// Drops a table; `down` creates it again, if its columns are known.
    DropTable(Shape),
    /// Renames a table, and back.
    RenameTable {
        /// Its name before.
        from: String,
        /// Its name after.
        to: String,
    },
    /// Creates a table of pairs; `down` drops it.
    JoinTable(Shape),
    /// Adds columns; `down` drops them.
    AddColumns(Shape),
    /// Drops columns; `down` adds them again.
    RemoveColumns(Shape),
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

/// A table, or what of it is added or removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The table.
    pub table: String,
    /// In their order.
    pub columns: Vec<Column>,
    /// The columns of a primary key of several.
    pub key: Vec<String>,
    /// In their order.
    pub indexes: Vec<Index>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub definition: Definition,
    /// The table it refers to.
    pub reference: Option<Reference>,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// The primary key; an integer counts up.
    Id(Type),
    /// A moment; the present one if none is given.
    Now,
    /// A moment, or none.
    Moment,
    /// Only the name is known: a string, or none.
    Assumed,
    /// All is known.
    Known {
        /// Its type.
        of: Type,
        /// Whether it may be empty.
        nullable: bool,
        /// What rows get that say nothing.
        default: Option<Literal>,
    },
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// What it is called in the database, if that is known.
    pub name: Option<String>,
    /// The table.
    pub table: String,
    /// In their order.
    pub columns: Vec<String>,
    /// No two rows alike.
    pub unique: bool,
}

/// What a column refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What the key is called in the database, if that is known.
    pub name: Option<String>,
    /// The other table.
    pub table: String,
    /// The column there.
    pub column: String,
    /// What happens when the other row goes.
    pub on_delete: Action,
    /// What happens when the other row's key changes.
    pub on_update: Action,
}

impl Index {
    /// What it is called: what the database says, else what kit calls it.
    pub fn called(&self, naming: Naming) -> String {
        self.name.clone().unwrap_or_else(|| name::index(naming, self.unique, &self.table, &self.columns))
    }
}

impl Shape {
    /// A table, or a part of one, with these columns.
    pub fn of(table: &str, columns: Vec<Column>) -> Self {
        Self { table: table.to_owned(), columns, ..Self::default() }
    }
}

impl Column {
    /// A column of which only the name is known.
    pub fn assumed(name: &str) -> Self {
        Self::defined(name, Definition::Assumed)
    }

    /// A column that refers to nothing.
    pub fn defined(name: &str, definition: Definition) -> Self {
        Self { name: name.to_owned(), definition, reference: None }
    }

    /// `created_at` and `updated_at`.
    pub fn timestamps(definition: &Definition) -> [Self; 2] {
        ["created_at", "updated_at"].map(|name| Self::defined(name, definition.clone()))
    }

    /// A column that has the key of a row of `table`, which is an integer `id` until more is known.
    pub fn referring(name: &str, table: &str, nullable: bool) -> Self {
        Self {
            name: name.to_owned(),
            definition: Definition::Known { of: Type::INTEGER, nullable, default: None },
            reference: Some(Reference {
                name: None,
                table: table.to_owned(),
                column: "id".to_owned(),
                on_delete: if nullable { Action::SetNull } else { Action::Cascade },
                on_update: Action::Cascade,
            }),
        }
    }

    /// Whether rows that are there already have nothing to put into it.
    pub fn is_wanting(&self) -> bool {
        matches!(self.definition, Definition::Known { nullable: false, default: None, .. })
    }
}

impl Intent {
    /// The same to another table. A table to be created is then one that is there and is altered.
    #[must_use]
    pub fn on(self, table: &str) -> Self {
        let table = table.to_owned();
        match self {
            Self::Blank | Self::Alter { .. } | Self::CreateTable(_) | Self::JoinTable(_) => Self::Alter { table },
            Self::DropTable(_) => Self::DropTable(Shape::of(&table, Vec::new())),
            Self::RenameTable { to, .. } => Self::RenameTable { from: table, to },
            Self::AddColumns(shape) => Self::AddColumns(Shape { table, ..shape }),
            Self::RemoveColumns(shape) => Self::RemoveColumns(Shape { table, ..shape }),
            Self::RenameColumn { from, to, .. } => Self::RenameColumn { table, from, to },
            Self::AddIndex(index) => Self::AddIndex(Index { table, ..index }),
            Self::DropIndex(index) => Self::DropIndex(Index { table, ..index }),
        }
    }

    /// The table that it is about.
    pub fn table(&self) -> Option<&str> {
        self.names().0.first().copied()
    }

    /// All tables and columns it names.
    pub fn names(&self) -> (Vec<&str>, Vec<&str>) {
        match self {
            Self::Blank => (Vec::new(), Vec::new()),
            Self::Alter { table } => (vec![table], Vec::new()),
            Self::CreateTable(shape)
            | Self::DropTable(shape)
            | Self::JoinTable(shape)
            | Self::AddColumns(shape)
            | Self::RemoveColumns(shape) => {
                let others = shape.columns.iter().filter_map(|column| column.reference.as_ref());
                let tables = std::iter::once(shape.table.as_str()).chain(others.map(|other| other.table.as_str()));
                let indexed = shape.indexes.iter().flat_map(|index| &index.columns);
                let columns = shape.columns.iter().map(|column| &column.name).chain(indexed);
                (tables.collect(), columns.map(String::as_str).collect())
            }
            Self::RenameTable { from, to } => (vec![from, to], Vec::new()),
            Self::RenameColumn { table, from, to } => (vec![table], vec![from, to]),
            Self::AddIndex(index) | Self::DropIndex(index) => {
                (vec![&index.table], index.columns.iter().map(String::as_str).collect())
            }
        }
    }
}
