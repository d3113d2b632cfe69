//! What a migration would change: noted with its values, and what it wants to hear of it worked out.

use sea_orm_migration::sea_orm::{DbErr, QueryResult, Value};

use super::{Core, Done};
use crate::pretend::layers::names;
use crate::pretend::schema::{Change, Column};
use crate::pretend::statement::{self, Insert, Rows, Statement, Term, Update};
use crate::wire::Note;

type Rowset = Vec<QueryResult>;

impl Core {
    /// Takes note of a statement; says how it would end, and what it would answer.
    pub(super) async fn write(&mut self, sql: &str, values: &[Value]) -> Result<(Done, Rowset), DbErr> {
        let text = self.filled(sql, values).await?;
        let statement = statement::read(&text, &self.names);
        if let Statement::Transaction(control) = &statement {
            self.control(control, text)?;
            return Ok((Done::default(), Vec::new()));
        }
        self.is_usable()?;
        self.enter(&statement);
        let changes = match self.fate(&statement, &text).await {
            Ok(changes) => changes,
            Err(message) => {
                self.abort();
                self.note(Note::LeftOut { sql: text, message: message.clone() });
                return Err(DbErr::Custom(message));
            }
        };
        self.say(text.clone());
        let outcome = match &statement {
            Statement::Schema(_) => {
                self.follow(&text, &changes);
                for change in &changes {
                    self.change(change).await;
                }
                Ok((Done::default(), Vec::new()))
            }
            Statement::Insert(insert) => match insert.query.clone() {
                Some(query) => self.insert_query(insert, &query).await,
                None => self.insert(insert).await,
            },
            Statement::Update(update) => self.update(update).await,
            Statement::Delete(delete) => self.remove(&delete.table, &delete.rows).await,
            Statement::Select(select) => {
                if let Some((function, _)) = select.effect.clone() {
                    self.note(Note::Effect { function });
                }
                Ok((Done::default(), Vec::new()))
            }
            Statement::Session => {
                self.set(&text).await;
                Ok((Done::default(), Vec::new()))
            }
            Statement::Other => {
                self.doubt(statement::mentioned(&text, self.dialect()), true);
                Ok((Done::default(), Vec::new()))
            }
            Statement::Look | Statement::Transaction(_) => Ok((Done::default(), Vec::new())),
        };
        self.spread(&statement).await;
        match outcome {
            Ok(done) => Ok(done),
            Err(Lost { table, why }) => {
                self.now.layers.lose(&table);
                if let Some(error) = why {
                    self.unanswered(&text, &error);
                }
                self.note(Note::Uncounted { table });
                Ok((Done { last_insert_id: 1, rows_affected: 1 }, Vec::new()))
            }
        }
    }

    async fn change(&mut self, change: &Change) {
        let dialect = self.dialect();
        match change {
            Change::Create { table, columns: Some(columns), .. } => {
                let schema = self.now.schema.clone();
                let in_type = |expression: &str, column: &Column| {
                    let new = schema.is_new_type(&column.kind.replace('"', ""));
                    dialect.in_type(expression, if new { "text" } else { &column.kind })
                };
                self.now.layers.create(table, columns.clone(), in_type, dialect);
            }
            Change::Create { table, query, .. } => match query.as_ref().and_then(|query| self.over(query).ok()) {
                Some(query) => self.now.layers.view(table, query),
                None => self.now.layers.lose(table),
            },
            Change::Drop { table, .. } => {
                self.forget_number(table);
                self.now.layers.drop(table);
            }
            Change::Rename(from, to) => {
                self.begin(from).await;
                self.now.layers.rename(from, to);
            }
            Change::Add { table, column, .. } => {
                let mut columns = self.begin(table).await;
                let mut list = names(&columns, dialect);
                let default = column.default.clone().unwrap_or_else(|| "NULL".to_owned());
                list.push(self.in_type(&default, column));
                columns.push(column.clone());
                self.now.layers.next(table, columns, &list, "", dialect);
            }
            Change::Remove { table, column, .. } => {
                let mut columns = self.begin(table).await;
                columns.retain(|own| self.names.column(&own.name) != self.names.column(column));
                let list = names(&columns, dialect);
                self.now.layers.next(table, columns, &list, "", dialect);
            }
            Change::RenameColumn(table, from, to) => {
                let mut columns = self.begin(table).await;
                let list = names(&columns, dialect);
                for column in columns.iter_mut().filter(|own| self.names.column(&own.name) == self.names.column(from)) {
                    column.name.clone_from(to);
                }
                self.now.layers.next(table, columns, &list, "", dialect);
            }
            Change::Empty(table) => {
                let columns = self.begin(table).await;
                if dialect.numbers_by_sequence() {
                    self.keep_number(table, &columns).await;
                } else {
                    self.forget_number(table);
                }
                let list = names(&columns, dialect);
                self.now.layers.next(table, columns, &list, "WHERE 1 = 0", dialect);
            }
            Change::Alter(table, _) if self.now.layers.has(table) => self.now.layers.lose(table),
            Change::Alter(..) | Change::Touch(_) | Change::Value { .. } => {}
            Change::Object { .. } | Change::DropObject { .. } => {}
        }
        self.now.schema.apply(change);
    }

    /// The columns of a table that is going to change, which has a layer from now on.
    async fn begin(&mut self, table: &str) -> Vec<Column> {
        let columns = self.columns(table).await;
        if !self.now.layers.has(table) && !columns.is_empty() {
            self.now.layers.begin(table, columns.clone(), self.dialect());
            if self.is_in_doubt(table) {
                self.now.layers.lose(table);
            }
        }
        columns
    }

    fn in_type(&self, expression: &str, column: &Column) -> String {
        let new = self.now.schema.is_new_type(&column.kind.replace('"', ""));
        self.dialect().in_type(expression, if new { "text" } else { &column.kind })
    }

    async fn insert(&mut self, insert: &Insert) -> Result<(Done, Rowset), Lost> {
        let table = &insert.table;
        let lost = |why| Lost { table: table.clone(), why };
        let columns = self.begin(table).await;
        if columns.is_empty() {
            return Err(lost(None));
        }
        let named: Vec<String> = match insert.columns.is_empty() {
            true => columns.iter().map(|column| column.name.clone()).collect(),
            false => insert.columns.clone(),
        };
        let rows = insert.rows.clone().unwrap_or_default();
        let mut next = None;
        let mut first_number = None;
        let mut assumed: Vec<(String, String)> = Vec::new();
        let mut made = Vec::new();
        for terms in &rows {
            let mut cells = Vec::new();
            let mut given = Vec::new();
            for (at, column) in columns.iter().enumerate() {
                let place = named.iter().position(|name| self.names.column(name) == self.names.column(&column.name));
                let term = place.and_then(|place| terms.get(place)).unwrap_or(&Term::Default);
                let default = column.default.as_ref().map(|default| statement::term_of(default, self.dialect()));
                cells.push(match (term, default) {
                    (Term::Literal(text), _) if !(column.numbered && text.eq_ignore_ascii_case("null")) => term.clone(),
                    (Term::Computed(_), _) => term.clone(),
                    _ if column.numbered => {
                        let number = match next {
                            Some(number) => number,
                            None => self.last_number(table, column).await + 1,
                        };
                        next = Some(number + 1);
                        first_number.get_or_insert(number);
                        given.push(at);
                        Term::Literal(number.to_string())
                    }
                    (_, Some(default)) => {
                        if default != Term::Default {
                            given.push(at);
                        }
                        default
                    }
                    _ => Term::Literal("NULL".to_owned()),
                });
            }
            let cells = self.fixed(&cells, &columns).await.map_err(|error| lost(Some(error)))?;
            if assumed.is_empty() {
                let shown = |at: &usize| Some((columns.get(*at)?.name.clone(), cells.get(*at)?.clone()));
                assumed = given.iter().filter_map(shown).collect();
            }
            let typed: Vec<String> =
                cells.iter().zip(&columns).map(|(cell, column)| self.in_type(cell, column)).collect();
            made.push(typed.join(", "));
        }
        let asked = |column: &String| match &insert.returning {
            Some(text) => text == "*" || text.to_lowercase().contains(&self.names.column(column)),
            // Whoever has no RETURNING gets the number of the row, whether it wants it or not.
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
        if insert.conflicts {
            self.note(Note::Uncounted { table: table.clone() });
        }
        let answer = match &insert.returning {
            Some(list) => {
                let lists: Vec<Vec<String>> = vec![names(&columns, self.dialect())];
                let source = self.dialect().rows_as(&made, lists.first().map(Vec::as_slice).unwrap_or_default());
                let sql = format!("SELECT {list} FROM {source} AS {}", self.dialect().quote(table));
                self.answer(&sql).await.map_err(|error| lost(Some(error)))?
            }
            None => Vec::new(),
        };
        if let Some(next) = next {
            self.give_number(table, next - 1);
        }
        let rows_affected = u64::try_from(made.len()).unwrap_or_default();
        self.now.layers.add(table, made, self.dialect());
        let last_insert_id = first_number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
        Ok((Done { last_insert_id, rows_affected }, answer))
    }

    /// Rows that come from a query.
    async fn insert_query(&mut self, insert: &Insert, query: &str) -> Result<(Done, Rowset), Lost> {
        let table = &insert.table;
        let lost = |why| Lost { table: table.clone(), why };
        let columns = self.begin(table).await;
        let source = self.over(query).map_err(|_| lost(None))?;
        if self.now.layers.is_opaque(table) || columns.is_empty() || insert.conflicts || insert.returning.is_some() {
            return Err(lost(None));
        }
        let named: Vec<Column> = match insert.columns.is_empty() {
            true => columns.clone(),
            false => {
                let of = |name: &String| {
                    columns.iter().find(|column| self.names.column(&column.name) == self.names.column(name)).cloned()
                };
                insert.columns.iter().filter_map(of).collect()
            }
        };
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
        let bare = self.now.layers.over(&sql, |_| false, self.dialect()).map_err(|_| lost(None))?;
        self.now.layers.add_query(table, &bare, self.dialect());
        if let (Some(last), Some(count)) = (numbered, count) {
            self.give_number(table, last + count);
        }
        let rows_affected = count.and_then(|count| u64::try_from(count).ok()).ok_or_else(|| lost(None))?;
        Ok((Done { last_insert_id: 0, rows_affected }, Vec::new()))
    }

    async fn update(&mut self, update: &Update) -> Result<(Done, Rowset), Lost> {
        let table = &update.table;
        let lost = |why| Lost { table: table.clone(), why };
        let columns = self.begin(table).await;
        if !update.rows.alone || columns.is_empty() || self.now.layers.is_opaque(table) {
            return Err(lost(None));
        }
        let (mut changed, mut list) = (Vec::new(), Vec::new());
        for column in &columns {
            let own = self.dialect().quote(&column.name);
            let set = update.sets.iter().find(|(name, _)| self.names.column(name) == self.names.column(&column.name));
            let Some((_, value)) = set else {
                changed.push(own.clone());
                list.push(own);
                continue;
            };
            let value = if value.eq_ignore_ascii_case("default") {
                column.default.clone().unwrap_or_else(|| "NULL".to_owned())
            } else {
                self.inner(value).map_err(lost)?
            };
            let value = self.in_type(&value, column);
            list.push(match &update.rows.condition {
                Some(condition) => {
                    let condition = self.inner(condition).map_err(lost)?;
                    format!("CASE WHEN {condition} THEN {value} ELSE {own} END")
                }
                None => value.clone(),
            });
            changed.push(format!("{value} AS {own}"));
        }
        let condition = self.condition(&update.rows, "").map_err(lost)?;
        let answer = match &update.rows.returning {
            Some(returning) => {
                let inner = format!("SELECT {} FROM {}{condition}", changed.join(", "), self.dialect().quote(table));
                let sql = format!("SELECT {returning} FROM ({inner}) AS {}", self.dialect().quote(table));
                self.answer(&sql).await.map_err(|error| lost(Some(error)))?
            }
            None => Vec::new(),
        };
        let count = self.count(table, &condition).await.ok_or_else(|| lost(None))?;
        self.now.layers.next(table, columns, &list, "", self.dialect());
        Ok((Done { last_insert_id: 0, rows_affected: count }, answer))
    }

    async fn remove(&mut self, table: &str, rows: &Rows) -> Result<(Done, Rowset), Lost> {
        let lost = |why| Lost { table: table.to_owned(), why };
        let columns = self.begin(table).await;
        if !rows.alone || columns.is_empty() || self.now.layers.is_opaque(table) {
            return Err(lost(None));
        }
        let condition = self.condition(rows, "").map_err(lost)?;
        let answer = match &rows.returning {
            Some(returning) => {
                let sql = format!("SELECT {returning} FROM {}{condition}", self.dialect().quote(table));
                self.answer(&sql).await.map_err(|error| lost(Some(error)))?
            }
            None => Vec::new(),
        };
        let count = self.count(table, &condition).await.ok_or_else(|| lost(None))?;
        let rest = match self.condition(rows, "NOT COALESCE").map_err(lost)? {
            rest if rest.is_empty() => "WHERE 1 = 0".to_owned(),
            rest => rest,
        };
        self.keep_number(table, &columns).await;
        let list = names(&columns, self.dialect());
        self.now.layers.next(table, columns, &list, &rest, self.dialect());
        Ok((Done { last_insert_id: 0, rows_affected: count }, answer))
    }

    /// ` WHERE …`, or nothing where all rows are meant; `not` turns it round.
    fn condition(&self, rows: &Rows, not: &str) -> Result<String, Option<DbErr>> {
        let Some(condition) = &rows.condition else { return Ok(String::new()) };
        let condition = self.inner(condition)?;
        Ok(match not {
            "" => format!(" WHERE {condition}"),
            not => format!(" WHERE {not}(({condition}), FALSE)"),
        })
    }

    /// A part of a statement over the newest layers, to be a part of another.
    fn inner(&self, sql: &str) -> Result<String, Option<DbErr>> {
        let schema = &self.now.schema;
        self.now.layers.over(sql, |name| schema.is_new_type(name), self.dialect()).map_err(|_| None)
    }

    async fn count(&self, table: &str, condition: &str) -> Option<u64> {
        let sql = format!("SELECT {} FROM {}{condition}", self.dialect().text("COUNT(*)"), self.dialect().quote(table));
        self.number(&sql).await.and_then(|count| u64::try_from(count).ok())
    }

    pub(super) async fn highest(&self, table: &str, column: &str) -> i64 {
        let highest = self.dialect().text(&format!("MAX({})", self.dialect().quote(column)));
        self.number(&format!("SELECT {highest} FROM {}", self.dialect().quote(table))).await.unwrap_or(0)
    }

    /// The number that a query answers, over the newest layers.
    async fn number(&self, sql: &str) -> Option<i64> {
        let rows = self.answer(sql).await.ok()?;
        let text = rows.first()?.try_get_by_index::<Option<String>>(0).ok().flatten();
        text.and_then(|text| text.parse().ok())
    }

    /// What a query answers over the newest layers.
    async fn answer(&self, sql: &str) -> Result<Rowset, DbErr> {
        let sql = self.over(sql).map_err(|_| DbErr::Custom("what is in it is not known".to_owned()))?;
        self.rows(self.question(&sql, &[])).await
    }

    /// Values as the database works them out now, so that they stay what they are.
    async fn fixed(&self, cells: &[Term], columns: &[Column]) -> Result<Vec<String>, DbErr> {
        let mut list = Vec::new();
        for (cell, column) in cells.iter().zip(columns) {
            let Term::Computed(expression) = cell else { continue };
            let lower = expression.to_lowercase();
            if self.dialect().effects().iter().any(|effect| lower.contains(&format!("{effect}("))) {
                return Err(DbErr::Custom(format!("{expression} changes something")));
            }
            list.push(self.dialect().quote_of(&self.in_type(expression, column), &column.kind));
        }
        let mut found = Vec::new();
        if !list.is_empty() {
            let rows = self.answer(&format!("SELECT {}", list.join(", "))).await?;
            let row = rows.first().ok_or_else(|| DbErr::Custom("no row".to_owned()))?;
            for at in 0..list.len() {
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

/// The name under which the query of an `INSERT` stands.
const SOURCE: &str = "kit_pretend_source";

/// What would be in a table is not known from here on.
struct Lost {
    table: String,
    why: Option<DbErr>,
}
