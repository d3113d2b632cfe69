//! A catalog as it would be after statements that were only noted, as SQL: the database's own rows without those that have
//! changed, and new ones. So the database itself compares names, by its own rules.

use std::collections::BTreeSet;

use super::names::Names;
use super::schema::{Known, Object, Origin, Overlay, Relation, Table};
use crate::dialect::{Catalog, Cell, Rows};

/// One new row: what the cells of a catalog take their values from.
#[derive(Clone, Debug, Default)]
struct Fresh {
    table: String,
    name: String,
    view: bool,
    nullable: bool,
    data_type: String,
    type_id: String,
    /// The kind of a relation that is neither a table nor a view.
    kind: Option<&'static str>,
}

/// Returns the query for a catalog as it would be. Columns that cannot be answered are missing in it.
pub fn query(catalog: &Catalog, overlay: &Overlay) -> String {
    let built = Builder { catalog, overlay, attributes: attributes(overlay) };
    let mut parts = vec![built.kept()];
    parts.extend(built.moved());
    parts.extend(built.fresh().iter().map(|fresh| built.row(fresh)));
    parts.join(" UNION ALL ")
}

/// Returns a query with one row if the database has an object of that name, in that table if one is given.
pub fn existence(catalog: &Catalog, table: Option<&str>, name: &str, names: &Names) -> String {
    let literal = |text: &str| names.dialect.text_literal(text);
    let conditions = catalog.columns.iter().filter_map(|(column, cell)| match cell {
        Cell::Schema(current) => Some(format!("{column} = {current}")),
        Cell::Table => table.map(|table| format!("{column} = {}", literal(table))),
        Cell::Name => Some(format!("{column} = {}", literal(name))),
        _ => None,
    });
    format!("SELECT '1' FROM {} WHERE {}", catalog.from, conditions.collect::<Vec<_>>().join(" AND "))
}

/// Whether types and nullability of all columns that statements have touched are known.
fn attributes(overlay: &Overlay) -> bool {
    overlay.tables().all(|(_, table)| {
        let known = |kind: &str| overlay.names().dialect.catalog_type(kind).is_some();
        !table.altered && table.columns.iter().all(|column| known(&column.kind))
    })
}

struct Builder<'a> {
    catalog: &'a Catalog,
    overlay: &'a Overlay,
    attributes: bool,
}

impl Builder<'_> {
    fn columns(&self) -> impl Iterator<Item = &(&'static str, Cell)> {
        let known = |cell: &Cell| self.attributes || !matches!(cell, Cell::Nullable | Cell::DataType);
        self.catalog.columns.iter().filter(move |(_, cell)| known(cell))
    }

    fn literal(&self, text: &str) -> String {
        self.overlay.names().dialect.text_literal(text)
    }

    fn list<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> String {
        let texts: BTreeSet<String> = texts.into_iter().map(|text| self.literal(text)).collect();
        if texts.is_empty() { "NULL".to_owned() } else { texts.into_iter().collect::<Vec<_>>().join(", ") }
    }

    fn place(&self, wanted: impl Fn(&Cell) -> bool) -> Option<&'static str> {
        self.catalog.columns.iter().find(|(_, cell)| wanted(cell)).map(|(name, _)| *name)
    }

    /// The database's own rows, with these expressions in the place of table and name.
    fn own(&self, table: Option<String>, name: Option<String>, condition: &str) -> String {
        let names = self.overlay.names();
        let text = |column: &str, exact: bool| names.dialect.catalog_text(column, exact);
        let cells = self.columns().map(|(column, cell)| {
            let value = match cell {
                Cell::Table => text(table.as_deref().unwrap_or(column), !names.fold_tables),
                Cell::Name => text(name.as_deref().unwrap_or(column), false),
                Cell::Schema(current) if *current == "DATABASE()" => text(column, !names.fold_tables),
                _ => (*column).to_owned(),
            };
            format!("{value} AS {column}")
        });
        format!("SELECT {} FROM {} WHERE {condition}", cells.collect::<Vec<_>>().join(", "), self.catalog.from)
    }

    /// The condition for the current schema's rows.
    fn here(&self) -> String {
        let schema = self.catalog.columns.iter().find_map(|(column, cell)| match cell {
            Cell::Schema(current) => Some(format!("{column} = {current}")),
            _ => None,
        });
        schema.unwrap_or_else(|| "1 = 1".to_owned())
    }

    /// What the database has and is as it was.
    fn kept(&self) -> String {
        let mut gone = Vec::new();
        if let Some(column) = self.place(|cell| *cell == Cell::Table) {
            let decided = |table: &&Table| !matches!(self.catalog.rows, Rows::Objects(_)) || !is_as_it_was(table);
            let touched = self.overlay.tables().map(|(_, table)| table).filter(decided);
            let names = touched.flat_map(|table| match &table.origin {
                Origin::Real(real) => vec![table.name.as_str(), real.as_str()],
                Origin::Created | Origin::Gone => vec![table.name.as_str()],
            });
            gone.push(format!("{column} IN ({})", self.list(names)));
        }
        match self.catalog.rows {
            Rows::Objects(kind) => {
                let name = self.place(|cell| *cell == Cell::Name).unwrap_or_default();
                gone.push(self.among(kind, name));
                if kind == Object::Type {
                    let tables = self.overlay.tables().map(|(_, table)| table.name.as_str());
                    gone.push(format!("{name} IN ({})", self.list(tables)));
                }
            }
            Rows::Relations => {
                let name = self.place(|cell| *cell == Cell::Table).unwrap_or_default();
                gone.push(self.among(Object::Index, name));
                gone.push(self.among(Object::Sequence, name));
                let dropped = self.overlay.tables().filter(|(_, table)| !matches!(table.origin, Origin::Real(_)));
                gone.push(format!(
                    "oid IN (SELECT i.indexrelid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
                     WHERE t.relname IN ({}) AND t.{})",
                    self.list(dropped.map(|(_, table)| table.name.as_str())),
                    self.here(),
                ));
            }
            Rows::Values => {
                let types = self.overlay.objects(Object::Type).map(|known| known.name.as_str());
                let types = self.list(types);
                gone.push(format!("enumtypid IN (SELECT oid FROM pg_catalog.pg_type WHERE typname IN ({types}))"));
            }
            Rows::Tables { .. } | Rows::Columns => {}
        }
        let gone: Vec<String> = gone.iter().map(|one| format!("COALESCE({one}, FALSE)")).collect();
        let gone = if gone.is_empty() { "FALSE".to_owned() } else { gone.join(" OR ") };
        self.own(None, None, &format!("NOT ({} AND ({gone}))", self.here()))
    }

    /// The condition for objects of a kind that statements have created or dropped.
    fn among(&self, kind: Object, name: &str) -> String {
        let dialect = self.overlay.names().dialect;
        let table = self.place(|cell| *cell == Cell::Table).filter(|_| dialect.belongs_to_table(kind));
        let Some(table) = table else {
            return format!("{name} IN ({})", self.list(self.overlay.objects(kind).map(|known| known.name.as_str())));
        };
        let pairs = self.overlay.objects(kind).map(|known| {
            let own = known.table.clone().unwrap_or_default();
            format!("({}, {})", self.literal(&own), self.literal(&known.name))
        });
        let pairs: Vec<String> = pairs.collect();
        if pairs.is_empty() { "1 = 0".to_owned() } else { format!("({table}, {name}) IN ({})", pairs.join(", ")) }
    }

    /// What the database has under other names.
    fn moved(&self) -> Vec<String> {
        let Some(column) = self.place(|cell| *cell == Cell::Table) else { return Vec::new() };
        let mut found = Vec::new();
        for (_, table) in self.overlay.tables() {
            let Origin::Real(real) = &table.origin else { continue };
            let new = Some(self.literal(&table.name)).filter(|_| table.name != *real);
            let of = format!("{} AND {column} = {}", self.here(), self.literal(real));
            match self.catalog.rows {
                Rows::Columns => {
                    let name = self.place(|cell| *cell == Cell::Name).unwrap_or_default();
                    let removed = self.list(table.removed.iter().map(String::as_str));
                    let list = format!("{of} AND COALESCE({name} NOT IN ({removed}), TRUE)");
                    found.push(self.own(new.clone(), None, &list));
                    for (to, from) in &table.renamed {
                        let one = format!("{of} AND {name} = {}", self.literal(from));
                        found.push(self.own(new.clone(), Some(self.literal(to)), &one));
                    }
                }
                Rows::Objects(kind) if !is_as_it_was(table) => {
                    let name = self.place(|cell| *cell == Cell::Name).unwrap_or_default();
                    let gone = self.among(kind, name);
                    found.push(self.own(new, None, &format!("{of} AND NOT COALESCE({gone}, FALSE)")));
                }
                Rows::Tables { .. } | Rows::Relations => found.push(self.own(new, None, &of)),
                Rows::Objects(_) | Rows::Values => {}
            }
        }
        found
    }

    fn fresh(&self) -> Vec<Fresh> {
        let dialect = self.overlay.names().dialect;
        let created = || self.overlay.tables().map(|(_, table)| table).filter(|table| table.origin == Origin::Created);
        let as_table = |table: &Table| Fresh {
            table: table.name.clone(),
            view: table.relation == Relation::View,
            kind: (table.relation == Relation::Materialized).then_some("m"),
            ..Fresh::default()
        };
        // The standard knows no materialized views.
        let is_standard = |table: &&Table| table.relation != Relation::Materialized;
        let existing = |kind: Object| self.overlay.objects(kind).filter(|known| known.exists);
        match self.catalog.rows {
            Rows::Tables { views } => {
                let wanted = |table: &&Table| views.is_none_or(|views| views == (table.relation == Relation::View));
                created().filter(is_standard).filter(wanted).map(as_table).collect()
            }
            Rows::Columns => self
                .overlay
                .tables()
                .map(|(_, table)| table)
                .filter(|table| table.origin != Origin::Gone)
                .filter(is_standard)
                .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
                .map(|(table, column)| Fresh {
                    name: column.name.clone(),
                    nullable: column.nullable,
                    data_type: dialect.catalog_type(&column.kind).unwrap_or_default(),
                    ..as_table(table)
                })
                .collect(),
            Rows::Relations => {
                let of =
                    |known: &Known, kind| Fresh { table: known.name.clone(), kind: Some(kind), ..Fresh::default() };
                created()
                    .map(as_table)
                    .chain(existing(Object::Index).map(|known| of(known, "i")))
                    .chain(existing(Object::Sequence).map(|known| of(known, "S")))
                    .collect()
            }
            Rows::Objects(kind) => existing(kind)
                .enumerate()
                .map(|(at, known)| Fresh {
                    table: self.table_name(known),
                    name: known.name.clone(),
                    type_id: dialect.new_type_id(at),
                    ..Fresh::default()
                })
                .collect(),
            Rows::Values => self
                .overlay
                .values()
                .iter()
                .map(|(name, value)| {
                    let new = existing(Object::Type).position(|known| known.name == *name);
                    let type_id = new.map_or_else(|| dialect.type_id(name), |at| dialect.new_type_id(at));
                    Fresh { name: value.clone(), type_id, ..Fresh::default() }
                })
                .collect(),
        }
    }

    /// The name of an object's table as it was written.
    fn table_name(&self, known: &Known) -> String {
        let key = known.table.clone().unwrap_or_default();
        self.overlay.table(&key).map_or(key, |table| table.name.clone())
    }

    fn row(&self, fresh: &Fresh) -> String {
        let cells = self.columns().map(|(_, cell)| match cell {
            Cell::Schema(current) => (*current).to_owned(),
            Cell::Table => self.literal(&fresh.table),
            Cell::Name => self.literal(&fresh.name),
            Cell::Kind(table, view) => self.literal(fresh.kind.unwrap_or(if fresh.view { view } else { table })),
            Cell::Nullable => self.literal(if fresh.nullable { "YES" } else { "NO" }),
            Cell::DataType => fresh.data_type.clone(),
            Cell::TypeId => fresh.type_id.clone(),
            Cell::Same(value) => (*value).to_owned(),
        });
        format!("SELECT {}", cells.collect::<Vec<_>>().join(", "))
    }
}

/// Whether the objects of a table are still found under its name.
fn is_as_it_was(table: &Table) -> bool {
    matches!(&table.origin, Origin::Real(real) if *real == table.name)
}
