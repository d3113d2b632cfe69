//! A connection of SeaORM's that notes what it is given: what only reads is asked of the database, over the layers of what
//! was noted before, and what would change something is written down with its values. It sends nothing that changes
//! anything.

mod clerk;
#[cfg(feature = "sea-orm-1")]
mod kinds;
mod literal;
mod writes;

use std::collections::HashMap;

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement as Question, Value};

use super::{Handle, Session, backend_of, version};
use crate::connection::{Connection, Sessions};
use crate::dialect::Dialect;
use crate::pretend::Said;
use crate::pretend::layers::{Layers, Trouble};
use crate::pretend::schema::{Column, Origin, Overlay, key};
use crate::pretend::statement::{self, Statement};
use crate::pretend::token::{Kind as Word, statements, tokens};
use crate::wire::Note;
use clerk::{Ask, Reply};

pub use clerk::{Clerk, Done, over};

/// What answers.
pub struct Core {
    session: Session,
    dialect: Dialect,
    now: Pretence,
    /// As it was when it was settled.
    before: Pretence,
    said: Vec<Said>,
    /// Columns of the database's own tables, by table.
    columns: HashMap<String, Vec<Column>>,
    #[cfg(feature = "sea-orm-1")]
    guesses: kinds::Guesses,
}

/// What has been pretended.
#[derive(Clone, Default)]
struct Pretence {
    schema: Overlay,
    layers: Layers,
    /// As it was at the beginning of each open transaction.
    open: Vec<(Overlay, Layers)>,
}

impl Core {
    fn new(session: Session, dialect: Dialect) -> Self {
        Self {
            session,
            dialect,
            now: Pretence::default(),
            before: Pretence::default(),
            said: Vec::new(),
            columns: HashMap::new(),
            #[cfg(feature = "sea-orm-1")]
            guesses: kinds::Guesses::default(),
        }
    }

    async fn query(&mut self, question: Question) -> Result<Vec<version::Made>, DbErr> {
        let values = question.values.map(|values| values.0).unwrap_or_default();
        let sql = question.sql.as_str();
        let rows = match statement::read(sql, self.dialect) {
            Statement::Look | Statement::Select(_) => self.ask(sql, &values).await?,
            Statement::Other => {
                let rows = self.write(sql, &values).await?.1;
                self.unanswered(sql, &DbErr::Custom("it may change something".to_owned()));
                rows
            }
            _ => self.write(sql, &values).await?.1,
        };
        #[cfg(feature = "sea-orm-1")]
        return Ok(self.made(sql, rows).await);
        #[cfg(not(feature = "sea-orm-1"))]
        Ok(rows)
    }

    async fn execute(&mut self, question: Question) -> Result<Done, DbErr> {
        let values = question.values.map(|values| values.0).unwrap_or_default();
        let mut done = Done::default();
        for place in statements(&question.sql, self.dialect.lexis()) {
            let sql = question.sql.get(place).unwrap_or_default().trim();
            done = self.write(sql, &values).await?.0;
        }
        Ok(done)
    }

    fn turn(&mut self, ask: Ask) -> Reply {
        let depth = self.now.open.len();
        match ask {
            Ask::Begin => {
                self.now.open.push((self.now.schema.clone(), self.now.layers.clone()));
                self.say(if depth == 0 { "BEGIN".to_owned() } else { format!("SAVEPOINT kit_{depth}") });
            }
            Ask::Commit if depth > 0 => {
                self.now.open.pop();
                self.say(if depth == 1 { "COMMIT".to_owned() } else { format!("RELEASE SAVEPOINT kit_{}", depth - 1) });
            }
            Ask::Rollback => {
                if let Some((schema, layers)) = self.now.open.pop() {
                    (self.now.schema, self.now.layers) = (schema, layers);
                    let inner = format!("ROLLBACK TO SAVEPOINT kit_{}", depth - 1);
                    self.say(if depth == 1 { "ROLLBACK".to_owned() } else { inner });
                }
            }
            Ask::Settle => {
                // A migration that failed may have left one open.
                self.now.open.clear();
                self.before = self.now.clone();
                return Reply::Said(std::mem::take(&mut self.said));
            }
            Ask::Rewind(refusal) => return Reply::Is(self.rewind(&refusal)),
            Ask::Commit | Ask::Query(_) | Ask::Execute(_) => {}
        }
        Reply::Is(true)
    }

    #[cfg(not(feature = "sea-orm-1"))]
    fn rewind(&mut self, _refusal: &str) -> bool {
        // Rows are the database's own: nothing was guessed.
        false
    }

    #[cfg(feature = "sea-orm-1")]
    fn rewind(&mut self, refusal: &str) -> bool {
        let again = self.guesses.learn(refusal);
        if again {
            self.now = self.before.clone();
            self.said.clear();
        }
        again
    }

    fn say(&mut self, sql: String) {
        self.said.push(Said::Statement(sql));
    }

    fn note(&mut self, note: Note) {
        // Once is enough until something else happens.
        if self.said.last() != Some(&Said::Note(note.clone())) {
            self.said.push(Said::Note(note));
        }
    }

    /// The answer to a question that changes nothing.
    async fn ask(&mut self, sql: &str, values: &[Value]) -> Result<Vec<QueryResult>, DbErr> {
        let Statement::Select(select) = statement::read(sql, self.dialect) else {
            return self.rows(self.question(sql, values)).await;
        };
        if let Some((function, label)) = select.effect {
            let text = self.filled(sql, values).await?;
            self.say(text);
            let value = self.dialect.effect_value(&function);
            let made = format!("SELECT {value} AS {}", self.dialect.quote(&label));
            self.note(Note::Effect { function });
            return self.rows(self.question(&made, &[])).await;
        }
        if let Some(there) = self.probe(sql, values) {
            return self.rows(there).await;
        }
        if self.now.schema.changed && select.tables.iter().any(|table| self.dialect.is_catalog(table)) {
            self.note(Note::Catalog);
        }
        let unlocked = select.locks.and_then(|place| sql.get(..place.start)).unwrap_or(sql);
        let layered = match self.over(unlocked) {
            Ok(layered) => layered,
            Err(Trouble::Gone(table)) => {
                return Err(DbErr::Custom(format!("`{table}` is read here, but a statement above takes it away")));
            }
            Err(Trouble::Opaque(table)) => {
                self.note(Note::Unknown { table });
                return Ok(Vec::new());
            }
        };
        match self.rows(self.question(&layered, values)).await {
            Err(error) if is_write(&error.to_string()) => {
                // A function of the database's own changes something.
                let text = self.filled(sql, values).await?;
                self.say(text.clone());
                self.unanswered(&text, &error);
                Ok(Vec::new())
            }
            // The same would come for real.
            Err(error) if layered == unlocked => Err(error),
            Err(error) => {
                let text = self.filled(sql, values).await?;
                self.unanswered(&text, &error);
                Ok(Vec::new())
            }
            rows => rows,
        }
    }

    fn unanswered(&mut self, sql: &str, error: &DbErr) {
        let sql = sql.chars().take(SHOWN).collect();
        self.note(Note::Unanswered { sql, message: error.to_string() });
    }

    /// SeaORM's own question for a table, a column, an index, as the database can answer it after statements that have
    /// decided it.
    fn probe(&self, sql: &str, values: &[Value]) -> Option<Question> {
        let asks = |label: &str| sql.contains(&format!("COUNT(*) > 0 AS {}", self.dialect.quote(label)));
        let label = ["has_table", "has_column", "has_index"].into_iter().find(|label| asks(label))?;
        let texts: Vec<&str> = values.iter().filter_map(literal::text).collect();
        let last = texts.last()?;
        let before = texts.len().checked_sub(2).and_then(|at| texts.get(at));
        let schema = &self.now.schema;
        let there = match label {
            "has_table" => schema.table(last).map(|table| table.origin != Origin::Gone),
            "has_column" => schema.column(before?, last),
            _ => match (schema.index(last), schema.table(before?)) {
                (Some(there), _) => Some(there),
                (None, Some(table)) if !matches!(table.origin, Origin::Real(_)) => Some(false),
                _ => None,
            },
        };
        if let Some(there) = there {
            let there = if there { "1 = 1" } else { "1 = 0" };
            return Some(self.question(&format!("SELECT {there} AS {}", self.dialect.quote(label)), &[]));
        }
        let Some(Origin::Real(real)) = before.and_then(|table| schema.table(table)).map(|table| &table.origin) else {
            return None;
        };
        // The database knows the table by its former name.
        let mut values = values.to_vec();
        let at = values.len().checked_sub(2)?;
        *values.get_mut(at)? = real.as_str().into();
        Some(self.question(sql, &values))
    }

    /// Whether a table is there, as it would be now.
    async fn is_there(&self, table: &str) -> bool {
        if let Some(table) = self.now.schema.table(table) {
            return table.origin != Origin::Gone;
        }
        let question = self.question(self.dialect.table_exists(), &[table.into()]);
        self.rows(question).await.is_ok_and(|rows| !rows.is_empty())
    }

    /// What the database answers, in a session or a transaction that may only read.
    async fn rows(&self, question: Question) -> Result<Vec<QueryResult>, DbErr> {
        if self.session.sessions != Sessions::Lent {
            return match &self.session.handle {
                Handle::Connection(connection) | Handle::Pool(connection, _) => {
                    version::query(connection, question).await
                }
                Handle::Transaction(transaction) => version::query(transaction, question).await,
            };
        }
        let inside = self.session.begin_lent().await.map_err(|error| DbErr::Custom(error.message))?;
        let Handle::Transaction(transaction) = &inside.handle else { return Ok(Vec::new()) };
        let outcome = match transaction.execute_unprepared(self.dialect.read_only_transaction()).await {
            Ok(_) => version::query(transaction, question).await,
            Err(error) => Err(error),
        };
        // There is nothing in it to be kept.
        let _ = inside.rollback().await;
        outcome
    }

    fn question(&self, sql: &str, values: &[Value]) -> Question {
        Question::from_sql_and_values(backend_of(self.dialect), sql, values.to_vec())
    }

    /// A query over the newest layers.
    fn over(&self, sql: &str) -> Result<String, Trouble> {
        let Pretence { schema, layers, .. } = &self.now;
        let sql = layers.over(sql, |name| schema.is_new_type(name), self.dialect)?;
        Ok(layers.whole(&sql, self.dialect))
    }

    /// The columns of a table, as they would be now.
    async fn columns(&mut self, table: &str) -> Vec<Column> {
        if let Some(columns) = self.now.layers.columns(table) {
            return columns.to_vec();
        }
        if let Some(columns) = self.columns.get(&key(table)) {
            return columns.clone();
        }
        let question = self.question(self.dialect.columns_of(), &[table.into()]);
        let rows = self.rows(question).await.unwrap_or_default();
        let columns: Vec<Column> = rows
            .iter()
            .map(|row| {
                let text = |at: usize| row.try_get_by_index::<Option<String>>(at).ok().flatten();
                Column {
                    name: text(0).unwrap_or_default(),
                    kind: text(1).unwrap_or_default(),
                    default: text(2),
                    numbered: text(3).as_deref() == Some("1"),
                }
            })
            .collect();
        self.columns.insert(key(table), columns.clone());
        columns
    }

    /// A statement with its values in it, exactly as the database would get them.
    async fn filled(&self, sql: &str, values: &[Value]) -> Result<String, DbErr> {
        if values.is_empty() {
            return Ok(sql.to_owned());
        }
        let texts = self.literals(values).await?;
        let mut text = String::with_capacity(sql.len());
        let mut at = 0;
        for token in tokens(sql, self.dialect.lexis()) {
            if let Word::Placeholder(number) = token.kind
                && let Some(value) = texts.get(number)
            {
                text.push_str(sql.get(at..token.place.start).unwrap_or_default());
                text.push_str(value);
                at = token.place.end;
            }
        }
        text.push_str(sql.get(at..).unwrap_or_default());
        Ok(text)
    }

    /// Values as they stand in SQL. What a driver makes of a date or a decimal only the database can say.
    async fn literals(&self, values: &[Value]) -> Result<Vec<String>, DbErr> {
        let own: Vec<Option<String>> = values.iter().map(|value| literal::literal(value, self.dialect)).collect();
        let asked: Vec<Value> =
            own.iter().zip(values).filter(|(own, _)| own.is_none()).map(|(_, value)| value.clone()).collect();
        let mut answers = Vec::new();
        // Not every database takes many at once.
        for part in asked.chunks(100) {
            let cells = (1..=part.len()).map(|at| self.dialect.quote_value(&self.dialect.placeholder(at)));
            let sql = format!("SELECT {}", cells.collect::<Vec<_>>().join(", "));
            for row in self.rows(self.question(&sql, part)).await? {
                for at in 0..part.len() {
                    answers.push(row.try_get_by_index::<String>(at)?);
                }
            }
        }
        let mut answers = answers.into_iter();
        Ok(own.into_iter().map(|own| own.or_else(|| answers.next()).unwrap_or_else(|| "NULL".to_owned())).collect())
    }
}

/// So much of a query is shown.
const SHOWN: usize = 300;

/// Whether the database refused because the session changes nothing.
fn is_write(message: &str) -> bool {
    let message = message.to_lowercase();
    ["read-only", "read only", "readonly"].iter().any(|words| message.contains(words))
}
