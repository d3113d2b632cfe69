//! The schema as it would be after statements that were only noted. It keeps no more than the difference: what it does not
//! mention is as the database has it.

use std::collections::{BTreeMap, BTreeSet};

pub use super::change::{Change, Column, Existing, Object, Relation, Source};
use super::names::Names;
use super::rules::Rule;

/// The difference between the schema as it is and as it would be.
#[derive(Clone, Debug)]
pub struct Overlay {
    names: Names,
    tables: BTreeMap<String, Table>,
    /// By kind, table and name; the table is empty where names of that kind belong to the schema.
    objects: BTreeMap<(Object, String, String), Known>,
    /// New values of enum types: the type and the value.
    values: Vec<(String, String)>,
    /// Names that statements mention of which kit does not know what they do.
    doubts: BTreeSet<String>,
    /// Such a statement may change anything.
    all_in_doubt: bool,
    /// Anything at all has changed.
    pub changed: bool,
}

/// A table that statements have touched.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name as it was written.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub relation: Relation,
    /// Constraints that statements have added, for its rows.
    pub rules: Vec<Rule>,
    /// Columns that it has and the database does not know of, oldest first.
    pub columns: Vec<Column>,
    /// Columns of the database's own that it no longer has, by the names that they had.
    pub removed: BTreeSet<String>,
    /// Columns by their new names, with those that the database knows.
    pub renamed: BTreeMap<String, String>,
    /// Attributes of a column have changed in a way that is not followed.
    pub altered: bool,
}

/// Where a table comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A statement has created it.
    Created,
    /// The database has it, under this name.
    Real(String),
    /// It was dropped.
    Gone,
}

/// An object that statements have created or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name as it was written.
    pub name: String,
    /// The table that it belongs to, as a key.
    pub table: Option<String>,
    /// Whether it exists.
    pub exists: bool,
}

impl Overlay {
    /// Begins with the schema as the database has it.
    pub fn new(names: Names) -> Self {
        Self {
            names,
            tables: BTreeMap::new(),
            objects: BTreeMap::new(),
            values: Vec::new(),
            doubts: BTreeSet::new(),
            all_in_doubt: false,
            changed: false,
        }
    }

    /// The rules for names.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What has become of a table, if anything has.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&self.names.table(name))
    }

    /// All tables that statements have touched, by key.
    pub fn tables(&self) -> impl Iterator<Item = (&String, &Table)> {
        self.tables.iter()
    }

    /// All objects of a kind that statements have created or dropped.
    pub fn objects(&self, kind: Object) -> impl Iterator<Item = &Known> {
        self.objects.iter().filter(move |((own, ..), _)| *own == kind).map(|(_, known)| known)
    }

    /// New values of enum types: the type and the value.
    pub fn values(&self) -> &[(String, String)] {
        &self.values
    }

    /// Whether an object exists, if statements decide that.
    pub fn object(&self, kind: Object, table: Option<&str>, name: &str) -> Option<bool> {
        if let Some(known) = self.objects.get(&self.object_key(kind, table, name)) {
            return Some(known.exists);
        }
        let belongs = matches!(kind, Object::Index | Object::Constraint | Object::Trigger);
        let table = self.table(table.filter(|_| belongs)?)?;
        (!matches!(table.origin, Origin::Real(_))).then_some(false)
    }

    /// Whether a column exists, if statements decide that.
    pub fn column(&self, table: &str, column: &str) -> Option<bool> {
        let table = self.table(table)?;
        let column = self.names.column(column);
        if table.origin == Origin::Gone {
            return Some(false);
        }
        let own = table.columns.iter().any(|own| self.names.column(&own.name) == column);
        if own || table.renamed.contains_key(&column) {
            return Some(true);
        }
        if self.is_in_doubt(&table.name) {
            return None;
        }
        let decided = table.origin == Origin::Created && !table.columns.is_empty();
        (table.removed.contains(&column) || decided).then_some(false)
    }

    /// Whether a statement has created a type of that name.
    pub fn is_new_type(&self, name: &str) -> bool {
        self.object(Object::Type, None, name) == Some(true)
    }

    /// Whether statements mention a name in a way of which kit does not know what it does.
    pub fn is_in_doubt(&self, name: &str) -> bool {
        self.all_in_doubt || self.doubts.contains(&name.to_lowercase())
    }

    /// Whether there is any doubt.
    pub fn has_doubts(&self) -> bool {
        self.all_in_doubt || !self.doubts.is_empty()
    }

    /// Whether statements have touched anything of that name.
    pub fn mentions(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.is_in_doubt(&name)
            || self.tables.keys().any(|key| key.to_lowercase() == name)
            || self.objects.values().any(|known| known.name.to_lowercase() == name)
    }

    /// Takes note of names that a statement mentions of which kit does not know what it does; `None` stands for all names.
    pub fn doubt(&mut self, names: Option<BTreeSet<String>>) {
        self.changed = true;
        match names {
            Some(names) => self.doubts.extend(names),
            None => self.all_in_doubt = true,
        }
    }

    /// Takes note of a change.
    pub fn apply(&mut self, change: &Change) {
        self.changed = true;
        let key = |name: &str| self.names.table(name);
        match change {
            Change::Create { table, columns, relation, .. } => {
                let columns = columns.clone().unwrap_or_default();
                let made = Table { origin: Origin::Created, columns, relation: *relation, ..Table::real(table) };
                self.tables.insert(key(table), made);
                self.doubts.remove(&table.to_lowercase());
            }
            Change::Drop { table, .. } => {
                let gone = key(table);
                self.objects.retain(|_, known| known.table.as_ref() != Some(&gone));
                self.tables.insert(gone, Table { origin: Origin::Gone, ..Table::real(table) });
            }
            Change::Rename(from, to) => {
                let (old, new) = (key(from), key(to));
                let moved = self.tables.remove(&old).unwrap_or_else(|| Table::real(from));
                self.tables.insert(old.clone(), Table { origin: Origin::Gone, ..Table::real(from) });
                self.tables.insert(new.clone(), Table { name: to.clone(), ..moved });
                let moved = std::mem::take(&mut self.objects).into_iter().map(|((kind, scope, name), mut known)| {
                    if known.table.as_ref() == Some(&old) {
                        known.table = Some(new.clone());
                    }
                    let scope = if scope == old { new.clone() } else { scope };
                    ((kind, scope, name), known)
                });
                self.objects = moved.collect();
            }
            Change::Add { table, column, .. } => self.touched(table).columns.push(column.clone()),
            Change::Remove { table, column, .. } => {
                let names = self.names.clone();
                let (table, column) = (self.touched(table), names.column(column));
                table.columns.retain(|own| names.column(&own.name) != column);
                let real = table.renamed.remove(&column).unwrap_or_else(|| column.clone());
                table.removed.insert(column.clone());
                table.removed.insert(real);
                // The keys and conditions over it go with it.
                table.rules.retain(|rule| !rule.names(|own| names.column(own) == column));
            }
            Change::RenameColumn(table, from, to) => {
                let names = self.names.clone();
                let (table, old, new) = (self.touched(table), names.column(from), names.column(to));
                if old == new {
                    return;
                }
                for rule in &mut table.rules {
                    rule.rename(|own| names.column(own) == old, to);
                }
                if let Some(own) = table.columns.iter_mut().find(|own| names.column(&own.name) == old) {
                    own.name.clone_from(to);
                } else {
                    let real = table.renamed.remove(&old).unwrap_or_else(|| old.clone());
                    table.renamed.insert(new.clone(), real);
                    table.removed.insert(old);
                }
            }
            Change::Object { kind, name, table, .. } => {
                let table = table.as_deref();
                if let Some(table) = table {
                    self.touched(table);
                }
                let key = self.object_key(*kind, table, name);
                let table = table.map(|table| self.names.table(table));
                self.objects.insert(key, Known { name: name.clone(), table, exists: true });
            }
            Change::DropObject { kind, name, table, .. } => {
                let table = table.as_deref();
                let own = table.map(|table| self.names.table(table));
                let gone = || Known { name: name.clone(), table: own.clone(), exists: false };
                self.objects.insert(self.object_key(*kind, table, name), gone());
                // The index of a constraint goes with it.
                let index = self.object_key(Object::Index, table, name);
                let follows = self.names.dialect.drops_index_of_constraint() || self.objects.contains_key(&index);
                if *kind == Object::Constraint && follows {
                    self.objects.insert(index, gone());
                }
                if matches!(kind, Object::Index | Object::Constraint) {
                    let gone = self.names.column(name);
                    let names = self.names.clone();
                    let of = table.map(|table| self.names.table(table));
                    for (key, table) in &mut self.tables {
                        if of.as_ref().is_none_or(|of| of == key) {
                            let is_gone = |own: &String| names.column(own) == gone;
                            table.rules.retain(|rule| !rule.name.as_ref().is_some_and(is_gone));
                        }
                    }
                }
                if *kind == Object::Type {
                    self.values.retain(|(own, _)| own != name);
                }
            }
            Change::Rule { table, rule } => self.touched(table).rules.push(rule.clone()),
            Change::Value { name, value } => self.values.push((name.clone(), value.clone())),
            Change::Alter(table, _) | Change::Redefine(table, _) => self.touched(table).altered = true,
            Change::Touch(table) => {
                self.touched(table);
            }
            Change::Empty(_) | Change::Attach(..) => {}
        }
    }

    fn object_key(&self, kind: Object, table: Option<&str>, name: &str) -> (Object, String, String) {
        let scoped = self.names.dialect.belongs_to_table(kind);
        let scope = table.filter(|_| scoped).map(|table| self.names.table(table)).unwrap_or_default();
        (kind, scope, self.names.column(name))
    }

    fn touched(&mut self, name: &str) -> &mut Table {
        self.tables.entry(self.names.table(name)).or_insert_with(|| Table::real(name))
    }
}

impl Table {
    fn real(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            origin: Origin::Real(name.to_owned()),
            relation: Relation::Table,
            rules: Vec::new(),
            columns: Vec::new(),
            removed: BTreeSet::new(),
            renamed: BTreeMap::new(),
            altered: false,
        }
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
