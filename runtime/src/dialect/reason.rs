//! Why a database refuses work of any kind, by its error codes: SQLSTATE on PostgreSQL, numbers on MySQL and SQLite.

use serde::{Deserialize, Serialize};

use super::Dialect;

/// Something about the server, the file or the user that makes more than one statement fail.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No server listens at the address.
    NotListening,
    /// The host has no address.
    UnknownHost,
    /// The server did not answer in time.
    NoAnswer,
    /// The server is starting, stopping, or has ended the connection.
    NotReady,
    /// The server has no connection to spare.
    TooManyConnections,
    /// Wrong user or password, or the server does not accept the user from this host.
    Login,
    /// The server accepts encrypted connections only, or the encryption could not be agreed on.
    Encryption,
    /// The user lacks a privilege.
    Permission,
    /// The server, the session or the file accepts no writes.
    ReadOnly,
    /// The disk or the quota of the server is full.
    DiskFull,
    /// The file cannot be opened.
    CannotOpen,
    /// The file is no database, or it is damaged.
    NotADatabase,
    /// A text has characters that the encoding of the column or the database does not have.
    Encoding,
}

impl Reason {
    /// Whether the same attempt may succeed later without a change by the user.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::NotListening | Self::UnknownHost | Self::NoAnswer | Self::NotReady | Self::TooManyConnections
        )
    }
}

impl Dialect {
    /// The reason that an error code of the database means, if it means one. `text` is the whole message: MySQL's driver has
    /// the number at its beginning.
    pub fn reason(self, code: Option<&str>, text: &str) -> Option<Reason> {
        match self {
            Self::Sqlite => of_sqlite(code?),
            Self::Postgres => of_postgres(code?, text),
            Self::MySql => of_mysql(text.split(' ').next().unwrap_or_default(), text),
        }
    }
}

/// Result codes: <https://www.sqlite.org/rescode.html>. The last byte of an extended code is the primary one.
fn of_sqlite(code: &str) -> Option<Reason> {
    Some(match code.parse::<u32>().ok()? & 0xff {
        8 => Reason::ReadOnly,
        13 => Reason::DiskFull,
        14 => Reason::CannotOpen,
        11 | 26 => Reason::NotADatabase,
        _ => return None,
    })
}

/// SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_postgres(code: &str, text: &str) -> Option<Reason> {
    Some(match code {
        "57P01" | "57P02" | "57P03" => Reason::NotReady,
        "53300" => Reason::TooManyConnections,
        // pg_hba.conf accepts the user with encryption only.
        "28000" if text.contains("no encryption") || text.contains("SSL off") => Reason::Encryption,
        "28000" | "28P01" => Reason::Login,
        "42501" => Reason::Permission,
        "25006" => Reason::ReadOnly,
        "53100" => Reason::DiskFull,
        "22P05" => Reason::Encoding,
        _ => return None,
    })
}

/// Numbers: <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>.
fn of_mysql(number: &str, text: &str) -> Option<Reason> {
    Some(match number {
        "1053" | "1129" | "1152" => Reason::NotReady,
        "1040" | "1203" | "1226" => Reason::TooManyConnections,
        "1045" | "1130" | "1251" | "1396" | "1524" | "1698" | "1820" | "1862" | "3118" | "4151" => Reason::Login,
        "3159" | "1835" => Reason::Encryption,
        "1044" | "1142" | "1143" | "1227" | "1370" | "1419" => Reason::Permission,
        "1036" | "1290" | "1792" | "1836" | "3100" => Reason::ReadOnly,
        "1021" | "1114" | "3675" => Reason::DiskFull,
        // The same number means a text that is not a number.
        "1366" if text.contains("string value") => Reason::Encoding,
        "1300" | "3988" => Reason::Encoding,
        _ => return None,
    })
}

/// Whether an error says that a statement ends too early for MySQL or MariaDB, as `DROP INDEX name` without a table does.
pub fn is_index_drop_without_table(text: &str) -> bool {
    text.contains("1064 (42000)") && text.contains("near '' at line 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_no_test_can_provoke_have_their_reason() {
        for (dialect, code, text, reason) in [
            (Dialect::Postgres, "53100", "could not extend file", Some(Reason::DiskFull)),
            (Dialect::Postgres, "57P03", "the database system is starting up", Some(Reason::NotReady)),
            (Dialect::Postgres, "25006", "cannot execute INSERT in a read-only transaction", Some(Reason::ReadOnly)),
            (Dialect::Postgres, "28000", "no pg_hba.conf entry for host, no encryption", Some(Reason::Encryption)),
            (Dialect::Postgres, "22P05", "character has no equivalent in encoding", Some(Reason::Encoding)),
            (Dialect::Postgres, "42P01", "relation \"a\" does not exist", None),
            (Dialect::MySql, "HY000", "1021 (HY000): Disk full", Some(Reason::DiskFull)),
            (Dialect::MySql, "HY000", "1290 (HY000): running with the --read-only option", Some(Reason::ReadOnly)),
            (Dialect::MySql, "HY000", "3159 (HY000): require_secure_transport=ON", Some(Reason::Encryption)),
            (Dialect::MySql, "22007", "1366 (22007): Incorrect string value: '\\xF0'", Some(Reason::Encoding)),
            (Dialect::MySql, "22007", "1366 (22007): Incorrect integer value: 'a'", None),
            (Dialect::MySql, "42S02", "1146 (42S02): Table 'a' doesn't exist", None),
            (Dialect::Sqlite, "13", "database or disk is full", Some(Reason::DiskFull)),
            (Dialect::Sqlite, "1032", "attempt to write a readonly database", Some(Reason::ReadOnly)),
            (Dialect::Sqlite, "14", "unable to open database file", Some(Reason::CannotOpen)),
            (Dialect::Sqlite, "11", "database disk image is malformed", Some(Reason::NotADatabase)),
            (Dialect::Sqlite, "787", "FOREIGN KEY constraint failed", None),
        ] {
            assert_eq!(dialect.reason(Some(code), text), reason, "{text}");
        }
    }
}
