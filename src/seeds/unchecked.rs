//! Foreign keys that a database cannot check, or that rows were against before kit came: tables are emptied and loaded all the
//! same, and kit itself sees to it that no more rows refer to nothing than before.

use kit_runtime::dialect::Dialect;

use super::dialect::{Answer, Writer};
use crate::schema::model::{ForeignKey, Part, Schema, Table, What};

/// How many rows of each table refer to nothing, by table and place of the key among its foreign keys.
#[derive(Debug, Default)]
pub struct Unchecked {
    /// Whether the database may not check foreign keys in this session.
    pub ignores_keys: bool,
    counts: Vec<(String, usize, u64)>,
}

impl Unchecked {
    /// Looks at all foreign keys. Rows are counted if `reset`: then those that are there may come again.
    pub async fn find(writer: &mut Writer, schema: &Schema, reset: bool) -> Answer<Self> {
        let mut found = Self::default();
        if !writer.is_silent() {
            return Ok(found);
        }
        for table in &schema.tables {
            for (at, key) in table.foreign_keys.iter().enumerate() {
                let can_compare = compares(schema, key);
                found.ignores_keys |= !can_compare || !is_unique(schema, key);
                if reset && can_compare {
                    let count = count(writer, table, key).await?;
                    found.ignores_keys |= count > 0;
                    found.counts.push((table.name.clone(), at, count));
                }
            }
        }
        Ok(found)
    }

    /// Whether no more rows are against this key of a table than there were.
    pub async fn tolerates(&self, writer: &mut Writer, table: &Table, key: &ForeignKey) -> Answer<bool> {
        let at = table.foreign_keys.iter().position(|other| std::ptr::eq(other, key));
        let known = self.counts.iter().find(|(name, place, _)| *name == table.name && Some(*place) == at);
        match known {
            Some((_, _, before)) if *before > 0 => Ok(count(writer, table, key).await? <= *before),
            _ => Ok(false),
        }
    }
}

/// Whether the columns that a key leads to exist, so that its rows can be compared with theirs.
pub fn compares(schema: &Schema, key: &ForeignKey) -> bool {
    let other = schema.table(&key.table).filter(|_| key.schema.is_none());
    let has = |name: &String| other.is_some_and(|other| other.column(name).is_some());
    !key.references.is_empty() && key.references.len() == key.columns.len() && key.references.iter().all(has)
}

/// Whether the columns that a key leads to tell rows apart.
fn is_unique(schema: &Schema, key: &ForeignKey) -> bool {
    let Some(other) = schema.table(&key.table) else { return false };
    let same = |columns: &[String]| {
        columns.len() == key.references.len() && columns.iter().all(|name| key.references.contains(name))
    };
    let index = || {
        other.indexes.iter().filter(|index| index.unique).any(|index| {
            let name = |part: &Part| match &part.what {
                What::Column(name) => Some(name.clone()),
                What::Expression(_) => None,
            };
            let columns: Option<Vec<String>> = index.parts.iter().map(name).collect();
            columns.is_some_and(|columns| same(&columns))
        })
    };
    other.primary_key.iter().chain(&other.uniques).any(|key| same(&key.columns)) || index()
}

async fn count(writer: &mut Writer, table: &Table, key: &ForeignKey) -> Answer<u64> {
    let dialect = writer.dialect();
    let sql = format!("SELECT {} {}", dialect.text("COUNT(*)"), dangling(dialect, table, key));
    let answer = writer.texts(&sql).await?;
    Ok(answer.into_iter().flatten().next().and_then(|count| count.parse().ok()).unwrap_or_default())
}

/// The end of a query, over `a`, for rows of a table whose value of `key` no row has.
pub fn dangling(dialect: Dialect, table: &Table, key: &ForeignKey) -> String {
    let quote = |name: &str| dialect.quote(name);
    let pairs = key.columns.iter().zip(&key.references);
    let joins: Vec<String> = pairs.map(|(own, other)| format!("a.{} = b.{}", quote(own), quote(other))).collect();
    let known: Vec<String> = key.columns.iter().map(|name| format!("a.{} IS NOT NULL", quote(name))).collect();
    format!(
        "FROM {} a WHERE {} AND NOT EXISTS (SELECT 1 FROM {} b WHERE {})",
        quote(&table.name),
        known.join(" AND "),
        quote(&key.table),
        joins.join(" AND ")
    )
}
