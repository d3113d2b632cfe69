//! The parameters that a URL may have after `?`, a table for each database as its driver reads them, and those that drivers
//! ignore although whoever wrote them meant something.

use super::super::Dialect;

/// What the driver knows, exactly as it compares them.
const POSTGRES: [&str; 20] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "options[search_path]",
    "options[statement_timeout]",
];

/// As above.
const MYSQL: [&str; 13] = [
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "charset",
    "collation",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "socket",
    "timezone",
];

/// As above, without `mode`, which kit decides.
pub const SQLITE: [&str; 3] = ["cache", "immutable", "vfs"];

/// Variables that the driver of PostgreSQL takes where the URL does not have one of the parameters.
pub const POSTGRES_VARIABLES: [(&str, &[&str]); 6] = [
    ("PGSSLMODE", &["sslmode", "ssl-mode"]),
    ("PGSSLROOTCERT", &["sslrootcert", "ssl-root-cert", "ssl-ca"]),
    ("PGSSLCERT", &["sslcert", "ssl-cert"]),
    ("PGSSLKEY", &["sslkey", "ssl-key"]),
    ("PGAPPNAME", &["application_name"]),
    ("PGOPTIONS", &["options"]),
];

/// A parameter that the driver ignores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its name.
    pub name: String,
    /// What it would mean elsewhere.
    pub meaning: Meaning,
}

/// What an ignored parameter would mean to the tool that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The schema to work in.
    Schema(String),
    /// Encryption; the driver's own parameter for the strictest kind.
    Tls(&'static str),
}

/// How a URL of one database asks for encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The parameter that kit suggests: `sslmode=verify-full`.
    pub strictest: &'static str,
    /// Its values, in lower case, with which nothing is sent in plain text.
    encrypted: [&'static str; 3],
}

impl Dialect {
    /// How a URL asks for encryption, if it leads over a network.
    pub fn tls(self) -> Option<Tls> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => {
                Some(Tls { strictest: "sslmode=verify-full", encrypted: ["require", "verify-ca", "verify-full"] })
            }
            Self::MySql => Some(Tls {
                strictest: "ssl-mode=VERIFY_IDENTITY",
                encrypted: ["required", "verify_ca", "verify_identity"],
            }),
        }
    }
}

impl Tls {
    /// Whether a URL asks for it.
    pub fn is_asked_for(&self, url: &url::Url) -> bool {
        // Of several the driver takes the last.
        let last = url.query_pairs().filter(|(name, _)| is_mode(name)).last();
        last.is_some_and(|(_, value)| self.encrypted.contains(&value.to_ascii_lowercase().as_str()))
    }
}

fn is_mode(name: &str) -> bool {
    matches!(name, "sslmode" | "ssl-mode")
}

/// Whether the driver reads a parameter.
pub fn is_known(dialect: Dialect, name: &str) -> bool {
    match dialect {
        Dialect::Sqlite => name == "mode" || SQLITE.contains(&name),
        Dialect::Postgres => POSTGRES.contains(&name) || name.starts_with("options["),
        Dialect::MySql => MYSQL.contains(&name) || name == "time-zone",
    }
}

/// The parameters of a URL that its driver ignores, if they would have changed where or how kit connects.
pub fn ignored(dialect: Dialect, url: &str) -> Vec<Ignored> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut found = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if is_known(dialect, &name) || dialect.is_embedded() {
            continue;
        }
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let meaning = match letters.to_ascii_lowercase().as_str() {
            "schema" | "currentschema" | "searchpath" => Meaning::Schema(value.into_owned()),
            "ssl" | "sslmode" | "usessl" | "requiressl" | "tls" | "sslaccept" | "sslca" | "sslrootcert" => {
                let Some(tls) = dialect.tls() else { continue };
                Meaning::Tls(tls.strictest)
            }
            _ => continue,
        };
        found.push(Ignored { name: name.into_owned(), meaning });
    }
    found
}
