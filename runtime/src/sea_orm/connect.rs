//! Opening the sessions of a migrator: the one that migrates and has the lock, a pool beside it, a second one for the
//! lock's own use. It returns a [`Session`], says whether its locks mean anything, and does not know what they are for.

use std::sync::Arc;
use std::time::Duration;

use sea_orm_migration::prelude::DbErr;
use sea_orm_migration::sea_orm::{ConnectOptions, DatabaseConnection, DbBackend};

use super::driver::{self, Pool};
use super::guard::Guard;
use super::{Handle, Session};
use crate::connection::Sessions;
use crate::dialect::{Canary, Dialect};
use crate::lock;

/// How to open a session.
#[derive(Clone)]
pub struct Settings {
    /// The URL, password included.
    pub url: String,
    /// Schema (`search_path`) on databases that have them.
    pub schema: Option<String>,
    /// Connections that migrations without a transaction may use at once.
    pub connections: u32,
    /// How long a pool may take to give a connection: one that a migration holds itself does not come back.
    pub patience: Duration,
    /// Each transaction may be in another session of the server's.
    lent: bool,
    /// How to reach the server, where no URL says it.
    exact: Option<driver::Exact>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL has a password.
        f.debug_struct("Settings").field("schema", &self.schema).field("connections", &self.connections).finish()
    }
}

impl Settings {
    /// For one session with the database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), schema: None, connections: 1, patience: PATIENCE, lent: false, exact: None }
    }

    /// The same, in this schema, with so many connections for migrations without a transaction.
    #[must_use]
    pub fn with(self, schema: Option<String>, connections: u32) -> Self {
        Self { schema, connections, ..self }
    }

    /// For sessions beside those of `db`, with the same database and schema; `None` where there can be none, since the
    /// database is in the memory of its only connection.
    ///
    /// # Errors
    /// What the database said.
    #[cfg(feature = "driver")]
    pub async fn of(db: &DatabaseConnection, connections: u32) -> Result<Option<Self>, DbErr> {
        let Some((url, exact)) = driver::reached(db) else { return Ok(None) };
        let sql = super::dialect(super::backend(db)).own_schema();
        let schema = match sql {
            Some(sql) => driver::ask(db, sql).await?,
            None => None,
        };
        Ok(Some(Self { exact, ..Self::new(url).with(schema, connections) }))
    }

    /// The same, for one session alone.
    pub(super) fn alone(&self) -> Self {
        Self { connections: 1, ..self.clone() }
    }

    /// What a transaction needs first where it may be in any session: names of prepared statements there are other
    /// people's, and settings are lost.
    pub(super) fn prelude(&self) -> Option<String> {
        let schema =
            self.schema.as_ref().map(|schema| Dialect::Postgres.set_schema(schema).replacen("SET ", "SET LOCAL ", 1));
        self.lent.then(|| format!("DEALLOCATE ALL{}", schema.map(|set| format!("; {set}")).unwrap_or_default()))
    }
}

/// SeaORM's own default is half a minute.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than any migration; not every version of SeaORM takes `None`.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Session {
    /// Opens a session, and asks by a second one whether the locks of sessions mean anything here.
    ///
    /// # Errors
    /// What the driver said.
    pub async fn connect(settings: Settings) -> Result<Self, DbErr> {
        let session = Self::open(settings).await?;
        let sessions = match session.backend() {
            // Its locks are files.
            DbBackend::Sqlite => Sessions::Own,
            _ => session.probe().await?,
        };
        if sessions != Sessions::Lent {
            return Ok(Self { sessions, ..session });
        }
        let settings = session.settings.as_deref().cloned().map(|settings| Settings { lent: true, ..settings });
        drop(session);
        match settings {
            Some(settings) => Ok(Self { sessions, ..Self::open(settings).await? }),
            None => Err(DbErr::Custom("the session has no settings".to_owned())),
        }
    }

    /// Opens a session that changes nothing; it is not asked what its locks mean.
    ///
    /// # Errors
    /// What the driver said.
    pub async fn to_read(settings: Settings) -> Result<Self, DbErr> {
        #[cfg(feature = "pretend")]
        {
            let session = Self::open(settings.alone()).await?;
            if let Handle::Connection(connection) = &session.handle
                && let Some(sql) = super::dialect(session.backend()).read_only()
            {
                sea_orm_migration::sea_orm::ConnectionTrait::execute_unprepared(connection, sql).await?;
                return Ok(session);
            }
        }
        // A pooler may lend it, and nobody asks.
        Self::lent(settings).await
    }

    /// Opens a session through a pooler that lends it: each query is a transaction that leaves nothing.
    ///
    /// # Errors
    /// What the driver said.
    pub async fn lent(settings: Settings) -> Result<Self, DbErr> {
        let settings = Settings { lent: true, ..settings.alone() };
        Ok(Self { sessions: Sessions::Lent, ..Self::open(settings).await? })
    }

    /// Opens a session, with a pool beside it if the settings say so.
    pub(crate) async fn open(settings: Settings) -> Result<Self, DbErr> {
        let guard = Guard::default();
        let connection = open(&settings, 1, &guard).await?;
        // A second connection to a file that one of them writes would only wait for the first.
        let wide = settings.connections > 1 && super::backend(&connection) != DbBackend::Sqlite;
        let handle = if wide {
            let pool = open(&settings, settings.connections, &guard).await?;
            Handle::Pool(connection, pool)
        } else {
            Handle::Connection(connection)
        };
        Ok(Self { handle, settings: Some(Arc::new(settings)), sessions: Sessions::Own, guard, pretends: false })
    }
}

/// A pool that keeps its connections: locks belong to sessions, and pragmas do, too. Nobody asks whether a connection is
/// alive before a statement is sent: one that died has lost its lock, and must not be replaced without a word.
async fn open(settings: &Settings, connections: u32, guard: &Guard) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(settings.url.clone());
    options.sqlx_logging(false).acquire_timeout(settings.patience).test_before_acquire(false);
    options.max_connections(connections).idle_timeout(FOR_EVER).max_lifetime(FOR_EVER);
    let first = settings.schema.as_ref().filter(|_| !settings.lent).map(|schema| Dialect::Postgres.set_schema(schema));
    let exact = settings.exact.clone();
    driver::open(options, Pool { exact, first, lent: settings.lent, main: connections == 1 }, guard).await
}

impl Session {
    /// Takes a lock in this session and asks for it in a second one, which has to be refused.
    async fn probe(&self) -> Result<Sessions, DbErr> {
        let (Handle::Connection(one) | Handle::Pool(one, _), Some(settings)) = (&self.handle, &self.settings) else {
            return Ok(Sessions::Own);
        };
        if !cfg!(feature = "driver") {
            return Ok(Sessions::Own);
        }
        let dialect = super::dialect(self.backend());
        let mut canary = dialect.canary(lock::chance());
        let time = match canary.time {
            Some(sql) => driver::ask(one, sql).await.ok().flatten().and_then(|micros| micros.parse().ok()),
            None => None,
        };
        let other = open(settings, 1, &Guard::default()).await?;
        if let Some(sql) = time.and_then(|time| dialect.is_older(time))
            && let Ok(Some(older)) = driver::ask(&other, &sql).await
            && older == "1"
        {
            // There is a pooler, which may well lend whole sessions: that has to be certain.
            canary.rounds = MANY_ROUNDS;
        }
        let sessions = ask_each_other(&canary, one, &other).await;
        // A pool that is only dropped closes its connection some time later.
        let _ = other.close().await;
        Ok(sessions)
    }
}

/// Times to ask where there is a pooler.
const MANY_ROUNDS: u32 = 50;

async fn ask_each_other(canary: &Canary, one: &DatabaseConnection, other: &DatabaseConnection) -> Sessions {
    let mut before = None;
    for _ in 0..canary.rounds {
        // A server that has no such locks, or forbids them, has none that mean anything.
        let Ok(Some(taken)) = driver::ask(one, &canary.take).await else { return Sessions::Lockless };
        let seen = driver::ask(other, &canary.look).await.ok().flatten();
        let kept = driver::ask(one, &canary.give_back).await.ok().flatten();
        let _ = driver::ask(other, &canary.end).await;
        match (seen.as_deref(), kept.as_deref()) {
            (Some(seen), Some("1")) if seen.starts_with('0') => {
                let now = Some((taken, seen.to_owned()));
                if before.is_some() && before != now {
                    return Sessions::Lent;
                }
                before = now;
            }
            (Some("same"), _) | (_, Some("0")) => return Sessions::Lent,
            _ => return Sessions::Lockless,
        }
    }
    Sessions::Own
}
