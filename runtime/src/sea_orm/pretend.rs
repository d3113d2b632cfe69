//! A connection of SeaORM's that notes what it is given: what only reads is asked of the database, over the layers of what
//! was noted before, and what would change something is written down with its values. It sends nothing that changes
//! anything. A thread of its own has the session, since SeaORM does not wait for those who answer in its place.

#[cfg(feature = "sea-orm-1")]
mod kinds;
mod literal;
mod writes;

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, DbErr, QueryResult, Statement as Question, Value};

use super::connect::Settings;
use super::{Session, backend_of, version};
use crate::dialect::Dialect;
use crate::pretend::layers::{Layers, Trouble};
use crate::pretend::schema::{Column, Origin, Overlay, key};
use crate::pretend::statement::{self, Statement};
use crate::pretend::token::{Kind as Word, statements, tokens};
use crate::pretend::{Recorder, Said};
use crate::wire::Note;

/// A connection over a session of its own that changes nothing, and what it notes.
pub fn over(settings: Settings, dialect: Dialect) -> Option<(DatabaseConnection, Arc<dyn Recorder>)> {
    let (asks, asked) = channel();
    let work = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(serve(settings, dialect, &asked));
    };
    // SQL may be nested deeply.
    std::thread::Builder::new().name("pretend".to_owned()).stack_size(16 << 20).spawn(work).ok()?;
    let clerk = Clerk { dialect, asks: Arc::new(Mutex::new(asks)) };
    let connection = version::connection_over(clerk.clone()).ok()?;
    Some((connection, Arc::new(clerk)))
}

/// Whoever asks the thread that has the session.
#[derive(Clone, Debug)]
pub struct Clerk {
    dialect: Dialect,
    asks: Arc<Mutex<Sender<(Ask, Sender<Reply>)>>>,
}

#[derive(Debug)]
enum Ask {
    Query(Question),
    Execute(Question),
    Begin,
    Commit,
    Rollback,
    Settle,
    Rewind(String),
}

enum Reply {
    Rows(Result<Vec<version::Made>, DbErr>),
    Done(Result<Done, DbErr>),
    Said(Vec<Said>),
    Is(bool),
}

/// How a statement would have ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// The number of the first row that was added.
    pub last_insert_id: u64,
    /// How many rows it would have found.
    pub rows_affected: u64,
}

impl Clerk {
    pub fn backend(&self) -> DbBackend {
        backend_of(self.dialect)
    }

    pub fn query(&self, question: Question) -> Result<Vec<version::Made>, DbErr> {
        match self.ask(Ask::Query(question)) {
            Some(Reply::Rows(rows)) => rows,
            _ => Err(over_and_out()),
        }
    }

    pub fn execute(&self, question: Question) -> Result<Done, DbErr> {
        match self.ask(Ask::Execute(question)) {
            Some(Reply::Done(done)) => done,
            _ => Err(over_and_out()),
        }
    }

    pub fn begin(&self) {
        self.ask(Ask::Begin);
    }

    pub fn commit(&self) {
        self.ask(Ask::Commit);
    }

    pub fn rollback(&self) {
        self.ask(Ask::Rollback);
    }

    fn ask(&self, ask: Ask) -> Option<Reply> {
        let (reply, replied) = channel();
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).send((ask, reply)).ok()?;
        replied.recv().ok()
    }
}

impl Recorder for Clerk {
    fn settle(&self) -> Vec<Said> {
        match self.ask(Ask::Settle) {
            Some(Reply::Said(said)) => said,
            _ => Vec::new(),
        }
    }

    fn rewind(&self, refusal: &str) -> bool {
        matches!(self.ask(Ask::Rewind(refusal.to_owned())), Some(Reply::Is(true)))
    }
}

fn over_and_out() -> DbErr {
    DbErr::Custom("the session that only reads has ended".to_owned())
}

async fn serve(settings: Settings, dialect: Dialect, asked: &Receiver<(Ask, Sender<Reply>)>) {
    let session = Session::to_read(settings).await;
    let mut core = match session.map(|session| session.handle) {
        Ok(super::Handle::Connection(real)) => Ok(Core::new(real, dialect)),
        Ok(_) => Err("it has no session of its own".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    while let Ok((ask, reply)) = asked.recv() {
        let answer = match (&mut core, ask) {
            (Ok(core), Ask::Query(question)) => Reply::Rows(core.query(question).await),
            (Ok(core), Ask::Execute(question)) => Reply::Done(core.execute(question).await),
            (Ok(core), other) => core.turn(other),
            (Err(error), _) => Reply::Rows(Err(DbErr::Custom(error.clone()))),
        };
        // Whoever asked may have given up.
        let _ = reply.send(answer);
    }
}

/// What answers.
pub struct Core {
    real: DatabaseConnection,
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
    fn new(real: DatabaseConnection, dialect: Dialect) -> Self {
        Self {
            real,
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
            return version::query(&self.real, self.question(sql, values)).await;
        };
        if let Some((function, label)) = select.effect {
            let text = self.filled(sql, values).await?;
            self.say(text);
            let value = self.dialect.effect_value(&function);
            let made = format!("SELECT {value} AS {}", self.dialect.quote(&label));
            self.note(Note::Effect { function });
            return version::query(&self.real, self.question(&made, &[])).await;
        }
        if let Some(there) = self.probe(sql, values) {
            return version::query(&self.real, there).await;
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
        match version::query(&self.real, self.question(&layered, values)).await {
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
        version::query(&self.real, question).await.is_ok_and(|rows| !rows.is_empty())
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
        let rows = version::query(&self.real, question).await.unwrap_or_default();
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
            for row in version::query(&self.real, self.question(&sql, part)).await? {
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
