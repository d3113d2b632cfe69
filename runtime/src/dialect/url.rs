//! Database URLs as text: which of them kit can use, the form in which drivers take them, and how they look without what
//! must not be shown. It returns reasons that never quote the URL. It knows neither where a URL comes from nor how to
//! connect.

mod foreign;
mod parameters;

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::Dialect;
use crate::secrets::hide_passwords;
pub use parameters::{Ignored, Meaning, Tls};

/// Longest URL; a longer one is a file's content in the wrong place.
const MAX_LENGTH: usize = 4096;

/// Parameters of a URL that may be shown: they say which server it is.
const SHOWN: [&str; 5] = ["host", "hostaddr", "port", "user", "socket"];

/// Everything but the characters that no part of a URL needs to escape.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Variables by which drivers fill the gaps of a URL.
pub const VARIABLES: [&str; 12] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGDATABASE",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGAPPNAME",
    "PGOPTIONS",
];

/// A URL that kit can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// Which family.
    pub dialect: Dialect,
    /// The URL in the one form that all of kit and every driver take, password included.
    pub text: String,
    /// The URL itself says that a missing file is to be created: `mode=rwc`.
    pub creates: bool,
    /// Parameters that the driver does not know, and that mean something.
    pub ignored: Vec<Ignored>,
}

/// Why kit cannot use a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError {
    /// Never quotes the URL.
    pub reason: String,
    /// The same database in a form that kit takes, with `PASSWORD` in the place of a password.
    pub corrected: Option<String>,
}

impl<T: Into<String>> From<T> for UrlError {
    fn from(reason: T) -> Self {
        Self { reason: reason.into(), corrected: None }
    }
}

/// Takes a URL apart. A relative path is relative to `root`; `variable` holds the variables by which the driver fills the
/// gaps of a URL (`PGHOST` and the like).
///
/// # Errors
/// Why kit cannot use it.
pub fn parse(url: &str, root: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<DatabaseUrl, UrlError> {
    let url = url.trim();
    if url.is_empty() {
        return Err("it is empty".into());
    }
    if url.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} bytes").into());
    }
    if url.chars().any(char::is_control) {
        return Err("it has a control character".into());
    }
    if let Some(error) = foreign::recognize(url, root) {
        return Err(error);
    }
    let Some((scheme, rest)) = url.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Err("it has no scheme".into());
    };
    let (dialect, text) = match scheme.to_ascii_lowercase().as_str() {
        "sqlite" => (Dialect::Sqlite, sqlite(rest, root)?),
        "postgres" | "postgresql" => (Dialect::Postgres, postgres(rest, variable)?),
        "mysql" | "mariadb" => (Dialect::MySql, mysql(rest)?),
        // Without `//` it may as well be the user's name before the password.
        _ if !rest.starts_with("//") => return Err("it has no scheme".into()),
        other => return Err(format!("kit does not know the scheme `{other}`").into()),
    };
    Ok(DatabaseUrl { dialect, ignored: parameters::ignored(dialect, &text), text, creates: creates(url) })
}

/// Whether a URL, as the user wrote it, says that a missing file is to be created.
fn creates(url: &str) -> bool {
    url.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| pair == "mode=rwc"))
}

/// The URL as it may be shown: `postgres://u:***@h/db`.
pub fn redact(url: &str) -> String {
    if let Some(file) = file(url) {
        return format!("sqlite://{}", file.display());
    }
    let Ok(url) = Url::parse(url) else { return "***".to_owned() };
    let (user, password) = user(&url);
    let host = url.host_str().unwrap_or_default();
    let mut parameters: Vec<String> = url
        .query_pairs()
        .filter(|(name, _)| SHOWN.contains(&name.as_ref()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut shown = format!("{}://", url.scheme());
    if host.to_ascii_lowercase().starts_with("%2f") {
        // A socket in the readable form of libpq's documentation, without %2F.
        let named = |name: &str, value: String| (!value.is_empty()).then(|| format!("{name}={value}"));
        let port = url.port().map(|port| port.to_string()).unwrap_or_default();
        let socket = [named("host", decode(host)), named("port", port), named("user", user.to_owned())];
        parameters.splice(0..0, socket.into_iter().flatten());
    } else {
        shown.push_str(user);
        if password.is_some() {
            shown.push_str(":***");
        }
        if !user.is_empty() || password.is_some() {
            shown.push('@');
        }
        shown.push_str(host);
        if let Some(port) = url.port() {
            shown.push_str(&format!(":{port}"));
        }
    }
    shown.push_str(url.path());
    if !parameters.is_empty() {
        shown.push('?');
        shown.push_str(&parameters.join("&"));
    }
    shown
}

/// The path of a SQLite URL that [`parse`] has returned.
pub fn file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://")?;
    Some(PathBuf::from(decode(path.split('?').next().unwrap_or(path))))
}

/// The URL of a SQLite file that is created where it is missing.
pub fn creating(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", encode(file))
}

/// The database's name on its server.
pub fn database_name(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let name = decode(url.path().trim_start_matches('/'));
    (!name.is_empty() && url.scheme() != "sqlite").then_some(name)
}

/// `message` without the URL and without its secrets in any form a driver may quote them in.
pub fn scrub(message: &str, url: &str) -> String {
    let mut clean = message.replace(url, &redact(url));
    for secret in secrets(url) {
        clean = clean.replace(&secret, "***");
    }
    hide_passwords(&clean)
}

fn is_scheme(text: &str) -> bool {
    (1..20).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The parts of a server's URL, each as it is written in one.
struct Parts {
    user: String,
    password: Option<String>,
    /// A name, an address, `[::1]`, or the folder of a socket as `%2Frun%2Fpostgresql`.
    host: String,
    port: Option<u16>,
    database: String,
    query: Vec<String>,
}

impl Parts {
    /// Those of what follows the scheme. `postgres:name` is a database on the usual server, as for the driver.
    fn of(scheme: &str, rest: &str) -> Result<Self, UrlError> {
        let rest = match rest.strip_prefix("//") {
            Some(_) => rest.to_owned(),
            None => {
                let name = rest.strip_prefix('/').unwrap_or(rest);
                let place = name.split('?').next().unwrap_or(name);
                if place.is_empty() || place.contains([':', '@', '/', '#']) {
                    return Err("`://` follows the scheme".into());
                }
                format!("///{name}")
            }
        };
        let url = Url::parse(&format!("{scheme}:{rest}")).map_err(|error| match error {
            // `/`, `?` and `#` in a password end the host part early.
            url::ParseError::InvalidPort => "the port is no number up to 65535; `/`, `?` and `#` in a password are \
                 written as %2F, %3F and %23"
                .to_owned(),
            other => other.to_string(),
        })?;
        if url.fragment().is_some() {
            return Err("`#` in a password is written as %23".into());
        }
        if url.path().contains('@') {
            return Err("there is an `@` behind the host; `/` in a password is written as %2F".into());
        }
        let (host, path) = (decode(url.host_str().unwrap_or_default()), decode(url.path()));
        if host.contains('@') || path.split_once('@').is_some_and(|(before, _)| before.contains(':')) {
            return Err("the `@` before the host is not written as %40".into());
        }
        Ok(Self {
            user: url.username().to_owned(),
            password: url.password().map(str::to_owned),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port(),
            database: url.path().trim_start_matches('/').to_owned(),
            query: url
                .query()
                .unwrap_or_default()
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    fn text(&self, scheme: &str) -> Result<String, UrlError> {
        if self.database.is_empty() {
            return Err("it names no database".into());
        }
        let mut text = format!("{scheme}://{}", self.user);
        if let Some(password) = &self.password {
            text.push(':');
            text.push_str(password);
        }
        if !self.user.is_empty() || self.password.is_some() {
            text.push('@');
        }
        text.push_str(&self.host);
        if let Some(port) = self.port {
            text.push_str(&format!(":{port}"));
        }
        text.push('/');
        text.push_str(&self.database);
        if !self.query.is_empty() {
            text.push('?');
            text.push_str(&self.query.join("&"));
        }
        Ok(text)
    }

    fn has(&self, names: &[&str]) -> bool {
        self.query.iter().any(|pair| names.contains(&pair.split('=').next().unwrap_or(pair)))
    }

    /// Moves what the driver takes as parameters too to where it is usually written: the parameter wins.
    fn settle(&mut self) -> Result<(), UrlError> {
        let mut query = Vec::new();
        for pair in std::mem::take(&mut self.query) {
            let Some((name, value)) = url::form_urlencoded::parse(pair.as_bytes()).next() else { continue };
            match name.as_ref() {
                "hostaddr" if value.parse::<std::net::IpAddr>().is_err() => {
                    return Err("the value of `hostaddr` is no IP address".into());
                }
                "host" | "hostaddr" => self.host = host(&value),
                "port" => {
                    let port = value.parse().map_err(|_| "the port is no number up to 65535".to_owned())?;
                    self.port = Some(port);
                }
                "user" => self.user = escape(&value),
                "password" => self.password = Some(escape(&value)),
                "dbname" => self.database = escape(&value),
                _ => query.push(pair),
            }
        }
        self.query = query;
        Ok(())
    }
}

/// A PostgreSQL URL with everything in its place, and with what the driver would take from variables.
fn postgres(rest: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, UrlError> {
    let mut parts = Parts::of("postgres", rest)?;
    parts.settle()?;
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if parts.port.is_none() {
        parts.port = set("PGPORT").and_then(|port| port.parse().ok());
    }
    if parts.host.is_empty() {
        parts.host = match set("PGHOSTADDR").or_else(|| set("PGHOST")) {
            Some(named) => host(&named),
            None => host(&usual_host(parts.port.unwrap_or(5432))),
        };
    }
    if parts.host.contains(',') {
        return Err(foreign::several_hosts(None));
    }
    if parts.user.is_empty() {
        parts.user = set("PGUSER").map(|user| escape(&user)).unwrap_or_default();
    }
    if parts.password.is_none() {
        parts.password = set("PGPASSWORD").map(|password| escape(&password));
    }
    if parts.database.is_empty() {
        parts.database = set("PGDATABASE").map(|name| escape(&name)).unwrap_or_default();
    }
    for (name, parameters) in parameters::POSTGRES_VARIABLES {
        if let (false, Some(value), [parameter, ..]) = (parts.has(parameters), set(name), parameters) {
            parts.query.push(format!("{parameter}={}", escape(&value)));
        }
    }
    parts.text("postgres")
}

/// Where the driver looks for a server if nothing says where it is: a socket that is there, else this machine.
fn usual_host(port: u16) -> String {
    let folders = ["/var/run/postgresql", "/private/tmp", "/tmp"];
    let socket = folders.iter().find(|folder| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists());
    socket.map_or("localhost", |folder| folder).to_owned()
}

fn mysql(rest: &str) -> Result<String, UrlError> {
    let mut parts = Parts::of("mysql", rest)?;
    if parts.host.is_empty() {
        "localhost".clone_into(&mut parts.host);
    }
    parts.text("mysql")
}

/// A host as it is written in a URL.
fn host(name: &str) -> String {
    match name.parse::<Ipv6Addr>() {
        Ok(_) => format!("[{name}]"),
        Err(_) if name.starts_with('/') => escape(name),
        Err(_) => name.to_owned(),
    }
}

fn sqlite(rest: &str, root: &Path) -> Result<String, UrlError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    if path == ":memory:" || value("mode") == Some("memory") || value("vfs") == Some("memdb") {
        return Err("an in-memory database is gone when kit ends".into());
    }
    if path.is_empty() {
        return Err("it names no file".into());
    }
    let path = decode(path);
    if path.split_once('@').is_some_and(|(before, _)| before.contains(':')) {
        return Err("its scheme is that of a file, the rest names a server".into());
    }
    if path.ends_with('/') || root.join(&path).is_dir() {
        return Err("it names a folder, not a file".into());
    }
    // kit creates files only when asked to, so a `mode=rwc` of the application does not count here.
    let mode = if value("mode") == Some("ro") { "ro" } else { "rw" };
    let mut text = format!("sqlite://{}?mode={mode}", encode(&root.join(path)));
    for name in parameters::SQLITE {
        if let Some(value) = value(name) {
            text.push_str(&format!("&{name}={value}"));
        }
    }
    Ok(text)
}

/// The user as it may be shown, and the password as it stands there. An encoded colon hides a password too.
fn user(url: &Url) -> (&str, Option<&str>) {
    let name = url.username();
    let colon = name.to_ascii_lowercase().find("%3a").and_then(|at| Some((name.get(..at)?, name.get(at + 3..)?)));
    match (colon, url.password()) {
        (Some((name, hidden)), None) => (name, Some(hidden)),
        (Some((name, _)), password) => (name, password),
        (None, password) => (name, password),
    }
}

/// Everything in the URL that must not be shown, in every form that a driver may quote it in.
pub fn secrets(url: &str) -> Vec<String> {
    let Ok(url) = Url::parse(url) else { return Vec::new() };
    let mut secrets: Vec<String> = user(&url).1.into_iter().chain(url.password()).map(str::to_owned).collect();
    let hidden = url.query_pairs().filter(|(name, _)| name.to_ascii_lowercase().contains("pass"));
    secrets.extend(hidden.map(|(_, value)| value.into_owned()));
    let decoded: Vec<String> = secrets.iter().map(|secret| decode(secret)).collect();
    secrets.extend(decoded.iter().map(|secret| utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string()));
    secrets.extend(decoded);
    // A shorter one is part of too many words to be recognised.
    secrets.retain(|secret| secret.chars().count() > 2);
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

fn encode(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
