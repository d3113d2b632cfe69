//! A column as the helpers see it: type, key, NULL, unique, default. It becomes a definition of SeaORM's for one database,
//! or says what that database has not; it executes nothing.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::sea_query::{ColumnType, Value};

use crate::dialect::Dialect;

/// What a `ColType` says.
#[derive(Clone, Debug)]
pub struct Column {
    kind: Kind,
    null: bool,
    unique: bool,
    key: Key,
    default: Initial,
}

#[derive(Clone, Debug)]
enum Kind {
    Type(ColumnType),
    /// As the database itself calls it.
    Same(String),
    /// One of these values, the type of which has a name.
    OneOf(String, Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    None,
    Plain,
    /// The database gives each row a number.
    Counting,
}

#[derive(Clone, Debug)]
enum Initial {
    None,
    Value(Value),
    Sql(String),
}

impl Column {
    pub(super) fn of(kind: ColumnType) -> Self {
        Self::new(Kind::Type(kind))
    }

    /// Of the type of another column.
    pub(super) fn same(kind: &str) -> Self {
        Self::new(Kind::Same(kind.to_owned()))
    }

    pub(super) fn one_of(name: String, values: Vec<String>) -> Self {
        Self::new(Kind::OneOf(name, values))
    }

    fn new(kind: Kind) -> Self {
        Self { kind, null: false, unique: false, key: Key::None, default: Initial::None }
    }

    pub(super) fn null(self) -> Self {
        Self { null: true, ..self }
    }

    pub(super) fn not_null(self) -> Self {
        Self { null: false, ..self }
    }

    pub(super) fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    pub(super) fn key(self) -> Self {
        Self { key: Key::Plain, ..self }
    }

    pub(super) fn counting_key(self) -> Self {
        Self { key: Key::Counting, ..self }
    }

    pub(super) fn default(self, value: impl Into<Value>) -> Self {
        Self { default: Initial::Value(value.into()), ..self }
    }

    pub(super) fn default_sql(self, sql: impl Into<String>) -> Self {
        Self { default: Initial::Sql(sql.into()), ..self }
    }

    /// Whether it is the primary key.
    pub(super) fn is_key(&self) -> bool {
        self.key != Key::None
    }

    /// Whether no two rows have the same, for which it needs an index.
    pub(super) fn is_unique(&self) -> bool {
        self.unique && !self.is_key()
    }

    /// Whether rows that are there already can have it without being written anew.
    pub(super) fn fits_rows(&self) -> bool {
        match self.default {
            Initial::None => self.null,
            Initial::Value(_) => true,
            Initial::Sql(_) => false,
        }
    }

    /// The column that refers to this one.
    pub(super) fn referring(&self) -> Self {
        Self::new(self.kind.clone())
    }

    /// The name and values of its enum.
    pub(super) fn enumeration(&self) -> Option<(&str, &[String])> {
        match &self.kind {
            Kind::OneOf(name, values) => Some((name, values)),
            Kind::Type(_) | Kind::Same(_) => None,
        }
    }

    /// Its definition in one database, under a name.
    ///
    /// # Errors
    /// What the database has not.
    pub(super) fn define(&self, name: &str, dialect: Dialect) -> Result<ColumnDef, DbErr> {
        let (kind, more) = match &self.kind {
            Kind::Type(kind) => {
                let lacking = match kind {
                    ColumnType::Array(_) if !dialect.has_arrays() => Some("arrays"),
                    ColumnType::Interval(..) if !dialect.has_arrays() => Some("intervals"),
                    ColumnType::VarBit(_) if !dialect.has_bits() => Some("strings of bits"),
                    _ => None,
                };
                if let Some(lacking) = lacking {
                    return Err(DbErr::Custom(format!("cannot have column `{name}`: this database has no {lacking}")));
                }
                (kind.clone(), None)
            }
            Kind::Same(kind) => (ColumnType::Custom(Alias::new(kind).into_iden()), None),
            Kind::OneOf(kind, values) => {
                let (kind, more) = dialect.enumeration(kind, name, values);
                (ColumnType::Custom(Alias::new(kind).into_iden()), more)
            }
        };
        let mut definition = ColumnDef::new_with_type(Alias::new(name), kind);
        if self.null {
            definition.null();
        } else {
            definition.not_null();
        }
        match self.key {
            Key::None => {}
            Key::Plain => drop(definition.primary_key()),
            Key::Counting => drop(definition.auto_increment().primary_key()),
        }
        match &self.default {
            Initial::None => {}
            Initial::Value(value) => drop(definition.default(Expr::val(value.clone()))),
            Initial::Sql(sql) => drop(definition.default(Expr::cust(sql.clone()))),
        }
        if let Some(more) = more {
            definition.extra(more);
        }
        Ok(definition)
    }
}
