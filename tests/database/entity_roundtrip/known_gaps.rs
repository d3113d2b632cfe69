//! What entities do not say of a schema, each with the reason. It forgets exactly that, before and after, so that
//! all else is compared.

use kit::schema::model::{Column, Identity, Index, Key, Kind, Schema, Table, What};
use kit_runtime::dialect::Dialect;

/// Something that is forgotten on the way.
pub struct Silence {
    /// What, as the README says it.
    pub what: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Takes it out of a schema.
    pub forget: fn(&mut Schema, Dialect),
}

/// All there is.
pub const SILENCES: &[Silence] = &[
    Silence {
        what: "computed columns",
        reason: "SeaORM writes every field of a model, and the database refuses that",
        forget: |schema, _| without(schema, |column| column.generated.is_some()),
    },
    Silence {
        what: "columns of types that neither SeaORM nor a text can carry (`point` of MariaDB)",
        reason: "SeaORM has no type for them, and no cast by the type's name is there",
        forget: |schema, _| without(schema, |column| column.kind == Kind::Other),
    },
    Silence {
        what: "defaults",
        reason: "they are SQL of the database's, and SeaORM would put them into SQL as they are",
        forget: |schema, _| columns(schema, |column| column.default = None),
    },
    Silence {
        what: "checks",
        reason: "they are SQL of the database's, as defaults are",
        forget: |schema, _| tables(schema, |table| table.checks.clear()),
    },
    Silence {
        what: "collations",
        reason: "SeaORM has no word for them",
        forget: |schema, _| columns(schema, |column| column.collation = None),
    },
    Silence {
        what: "comments other than as documentation",
        reason: "on PostgreSQL SeaORM creates none, and a reader of the code wants them where documentation stands",
        forget: |schema, _| {
            tables(schema, |table| table.comment = None);
            columns(schema, |column| column.comment = None);
        },
    },
    Silence {
        what: "whether a sequence or an identity numbers the key",
        reason: "SeaORM only knows that a key numbers itself, and no other column",
        forget: |schema, _| tables(schema, identity),
    },
    Silence {
        what: "names of keys and indexes",
        reason: "SeaORM makes them of the names of table and columns",
        forget: |schema, _| tables(schema, names),
    },
    Silence {
        what: "whether it is a constraint or an index that makes columns unique",
        reason: "SeaORM says that they are; one column gets a constraint, several an index",
        forget: |schema, _| tables(schema, unique),
    },
    Silence {
        what: "indexes of more than one column that are not unique, and those of expressions, of a part of the rows or of a \
               column, in descending order, with columns carried along, or of another method than the usual",
        reason: "SeaORM has a word for one indexed column and for columns that are unique together",
        forget: |schema, _| tables(schema, |table| table.indexes.retain(is_plain)),
    },
    Silence {
        what: "domains",
        reason: "SeaORM has no word for them: a column has the type beneath",
        forget: |schema, _| schema.domains.clear(),
    },
    Silence { what: "sequences", reason: "SeaORM has no word for them", forget: |schema, _| schema.sequences.clear() },
    Silence {
        what: "which of several types that mean the same to SeaORM (`mediumint` and `int`, `longtext` and `text`)",
        reason: "SeaORM has one word for them",
        forget: |schema, _| {
            columns(schema, |column| {
                if column.kind != Kind::Castable {
                    column.type_name = String::new();
                }
            });
        },
    },
    Silence {
        what: "widths of integers on SQLite",
        reason: "SeaORM writes `integer` for most of them there, and SQLite keeps them alike",
        forget: |schema, dialect| {
            columns(schema, |column| {
                if let (Dialect::Sqlite, Kind::Integer { bits, .. }) = (dialect, &mut column.kind) {
                    *bits = 64;
                }
            });
        },
    },
];

fn tables(schema: &mut Schema, change: impl Fn(&mut Table)) {
    schema.tables.iter_mut().for_each(change);
}

fn columns(schema: &mut Schema, change: impl Fn(&mut Column)) {
    schema.tables.iter_mut().flat_map(|table| &mut table.columns).for_each(change);
}

fn without(schema: &mut Schema, gone: impl Fn(&Column) -> bool) {
    tables(schema, |table| table.columns.retain(|column| !gone(column)));
}

fn identity(table: &mut Table) {
    let key = table.primary_key.as_ref().map(|key| key.columns.clone()).unwrap_or_default();
    for column in &mut table.columns {
        column.identity = match column.identity {
            Some(_) if key == [column.name.clone()] => Some(Identity::AutoIncrement),
            _ => None,
        };
    }
}

fn names(table: &mut Table) {
    table.primary_key.iter_mut().for_each(|key| key.name = None);
    table.uniques.iter_mut().for_each(|key| key.name = None);
    table.checks.iter_mut().for_each(|check| check.name = None);
    table.foreign_keys.iter_mut().for_each(|key| key.name = None);
    table.indexes.iter_mut().for_each(|index| index.name = String::new());
    table.indexes.sort_by_cached_key(|index| format!("{index:?}"));
}

fn unique(table: &mut Table) {
    let plain = |index: &Index| index.unique && parts(index).is_some();
    for index in table.indexes.iter().filter(|index| plain(index)) {
        table.uniques.push(Key { name: None, columns: parts(index).unwrap_or_default() });
    }
    table.indexes.retain(|index| !plain(index));
    table.uniques.sort_by_key(|key| (key.name.clone(), key.columns.clone()));
}

fn is_plain(index: &Index) -> bool {
    parts(index).is_some_and(|parts| index.unique || parts.len() == 1)
}

/// The columns of an index that is over nothing but whole ones, ascending, in all rows.
fn parts(index: &Index) -> Option<Vec<String>> {
    let usual = index.method.as_deref().is_none_or(|method| method == "btree");
    if !usual || index.predicate.is_some() || !index.include.is_empty() {
        return None;
    }
    let column = |part: &kit::schema::model::Part| match &part.what {
        What::Column(name) if !part.descending && part.length.is_none() && part.nulls.is_none() => Some(name.clone()),
        _ => None,
    };
    index.parts.iter().map(column).collect()
}
