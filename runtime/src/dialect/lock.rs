//! What databases have to keep two runs apart, as SQL: session locks where there are sessions with a server, nothing
//! where the database is a file. It returns statements; when to send them is [`crate::lock`]'s business.

use super::Dialect;
use crate::wire::LockKind;

/// First half of PostgreSQL's key, the same for all of kit's locks: "kit" in ASCII.
const CLASS: u32 = 0x006b_6974;

impl Dialect {
    /// What keeps runs apart unless somebody says otherwise.
    pub fn lock_kind(self) -> LockKind {
        match self {
            Self::Sqlite => LockKind::File,
            Self::Postgres | Self::MySql => LockKind::Session,
        }
    }

    /// A query for what a lock is about: the database or schema of the session, or the file, empty for one in memory.
    pub fn lock_scope(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT CAST(file AS TEXT) FROM pragma_database_list WHERE name = 'main'",
            // The server keeps advisory locks of its databases apart.
            Self::Postgres => "SELECT CAST(current_schema() AS TEXT)",
            // Names of locks are the whole server's.
            Self::MySql => "SELECT CAST(DATABASE() AS CHAR)",
        }
    }

    /// A statement after which the server does not end a session for being idle.
    pub fn keep_session(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            // Not every version has all of them.
            Self::Postgres => Some(
                "SELECT set_config(name, '0', false) FROM pg_settings \
                 WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout')",
            ),
            Self::MySql => Some("SET SESSION wait_timeout = 28800"),
        }
    }

    /// A query that takes the session lock `key` if nobody has it, without waiting in the server: `1` for taken, `0`
    /// for busy, NULL for neither. A lock that this very session has is busy, too: the server would count it twice, and
    /// two runs that share a session would both go on.
    pub fn try_lock(self, key: u64) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!(
                "SELECT CASE WHEN EXISTS ({} AND pid = pg_backend_pid()) THEN '0' \
                 WHEN pg_try_advisory_lock({CLASS}, {}) THEN '1' ELSE '0' END",
                granted(key),
                object(key)
            )),
            Self::MySql => Some(format!(
                "SELECT CAST(CASE WHEN IS_USED_LOCK({0}) = CONNECTION_ID() THEN 0 ELSE GET_LOCK({0}, 0) END AS CHAR)",
                name(key)
            )),
        }
    }

    /// A query that says `1` if the session has the lock `key`.
    pub fn has_lock(self, key: u64) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!(
                "SELECT CASE WHEN EXISTS ({} AND pid = pg_backend_pid()) THEN '1' ELSE '0' END",
                granted(key)
            )),
            Self::MySql => Some(format!("SELECT CAST(IS_USED_LOCK({}) = CONNECTION_ID() AS CHAR)", name(key))),
        }
    }

    /// A query that gives the lock back and says `1` if the session had it.
    pub fn release_lock(self, key: u64) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => {
                Some(format!("SELECT CASE WHEN pg_advisory_unlock({CLASS}, {}) THEN '1' ELSE '0' END", object(key)))
            }
            Self::MySql => Some(format!("SELECT CAST(RELEASE_LOCK({}) AS CHAR)", name(key))),
        }
    }

    /// A query for what is known of who has the lock: host, process, command, since when. No row if the one who left it
    /// in `table` is not the one who has the lock.
    pub fn lock_holder(self, table: &str, key: u64) -> Option<String> {
        let columns = ["host", "pid", "command", "acquired_at"].map(|column| self.text(column)).join(", ");
        let from = format!("SELECT {columns} FROM {} WHERE id = 1", self.quote(table));
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("{from} AND EXISTS ({} AND pid = session_id)", granted(key))),
            Self::MySql => Some(format!("{from} AND session_id = IS_USED_LOCK({})", name(key))),
        }
    }

    /// `CREATE TABLE IF NOT EXISTS` for what waiting runs are told of the one at work.
    pub fn create_lock_table(self, table: &str) -> String {
        let text = match self {
            Self::Sqlite | Self::Postgres => "text",
            Self::MySql => "varchar(255)",
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (id int NOT NULL PRIMARY KEY, host {text} NOT NULL, pid bigint NOT NULL, \
             session_id bigint NOT NULL, command {text} NOT NULL, acquired_at bigint NOT NULL)",
            self.quote(table)
        )
    }

    /// `INSERT` of the one who has the lock; takes host, process, command and since when. `None` where there are no
    /// sessions.
    pub fn insert_lock_holder(self, table: &str) -> Option<String> {
        let session = match self {
            Self::Sqlite => return None,
            Self::Postgres => "pg_backend_pid()",
            Self::MySql => "CONNECTION_ID()",
        };
        Some(format!(
            "INSERT INTO {} (id, session_id, host, pid, command, acquired_at) VALUES (1, {session}, {})",
            self.quote(table),
            self.placeholders(4)
        ))
    }
}

/// `SELECT` of the row that the server keeps while somebody has the lock.
fn granted(key: u64) -> String {
    format!(
        "SELECT 1 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND classid = {CLASS} AND objid = {} \
         AND objsubid = 2 AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())",
        object(key)
    )
}

/// 31 bits of the key: a positive number, the same in every type.
fn object(key: u64) -> u64 {
    key >> 33
}

fn name(key: u64) -> String {
    format!("'kit:{key:016x}'")
}
