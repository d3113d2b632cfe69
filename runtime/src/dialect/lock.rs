//! What databases have to keep two runs apart, as SQL: session locks where there are sessions with a server, nothing
//! where the database is a file. It returns statements; when to send them is [`crate::lock`]'s business.

use super::Dialect;
use crate::wire::{LockKind, Unfit};

/// First half of PostgreSQL's key, the same for all of kit's locks: "kit" in ASCII.
const CLASS: u32 = 0x006b_6974;

/// The same for locks that only find out whether locks mean anything.
const CANARY_CLASS: u32 = 0x006b_6975;

/// What two sessions ask to learn whether locks of sessions mean anything between them. All but the last is asked
/// without prepared statements.
#[derive(Clone, Debug)]
pub struct Canary {
    /// Times to ask: a pooler in a crowd may by chance lend each of two the session that it had before.
    pub rounds: u32,
    /// In the first, before the second is opened: what time it is, in microseconds.
    pub time: Option<&'static str>,
    /// In the first: takes a lock, and says which session has it.
    pub take: String,
    /// In the second: `0` and the session if it is refused, `same` if this is the very session that has it, `1` if it gets
    /// it, too.
    pub look: String,
    /// In the first: `1` if it still had the lock.
    pub give_back: String,
    /// In the second: leaves nothing behind.
    pub end: String,
}

impl Dialect {
    /// How to learn whether locks of sessions mean anything, with a lock that nobody else asks for.
    pub fn canary(self, chance: u64) -> Canary {
        match self {
            Self::Sqlite => Canary {
                rounds: 0,
                time: None,
                take: String::new(),
                look: String::new(),
                give_back: String::new(),
                end: String::new(),
            },
            // The transaction keeps one of a pooler's sessions, so that the first has to take another.
            Self::Postgres => {
                let object = object(chance);
                let unlock = format!("pg_advisory_unlock({CANARY_CLASS}, {object})");
                let take = format!("pg_try_advisory_lock({CANARY_CLASS}, {object})");
                Canary {
                    rounds: 6,
                    time: Some("SELECT CAST(CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS TEXT)"),
                    take: format!("SELECT CASE WHEN {take} THEN CAST(pg_backend_pid() AS TEXT) ELSE '0' END"),
                    look: format!(
                        "BEGIN; SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' \
                         AND granted AND classid = {CANARY_CLASS} AND objid = {object} AND pid = pg_backend_pid()) \
                         THEN 'same' WHEN {take} THEN '1' ELSE '0 ' || CAST(pg_backend_pid() AS TEXT) END"
                    ),
                    give_back: format!("SELECT CASE WHEN {unlock} THEN '1' ELSE '0' END"),
                    end: format!(
                        "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' \
                         AND granted AND classid = {CANARY_CLASS} AND objid = {object} AND pid = pg_backend_pid()) \
                         THEN {unlock} END; COMMIT"
                    ),
                }
            }
            Self::MySql => {
                let name = format!("'kit:canary:{chance:016x}'");
                Canary {
                    rounds: 1,
                    time: None,
                    take: format!("SELECT CAST(GET_LOCK({name}, 0) AS CHAR)"),
                    look: format!("SELECT CAST(GET_LOCK({name}, 0) AS CHAR)"),
                    give_back: format!("SELECT CASE WHEN RELEASE_LOCK({name}) = 1 THEN '1' END"),
                    end: format!("SELECT CAST(RELEASE_LOCK({name}) AS CHAR)"),
                }
            }
        }
    }

    /// A query that says `1` if this session is older than a time of [`Canary::time`]: somebody has had it before.
    pub fn is_older(self, micros: i64) -> Option<String> {
        (self == Self::Postgres).then(|| {
            format!(
                "SELECT CASE WHEN backend_start < to_timestamp({micros} / 1000000.0) THEN '1' ELSE '0' END \
                 FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()"
            )
        })
    }

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

    /// A statement that chooses the schema in which everything happens that names none.
    pub fn set_schema(self, schema: &str) -> String {
        format!("SET search_path = {}", self.quote(schema))
    }

    /// A query for the schema of a session that has another one than the server's usual, else NULL.
    pub fn own_schema(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some(
                "SELECT CASE WHEN current_setting('search_path') <> '\"$user\", public' THEN CAST(current_schema() AS TEXT) END",
            ),
            Self::Sqlite | Self::MySql => None,
        }
    }

    /// A statement by which a session ends itself.
    pub fn end_own_session(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "SELECT pg_terminate_backend(pg_backend_pid())",
            Self::MySql => "KILL CONNECTION_ID()",
        }
    }

    /// A query for what [`Survey`] wants to know: rows of a name and a value.
    pub fn survey(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &[],
            Self::Postgres => &["SELECT 'version', CAST(version() AS TEXT) UNION ALL SELECT 'pg_is_in_recovery', \
                 CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END UNION ALL SELECT 'transaction_read_only', \
                 CAST(current_setting('transaction_read_only') AS TEXT)"],
            // Answered even where a node has lost its cluster; names that a server does not know are not in it.
            Self::MySql => &[
                "SHOW VARIABLES WHERE Variable_name IN ('version', 'version_comment', 'wsrep_on', 'wsrep_OSU_method', \
                 'read_only', 'super_read_only', 'innodb_read_only', 'transaction_read_only', 'tx_read_only', \
                 'group_replication_group_name', 'group_replication_single_primary_mode')",
                "SHOW STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status')",
            ],
        }
    }

    /// Statements by which a session sees, and makes others see, all that was written on other nodes before.
    pub fn wait_for_nodes(self, survey: &Survey) -> Option<&'static str> {
        match self {
            Self::Sqlite | Self::Postgres => None,
            Self::MySql if survey.is_cluster() => Some("SET SESSION wsrep_sync_wait = 15"),
            Self::MySql if survey.is_lockless() && !survey.value("group_replication_group_name").is_empty() => {
                Some("SET SESSION group_replication_consistency = 'BEFORE_AND_AFTER'")
            }
            Self::MySql => None,
        }
    }

    /// A query for the session that has the lock `key`: its number, or no row or NULL if none has.
    pub fn lock_session(self, key: u64) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(granted(key).replacen("SELECT 1", "SELECT CAST(pid AS TEXT)", 1)),
            Self::MySql => Some(format!("SELECT CAST(IS_USED_LOCK({}) AS CHAR)", name(key))),
        }
    }

    /// A query or statement that ends another session, by its number.
    pub fn end_session(self, session: u64) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("SELECT pg_terminate_backend({session})")),
            Self::MySql => Some(format!("KILL {session}")),
        }
    }

    /// A query or statement that cancels what another session runs, by its number. The session goes on.
    pub fn cancel_session(self, session: u64) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("SELECT pg_cancel_backend({session})")),
            Self::MySql => Some(format!("KILL QUERY {session}")),
        }
    }

    /// A query for the number of this session, as text.
    pub fn session_query(self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("SELECT CAST({} AS TEXT)", self.own_session())),
            Self::MySql => Some(format!("SELECT CAST({} AS CHAR)", self.own_session())),
        }
    }

    /// The number of this session, as an expression.
    pub fn own_session(self) -> &'static str {
        match self {
            Self::Sqlite => "0",
            Self::Postgres => "pg_backend_pid()",
            Self::MySql => "CONNECTION_ID()",
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

    /// `CREATE TABLE IF NOT EXISTS` for who has the lock: one row for whoever has that of a session, which is only for
    /// those who wait, and one that is the lock where those of sessions mean nothing.
    pub fn create_lock_table(self, table: &str) -> String {
        let (text, engine) = self.table_words();
        format!(
            "CREATE TABLE IF NOT EXISTS {} (id int NOT NULL PRIMARY KEY, host {text} NOT NULL, pid bigint NOT NULL, \
             session_id bigint NOT NULL, command {text} NOT NULL, acquired_at bigint NOT NULL, owner {text}, \
             token bigint NOT NULL DEFAULT 0, fence bigint NOT NULL DEFAULT 0){engine}",
            self.quote(table)
        )
    }

    /// `CREATE TABLE IF NOT EXISTS` for the beats of whoever has the lease or wants it.
    pub fn create_probe_table(self, table: &str) -> String {
        let (text, engine) = self.table_words();
        format!(
            "CREATE TABLE IF NOT EXISTS {} (owner {text} NOT NULL PRIMARY KEY, n bigint NOT NULL){engine}",
            self.quote(table)
        )
    }

    /// The type of a short text, and what stands behind a table that has to know transactions.
    fn table_words(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite | Self::Postgres => ("text", ""),
            Self::MySql => ("varchar(191)", " ENGINE = InnoDB"),
        }
    }

    /// `INSERT` of the one who has the lock; takes host, process, command and since when. `None` where there are no
    /// sessions.
    pub fn insert_lock_holder(self, table: &str) -> Option<String> {
        if self == Self::Sqlite {
            return None;
        }
        let session = self.own_session();
        Some(format!(
            "INSERT INTO {} (id, session_id, host, pid, command, acquired_at) VALUES (1, {session}, {})",
            self.quote(table),
            self.placeholders(4)
        ))
    }
}

/// What a server says of itself that decides how it is locked, and whether it can be migrated at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey(Vec<(String, String)>);

impl Survey {
    /// From rows of a name and a value each.
    pub fn new(rows: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(rows.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect())
    }

    /// What it says under a name, which is in lower case; nothing if it does not know it.
    pub fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    fn is_on(&self, name: &str) -> bool {
        matches!(self.value(name).to_ascii_lowercase().as_str(), "on" | "1" | "true" | "yes")
    }

    /// Why nothing can be migrated here.
    pub fn unfit(&self) -> Option<Unfit> {
        if self.is_cluster() {
            let (ready, status) = (self.value("wsrep_ready"), self.value("wsrep_cluster_status"));
            if !ready.eq_ignore_ascii_case("on") || !status.eq_ignore_ascii_case("primary") {
                return Some(Unfit::NoQuorum { state: format!("wsrep_ready {ready}, wsrep_cluster_status {status}") });
            }
            if self.value("wsrep_osu_method").eq_ignore_ascii_case("rsu") {
                return Some(Unfit::NodeByNode);
            }
        }
        let read_only = [
            "read_only",
            "super_read_only",
            "innodb_read_only",
            "transaction_read_only",
            "tx_read_only",
            "pg_is_in_recovery",
        ];
        // MariaDB has more than two words for it.
        let says_so = |name: &&str| self.is_on(name) || self.value(name).to_ascii_lowercase().starts_with("no_lock");
        read_only.iter().find(|name| says_so(name)).map(|name| Unfit::ReadOnly { says: (*name).to_owned() })
    }

    /// Several nodes take writes, and each has locks of its own.
    pub fn is_cluster(&self) -> bool {
        self.is_on("wsrep_on")
    }

    /// The locks of sessions are known to mean nothing.
    pub fn is_lockless(&self) -> bool {
        let version = format!("{} {}", self.value("version"), self.value("version_comment")).to_lowercase();
        let several = !self.value("group_replication_group_name").is_empty()
            && !self.is_on("group_replication_single_primary_mode");
        self.is_cluster() || several || version.contains("vitess") || version.contains("cockroach")
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
