//! A connection of SeaORM's that notes what it is given: what only reads is asked of the database, over the layers of what
//! was noted before, and what would change something is written down with its values. It sends nothing that changes
//! anything.

mod clerk;
mod effects;
mod failing;
mod inserts;
#[cfg(feature = "sea-orm-1")]
mod kinds;
mod literal;
mod numbers;
mod reads;
mod relations;
mod rules;
mod shadow;
mod transaction;
mod writes;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement as Question, Value};

use super::{Handle, Session, backend_of, version};
use crate::connection::{Connection, Sessions};
use crate::dialect::Dialect;
use crate::pretend::Said;
use crate::pretend::layers::{Layers, Trouble};
use crate::pretend::names::Names;
use crate::pretend::references::references;
use crate::pretend::schema::{Column, Overlay};
use crate::pretend::statement::{self, Statement};
use crate::pretend::token::{Kind as Word, statements, tokens};
use crate::wire::Note;
use clerk::{Ask, Reply};
use shadow::Shadow;
use transaction::Transaction;

pub use clerk::{Clerk, Done, over};

/// What answers.
pub struct Core {
    session: Session,
    names: Names,
    now: Pretence,
    /// As it was when it was settled.
    before: Pretence,
    transaction: Transaction,
    said: Vec<Said>,
    /// Columns of the database's own tables, by table.
    columns: HashMap<String, Vec<Column>>,
    /// The schema in a database of its own, where there can be one.
    shadow: Option<Shadow>,
    /// The last numbers that tables have given; a rollback does not take them back everywhere.
    numbers: numbers::Numbers,
    /// Tables that others refer to, as they were when the migration began.
    parents: Vec<Vec<String>>,
    /// Routines of the database that read tables, in lower case.
    routines: BTreeSet<String>,
    /// Whether tables of the database have too many rows to check them all, by table.
    large: HashMap<String, bool>,
    #[cfg(feature = "sea-orm-1")]
    guesses: kinds::Guesses,
}

/// What has been pretended.
#[derive(Clone)]
struct Pretence {
    schema: Overlay,
    layers: Layers,
    effects: Effects,
    /// Tables whose rows have changed since they were last checked against their constraints.
    unchecked: BTreeSet<String>,
}

impl Pretence {
    fn new(names: &Names) -> Self {
        let (schema, layers) = (Overlay::new(names.clone()), Layers::new(names.clone()));
        Self { schema, layers, effects: Effects::default(), unchecked: BTreeSet::new() }
    }
}

/// What changes rows besides the statements that name their tables.
#[derive(Clone, Default)]
struct Effects {
    triggers: Vec<Trigger>,
    /// Names that routines mention.
    routines: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Foreign keys that change rows.
    keys: Vec<Follower>,
    /// Tables whose rows may be others than is known.
    doubts: BTreeSet<String>,
    all_in_doubt: bool,
    /// Tables that have the rows of others: child and parent.
    kin: Vec<(String, String)>,
    /// A statement has made foreign keys be ignored.
    keys_off: bool,
}

/// A trigger that a statement has created.
#[derive(Clone, Debug)]
struct Trigger {
    table: String,
    events: Vec<&'static str>,
    /// Names that it mentions; `None` if it may mean any.
    mentions: Option<BTreeSet<String>>,
}

/// A table whose rows follow those of another.
#[derive(Clone, Debug)]
struct Follower {
    parent: String,
    column: Option<String>,
    child: String,
    deletes: bool,
    updates: bool,
}

impl Core {
    async fn new(session: Session, dialect: Dialect) -> Self {
        let mut names = Names::of(dialect);
        let mut core = Self {
            session,
            names: names.clone(),
            now: Pretence::new(&names),
            before: Pretence::new(&names),
            transaction: Transaction::default(),
            said: Vec::new(),
            columns: HashMap::new(),
            shadow: None,
            numbers: numbers::Numbers::new(),
            parents: Vec::new(),
            routines: BTreeSet::new(),
            large: HashMap::new(),
            #[cfg(feature = "sea-orm-1")]
            guesses: kinds::Guesses::default(),
        };
        if let Some(sql) = dialect.naming()
            && let Ok(rows) = core.rows(core.question(sql, &[])).await
            && let Some(row) = rows.first()
        {
            names.schema = row.try_get_by_index::<Option<String>>(0).ok().flatten().unwrap_or_default();
            names.fold_tables = row.try_get_by_index::<String>(1).is_ok_and(|folds| folds == "1");
        }
        if let Some(sql) = dialect.own_collation()
            && let Ok(rows) = core.rows(core.question(sql, &[])).await
            && let Some(collation) = rows.first().and_then(|row| row.try_get_by_index::<String>(0).ok())
        {
            core.script(dialect.set_collation(&collation));
        }
        core.now = Pretence::new(&names);
        core.names = names;
        core.read_relations().await;
        core.before = core.now.clone();
        if dialect == Dialect::Sqlite {
            core.shadow = Shadow::of(&core.session).await.ok();
        }
        core
    }

    fn dialect(&self) -> Dialect {
        self.names.dialect
    }

    async fn query(&mut self, question: Question) -> Result<Vec<version::Made>, DbErr> {
        let values = question.values.map(|values| values.0).unwrap_or_default();
        let sql = question.sql.as_str();
        let rows = match statement::read(sql, &self.names) {
            Statement::Look | Statement::Select(_) => {
                self.is_usable()?;
                self.ask(sql, &values).await
            }
            Statement::Other => {
                let rows = self.write(sql, &values).await?.1;
                self.unanswered(sql, &DbErr::Custom("it may change something".to_owned()));
                Ok(rows)
            }
            _ => self.write(sql, &values).await.map(|(_, rows)| rows),
        };
        let rows = rows.inspect_err(|_| self.abort())?;
        #[cfg(feature = "sea-orm-1")]
        return Ok(self.made(sql, rows).await);
        #[cfg(not(feature = "sea-orm-1"))]
        Ok(rows)
    }

    async fn execute(&mut self, question: Question) -> Result<Done, DbErr> {
        let values = question.values.map(|values| values.0).unwrap_or_default();
        let places = statements(&question.sql, self.dialect().lexis());
        let texts: Vec<&str> = places.into_iter().filter_map(|place| question.sql.get(place)).map(str::trim).collect();
        let controls = |sql: &&str| matches!(statement::read(sql, &self.names), Statement::Transaction(_));
        let whole = texts.len() > 1 && self.dialect().sends_texts_whole() && self.is_outside();
        let whole = whole && !texts.iter().any(controls);
        if whole {
            self.enclose();
        }
        let mut done = Done::default();
        for sql in texts {
            match self.write(sql, &values).await {
                Ok((one, _)) => done = one,
                Err(error) => {
                    self.abort();
                    if whole {
                        self.fail();
                    }
                    return Err(error);
                }
            }
        }
        if whole {
            self.leave();
        }
        Ok(done)
    }

    async fn turn(&mut self, ask: Ask) -> Reply {
        match ask {
            Ask::Begin => self.begin_counted(),
            Ask::Commit => self.end_counted(true),
            Ask::Rollback => self.end_counted(false),
            Ask::Own(sql) => {
                // It creates nothing that could be refused.
                let _ = self.write(&sql, &[]).await;
                self.own_statements();
            }
            Ask::Start(enclosure) => {
                self.parents = self.parents().await;
                self.start(enclosure);
            }
            Ask::Finish(ledger) => {
                let outcome = self.finish(&ledger).await.map_err(|error| error.to_string());
                self.switch_foreign_keys().await;
                return Reply::Finished(outcome);
            }
            Ask::Settle(failed) => {
                if failed {
                    self.fail();
                }
                self.transaction = Transaction::default();
                self.before = self.now.clone();
                if let Some(shadow) = &self.shadow {
                    shadow.settle().await;
                }
                return Reply::Said(std::mem::take(&mut self.said));
            }
            Ask::Rewind(refusal) => return Reply::Is(self.rewind(&refusal).await),
            Ask::Query(_) | Ask::Execute(_) => {}
        }
        Reply::Is(true)
    }

    /// Tables that others refer to, and what becomes another when one is rebuilt.
    async fn parents(&self) -> Vec<Vec<String>> {
        let (Some(shadow), Some(sql)) = (&self.shadow, self.dialect().parents()) else { return Vec::new() };
        let rows = shadow.query(self.question(sql, &[])).await.unwrap_or_default();
        let text = |row: &QueryResult, at: usize| row.try_get_by_index::<String>(at).unwrap_or_default();
        rows.iter().map(|row| vec![text(row, 0), text(row, 1)]).collect()
    }

    /// A migration that rebuilds a table that others refer to runs without foreign keys.
    async fn switch_foreign_keys(&mut self) {
        let now = self.parents().await;
        let is_rebuilt = |before: &Vec<String>| now.iter().any(|row| row.first() == before.first() && row != before);
        let Some(switch) = self.dialect().foreign_key_switch().filter(|switch| !switch.inside) else { return };
        if self.parents.iter().any(is_rebuilt) {
            self.said.insert(0, Said::Script(format!("{}0", switch.set)));
            self.script(format!("{}1", switch.set));
        }
    }

    /// What was noted last is kit's own.
    fn own_statements(&mut self) {
        for said in &mut self.said {
            if let Said::Statement(sql) = said {
                *said = Said::Script(std::mem::take(sql));
            }
        }
    }

    #[cfg(not(feature = "sea-orm-1"))]
    #[expect(clippy::unused_async, reason = "the other version has to wait")]
    async fn rewind(&mut self, _refusal: &str) -> bool {
        // Rows are the database's own: nothing was guessed.
        false
    }

    #[cfg(feature = "sea-orm-1")]
    async fn rewind(&mut self, refusal: &str) -> bool {
        let again = self.guesses.learn(refusal);
        if again {
            self.now = self.before.clone();
            self.said.clear();
            if let Some(shadow) = &self.shadow {
                shadow.rewind().await;
            }
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
        let outcome = match transaction.execute_unprepared(self.dialect().read_only_transaction()).await {
            Ok(_) => version::query(transaction, question).await,
            Err(error) => Err(error),
        };
        // There is nothing in it to be kept.
        let _ = inside.rollback().await;
        outcome
    }

    fn question(&self, sql: &str, values: &[Value]) -> Question {
        Question::from_sql_and_values(backend_of(self.dialect()), sql, values.to_vec())
    }

    /// A query over the newest layers, with what these are.
    fn over(&self, sql: &str) -> Result<String, Trouble> {
        Ok(self.now.layers.whole(&self.layered(sql)?, self.dialect()))
    }

    /// A query or a part of one over the newest layers.
    fn layered(&self, sql: &str) -> Result<String, Trouble> {
        let words = tokens(sql, self.dialect().lexis());
        let named = references(&words).into_iter();
        let tables = named.filter_map(|place| Some(statement::table_name(words.get(place)?, &self.names)?.0)).collect();
        self.readable(tables)?;
        let schema = &self.now.schema;
        self.now.layers.over(sql, &|name| schema.is_new_type(name), self.dialect())
    }

    /// Refuses to read tables whose rows may be others than is known.
    fn readable(&self, tables: Vec<String>) -> Result<(), Trouble> {
        let in_doubt = |table: &String| !self.now.layers.has(table) && self.is_in_doubt(table);
        match self.read_by(tables).into_iter().find(in_doubt) {
            Some(table) => Err(Trouble::Opaque(table)),
            None => Ok(()),
        }
    }

    /// A routine of the database's that a query calls and that may read rows that statements have changed.
    fn unseen_reader(&self, sql: &str) -> Option<String> {
        if self.routines.is_empty() || !self.has_changed() {
            return None;
        }
        let words = tokens(sql, self.dialect().lexis());
        let called = words.windows(2).filter_map(|two| match two {
            [name, open] if name.is_name() && open.is("(") => Some(name.text.to_lowercase()),
            _ => None,
        });
        called.into_iter().find(|name| self.routines.contains(name))
    }

    /// Whether statements have changed any rows, or may have.
    fn has_changed(&self) -> bool {
        self.now.layers.is_any() || self.now.effects.all_in_doubt || !self.now.effects.doubts.is_empty()
    }

    /// The columns of a table, as they would be now.
    async fn columns(&mut self, table: &str) -> Vec<Column> {
        if let Some(columns) = self.now.layers.columns(table) {
            return columns.to_vec();
        }
        self.real_columns(table).await
    }

    /// The columns of a table, as the database has it.
    async fn real_columns(&mut self, table: &str) -> Vec<Column> {
        if let Some(columns) = self.columns.get(&self.names.table(table)) {
            return columns.clone();
        }
        let question = self.question(self.dialect().columns_of(), &[table.into()]);
        let rows = self.rows(question).await.unwrap_or_default();
        let columns: Vec<Column> = rows.iter().map(column_of).collect();
        self.columns.insert(self.names.table(table), columns.clone());
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
        for token in tokens(sql, self.dialect().lexis()) {
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
        let own: Vec<Option<String>> = values.iter().map(|value| literal::literal(value, self.dialect())).collect();
        let asked: Vec<Value> =
            own.iter().zip(values).filter(|(own, _)| own.is_none()).map(|(_, value)| value.clone()).collect();
        let mut answers = Vec::new();
        // Not every database takes many at once.
        for part in asked.chunks(100) {
            let cells = (1..=part.len()).map(|at| self.dialect().quote_value(&self.dialect().placeholder(at)));
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

/// A column as [`Dialect::columns_of`] has it.
fn column_of(row: &QueryResult) -> Column {
    let text = |at: usize| row.try_get_by_index::<Option<String>>(at).ok().flatten();
    Column {
        name: text(0).unwrap_or_default(),
        kind: text(1).unwrap_or_default(),
        default: text(2),
        numbered: text(3).as_deref() == Some("1"),
        nullable: text(4).as_deref() != Some("0"),
        computed: text(3).as_deref() == Some("2"),
    }
}
