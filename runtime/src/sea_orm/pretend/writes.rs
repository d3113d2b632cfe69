//! What a migration would change: noted with its values, and what it wants to hear of it worked out.

use sea_orm_migration::sea_orm::{DbErr, QueryResult, Value};

use super::{Core, Done};
use crate::dialect::Dialect;
use crate::pretend::layers::names;
use crate::pretend::schema::{Change, Column};
use crate::pretend::statement::{self, Delete, Rows, Statement, Update};
use crate::pretend::token::tokens;
use crate::wire::Note;

pub(super) type Rowset = Vec<QueryResult>;

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
        if let Some(table) = statement.target().filter(|table| self.now.layers.view_query(table).is_some()) {
            let table = table.to_owned();
            self.spread_relations(&table);
            self.note(Note::Uncounted { table });
            return Ok((Done { last_insert_id: 1, rows_affected: 1 }, Vec::new()));
        }
        let outcome = match &statement {
            Statement::Schema(read) => {
                if read.is_empty() && changes_queries(&text, self.dialect()) {
                    self.doubt(statement::mentioned(&text, self.dialect()), true);
                }
                self.follow(&text, &changes);
                for change in &changes {
                    self.change(change).await;
                }
                Ok((Done::default(), Vec::new()))
            }
            Statement::Insert(insert) => self.insert(insert).await,
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
        if let Statement::Update(Update { rows, .. }) | Statement::Delete(Delete { rows, .. }) = &statement
            && !rows.others.is_empty()
        {
            self.doubt(Some(rows.others.clone()), false);
        }
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
        self.follow_relations(change);
        match change {
            Change::Create { .. } => return self.create(change).await,
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
                let implicit = dialect.implicit_default(&column.kind).filter(|_| !column.nullable);
                let default = column.default.clone().or(implicit.map(str::to_owned));
                list.push(self.in_type(default.as_deref().unwrap_or("NULL"), column));
                columns.push(column.clone());
                self.now.layers.next(table, columns, &list, "", dialect);
                // The rows that exist get numbers, what is computed from them, or what the type has for no value.
                let is_implicit = !column.nullable && default.is_none();
                if column.numbered || column.computed || is_implicit {
                    self.now.layers.lose(table);
                }
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
            Change::Alter(..) | Change::Redefine(..) | Change::Touch(_) | Change::Value { .. } => {}
            Change::Rule { .. } | Change::Attach(..) => {}
            Change::Object { .. } | Change::DropObject { .. } => {}
        }
        self.now.schema.apply(change);
    }

    /// The columns of a table that is going to change, which has a layer from now on.
    pub(super) async fn begin(&mut self, table: &str) -> Vec<Column> {
        let columns = self.columns(table).await;
        let is_new = !self.now.layers.has(table);
        if is_new && !columns.is_empty() {
            self.now.layers.begin(table, columns.clone(), self.dialect());
        }
        // What a column gets by itself is not followed.
        let is_altered = self.now.schema.table(table).is_some_and(|own| own.altered);
        if is_altered || is_new && (self.is_in_doubt(table) || columns.iter().any(|column| column.computed)) {
            self.now.layers.lose(table);
        }
        columns
    }

    pub(super) fn in_type(&self, expression: &str, column: &Column) -> String {
        let new = self.now.schema.is_new_type(&column.kind.replace('"', ""));
        self.dialect().in_type(expression, if new { "text" } else { &column.kind })
    }

    pub(super) async fn update(&mut self, update: &Update) -> Result<(Done, Rowset), Lost> {
        let table = &update.table;
        let lost = |why| Lost { table: table.clone(), why };
        self.check(table).await;
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
        self.now.unchecked.insert(self.names.table(table));
        Ok((Done { last_insert_id: 0, rows_affected: count }, answer))
    }

    pub(super) async fn remove(&mut self, table: &str, rows: &Rows) -> Result<(Done, Rowset), Lost> {
        let lost = |why| Lost { table: table.to_owned(), why };
        self.check(table).await;
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
        self.layered(sql).map_err(|_| None)
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
    pub(super) async fn number(&self, sql: &str) -> Option<i64> {
        let rows = self.answer(sql).await.ok()?;
        let text = rows.first()?.try_get_by_index::<Option<String>>(0).ok().flatten();
        text.and_then(|text| text.parse().ok())
    }

    /// What a query answers over the newest layers.
    pub(super) async fn answer(&self, sql: &str) -> Result<Rowset, DbErr> {
        if let Some(routine) = self.unseen_reader(sql) {
            return Err(DbErr::Custom(format!("`{routine}` may read what the statements above change")));
        }
        let sql = self.over(sql).map_err(|_| DbErr::Custom("what is in it is not known".to_owned()))?;
        self.rows(self.question(&sql, &[])).await
    }
}

/// Whether a statement that is not followed changes what queries answer: a rule, a view, a policy.
fn changes_queries(sql: &str, dialect: Dialect) -> bool {
    let words = tokens(sql, dialect.lexis());
    words.iter().take(4).any(|word| ["rule", "view", "policy"].iter().any(|known| word.is(known)))
}

/// What would be in a table is not known from here on.
pub(super) struct Lost {
    table: String,
    why: Option<DbErr>,
}

impl Lost {
    pub(super) fn of(table: &str) -> Self {
        Self { table: table.to_owned(), why: None }
    }

    pub(super) fn because(table: &str, why: DbErr) -> Self {
        Self { table: table.to_owned(), why: Some(why) }
    }
}
