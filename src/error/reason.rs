//! What to do about a server, a file or a user that makes every command fail: the one diagnosis that commands and `kit
//! doctor` share.

use kit_runtime::dialect::Reason;

/// The hint for a connection that was refused: `kit doctor` cannot connect either.
pub(super) fn connection_hint(reason: Reason, origin: &str) -> String {
    match reason {
        Reason::Permission => {
            format!("have the owner grant the user access to the database, or correct user and database in {origin}")
        }
        other => reason_hint(other, origin),
    }
}

/// The hint; `origin` is where the URL comes from, such as `DATABASE_URL`.
pub(super) fn reason_hint(reason: Reason, origin: &str) -> String {
    match reason {
        Reason::NotListening => format!("start the server, or correct host and port in {origin}"),
        Reason::UnknownHost => format!("correct the host in {origin}"),
        Reason::NoAnswer => {
            format!("let the firewalls between this machine and the server pass, or correct host and port in {origin}")
        }
        Reason::NotReady => {
            "run the command again when the server is ready; `kit migrate --wait-for-database 60` waits for it".to_owned()
        }
        Reason::TooManyConnections => {
            "close other connections, or raise the server's limit; then run the command again".to_owned()
        }
        Reason::Login => format!("correct user and password in {origin}; write special characters of a password as %XX"),
        Reason::Encryption => format!(
            "check the TLS parameters in {origin}: `sslmode=require`, or `ssl-mode=REQUIRED` in a mysql:// URL, asks for encryption"
        ),
        Reason::Permission => "run `kit doctor`: it shows the statement that grants the missing privileges".to_owned(),
        Reason::ReadOnly => {
            "name the server that accepts writes, or make the database file and its folder writable: `kit doctor` shows which"
                .to_owned()
        }
        Reason::DiskFull => "free space on the disk of the database, then run the command again".to_owned(),
        Reason::CannotOpen => {
            format!("make the file and its folder readable and writable for you, or correct the path in {origin}")
        }
        Reason::NotADatabase => format!("correct the path in {origin}, or restore the file from a backup"),
        Reason::Encoding => {
            "run `kit doctor`: it shows the statement that gives the database an encoding for every text".to_owned()
        }
    }
}
