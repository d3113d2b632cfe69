//! Deletes all rows of tables, whatever refers to what, and restarts their counters. Tables and ledgers stay. Which tables there
//! are, the database is asked; how one is emptied is its dialect's business.

use std::collections::{BTreeMap, BTreeSet};

use crate::connection::{Connection, Error};
use crate::dialect::{Emptying, virtual_table};
use crate::wipe::{batch, switched_off};

/// Empties all tables of a connection's own database or schema but those named in `except`, and returns how many there were.
///
/// # Errors
/// As [`empty`].
pub async fn truncate<C: Connection>(connection: &C, except: &[&str]) -> Result<usize, Error> {
    let tables = tables(connection, except).await?;
    empty(connection, &tables).await.map(|()| tables.len())
}

/// The tables that [`truncate`] empties.
///
/// # Errors
/// The database's error.
pub async fn tables<C: Connection>(connection: &C, except: &[&str]) -> Result<Vec<String>, Error> {
    let known = known(connection).await?;
    Ok(known.into_keys().filter(|name| !except.contains(&name.as_str())).collect())
}

/// Empties these tables. Where that can be rolled back, all of them or none, unless there are more than one transaction can
/// have locks for: then it is one transaction for each batch.
///
/// # Errors
/// The database's error, or that a table which is not among them has rows that refer to one that is.
pub async fn empty<C: Connection>(connection: &C, tables: &[String]) -> Result<(), Error> {
    let batch = batch(connection).await?;
    empty_in_batches(connection, tables, batch).await
}

/// [`empty`] with about `batch` tables in a transaction; tables that refer to each other are emptied in one.
///
/// # Errors
/// As [`empty`].
pub async fn empty_in_batches<C: Connection>(connection: &C, tables: &[String], batch: usize) -> Result<(), Error> {
    if tables.is_empty() {
        return Ok(());
    }
    refuse_references_from_outside(connection, tables).await?;
    let dialect = connection.dialect();
    let known = known(connection).await?;
    let references = references(connection).await?;
    let tables = match tables.len() > TOGETHER {
        true => those_with_rows(connection, tables, &references).await?,
        false => tables.to_vec(),
    };
    let how = |name: String| {
        let how = known.get(&name).copied().unwrap_or(Emptying::Plain);
        (name, how)
    };
    let tables: Vec<(String, Emptying)> = tables.into_iter().map(how).collect();
    if tables.is_empty() {
        return Ok(());
    }
    if !dialect.refuses_to_empty_references() {
        refuse_references(connection, &tables, &references).await?;
    }
    let counts = match dialect.has_counters() {
        Some(sql) => !connection.query(sql, &[]).await?.is_empty(),
        None => false,
    };
    let switch = dialect.foreign_key_switch();
    let (inside, outside) = (switch.filter(|switch| switch.inside), switch.filter(|switch| !switch.inside));
    let batches = if tables.len() > batch { batches(tables, &references, batch) } else { vec![tables] };
    switched_off(connection, outside, async || {
        for batch in &batches {
            let transaction = connection.begin().await?;
            let work = async || {
                for sql in dialect.empty(batch, counts) {
                    transaction.execute(&sql, &[]).await?;
                }
                delete_what_triggers_wrote(&transaction, batch).await
            };
            match switched_off(&transaction, inside, work).await {
                Ok(_) => transaction.commit().await?,
                Err(error) => {
                    // The first failure is the one to report; a rollback that fails as well has lost its session.
                    let _ = transaction.rollback().await;
                    return Err(error);
                }
            }
        }
        Ok(batches.len())
    })
    .await
    .map(|_| ())
}

/// Tables that have rows or counters to restart, and those that refer to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The tables.
    pub tables: Vec<String>,
    /// Whether one transaction can empty all of them.
    pub fit: bool,
}

/// Looks which of `tables` have to be emptied, if there are more than one transaction can empty. `None` if there are not.
///
/// # Errors
/// The database's error.
pub async fn filled<C: Connection>(connection: &C, tables: &[String]) -> Result<Option<Filled>, Error> {
    let batch = batch(connection).await?;
    if tables.len() <= batch {
        return Ok(None);
    }
    let references = references(connection).await?;
    let tables = those_with_rows(connection, tables, &references).await?;
    let fit = tables.len() <= batch;
    Ok(Some(Filled { tables, fit }))
}

/// The tables with rows or counters to restart, and those that refer to them; all where it would not be quicker to know.
async fn those_with_rows<C: Connection>(
    connection: &C,
    tables: &[String],
    references: &[Reference],
) -> Result<Vec<String>, Error> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    if let Some(sql) = connection.dialect().counted() {
        let chosen: BTreeSet<&String> = tables.iter().collect();
        let counted = connection.query(sql, &[]).await?.into_iter().flatten().flatten();
        found.extend(counted.filter(|name| chosen.contains(name)));
    }
    for some in tables.chunks(TOGETHER) {
        let queries = connection.dialect().filled(some);
        if queries.is_empty() {
            return Ok(tables.to_vec());
        }
        for sql in queries {
            found.extend(connection.query(&sql, &[]).await?.into_iter().flatten().flatten());
        }
    }
    let mut new: Vec<String> = found.iter().cloned().collect();
    while let Some(table) = new.pop() {
        for key in references.iter().filter(|key| key.other == table) {
            if found.insert(key.table.clone()) {
                new.push(key.table.clone());
            }
        }
    }
    Ok(tables.iter().filter(|table| found.contains(*table)).cloned().collect())
}

/// Tables that one query looks at.
const TOGETHER: usize = 50;

/// A foreign key: its table, its columns, and the table that it leads to.
struct Reference {
    table: String,
    columns: Vec<String>,
    other: String,
}

/// How often tables are emptied again because triggers wrote rows while others were.
const MAX_PASSES: usize = 10;

/// The tables that have rows of their own, and how each is emptied. A virtual table whose rows are in another table, or which
/// only shows what others have, is left to what keeps those rows.
async fn known<C: Connection>(connection: &C) -> Result<BTreeMap<String, Emptying>, Error> {
    let mut known = BTreeMap::new();
    for row in connection.query(connection.dialect().emptied(), &[]).await? {
        let [Some(name), Some(how), sql] = row.as_slice() else { continue };
        let how = match sql.as_deref().map(virtual_table::read) {
            None => Emptying::of(how),
            Some(made) if made.has_own_rows() => Emptying::Plain,
            Some(made) if made.is_index_without_rows() => Emptying::Contentless,
            Some(_) => continue,
        };
        known.insert(name.clone(), how);
    }
    Ok(known)
}

async fn references<C: Connection>(connection: &C) -> Result<Vec<Reference>, Error> {
    let mut keys: BTreeMap<(String, String), Reference> = BTreeMap::new();
    for row in connection.query(connection.dialect().references(), &[]).await? {
        let [Some(table), Some(key), Some(column), Some(other), ..] = row.as_slice() else { continue };
        let reference = Reference { table: table.clone(), columns: Vec::new(), other: other.clone() };
        keys.entry((table.clone(), key.clone())).or_insert(reference).columns.push(column.clone());
    }
    Ok(keys.into_values().collect())
}

/// Fails if a table that is to keep its rows has one that refers to a table that is to be emptied.
async fn refuse_references<C: Connection>(
    connection: &C,
    tables: &[(String, Emptying)],
    references: &[Reference],
) -> Result<(), Error> {
    let dialect = connection.dialect();
    let chosen: BTreeSet<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
    let dangling = |key: &&Reference| chosen.contains(key.other.as_str()) && !chosen.contains(key.table.as_str());
    for key in references.iter().filter(dangling) {
        let set: Vec<String> = key.columns.iter().map(|name| format!("{} IS NOT NULL", dialect.quote(name))).collect();
        let sql = format!("SELECT '1' FROM {} WHERE {} LIMIT 1", dialect.quote(&key.table), set.join(" AND "));
        if !connection.query(&sql, &[]).await?.is_empty() {
            let (table, other) = (&key.table, &key.other);
            return Err(Error::new(format!("rows of table `{table}` refer to table `{other}`: empty both")));
        }
    }
    Ok(())
}

/// Fails if a table of another schema refers to one that is to be emptied, which cannot be emptied without it. A database that
/// switches foreign keys off would leave such rows without those that they refer to.
///
/// # Errors
/// The database's error, or which table refers to which.
pub async fn refuse_references_from_outside<C: Connection>(connection: &C, tables: &[String]) -> Result<(), Error> {
    let dialect = connection.dialect();
    let Some(sql) = dialect.references_from_outside() else { return Ok(()) };
    let chosen: BTreeSet<&String> = tables.iter().collect();
    for row in connection.query(sql, &[]).await? {
        let [Some(schema), Some(table), Some(column), Some(other)] = row.as_slice() else { continue };
        if !chosen.contains(other) {
            continue;
        }
        let (from, column) = (format!("{}.{}", dialect.quote(schema), dialect.quote(table)), dialect.quote(column));
        let rows = format!("SELECT '1' FROM {from} WHERE {column} IS NOT NULL LIMIT 1");
        if dialect.refuses_to_empty_references() || !connection.query(&rows, &[]).await?.is_empty() {
            return Err(Error::new(format!(
                "table `{schema}.{table}`, which is not emptied, refers to table `{other}`: drop its foreign key first"
            )));
        }
    }
    Ok(())
}

/// Tables in groups of about `batch`: those that refer to each other are in one, since the database empties them together.
fn batches(tables: Vec<(String, Emptying)>, references: &[Reference], batch: usize) -> Vec<Vec<(String, Emptying)>> {
    let mut others: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for key in references {
        others.entry(&key.table).or_default().push(&key.other);
        others.entry(&key.other).or_default().push(&key.table);
    }
    let mut rest: BTreeMap<String, Emptying> = tables.into_iter().collect();
    let mut batches: Vec<Vec<(String, Emptying)>> = vec![Vec::new()];
    while let Some((name, how)) = rest.pop_first() {
        let mut group = vec![(name, how)];
        let mut at = 0;
        while let Some((name, _)) = group.get(at) {
            let near = others.get(name.as_str()).into_iter().flatten();
            let near: Vec<_> = near.filter_map(|other| rest.remove_entry(*other)).collect();
            group.extend(near);
            at += 1;
        }
        match batches.last_mut() {
            Some(last) if last.is_empty() || last.len() + group.len() <= batch => last.extend(group),
            _ => batches.push(group),
        }
    }
    batches
}

/// Deletes rows that triggers on `DELETE` have written into tables which had been emptied before, where triggers run.
async fn delete_what_triggers_wrote<C: Connection>(
    transaction: &C,
    tables: &[(String, Emptying)],
) -> Result<usize, Error> {
    let dialect = transaction.dialect();
    if dialect.refuses_to_empty_references() {
        return Ok(tables.len());
    }
    for _ in 0..MAX_PASSES {
        let mut left = Vec::new();
        for (name, how) in tables.iter().filter(|(_, how)| *how != Emptying::Contentless) {
            let sql = format!("SELECT '1' FROM {} LIMIT 1", dialect.quote(name));
            if !transaction.query(&sql, &[]).await?.is_empty() {
                left.push((name.clone(), *how));
            }
        }
        if left.is_empty() {
            return Ok(tables.len());
        }
        for sql in dialect.empty(&left, false) {
            transaction.execute(&sql, &[]).await?;
        }
    }
    let name = tables.first().map(|(name, _)| name.as_str()).unwrap_or_default();
    Err(Error::new(format!("triggers write new rows whenever tables such as `{name}` are emptied")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_refer_to_each_other_are_in_one_batch() {
        let tables = ["a", "b", "c", "d", "e"].map(|name| (name.to_owned(), Emptying::Plain));
        let key = |table: &str, other: &str| Reference {
            table: table.to_owned(),
            columns: Vec::new(),
            other: other.to_owned(),
        };
        let found = batches(tables.into(), &[key("a", "d"), key("e", "d"), key("b", "elsewhere")], 2);
        let names: Vec<Vec<&str>> =
            found.iter().map(|batch| batch.iter().map(|(name, _)| name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["a", "d", "e"], vec!["b", "c"]]);
    }
}
