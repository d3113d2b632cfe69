//! What the codes of errors mean: whether the same statement may be tried again, and whether its outcome is known at all.
//! The lists are those of the servers' manuals.

use super::Dialect;
use crate::connection::Trouble;

impl Dialect {
    /// What an error of the database means. `code` is the driver's (SQLSTATE, or SQLite's result code), `text` begins with
    /// the server's own number where it has one.
    pub fn trouble(self, code: Option<&str>, text: &str) -> Trouble {
        match self {
            Self::Sqlite => match code {
                // BUSY, LOCKED and BUSY_SNAPSHOT.
                Some("5" | "6" | "517") => Trouble::Passing,
                // At the end of a statement, and at once where the key says RESTRICT.
                Some("787" | "1811") => Trouble::ForeignKey,
                _ => Trouble::Lasting,
            },
            Self::Postgres => match code.unwrap_or_default() {
                // Serialization failure, deadlock, lock not given in time.
                "40001" | "40P01" | "55P03" => Trouble::Passing,
                // Statement completion unknown; the session or the server was ended.
                "40003" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Trouble::Lost,
                code if code.starts_with("08") => Trouble::Lost,
                "23503" => Trouble::ForeignKey,
                // The statement is not allowed in a transaction; a new value of an enum cannot be used before the commit.
                "25001" | "55P04" => Trouble::InTransaction,
                _ => Trouble::Lasting,
            },
            Self::MySql => match text.split(' ').next().unwrap_or_default() {
                // Lock wait timeout and deadlock; TiDB's busy regions, and conflicts of a write.
                "1205" | "1213" | "8002" | "8022" | "8027" | "8028" | "9007" => Trouble::Passing,
                // Shutdown, killed, no primary component, gone away, lost while asking.
                "1053" | "1927" | "3169" | "1047" | "2006" | "2013" => Trouble::Lost,
                "1451" | "1452" => Trouble::ForeignKey,
                _ => Trouble::Lasting,
            },
        }
    }
}
