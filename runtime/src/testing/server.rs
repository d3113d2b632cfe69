//! The session that makes databases of tests and takes them away, in a thread of its own: it has their names locked as long
//! as the process lives, however many tests come and go, and it goes on while a test panics. Callers get names and give them back;
//! what is in a database is the recipe's business.

use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm_migration::sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, oneshot};

use super::recipe::Recipe;
use super::template::{self, Template};
use super::{Error, Result};
use crate::connection::{self, Connection};
use crate::dialect::{Dialect, beside};
use crate::scratch::{self, Likeness, TEST};
use crate::sea_orm::{Session, Settings};

/// How long a server may take to let a test in.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a pool may take to close whose test is over.
const CLOSING: Duration = Duration::from_millis(500);

/// How long a test waits at most for its database to go.
const GOING: Duration = Duration::from_secs(30);

/// A server that databases of tests are on.
#[derive(Clone, Debug)]
pub struct Keeper(mpsc::UnboundedSender<Job>);

enum Job {
    Make { recipe: Recipe, made: oneshot::Sender<Result<String>> },
    Remove { name: String, pool: Option<DatabaseConnection>, removed: Removed },
}

enum Removed {
    Async(oneshot::Sender<Result<()>>),
    Blocking(SyncSender<()>),
}

impl Keeper {
    /// The one of this process for the server at `url`.
    ///
    /// # Errors
    /// [`Error::Connect`] if there can be no thread.
    pub fn of(dialect: Dialect, url: &str) -> Result<Self> {
        static KEEPERS: Mutex<BTreeMap<String, Keeper>> = Mutex::new(BTreeMap::new());
        let mut keepers = KEEPERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keepers.get(url).filter(|keeper| !keeper.0.is_closed()) {
            return Ok(keeper.clone());
        }
        let failed = |error: std::io::Error| Error::Connect { message: error.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (sender, jobs) = mpsc::unbounded_channel();
        let own = url.to_owned();
        let work = move || runtime.block_on(keep(dialect, &own, jobs));
        std::thread::Builder::new().name("test databases".to_owned()).spawn(work).map_err(failed)?;
        let keeper = Self(sender);
        keepers.insert(url.to_owned(), keeper.clone());
        Ok(keeper)
    }

    /// Makes a database and returns its name.
    pub async fn make(&self, recipe: Recipe) -> Result<String> {
        let (made, answer) = oneshot::channel();
        // If nobody takes it, nobody answers either.
        let _ = self.0.send(Job::Make { recipe, made });
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Drops a database.
    pub async fn remove(&self, name: String) -> Result<()> {
        let (removed, answer) = oneshot::channel();
        let _ = self.0.send(Job::Remove { name, pool: None, removed: Removed::Async(removed) });
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// The same where nothing can be awaited; `pool` is closed first. What fails is left to the next run.
    pub fn remove_now(&self, name: String, pool: DatabaseConnection) {
        let (removed, answer) = sync_channel(1);
        let _ = self.0.send(Job::Remove { name, pool: Some(pool), removed: Removed::Blocking(removed) });
        let (Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) = answer.recv_timeout(GOING);
    }
}

fn gone() -> Error {
    Error::Connect { message: "the thread of the test databases has ended".to_owned() }
}

async fn keep(dialect: Dialect, url: &str, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut server = None;
    while let Some(job) = jobs.recv().await {
        match job {
            Job::Make { recipe, made } => {
                let outcome = match connected(&mut server, dialect, url).await {
                    Ok(server) => server.make(recipe).await,
                    Err(error) => Err(error),
                };
                // Whoever asked may be gone by now.
                if let (Err(Ok(name)), Some(server)) = (made.send(outcome), &server) {
                    let _ = scratch::remove(&server.session, &name).await;
                }
            }
            Job::Remove { name, pool, removed } => {
                if let Some(pool) = pool {
                    // Its runtime may be the one that waits for this.
                    let _ = tokio::time::timeout(CLOSING, pool.close()).await;
                }
                let outcome = match &server {
                    Some(server) => scratch::remove(&server.session, &name).await.map_err(database),
                    None => Ok(()),
                };
                match removed {
                    Removed::Async(removed) => drop(removed.send(outcome)),
                    Removed::Blocking(removed) => drop(removed.send(())),
                }
            }
        }
    }
}

async fn connected<'a>(server: &'a mut Option<Server>, dialect: Dialect, url: &str) -> Result<&'a mut Server> {
    let there = match server.take() {
        Some(there) => there,
        None => Server::connect(dialect, url).await?,
    };
    Ok(server.insert(there))
}

/// A session with a server, and what databases there are to be like.
pub struct Server {
    /// The session that has names locked.
    pub session: Session,
    url: String,
    like: Likeness,
    templates: BTreeMap<String, Template>,
}

impl Server {
    /// Connects, and removes what killed runs have left.
    async fn connect(dialect: Dialect, url: &str) -> Result<Self> {
        let like = match open(url).await {
            Ok(session) => {
                let like = Likeness::of(&session, None).await;
                session.close().await;
                like
            }
            // It need not be there.
            Err(_) => Likeness::default(),
        };
        let mut outcome = Err(Error::Connect { message: "there is no database to connect to".to_owned() });
        for name in dialect.maintenance() {
            outcome = open(&beside(url, name)).await;
            if outcome.is_ok() {
                break;
            }
        }
        let server = Self { session: outcome?, url: url.to_owned(), like, templates: BTreeMap::new() };
        scratch::sweep(&server.session, TEST, async |name: &str| server.open(name).await.ok()).await;
        Ok(server)
    }

    /// Makes a database of a test.
    async fn make(&mut self, recipe: Recipe) -> Result<String> {
        let template = match self.templates.get(&recipe.template) {
            Some(template) => template.clone(),
            None => {
                let template = template::ready(self, &recipe).await?;
                self.templates.entry(recipe.template.clone()).or_insert(template).clone()
            }
        };
        let name = scratch::claim(&self.session, TEST).await;
        let outcome = self.make_as(&name, &template, &recipe).await;
        if outcome.is_err() {
            // The first failure is the one to report.
            let _ = scratch::remove(&self.session, &name).await;
        }
        outcome.map(|()| name)
    }

    async fn make_as(&self, name: &str, template: &Template, recipe: &Recipe) -> Result<()> {
        match template {
            Template::Whole(template) => {
                let copy = self.session.dialect().create_copy(name, template);
                self.session.execute(&copy, &[]).await.map_err(database)?;
                self.like.set(&self.session, name).await;
                return Ok(());
            }
            Template::Statements(statements) => {
                self.create(name).await?;
                if self.execute_in(name, statements).await.is_ok() {
                    return Ok(());
                }
                // Somebody took the template away.
                scratch::remove(&self.session, name).await.map_err(database)?;
                scratch::lock(&self.session, name).await;
            }
            Template::Migrations => {}
        }
        self.create(name).await?;
        self.fill(name, recipe).await
    }

    /// Creates an empty database like the one at the server's URL.
    pub async fn create(&self, name: &str) -> Result<()> {
        self.session.execute(&self.like.create(&self.session, name), &[]).await.map_err(database)?;
        let open = async || self.open(name).await;
        let failed = |error: &connection::Error| Error::Server { message: error.message.clone() };
        self.like.furnish(&self.session, name, open, failed, |_| false).await
    }

    /// Marks a database and runs a recipe's migrations in it.
    pub async fn fill(&self, name: &str, recipe: &Recipe) -> Result<()> {
        let session = self.open(name).await?;
        let outcome = match session.execute(&scratch::mark(session.dialect()), &[]).await {
            Ok(()) => recipe.fill(&session).await.map_err(Error::Migration),
            Err(error) => Err(database(error)),
        };
        session.close().await;
        outcome
    }

    /// Runs statements in a database, one after the other.
    pub async fn execute_in(&self, name: &str, statements: &[String]) -> Result<()> {
        let session = self.open(name).await?;
        let mut outcome = Ok(());
        for sql in statements {
            outcome = session.execute(sql, &[]).await.map_err(database);
            if outcome.is_err() {
                break;
            }
        }
        session.close().await;
        outcome
    }

    /// A session with another database on the server.
    pub async fn open(&self, name: &str) -> Result<Session> {
        open(&beside(&self.url, name)).await
    }
}

async fn open(url: &str) -> Result<Session> {
    let mut settings = Settings::new(url);
    settings.patience = PATIENCE;
    Session::open(settings).await.map_err(|error| Error::Connect { message: error.to_string() })
}

pub fn database(error: connection::Error) -> Error {
    Error::Server { message: error.message }
}
