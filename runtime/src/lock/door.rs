//! What the lock is taken on: a session, a lease, a file. Which of them it is, one try to enter, who is inside.

use super::file::LockFile;
use super::lease::{self, Lease, Sight, Watch};
use super::{TABLE, answer, holder_of, key};
use crate::connection::{Connection, Error, Sessions};
use crate::dialect::Survey;
use crate::wire::{Holder, LockKind, Locking};

#[derive(Debug)]
pub(super) enum Door {
    Session { key: u64, watch: Box<Watch> },
    Lease(Box<Lease>),
    File(LockFile),
    Open,
}

impl Door {
    /// What the lock is to be taken on.
    pub(super) async fn find<C: Connection>(
        connection: &C,
        table: &str,
        wanted: &Locking,
        survey: &Survey,
    ) -> Result<Self, Error> {
        let dialect = connection.dialect();
        let lockless = survey.is_lockless() || connection.sessions() != Sessions::Own;
        let own = match dialect.lock_kind() {
            LockKind::Session if lockless => LockKind::Lease,
            own => own,
        };
        let kind = wanted.kind.unwrap_or(own);
        if let Some(statement) = dialect.wait_for_nodes(survey) {
            connection.execute(statement, &[]).await?;
        }
        match kind {
            LockKind::None => return Ok(Self::Open),
            LockKind::Session if own == LockKind::Lease => {
                return Err(Error::new("locks of sessions mean nothing here, only a lease does"));
            }
            LockKind::Lease if own == LockKind::Session => {}
            kind if kind != own => {
                return Err(Error::new(format!("this database is kept by {}, not by {}", word(own), word(kind))));
            }
            _ => {}
        }
        let scope = connection.query(dialect.lock_scope(), &[]).await?.into_iter().flatten().next().flatten();
        let scope = scope.unwrap_or_default();
        if kind == LockKind::File {
            // A database in memory is nobody else's.
            return if scope.is_empty() { Ok(Self::Open) } else { LockFile::open(&scope).map(Self::File) };
        }
        if let Some(keep) = dialect.keep_session().filter(|_| connection.sessions() != Sessions::Lent) {
            connection.execute(keep, &[]).await?;
        }
        let key = key(&scope, table);
        Ok(if kind == LockKind::Lease {
            Self::Lease(Box::new(Lease::open(connection, key, wanted).await?))
        } else {
            Self::Session { key, watch: Box::new(Watch::new(wanted)) }
        })
    }

    /// One try.
    pub(super) async fn enter<C: Connection>(&mut self, connection: &C, own: &Holder) -> Result<bool, Error> {
        let (key, watch) = match self {
            Self::Session { key, watch } => (*key, watch),
            Self::Lease(lease) => return lease.enter(connection, own).await,
            Self::File(file) => return file.enter(own),
            Self::Open => return Ok(true),
        };
        let Some(sql) = connection.dialect().try_lock(key) else { return Ok(false) };
        match answer(connection, &sql).await?.as_deref() {
            Some("1") => {}
            Some("0") => return Ok(false),
            other => {
                return Err(Error::new(format!("the server answered {} when asked for it", other.unwrap_or("NULL"))));
            }
        }
        let there = connection.query(connection.dialect().table_exists(), &[lease::PROBE.into()]).await?;
        if there.is_empty() || !lease::is_there(connection).await {
            return Ok(true);
        }
        // Another run came another way, through a pooler, and has a lease.
        if let Some(release) = connection.dialect().release_lock(key) {
            connection.query(&release, &[]).await?;
        }
        if let Sight::Silent(row) = watch.look(connection).await? {
            watch.free(connection, &row, own).await?;
        }
        Ok(false)
    }

    /// Who has it, as far as can be known.
    pub(super) async fn holder<C: Connection>(&mut self, connection: &C) -> Option<Holder> {
        let key = match self {
            Self::Session { key, .. } => *key,
            Self::Lease(_) => return lease::holder(connection).await,
            Self::File(file) => return file.holder(),
            Self::Open => return None,
        };
        let sql = connection.dialect().lock_holder(TABLE, key)?;
        // Without the table, or the right to read it, there is a holder all the same.
        match holder_of(connection.query(&sql, &[]).await.ok()?) {
            Some(holder) => Some(holder),
            None => lease::holder(connection).await,
        }
    }
}

fn word(kind: LockKind) -> &'static str {
    match kind {
        LockKind::Session => "a lock of a session",
        LockKind::Lease => "a lease",
        LockKind::File => "a lock on a file",
        LockKind::None => "nothing",
    }
}
