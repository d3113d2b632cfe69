//! Rows that a migration would add: their values as the database computes them, and what a conflict clause makes of them.

use sea_orm_migration::sea_orm::DbErr;

use super::Core;
use super::clerk::Done;
use super::writes::{Lost, Rowset};
use crate::pretend::insert::{Conflict, Insert, Target, Term, term_of, with_new_row};
use crate::pretend::layers::names;
use crate::pretend::rules::{self, KeyColumn, Rule, RuleKind};
use crate::pretend::schema::Column;
use crate::pretend::statement::{Delete, Rows, Statement, Update};
use crate::wire::Note;

/// More rows of a query than this are not read to decide what a conflict clause makes of them.
const MAX_QUERY_ROWS: usize = 500;

/// The server computes this many values in one query.
const VALUES_AT_ONCE: usize = 400;

/// The rows of a statement, their values computed.
struct Computed {
    rows: Vec<Vec<String>>,
    /// What the database gives the first row: column and value.
    assumed: Vec<(String, String)>,
    first_number: Option<i64>,
    last_number: Option<i64>,
}

impl Core {
    /// Takes note of the rows of an `INSERT`.
    pub(super) async fn insert(&mut self, insert: &Insert) -> Result<(Done, Rowset), Lost> {
        match (&insert.query, &insert.conflict) {
            (Some(query), Conflict::Fails) => self.insert_query(insert, query).await,
            (Some(query), _) => {
                let rows = self.rows_of_query(insert, query).await?;
                self.insert_rows(insert, rows, true).await
            }
            (None, _) => self.insert_rows(insert, insert.rows.clone().unwrap_or_default(), false).await,
        }
    }

    /// Adds rows; `unordered` says that the database may take them in another order.
    async fn insert_rows(
        &mut self,
        insert: &Insert,
        rows: Vec<Vec<Term>>,
        unordered: bool,
    ) -> Result<(Done, Rowset), Lost> {
        let table = &insert.table;
        let columns = self.begin(table).await;
        if columns.is_empty() {
            return Err(Lost::of(table));
        }
        let places = self.places(insert, &columns);
        let computed = self.computed(table, &rows, &columns, &places).await?;
        if insert.conflict == Conflict::Fails {
            return self.add(insert, computed, &columns).await;
        }
        let keys = self.keys_of_conflict(insert, &columns).await?;
        let conflicts = self.conflicts(table, &computed.rows, &columns, &keys).await?;
        if conflicts.is_empty() {
            return self.add(insert, computed, &columns).await;
        }
        if rows.len() == 1 {
            return self.resolve(insert, computed, &columns, &keys, &conflicts).await;
        }
        if unordered && conflicts.iter().any(|conflict| conflict.among_new) {
            return Err(Lost::of(table));
        }
        // One after the other, since each may change what the next one finds. What is computed stays as it is.
        let (mut done, mut answer) = (Done::default(), Vec::new());
        for (terms, cells) in rows.iter().zip(&computed.rows) {
            let fixed = terms.iter().enumerate().map(|(at, term)| match term {
                Term::Computed(_) => {
                    let column = places.iter().position(|place| *place == Some(at));
                    let cell = column.and_then(|column| cells.get(column)).cloned();
                    Term::Literal(cell.unwrap_or_else(|| "NULL".to_owned()))
                }
                term => term.clone(),
            });
            let row = vec![fixed.collect()];
            let (one, rows) = Box::pin(self.insert_rows(insert, row, false)).await?;
            done.rows_affected += one.rows_affected;
            if done.last_insert_id == 0 {
                done.last_insert_id = one.last_insert_id;
            }
            answer.extend(rows);
        }
        Ok((done, answer))
    }

    /// Where in a row of the statement the value of each column is.
    fn places(&self, insert: &Insert, columns: &[Column]) -> Vec<Option<usize>> {
        let of = |(at, column): (usize, &Column)| match insert.columns.is_empty() {
            true => Some(at),
            false => insert.columns.iter().position(|name| self.names.column(name) == self.names.column(&column.name)),
        };
        columns.iter().enumerate().map(of).collect()
    }

    /// The values of rows, in the order of the columns.
    async fn computed(
        &mut self,
        table: &str,
        rows: &[Vec<Term>],
        columns: &[Column],
        places: &[Option<usize>],
    ) -> Result<Computed, Lost> {
        let defaults: Vec<Option<Term>> =
            columns.iter().map(|column| column.default.as_ref().map(|text| term_of(text, self.dialect()))).collect();
        let (mut first_number, mut last_number) = (None, None);
        let mut given = Vec::new();
        let mut cells = Vec::with_capacity(rows.len() * columns.len());
        for (row, terms) in rows.iter().enumerate() {
            for (at, column) in columns.iter().enumerate() {
                let term =
                    places.get(at).copied().flatten().and_then(|place| terms.get(place)).unwrap_or(&Term::Default);
                let default = defaults.get(at).cloned().flatten();
                cells.push(match (term, default) {
                    (Term::Literal(text), _) if !(column.numbered && text.eq_ignore_ascii_case("null")) => term.clone(),
                    (Term::Computed(_), _) => term.clone(),
                    _ if column.numbered => {
                        let number = match last_number {
                            Some(number) => number,
                            None => self.last_number(table, column).await,
                        } + 1;
                        last_number = Some(number);
                        first_number.get_or_insert(number);
                        given.extend((row == 0).then_some(at));
                        Term::Literal(number.to_string())
                    }
                    (_, Some(default)) => {
                        given.extend((row == 0 && default != Term::Default).then_some(at));
                        default
                    }
                    _ => Term::Literal("NULL".to_owned()),
                });
            }
        }
        let cells = self.fixed(&cells, columns).await.map_err(|error| Lost::because(table, error))?;
        let rows: Vec<Vec<String>> = cells.chunks(columns.len().max(1)).map(<[String]>::to_vec).collect();
        let shown = |at: &usize| Some((columns.get(*at)?.name.clone(), rows.first()?.get(*at)?.clone()));
        Ok(Computed { assumed: given.iter().filter_map(shown).collect(), rows, first_number, last_number })
    }

    /// Adds rows that come upon no others.
    async fn add(&mut self, insert: &Insert, computed: Computed, columns: &[Column]) -> Result<(Done, Rowset), Lost> {
        let table = &insert.table;
        let Computed { rows, mut assumed, first_number, last_number } = computed;
        let asked = |column: &String| match &insert.returning {
            Some(text) => text == "*" || text.to_lowercase().contains(&self.names.column(column)),
            // Without RETURNING, such a driver reports the number of the row, whether it is used or not.
            None => {
                let numbered = columns.iter().any(|own| own.numbered && own.name == *column);
                self.dialect().tells_numbers() && numbered
            }
        };
        assumed.retain(|(column, _)| asked(column));
        if !assumed.is_empty() {
            self.note(Note::Given { table: table.clone(), assumed });
            if self.now.layers.is_opaque(table) && insert.returning.is_some() {
                self.note(Note::Unknown { table: table.clone() });
            }
        }
        let typed = |row: &Vec<String>| -> String {
            let cells = row.iter().zip(columns).map(|(cell, column)| self.in_type(cell, column));
            cells.collect::<Vec<_>>().join(", ")
        };
        let made: Vec<String> = rows.iter().map(typed).collect();
        let answer = match &insert.returning {
            Some(list) => {
                let source = self.dialect().rows_as(&made, &names(columns, self.dialect()));
                let sql = format!("SELECT {list} FROM {source} AS {}", self.dialect().quote(table));
                self.answer(&sql).await.map_err(|error| Lost::because(table, error))?
            }
            None => Vec::new(),
        };
        if let Some(last) = last_number {
            self.give_number(table, last);
        }
        let rows_affected = u64::try_from(made.len()).unwrap_or_default();
        let highest = columns.iter().position(|column| column.numbered).and_then(|at| {
            let numbers = rows.iter().map(|row| row.get(at)?.parse::<i64>().ok());
            numbers.collect::<Option<Vec<i64>>>()?.into_iter().max()
        });
        self.now.layers.add(table, made, highest, self.dialect());
        self.now.unchecked.insert(self.names.table(table));
        let last_insert_id = first_number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
        Ok((Done { last_insert_id, rows_affected }, answer))
    }

    /// The keys that a conflict clause is about.
    async fn keys_of_conflict(&mut self, insert: &Insert, columns: &[Column]) -> Result<Vec<Rule>, Lost> {
        let table = &insert.table;
        let all = self.rules(table, columns).await.ok_or_else(|| Lost::of(table))?;
        let target = match &insert.conflict {
            Conflict::Skips { target, .. } | Conflict::Updates { target, .. } => target.clone(),
            Conflict::Replaces => Target::Any,
            Conflict::Fails | Conflict::Unknown => return Err(Lost::of(table)),
        };
        let is_key = |rule: &&Rule| matches!(rule.kind, RuleKind::Unique(_) | RuleKind::Inexact);
        let keys: Vec<Rule> = all.iter().filter(is_key).cloned().collect();
        let name = |name: &str| self.names.column(name);
        let meant: Vec<Rule> = match target {
            Target::Any => keys,
            Target::Named(wanted) => {
                let is_it = |rule: &Rule| rule.name.as_ref().is_some_and(|own| name(own) == name(&wanted));
                keys.into_iter().filter(is_it).collect()
            }
            Target::Columns(wanted) => {
                let wanted: std::collections::BTreeSet<String> = wanted.iter().map(|column| name(column)).collect();
                let of = |key: &[KeyColumn]| key.iter().map(|column| name(&column.name)).collect();
                keys.into_iter().filter(|rule| rule.key().is_some_and(|key| wanted == of(key))).take(1).collect()
            }
        };
        // `REPLACE` and `IGNORE` may be written for a table without keys; a target has to exist.
        let is_missing = meant.is_empty()
            && !matches!(&insert.conflict, Conflict::Replaces | Conflict::Skips { target: Target::Any, .. });
        if is_missing || meant.iter().any(|rule| rule.key().is_none()) {
            return Err(Lost::of(table));
        }
        let forgives = matches!(insert.conflict, Conflict::Replaces | Conflict::Skips { forgives: true, .. });
        let other =
            |rule: &Rule| matches!(rule.kind, RuleKind::Required(_) | RuleKind::Check(_) | RuleKind::Refers { .. });
        let mut found = meant;
        if forgives {
            found.extend(all.into_iter().filter(other));
        }
        Ok(found)
    }

    /// Which of the new rows come upon others. Rows that break another rule, which the statement forgives, are not decided.
    async fn conflicts(
        &mut self,
        table: &str,
        rows: &[Vec<String>],
        columns: &[Column],
        rules: &[Rule],
    ) -> Result<Vec<Found>, Lost> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let dialect = self.dialect();
        let made: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let cells = row.iter().zip(columns).map(|(cell, column)| self.in_type(cell, column));
                format!("{at}, {}", cells.collect::<Vec<_>>().join(", "))
            })
            .collect();
        let mut list = vec!["kit_row".to_owned()];
        list.extend(names(columns, dialect));
        let source = dialect.rows_as(&made, &list);
        for rule in rules.iter().filter(|rule| rule.key().is_none()) {
            let Some(broken) = rule.broken_in(&source, table, dialect) else { return Err(Lost::of(table)) };
            let broken = self.answer(&broken).await.map_err(|error| Lost::because(table, error))?;
            if !broken.is_empty() {
                return Err(Lost::of(table));
            }
        }
        let keys: Vec<&[KeyColumn]> = rules.iter().filter_map(Rule::key).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let sql = rules::conflicts(table, &source, &keys, dialect);
        let answer = self.answer(&sql).await.map_err(|error| Lost::because(table, error))?;
        let mut found = Vec::new();
        for row in answer {
            let text = |at: usize| row.try_get_by_index::<String>(at).unwrap_or_default();
            if text(2) != "1" {
                // They may be the same, depending on how the column compares texts.
                return Err(Lost::of(table));
            }
            found.push(Found { key: text(1).parse().unwrap_or_default(), among_new: text(3) == "1" });
        }
        Ok(found)
    }

    /// Makes of one row that comes upon others what the statement says.
    async fn resolve(
        &mut self,
        insert: &Insert,
        computed: Computed,
        columns: &[Column],
        rules: &[Rule],
        conflicts: &[Found],
    ) -> Result<(Done, Rowset), Lost> {
        let table = &insert.table;
        let cells = computed.rows.first().cloned().unwrap_or_default();
        let names = self.names.clone();
        let typed = cells.iter().zip(columns).map(|(cell, column)| self.in_type(cell, column));
        let typed: Vec<(String, String)> = columns.iter().map(|column| names.column(&column.name)).zip(typed).collect();
        let value =
            |name: &str| typed.iter().find(|(own, _)| *own == names.column(name)).map(|(_, value)| value.clone());
        let keys: Vec<&[KeyColumn]> = rules.iter().filter_map(Rule::key).collect();
        let mut met: Vec<usize> = conflicts.iter().map(|found| found.key).collect();
        met.sort_unstable();
        met.dedup();
        let same = |key: &usize| {
            let columns = keys.get(*key)?.iter().map(|column| {
                let own = self.dialect().quote(&column.name);
                Some(self.dialect().same(&own, &value(&column.name)?, column).1)
            });
            Some(columns.collect::<Option<Vec<_>>>()?.join(" AND "))
        };
        let conditions = met.iter().map(same).collect::<Option<Vec<_>>>().ok_or_else(|| Lost::of(table))?;
        let rows = |condition: String| Rows { condition: Some(condition), alone: true, ..Rows::default() };
        if let Some(last) = computed.last_number
            && self.counts_on(table).await
        {
            // The row is not added, and its number is used up.
            self.give_number(table, last);
        }
        match &insert.conflict {
            Conflict::Updates { sets, condition, .. } => {
                // Which of several rows is changed depends on the order of the indexes.
                let [only] = conditions.as_slice() else { return Err(Lost::of(table)) };
                let with = |text: &String| with_new_row(text, value, self.dialect());
                let condition = condition.as_ref().map(|condition| format!("({}) AND ({only})", with(condition)));
                let meant =
                    Rows { returning: insert.returning.clone(), ..rows(condition.unwrap_or_else(|| only.clone())) };
                let sets = sets.iter().map(|(column, value)| (column.clone(), with(value))).collect();
                let update = Update { table: table.clone(), sets, rows: meant };
                let (mut done, answer) = self.update(&update).await?;
                self.spread(&Statement::Update(update)).await;
                done.rows_affected *= self.dialect().rows_of_upsert();
                Ok((done, answer))
            }
            Conflict::Replaces => {
                let delete = Delete { table: table.clone(), rows: rows(conditions.join(" OR ")) };
                let (deleted, _) = self.remove(table, &delete.rows).await?;
                self.spread(&Statement::Delete(delete)).await;
                let (mut done, answer) = self.add(insert, computed, columns).await?;
                done.rows_affected += deleted.rows_affected * (self.dialect().rows_of_upsert() - 1);
                Ok((done, answer))
            }
            Conflict::Skips { .. } | Conflict::Fails | Conflict::Unknown => Ok((Done::default(), Vec::new())),
        }
    }

    /// The rows that a query answers, as values in the order of its columns.
    async fn rows_of_query(&mut self, insert: &Insert, query: &str) -> Result<Vec<Vec<Term>>, Lost> {
        let table = &insert.table;
        let columns = self.begin(table).await;
        let named = self.named_columns(insert, &columns);
        if named.is_empty() {
            return Err(Lost::of(table));
        }
        let source = self.over(query).map_err(|_| Lost::of(table))?;
        self.now.layers.query(SOURCE, named.clone(), source);
        let cells: Vec<String> = named
            .iter()
            .map(|column| {
                let own = self.in_type(&self.dialect().quote(&column.name), column);
                self.dialect().text(&self.dialect().quote_of(&own, &column.kind))
            })
            .collect();
        let sql = format!("SELECT {} FROM {SOURCE} LIMIT {}", cells.join(", "), MAX_QUERY_ROWS + 1);
        let found = self.answer(&sql).await.map_err(|error| Lost::because(table, error))?;
        if found.len() > MAX_QUERY_ROWS {
            return Err(Lost::of(table));
        }
        let cell = |row: &sea_orm_migration::sea_orm::QueryResult, at: usize| {
            let text = row.try_get_by_index::<Option<String>>(at).ok().flatten();
            Term::Literal(text.unwrap_or_else(|| "NULL".to_owned()))
        };
        Ok(found.iter().map(|row| (0..named.len()).map(|at| cell(row, at)).collect()).collect())
    }

    /// The columns that a statement gives values to.
    fn named_columns(&self, insert: &Insert, columns: &[Column]) -> Vec<Column> {
        if insert.columns.is_empty() {
            return columns.to_vec();
        }
        let of = |name: &String| {
            columns.iter().find(|column| self.names.column(&column.name) == self.names.column(name)).cloned()
        };
        insert.columns.iter().filter_map(of).collect()
    }

    /// Adds what a query answers.
    async fn insert_query(&mut self, insert: &Insert, query: &str) -> Result<(Done, Rowset), Lost> {
        let table = &insert.table;
        let columns = self.begin(table).await;
        let source = self.over(query).map_err(|_| Lost::of(table))?;
        if self.now.layers.is_opaque(table) || columns.is_empty() || insert.returning.is_some() {
            return Err(Lost::of(table));
        }
        let named = self.named_columns(insert, &columns);
        self.now.layers.query(SOURCE, named.clone(), source);
        let mut list = Vec::new();
        let mut numbered = None;
        for column in &columns {
            let from_query = named.iter().any(|own| own.name == column.name);
            list.push(match (&column.default, column.numbered) {
                _ if from_query => self.dialect().quote(&column.name),
                (_, true) => {
                    let last = self.last_number(table, column).await;
                    numbered = Some(last);
                    format!("ROW_NUMBER() OVER () + {last}")
                }
                (default, _) => self.in_type(default.as_deref().unwrap_or("NULL"), column),
            });
        }
        let sql = format!("SELECT {} FROM {SOURCE}", list.join(", "));
        let count = self.number(&format!("SELECT {} FROM {SOURCE}", self.dialect().text("COUNT(*)"))).await;
        let bare = self.now.layers.over(&sql, &|_| false, self.dialect()).map_err(|_| Lost::of(table))?;
        self.now.layers.add_query(table, &bare, self.dialect());
        self.now.unchecked.insert(self.names.table(table));
        if let (Some(last), Some(count)) = (numbered, count) {
            self.give_number(table, last + count);
        }
        let rows_affected = count.and_then(|count| u64::try_from(count).ok()).ok_or_else(|| Lost::of(table))?;
        Ok((Done { last_insert_id: 0, rows_affected }, Vec::new()))
    }

    /// Values as the database computes them now, so that they stay what they are; the columns repeat with each row.
    async fn fixed(&self, cells: &[Term], columns: &[Column]) -> Result<Vec<String>, DbErr> {
        let mut list = Vec::new();
        for (cell, column) in cells.iter().zip(columns.iter().cycle()) {
            let Term::Computed(expression) = cell else { continue };
            let lower = expression.to_lowercase();
            if self.dialect().effects().iter().any(|effect| lower.contains(&format!("{effect}("))) {
                return Err(DbErr::Custom(format!("{expression} changes something")));
            }
            list.push(self.dialect().quote_of(&self.in_type(expression, column), &column.kind));
        }
        let mut found = Vec::new();
        for part in list.chunks(VALUES_AT_ONCE) {
            let rows = self.answer(&format!("SELECT {}", part.join(", "))).await?;
            let row = rows.first().ok_or_else(|| DbErr::Custom("no row".to_owned()))?;
            for at in 0..part.len() {
                found.push(row.try_get_by_index::<Option<String>>(at)?.unwrap_or_else(|| "NULL".to_owned()));
            }
        }
        let mut found = found.into_iter();
        let null = || "NULL".to_owned();
        let fixed = cells.iter().map(|cell| match cell {
            Term::Literal(text) => text.clone(),
            Term::Computed(_) => found.next().unwrap_or_else(null),
            Term::Default => null(),
        });
        Ok(fixed.collect())
    }
}

/// A new row that comes upon another.
struct Found {
    /// The key, by its place among those that were asked for.
    key: usize,
    /// The other row is one of the statement's own.
    among_new: bool,
}

/// The name of the query of an `INSERT`.
const SOURCE: &str = "kit_pretend_source";
