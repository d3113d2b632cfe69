//! The constraints that rows have to meet, and whether the rows as they would be break one.

use std::collections::BTreeMap;

use sea_orm_migration::sea_orm::{QueryResult, Value};

use super::Core;
use crate::pretend::rules::{KeyColumn, Rule, RuleKind};
use crate::pretend::schema::{Change, Column, Object, Origin};
use crate::pretend::statement::{self, Statement};
use crate::pretend::token::tokens;
use crate::wire::Note;

/// The rows of a table that has more are not checked.
const MAX_CHECKED_ROWS: usize = 100_000;

impl Core {
    /// The constraints of a table as they would be now; `None` if they are not known.
    pub(super) async fn rules(&mut self, table: &str, columns: &[Column]) -> Option<Vec<Rule>> {
        if self.now.schema.is_in_doubt(table) {
            return None;
        }
        let own = self.now.schema.table(table).cloned();
        let mut found = match own.as_ref().map(|own| &own.origin) {
            _ if self.shadow.is_some() => self.shadow_rules(table).await?,
            Some(Origin::Gone) => return None,
            Some(Origin::Created) => required(columns),
            Some(Origin::Real(real)) => self.real_rules(table, &real.clone()).await?,
            None => self.real_rules(table, table).await?,
        };
        if let Some(own) = own {
            if self.shadow.is_none() {
                found.extend(own.rules);
            }
            if own.altered {
                // Changes of its columns are not followed.
                found.retain(|rule| !matches!(rule.kind, RuleKind::Required(_) | RuleKind::Check(_)));
            }
        }
        let numbered = |name: &str| {
            columns.iter().any(|own| own.numbered && self.names.column(&own.name) == self.names.column(name))
        };
        found.retain(|rule| !matches!(&rule.kind, RuleKind::Required(column) if numbered(column)));
        for rule in &mut found {
            self.complete(rule, columns).await;
        }
        Some(found)
    }

    /// Adds what a declaration leaves to the database: which columns hold texts, the key that a reference means.
    pub(super) async fn complete(&self, rule: &mut Rule, columns: &[Column]) {
        match &mut rule.kind {
            RuleKind::Unique(key) => {
                for own in key {
                    let column =
                        columns.iter().find(|column| self.names.column(&column.name) == self.names.column(&own.name));
                    own.text = column.is_some_and(|column| self.dialect().is_text(&column.kind));
                }
            }
            RuleKind::Refers { parent, to, .. } if to.is_empty() => {
                let Some(own) = self.now.schema.table(parent) else { return };
                let is_primary =
                    |rule: &&Rule| rule.name.as_ref().is_some_and(|name| name == "PRIMARY" || name.ends_with("_pkey"));
                if let Some(key) = own.rules.iter().find(is_primary).and_then(Rule::key) {
                    *to = key.iter().map(|column| column.name.clone()).collect();
                }
            }
            _ => {}
        }
    }

    async fn shadow_rules(&self, table: &str) -> Option<Vec<Rule>> {
        let shadow = self.shadow.as_ref()?;
        let mut found = grouped(&shadow.query(self.question(self.dialect().rules_of(), &[table.into()])).await.ok()?);
        if let Some((sql, _)) = self.dialect().declaration(table) {
            let rows = shadow.query(self.question(&sql, &[])).await.ok()?;
            let sql = rows.first().and_then(|row| row.try_get_by_index::<String>(0).ok()).unwrap_or_default();
            if tokens(&sql, self.dialect().lexis()).iter().any(|word| word.is("deferred")) {
                // Which of the keys are checked later is only in the statement.
                found.retain(|rule| !matches!(rule.kind, RuleKind::Refers { .. }));
            }
            found.extend(self.declared_conditions(&rows, 0));
        }
        Some(found)
    }

    /// The conditions in the statement that creates a table, which is in a cell of the answer.
    fn declared_conditions(&self, rows: &[QueryResult], cell: usize) -> Vec<Rule> {
        let sql = rows.first().and_then(|row| row.try_get_by_index::<String>(cell).ok()).unwrap_or_default();
        let Statement::Schema(changes) = statement::read(&sql, &self.names) else { return Vec::new() };
        let condition = |change| match change {
            Change::Rule { rule, .. } if matches!(rule.kind, RuleKind::Check(_)) => Some(rule),
            _ => None,
        };
        changes.into_iter().filter_map(condition).collect()
    }

    /// The constraints that the database has, by the names that columns would have now.
    async fn real_rules(&self, table: &str, real: &str) -> Option<Vec<Rule>> {
        let values: Vec<Value> = std::iter::repeat_n(real.into(), self.dialect().rules_values()).collect();
        let mut found = grouped(&self.rows(self.question(self.dialect().rules_of(), &values)).await.ok()?);
        if let Some((sql, cell)) = self.dialect().declaration(real) {
            let rows = self.rows(self.question(&sql, &[])).await.unwrap_or_default();
            found.extend(self.declared_conditions(&rows, cell));
        }
        let is_dropped = |rule: &Rule| {
            let dropped = |kind| {
                let name = rule.name.as_deref().unwrap_or_default();
                self.now.schema.object(kind, Some(table), name) == Some(false)
            };
            !matches!(rule.kind, RuleKind::Required(_)) && (dropped(Object::Index) || dropped(Object::Constraint))
        };
        found.retain(|rule| !is_dropped(rule));
        if let Some(own) = self.now.schema.table(table) {
            let is_removed = |column: &str| own.removed.contains(&self.names.column(column));
            let new_name = |column: &str| {
                own.renamed.iter().find(|(_, real)| self.names.column(real) == self.names.column(column))
            };
            found.retain(|rule| !rule.names(|column| is_removed(column) && new_name(column).is_none()));
            for (new, real) in &own.renamed {
                for rule in &mut found {
                    rule.rename(|column| self.names.column(column) == self.names.column(real), new);
                }
            }
        }
        Some(found)
    }

    /// Whether rows of a table would break a rule; `None` if that is not known.
    pub(super) async fn is_broken(&mut self, table: &str, rule: &Rule) -> Option<bool> {
        if self.now.effects.keys_off && matches!(rule.kind, RuleKind::Refers { .. }) {
            return None;
        }
        let parent = match &rule.kind {
            RuleKind::Refers { parent, .. } => Some(parent.clone()),
            _ => None,
        };
        for table in std::iter::once(table.to_owned()).chain(parent) {
            if self.is_large(&table).await {
                return None;
            }
        }
        let sql = rule.broken(table, self.dialect())?;
        Some(!self.answer(&format!("{sql} LIMIT 1")).await.ok()?.is_empty())
    }

    /// Whether the database has more rows of a table than should be read only to check them.
    async fn is_large(&mut self, table: &str) -> bool {
        let real = match self.now.schema.table(table).map(|own| &own.origin) {
            Some(Origin::Real(real)) => real.clone(),
            Some(_) => return false,
            None => table.to_owned(),
        };
        if let Some(large) = self.large.get(&real) {
            return *large;
        }
        let sql = format!("SELECT 1 FROM {} LIMIT 1 OFFSET {MAX_CHECKED_ROWS}", self.dialect().real_table(&real));
        let large = self.rows(self.question(&sql, &[])).await.is_ok_and(|rows| !rows.is_empty());
        self.large.insert(real, large);
        large
    }

    /// Takes note of the rules that rows of a table break since it was checked last: a statement above fails in a run.
    pub(super) async fn check(&mut self, table: &str) {
        if !self.now.unchecked.remove(&self.names.table(table)) || self.now.layers.is_opaque(table) {
            return;
        }
        let columns = self.columns(table).await;
        for rule in self.rules(table, &columns).await.unwrap_or_default() {
            if self.is_broken(table, &rule).await == Some(true) {
                let rule = rule.name.unwrap_or_else(|| "a condition".to_owned());
                self.note(Note::Broken { table: table.to_owned(), rule });
                return;
            }
        }
    }

    /// The same for all tables.
    pub(super) async fn check_all(&mut self) {
        for table in self.now.unchecked.clone() {
            self.check(&table).await;
        }
    }
}

fn required(columns: &[Column]) -> Vec<Rule> {
    let is_required = |column: &&Column| !column.nullable && !column.numbered && !column.kind.starts_with("timestamp");
    let rule =
        |column: &Column| Rule { name: Some(column.name.clone()), kind: RuleKind::Required(column.name.clone()) };
    columns.iter().filter(is_required).map(rule).collect()
}

/// Constraints from a row for each of their columns.
fn grouped(rows: &[QueryResult]) -> Vec<Rule> {
    let mut groups: BTreeMap<(String, String), Vec<[Option<String>; 5]>> = BTreeMap::new();
    for row in rows {
        let text = |at: usize| row.try_get_by_index::<Option<String>>(at).ok().flatten();
        let kind = text(0).unwrap_or_default();
        // The columns of a key of which one cannot be compared are in one group.
        let group = if kind == "inexact" { "unique".to_owned() } else { kind.clone() };
        let cells = [Some(kind), text(2), text(3), text(4), text(5)];
        groups.entry((group, text(1).unwrap_or_default())).or_default().push(cells);
    }
    let rule = |((kind, name), cells): ((String, String), Vec<[Option<String>; 5]>)| {
        let all = |at: usize| cells.iter().filter_map(|cell| cell.get(at).cloned().flatten()).collect::<Vec<_>>();
        let first = || all(1).into_iter().next();
        let kind = match kind.as_str() {
            "unique" if cells.iter().any(|cell| cell.first() == Some(&Some("inexact".to_owned()))) => RuleKind::Inexact,
            "unique" => RuleKind::Unique(
                cells
                    .iter()
                    .filter_map(|[_, name, collation, ..]| {
                        Some(KeyColumn { name: name.clone()?, collation: collation.clone(), text: false })
                    })
                    .collect(),
            ),
            "required" => RuleKind::Required(first()?),
            "check" => RuleKind::Check(first()?),
            "refers" => RuleKind::Refers { columns: all(1), parent: all(3).into_iter().next()?, to: all(4) },
            _ => return None,
        };
        Some(Rule { name: Some(name), kind })
    };
    groups.into_iter().filter_map(rule).collect()
}
