//! Constraints that rows have to meet, and the queries that find rows that break them. It asks nothing.

use crate::dialect::Dialect;

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, or that of its index.
    pub name: Option<String>,
    /// What it requires.
    pub kind: RuleKind,
}

/// What a constraint requires of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// No two rows have the same values in these columns.
    Unique(Vec<KeyColumn>),
    /// The same for something that kit cannot compare: expressions, prefixes, some of the rows.
    Inexact,
    /// A column has a value.
    Required(String),
    /// Values exist in another table.
    Refers {
        /// The columns.
        columns: Vec<String>,
        /// The other table.
        parent: String,
        /// The columns there; none are its primary key.
        to: Vec<String>,
    },
    /// A condition is not false.
    Check(String),
}

/// A column of a unique key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// The collation in which the database compares it, where it has to be named.
    pub collation: Option<String>,
    /// It is a text, which the database may compare in any case.
    pub text: bool,
}

impl Rule {
    /// Returns the columns of a unique key that kit can compare.
    pub fn key(&self) -> Option<&[KeyColumn]> {
        match &self.kind {
            RuleKind::Unique(columns) => Some(columns),
            _ => None,
        }
    }

    /// Whether it is about a column that `is_meant` picks. A condition may be about any.
    pub fn names(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        match &self.kind {
            RuleKind::Unique(columns) => columns.iter().any(|column| is_meant(&column.name)),
            RuleKind::Required(column) => is_meant(column),
            RuleKind::Refers { columns, .. } => columns.iter().any(|column| is_meant(column)),
            RuleKind::Inexact => false,
            RuleKind::Check(_) => true,
        }
    }

    /// Renames a column that `is_meant` picks. A condition is not followed.
    pub fn rename(&mut self, is_meant: impl Fn(&str) -> bool, to: &str) {
        let rename = |column: &mut String| {
            if is_meant(column) {
                to.clone_into(column);
            }
        };
        match &mut self.kind {
            RuleKind::Unique(columns) => columns.iter_mut().map(|column| &mut column.name).for_each(rename),
            RuleKind::Required(column) => rename(column),
            RuleKind::Refers { columns, .. } => columns.iter_mut().for_each(rename),
            RuleKind::Check(_) => self.kind = RuleKind::Inexact,
            RuleKind::Inexact => {}
        }
    }

    /// Returns a query for rows of a table that break the rule; `None` if there is none.
    pub fn broken(&self, table: &str, dialect: Dialect) -> Option<String> {
        self.broken_in(&dialect.quote(table), table, dialect)
    }

    /// The same for rows that are about to be in the table.
    pub fn broken_in(&self, rows: &str, table: &str, dialect: Dialect) -> Option<String> {
        let from = format!("SELECT 1 FROM {rows} AS {}", dialect.quote(table));
        let quoted = |columns: &[String]| columns.iter().map(|column| dialect.quote(column)).collect::<Vec<_>>();
        let present = |columns: &[String]| {
            columns.iter().map(|column| format!("{column} IS NOT NULL")).collect::<Vec<_>>().join(" AND ")
        };
        match &self.kind {
            RuleKind::Unique(columns) => {
                let compared = |column: &KeyColumn| dialect.as_compared(&dialect.quote(&column.name), column);
                let columns: Vec<String> = columns.iter().map(compared).collect();
                let list = columns.join(", ");
                Some(format!("{from} WHERE {} GROUP BY {list} HAVING COUNT(*) > 1", present(&columns)))
            }
            RuleKind::Required(column) => Some(format!("{from} WHERE {} IS NULL", dialect.quote(column))),
            RuleKind::Refers { columns, parent, to } if to.len() == columns.len() => {
                let child = dialect.quote(table);
                let own: Vec<String> = quoted(columns).iter().map(|column| format!("{child}.{column}")).collect();
                let other: Vec<String> = quoted(to).iter().map(|column| format!("kit_parent.{column}")).collect();
                let pairs = own.iter().zip(&other).map(|(own, other)| format!("{other} = {own}"));
                let pairs = pairs.collect::<Vec<_>>().join(" AND ");
                // A join, since not every database builds an index for a subquery.
                let join = format!("LEFT JOIN {} AS kit_parent ON {pairs}", dialect.quote(parent));
                Some(format!("{from} {join} WHERE {} AND {} IS NULL", present(&own), other.first()?))
            }
            RuleKind::Check(condition) => Some(format!("{from} WHERE NOT ({condition})")),
            RuleKind::Inexact | RuleKind::Refers { .. } => None,
        }
    }
}

/// Returns a query for the new rows whose keys exist in the table or in a row before them: the number of the row, that of the
/// key, `1` if the values are the same however the column compares them, and `1` for a row before it.
pub fn conflicts(table: &str, source: &str, keys: &[&[KeyColumn]], dialect: Dialect) -> String {
    let mut parts = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let (mut may, mut must) = (Vec::new(), Vec::new());
        for column in *key {
            let name = dialect.quote(&column.name);
            let (maybe, surely) = dialect.same(&format!("kit_old.{name}"), &format!("kit_new.{name}"), column);
            may.push(maybe);
            must.push(surely);
        }
        let (may, must) = (may.join(" AND "), must.join(" AND "));
        let row = dialect.text("kit_new.kit_row");
        let list = |new: &str| {
            format!("SELECT {row}, '{number}', CASE WHEN {must} THEN '1' ELSE '0' END, '{new}' FROM {source} kit_new")
        };
        parts.push(format!("{} JOIN {} kit_old ON {may}", list("0"), dialect.quote(table)));
        let before = "kit_old.kit_row < kit_new.kit_row";
        parts.push(format!("{} JOIN {source} kit_old ON {before} AND {may}", list("1")));
    }
    parts.join(" UNION ALL ")
}
