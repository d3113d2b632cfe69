//! Whoever SeaORM asks in the place of a database, and the thread that has the session: SeaORM does not wait for those who
//! answer in its place, so they have to wait themselves.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, DbErr, Statement as Question};

use super::super::connect::Settings;
use super::super::{Session, backend_of, version};
use super::Core;
use crate::dialect::Dialect;
use crate::pretend::{Enclosure, Recorder, Said};

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
    asks: Arc<Mutex<Sender<Asked>>>,
}

/// A question, and where its answer goes.
type Asked = (Ask, Sender<Reply>);

#[derive(Debug)]
pub(super) enum Ask {
    Query(Question),
    Execute(Question),
    Begin,
    Commit,
    Rollback,
    Own(String),
    Start(Enclosure),
    Finish(Vec<String>),
    Settle(bool),
    Rewind(String),
}

pub(super) enum Reply {
    Rows(Result<Vec<version::Made>, DbErr>),
    Done(Result<Done, DbErr>),
    Said(Vec<Said>),
    Finished(Result<(), String>),
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
    fn own(&self, sql: &str) {
        self.ask(Ask::Own(sql.to_owned()));
    }

    fn start(&self, enclosure: Enclosure) {
        self.ask(Ask::Start(enclosure));
    }

    fn finish(&self, ledger: &[String]) -> Result<(), String> {
        match self.ask(Ask::Finish(ledger.to_vec())) {
            Some(Reply::Finished(outcome)) => outcome,
            _ => Err(over_and_out().to_string()),
        }
    }

    fn settle(&self, failed: bool) -> Vec<Said> {
        match self.ask(Ask::Settle(failed)) {
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

async fn serve(settings: Settings, dialect: Dialect, asked: &Receiver<Asked>) {
    let session = Session::to_read(settings).await;
    let mut core = match session {
        Ok(session) => Ok(Core::new(session, dialect).await),
        Err(error) => Err(error.to_string()),
    };
    while let Ok((ask, reply)) = asked.recv() {
        let answer = match (&mut core, ask) {
            (Ok(core), Ask::Query(question)) => Reply::Rows(core.query(question).await),
            (Ok(core), Ask::Execute(question)) => Reply::Done(core.execute(question).await),
            (Ok(core), other) => core.turn(other).await,
            (Err(error), _) => Reply::Rows(Err(DbErr::Custom(error.clone()))),
        };
        // Whoever asked may have given up.
        let _ = reply.send(answer);
    }
}
