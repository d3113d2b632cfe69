//! A schema's tables as sea-query statements, which is what sea-orm-codegen reads. All names in them are kit's
//! own ([`super::names`]); nothing of the database's text is in them but the names of keys, which codegen only
//! ever writes as strings.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{
    Alias, ColumnDef, ColumnType, ForeignKey, Index, IntoIden, RcOrArc, StringLen, Table, TableCreateStatement,
};

use super::names::Names;
use crate::project::sea_orm::Major;
use crate::schema::model::{self, Cast, Kind, Required};

/// A table with the names that generated code uses.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub table: &'a model::Table,
    pub module: String,
    /// Field and column, in the order of the table; computed columns are not among them, nor those in `left_out`.
    pub columns: Vec<(String, &'a model::Column)>,
    /// Columns whose values SeaORM has no type for and the database does not cast from and to text.
    pub left_out: Vec<&'a model::Column>,
    /// Whether it is only to be read.
    pub is_view: bool,
    /// The SeaORM that the entity is for.
    pub release: Major,
}

impl<'a> Named<'a> {
    /// The `dense` format has functions that find by a unique key, and cannot write a keyword in them.
    pub(super) fn new(table: &'a model::Table, module: String, is_view: bool, dense: bool, release: Major) -> Self {
        let mut names = Names::fields(release);
        let keys: BTreeSet<String> = unique_keys(table).filter(|_| dense).flat_map(|(_, columns)| columns).collect();
        let writable = table.columns.iter().filter(|column| column.generated.is_none());
        let (carried, left_out): (Vec<_>, Vec<_>) =
            writable.partition(|column| !needs_text(table, column) || column.cast.is_some());
        let columns = carried.into_iter().map(|column| {
            let field =
                if keys.contains(&column.name) { names.take_plain(&column.name) } else { names.take(&column.name) };
            (field, column)
        });
        let columns = columns.collect();
        Self { table, module, columns, left_out, is_view, release }
    }

    /// The cast of a column that is text in the entity, whatever it is in the database.
    pub(super) fn text(&self, column: &'a model::Column) -> Option<&'a Cast> {
        column.cast.as_ref().filter(|_| needs_text(self.table, column))
    }

    fn field(&self, column: &str) -> Option<&str> {
        self.columns.iter().find(|(_, one)| one.name == column).map(|(field, _)| field.as_str())
    }

    pub(super) fn fields(&self, columns: &[String]) -> Option<Vec<&str>> {
        columns.iter().map(|column| self.field(column)).collect()
    }

    /// Whether it has a primary key that an entity can name.
    pub(super) fn has_key(&self) -> bool {
        self.table.primary_key.as_ref().is_some_and(|key| self.fields(&key.columns).is_some())
    }
}

/// An enum with the names that generated code uses.
#[derive(Debug)]
pub(super) struct NamedEnum {
    /// As the database calls it; where it has no name, the column's.
    pub original: String,
    /// Whether its values are texts for SeaORM, which cannot name a type with its schema.
    pub is_text: bool,
    pub name: String,
    /// Variant and value.
    pub values: Vec<(String, String)>,
}

/// All enums of some tables: by themselves, or in a column of a table (module and field).
#[derive(Debug, Default)]
pub(super) struct Enums {
    pub list: Vec<NamedEnum>,
    by_name: BTreeMap<(Option<String>, String), usize>,
    by_column: BTreeMap<(String, String), usize>,
}

impl Enums {
    pub(super) fn of(tables: &[Named<'_>]) -> Self {
        let mut enums = Self::default();
        let mut names = Names::enums();
        for table in tables {
            for (field, column) in &table.columns {
                let kind = match &column.kind {
                    Kind::Array(item) => item,
                    kind => kind,
                };
                let Kind::Enum { schema, name, values } = kind else { continue };
                let original = match (schema, name) {
                    (_, Some(name)) if enums.by_name.contains_key(&(schema.clone(), name.clone())) => continue,
                    (Some(schema), Some(name)) => format!("{schema}_{name}"),
                    (None, Some(name)) => name.clone(),
                    (_, None) => format!("{}_{}", table.table.name, column.name),
                };
                let mut variants = Names::variants(table.release);
                let values = values.iter().map(|value| {
                    let name = variants.take(value);
                    (variants.camel(&name), value.clone())
                });
                let values = values.collect();
                match name {
                    Some(name) => enums.by_name.insert((schema.clone(), name.clone()), enums.list.len()),
                    None => enums.by_column.insert((table.module.clone(), field.clone()), enums.list.len()),
                };
                let is_text = schema.is_some();
                enums.list.push(NamedEnum { name: names.take(&original), original, is_text, values });
            }
        }
        enums
    }

    fn get(&self, schema: Option<&String>, name: Option<&String>, module: &str, field: &str) -> Option<&NamedEnum> {
        let index = match name {
            Some(name) => self.by_name.get(&(schema.cloned(), name.clone())),
            None => self.by_column.get(&(module.to_owned(), field.to_owned())),
        };
        self.list.get(*index?)
    }
}

/// Whether SeaORM has no type for the values of a column, or none that a primary key can have.
fn needs_text(table: &model::Table, column: &model::Column) -> bool {
    let is_key = || table.primary_key.as_ref().is_some_and(|key| key.columns.contains(&column.name));
    match column.kind {
        Kind::Cidr | Kind::Inet | Kind::Castable | Kind::Other => true,
        Kind::Array(_) => is_key(),
        _ => false,
    }
}

/// The cast of a column that SeaORM has a type for and which needs one all the same.
pub(super) fn required_cast(column: &model::Column) -> Option<&Cast> {
    column.cast.as_ref().filter(|cast| cast.required != Required::No)
}

/// The table that a foreign key refers to, if it is among `tables`.
pub(super) fn target<'a, 'b>(key: &model::ForeignKey, tables: &'a [Named<'b>]) -> Option<(usize, &'a Named<'b>)> {
    tables.iter().enumerate().find(|(_, other)| key.schema.is_none() && other.table.name == key.table)
}

/// The statement for one table, without foreign keys: [`super::relations`] are kit's own.
pub(super) fn create(named: &Named<'_>, enums: &Enums) -> TableCreateStatement {
    let mut statement = Table::create().table(Alias::new(&named.module)).to_owned();
    for (field, column) in &named.columns {
        let stand_in = match named.text(column) {
            Some(_) => ColumnType::Custom(Alias::new(OTHER).into_iden()),
            None => column_type(named, field, &column.kind, enums),
        };
        let mut definition = ColumnDef::new_with_type(Alias::new(field), stand_in);
        if !column.nullable {
            definition.not_null();
        }
        if column.identity.is_some() {
            definition.auto_increment();
        }
        statement.col(definition);
    }
    let table = named.table;
    if let Some(fields) = table.primary_key.as_ref().and_then(|key| named.fields(&key.columns)) {
        statement.primary_key(&mut index(None, &fields));
    }
    for (name, fields) in named_unique_keys(named) {
        statement.index(index(Some(&name), &fields).unique());
    }
    statement
}

/// Unique keys with the names that generated code has for them, and their fields.
pub(super) fn named_unique_keys<'a>(named: &'a Named<'_>) -> Vec<(String, Vec<&'a str>)> {
    let mut names = Names::keys(named.columns.iter().map(|(field, _)| field));
    let keys = unique_keys(named.table).filter_map(|(name, columns)| {
        let fields = named.fields(&columns)?;
        // SeaORM puts the table's name before a hyphen.
        let name = name.map(|name| name.rsplit('-').next().unwrap_or(name).to_owned());
        Some((names.take(&name.unwrap_or_else(|| fields.join("_"))), fields))
    });
    keys.collect()
}

/// The statement with the foreign keys to others among `tables`, which the diagram shows.
pub(super) fn add_keys(
    mut statement: TableCreateStatement,
    named: &Named<'_>,
    tables: &[Named<'_>],
) -> TableCreateStatement {
    for key in &named.table.foreign_keys {
        let Some((_, other)) = target(key, tables) else { continue };
        let (Some(from), Some(to)) = (named.fields(&key.columns), other.fields(&key.references)) else { continue };
        let mut added = ForeignKey::create();
        added.from_tbl(Alias::new(&named.module)).to_tbl(Alias::new(&other.module));
        for (from, to) in from.iter().zip(&to) {
            added.from_col(Alias::new(*from)).to_col(Alias::new(*to));
        }
        statement.foreign_key(&mut added);
    }
    statement
}

/// Columns that are unique together for every row: constraints, and indexes over nothing but columns.
pub(super) fn unique_keys(table: &model::Table) -> impl Iterator<Item = (Option<&str>, Vec<String>)> {
    let constraints = table.uniques.iter().map(|key| (key.name.as_deref(), key.columns.clone()));
    let indexes = table.indexes.iter().filter(|index| index.unique && index.predicate.is_none()).filter_map(|index| {
        let columns = index.parts.iter().map(|part| match &part.what {
            model::What::Column(name) => Some(name.clone()),
            model::What::Expression(_) => None,
        });
        Some((Some(index.name.as_str()), columns.collect::<Option<Vec<_>>>()?))
    });
    constraints.chain(indexes)
}

fn index(name: Option<&str>, fields: &[&str]) -> sea_orm::sea_query::IndexCreateStatement {
    let mut index = Index::create();
    if let Some(name) = name {
        index.name(name);
    }
    for field in fields {
        index.col(Alias::new(*field));
    }
    index
}

/// What stands for a type that SeaORM has no word for, until [`super::mend`] puts the database's in its place.
pub(super) const OTHER: &str = "kit_other_type";

fn column_type(named: &Named<'_>, field: &str, kind: &Kind, enums: &Enums) -> ColumnType {
    let length = |length: &Option<u32>| length.map_or(StringLen::None, StringLen::N);
    match kind {
        Kind::Boolean => ColumnType::Boolean,
        Kind::Integer { bits, unsigned } => match (bits, unsigned) {
            (8, false) => ColumnType::TinyInteger,
            (8, true) => ColumnType::TinyUnsigned,
            (16, false) => ColumnType::SmallInteger,
            (16, true) => ColumnType::SmallUnsigned,
            (32, false) => ColumnType::Integer,
            (32, true) => ColumnType::Unsigned,
            (_, false) => ColumnType::BigInteger,
            (_, true) => ColumnType::BigUnsigned,
        },
        Kind::Float => ColumnType::Float,
        Kind::Double => ColumnType::Double,
        Kind::Decimal(precision) => ColumnType::Decimal(*precision),
        Kind::Money => ColumnType::Money(None),
        Kind::Char(length) => ColumnType::Char(*length),
        Kind::String(given) => ColumnType::String(length(given)),
        Kind::Text => ColumnType::Text,
        Kind::Binary(Some(length)) => ColumnType::Binary(*length),
        Kind::VarBinary(given) => ColumnType::VarBinary(length(given)),
        Kind::Binary(None) | Kind::Blob => ColumnType::Blob,
        Kind::Date => ColumnType::Date,
        Kind::Time => ColumnType::Time,
        Kind::DateTime => ColumnType::DateTime,
        Kind::Timestamp => ColumnType::Timestamp,
        Kind::TimestampWithTimeZone => ColumnType::TimestampWithTimeZone,
        // Their drivers have numbers for them, and sea-orm-codegen would write others; `said` says what the column is.
        Kind::Year => ColumnType::SmallUnsigned,
        Kind::Json => ColumnType::Json,
        Kind::JsonBinary => ColumnType::JsonBinary,
        Kind::Uuid => ColumnType::Uuid,
        Kind::Bit(None | Some(1)) => ColumnType::Boolean,
        Kind::Bit(Some(_)) => ColumnType::BigUnsigned,
        Kind::Enum { schema, name, .. } => match enums.get(schema.as_ref(), name.as_ref(), &named.module, field) {
            Some(one) => ColumnType::Enum {
                name: Alias::new(&one.name).into_iden(),
                variants: one.values.iter().map(|(variant, _)| Alias::new(variant).into_iden()).collect(),
            },
            None => ColumnType::Text,
        },
        Kind::Array(item) => ColumnType::Array(RcOrArc::new(column_type(named, field, item, enums))),
        Kind::Cidr | Kind::Inet | Kind::Castable | Kind::Other => ColumnType::Custom(Alias::new(OTHER).into_iden()),
    }
}
