//! In which order tables are filled, so that a row is there before those that refer to it; and which foreign keys have to wait
//! until the end, since there is no such order for their tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::model::{ForeignKey, Schema, Table};

/// The order of some tables.
#[derive(Debug, Default, PartialEq)]
pub struct Order<'a> {
    /// All of them.
    pub tables: Vec<&'a Table>,
    /// Foreign keys, each with its table, whose rows may come before those they refer to.
    pub waiting: Vec<(&'a Table, &'a ForeignKey)>,
}

/// The order of the tables of `schema` that are `chosen`.
pub fn order<'a>(schema: &'a Schema, chosen: &BTreeSet<&str>) -> Order<'a> {
    let mut rest: BTreeMap<&str, &Table> = schema
        .tables
        .iter()
        .filter(|table| chosen.contains(table.name.as_str()))
        .map(|table| (table.name.as_str(), table))
        .collect();
    let mut order = Order::default();
    while !rest.is_empty() {
        let ready = |table: &Table| {
            let mut others = table.foreign_keys.iter().filter(|key| key.table != table.name);
            others.all(|key| !rest.contains_key(key.table.as_str()))
        };
        let mut next: Vec<&Table> = rest.values().copied().filter(|table| ready(table)).collect();
        if next.is_empty() {
            // A cycle: the table of it that waits for the fewest comes first, and what it waits for stays open.
            let missing =
                |table: &&&Table| table.foreign_keys.iter().filter(|key| rest.contains_key(key.table.as_str())).count();
            next.extend(cycle(&rest).iter().filter_map(|name| rest.get(name)).min_by_key(missing));
        }
        for table in next {
            let open = table.foreign_keys.iter().filter(|key| rest.contains_key(key.table.as_str()));
            order.waiting.extend(open.map(|key| (table, key)));
            order.tables.push(table);
            rest.remove(table.name.as_str());
        }
    }
    order
}

/// Tables of `rest` that wait for each other; others may wait for them, too.
fn cycle<'a>(rest: &BTreeMap<&'a str, &'a Table>) -> BTreeSet<&'a str> {
    let mut seen = Vec::new();
    let mut now = rest.values().next().copied();
    while let Some(table) = now {
        if let Some(at) = seen.iter().position(|name| *name == table.name.as_str()) {
            return seen.split_off(at).into_iter().collect();
        }
        seen.push(table.name.as_str());
        let others = table.foreign_keys.iter().filter(|key| key.table != table.name);
        now = others.filter_map(|key| rest.get(key.table.as_str()).copied()).next();
    }
    seen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::model::Action;

    fn schema(tables: &[(&str, &[&str])]) -> Schema {
        let key = |table: &&str| ForeignKey {
            name: None,
            columns: vec![format!("{table}_id")],
            schema: None,
            table: (*table).to_owned(),
            references: vec!["id".to_owned()],
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
        };
        let table = |(name, to): &(&str, &[&str])| Table {
            name: (*name).to_owned(),
            foreign_keys: to.iter().map(key).collect(),
            ..Table::default()
        };
        Schema { tables: tables.iter().map(table).collect(), ..Schema::default() }
    }

    fn says(tables: &[(&str, &[&str])]) -> String {
        let schema = schema(tables);
        let chosen = schema.tables.iter().map(|table| table.name.as_str()).collect();
        let order = order(&schema, &chosen);
        let names: Vec<&str> = order.tables.iter().map(|table| table.name.as_str()).collect();
        let waiting: Vec<String> =
            order.waiting.iter().map(|(table, key)| format!("{}>{}", table.name, key.table)).collect();
        format!("{} {}", names.join(","), waiting.join(","))
    }

    #[test]
    fn what_is_referred_to_comes_first() {
        assert_eq!(says(&[("a", &["b"]), ("b", &["c"]), ("c", &[]), ("d", &[])]), "c,d,b,a ");
        assert_eq!(says(&[("a", &["elsewhere"])]), "a ");
    }

    #[test]
    fn in_a_cycle_a_key_waits() {
        assert_eq!(says(&[("a", &["a"])]), "a a>a");
        assert_eq!(says(&[("a", &["b"]), ("b", &["a"]), ("c", &["a"])]), "a,b,c a>b");
        assert_eq!(says(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &["b"])]), "b,c,a b>c");
    }
}
