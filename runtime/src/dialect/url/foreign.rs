//! URLs in the forms of other tools, which no driver of SeaORM's takes. It recognizes them, and writes the same database in the
//! form that kit takes, without the password.

use std::path::Path;

use super::super::Dialect;
use super::{UrlError, decode, escape, parameters};

/// Names that other tools have for a scheme, and the scheme.
const SCHEMES: [(&str, Dialect); 17] = [
    ("postgres", Dialect::Postgres),
    ("postgresql", Dialect::Postgres),
    ("postgre", Dialect::Postgres),
    ("pgsql", Dialect::Postgres),
    ("psql", Dialect::Postgres),
    ("pg", Dialect::Postgres),
    ("postgis", Dialect::Postgres),
    ("timescaledb", Dialect::Postgres),
    ("cockroach", Dialect::Postgres),
    ("cockroachdb", Dialect::Postgres),
    ("mysql", Dialect::MySql),
    ("mysql2", Dialect::MySql),
    ("mysqli", Dialect::MySql),
    ("mariadb", Dialect::MySql),
    ("sqlite", Dialect::Sqlite),
    ("sqlite3", Dialect::Sqlite),
    ("file", Dialect::Sqlite),
];

/// What stands for a password that is not shown.
const PASSWORD: &str = "PASSWORD";

/// Why a URL of another tool's cannot be used, if it is one.
pub fn recognize(url: &str, root: &Path) -> Option<UrlError> {
    let lower = url.to_ascii_lowercase();
    let jdbc = usize::from(lower.starts_with("jdbc:")) * "jdbc:".len();
    let (name, rest) = url.get(jdbc..)?.split_once(':')?;
    // `postgresql+asyncpg` names a driver as well.
    let plain = name.split('+').next().unwrap_or(name).to_ascii_lowercase();
    let dialect = SCHEMES.iter().find(|(known, _)| *known == plain).map(|(_, dialect)| *dialect)?;
    let own = ["postgres", "postgresql", "mysql", "mariadb", "sqlite"].contains(&name.to_ascii_lowercase().as_str());
    if jdbc == 0 && own {
        let several =
            !dialect.is_embedded() && authority(rest).is_some_and(|authority| host_of(authority).contains(','));
        return several.then(|| several_hosts(corrected(dialect, rest, root)));
    }
    // Anything may stand before a colon, a password too, unless the rest looks like a URL's.
    if jdbc == 0 && plain != "file" && !rest.starts_with('/') {
        return None;
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "+_-.".contains(c)) {
        return None;
    }
    let shown = lower.get(..jdbc + name.len())?;
    Some(UrlError {
        reason: format!("kit does not know the scheme `{shown}`"),
        corrected: corrected(dialect, rest, root),
    })
}

/// Why a URL with several hosts cannot be used.
pub fn several_hosts(corrected: Option<String>) -> UrlError {
    UrlError { reason: "it names several hosts, and kit connects to one".to_owned(), corrected }
}

fn authority(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix("//")?;
    rest.split(['/', '?', '#']).next()
}

fn host_of(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The same database as kit takes it; `None` if it cannot be said.
fn corrected(dialect: Dialect, rest: &str, root: &Path) -> Option<String> {
    let text = match dialect {
        Dialect::Sqlite => file(rest),
        Dialect::Postgres => server(dialect, "postgres", rest)?,
        Dialect::MySql => server(dialect, "mysql", rest)?,
    };
    super::parse(&text, root, &|_| None).ok().map(|_| text)
}

fn file(rest: &str) -> String {
    let path = rest.split('?').next().unwrap_or(rest);
    let path = match path.strip_prefix("///") {
        // As SQLAlchemy has it: three slashes before a relative path, four before an absolute one.
        Some(path) => path,
        None => path.strip_prefix("//").unwrap_or(path),
    };
    format!("sqlite://{}", path.strip_prefix("./").unwrap_or(path))
}

fn server(dialect: Dialect, scheme: &str, rest: &str) -> Option<String> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = match place.strip_prefix("//") {
        Some(place) => place.split_once('/')?,
        None => ("localhost", place.trim_start_matches('/')),
    };
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (mut user, mut has_password) = match login.split_once(':') {
        Some((user, _)) => (user.to_owned(), true),
        None => (login.to_owned(), false),
    };
    if decode(&user).contains(':') {
        return None;
    }
    let mut kept = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("user" | "username", value) => user = escape(value),
            ("password", _) => has_password = true,
            ("ssl" | "useSSL" | "requireSSL", "true" | "1") => kept.extend(encrypted(dialect)),
            ("sslMode", value) => kept.push(format!("ssl-mode={}", escape(value))),
            (name, value) if parameters::is_known(dialect, name) && !name.contains("pass") => {
                kept.push(format!("{name}={}", escape(value)));
            }
            _ => {}
        }
    }
    let host = hosts.split(',').next().filter(|host| !host.is_empty()).unwrap_or("localhost");
    let login = match (user.as_str(), has_password) {
        ("", false) => String::new(),
        (user, false) => format!("{user}@"),
        (user, true) => format!("{user}:{PASSWORD}@"),
    };
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    Some(format!("{scheme}://{login}{host}/{database}{query}"))
}

fn encrypted(dialect: Dialect) -> Option<String> {
    dialect.tls().map(|tls| tls.strictest.to_owned())
}
