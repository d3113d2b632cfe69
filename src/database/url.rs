//! Database URLs as text: which of them kit can use, and how they look without what must not be shown.
//! It returns reasons that never quote the URL. It knows neither where a URL comes from nor how to
//! connect.

use std::path::{Path, PathBuf};

use kit_runtime::dialect::Dialect;
use kit_runtime::secrets::hide_passwords;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// Longest URL; a longer one is a file's content in the wrong place.
const LONGEST: usize = 4096;

/// Parameters of a URL that may be shown: they say which server it is.
const SHOWN: [&str; 5] = ["host", "hostaddr", "port", "user", "socket"];

/// Takes a URL apart into its family and the URL for the driver. A relative path is relative to `root`.
///
/// # Errors
/// Why kit cannot use it.
pub fn parse(url: &str, root: &Path) -> Result<(Dialect, String), String> {
    let url = url.trim();
    if url.is_empty() {
        return Err("it is empty".to_owned());
    }
    if url.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    if url.chars().any(char::is_control) {
        return Err("it has a control character".to_owned());
    }
    let Some((scheme, rest)) = url.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Err("it has no scheme".to_owned());
    };
    match scheme.to_ascii_lowercase().as_str() {
        "sqlite" => Ok((Dialect::Sqlite, sqlite(rest, root)?)),
        "postgres" | "postgresql" => Ok((Dialect::Postgres, server("postgres", rest)?)),
        "mysql" | "mariadb" => Ok((Dialect::MySql, server("mysql", rest)?)),
        // Without `//` it may as well be the user's name before the password.
        _ if !rest.starts_with("//") => Err("it has no scheme".to_owned()),
        other => Err(format!("kit does not know the scheme `{other}`")),
    }
}

/// Whether a URL, as the user wrote it, says that a missing file is to be created.
pub fn creates(url: &str) -> bool {
    url.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| pair == "mode=rwc"))
}

/// The URL as it may be shown: `postgres://u:***@h/db`.
pub fn redact(url: &str) -> String {
    if let Some(file) = file(url) {
        return format!("sqlite://{}", file.display());
    }
    let Ok(url) = Url::parse(url) else { return "***".to_owned() };
    let (user, password) = user(&url);
    let mut shown = format!("{}://{user}", url.scheme());
    if password.is_some() {
        shown.push_str(":***");
    }
    if !user.is_empty() || password.is_some() {
        shown.push('@');
    }
    shown.push_str(url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        shown.push_str(&format!(":{port}"));
    }
    shown.push_str(url.path());
    let parameters: Vec<String> = url
        .query_pairs()
        .filter(|(name, _)| SHOWN.contains(&name.as_ref()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
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

fn server(scheme: &str, rest: &str) -> Result<String, String> {
    if !rest.starts_with("//") {
        return Err("`://` follows the scheme".to_owned());
    }
    let text = format!("{scheme}:{rest}");
    let url = Url::parse(&text).map_err(|error| match error {
        // `/`, `?` and `#` in a password end the host part early.
        url::ParseError::InvalidPort => "the port is no number up to 65535; `/`, `?` and `#` in a password are \
             written as %2F, %3F and %23"
            .to_owned(),
        other => other.to_string(),
    })?;
    if url.fragment().is_some() {
        return Err("`#` in a password is written as %23".to_owned());
    }
    if url.path().contains('@') {
        return Err("there is an `@` behind the host; `/` in a password is written as %2F".to_owned());
    }
    let (host, path) = (decode(url.host_str().unwrap_or_default()), decode(url.path()));
    if host.contains('@') || path.split_once('@').is_some_and(|(before, _)| before.contains(':')) {
        return Err("the `@` before the host is not written as %40".to_owned());
    }
    if url.query_pairs().any(|(name, _)| name == "dbname") {
        return Err("the name of the database goes behind the host, not into `dbname`".to_owned());
    }
    if path.trim_start_matches('/').is_empty() {
        return Err("it names no database".to_owned());
    }
    Ok(text)
}

fn sqlite(rest: &str, root: &Path) -> Result<String, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mode = |mode: &str| query.split('&').any(|pair| pair.strip_prefix("mode=") == Some(mode));
    if path == ":memory:" || mode("memory") {
        return Err("an in-memory database is gone when kit ends".to_owned());
    }
    if path.is_empty() {
        return Err("it names no file".to_owned());
    }
    let path = decode(path);
    if path.split_once('@').is_some_and(|(before, _)| before.contains(':')) {
        return Err("its scheme is that of a file, the rest names a server".to_owned());
    }
    if path.ends_with('/') || root.join(&path).is_dir() {
        return Err("it names a folder, not a file".to_owned());
    }
    // kit creates files only when asked to, so a `mode=rwc` of the application does not count here.
    let mode = if mode("ro") { "ro" } else { "rw" };
    Ok(format!("sqlite://{}?mode={mode}", encode(&root.join(path))))
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

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<(Dialect, String), String> {
        parse(url, Path::new("/nowhere/project"))
    }

    fn shown(url: &str) -> String {
        redact(&parsed(url).unwrap().1)
    }

    #[test]
    fn schemes_have_aliases() {
        for (url, dialect, driver) in [
            ("postgres://h/x", Dialect::Postgres, "postgres://h/x"),
            ("postgresql://h/x", Dialect::Postgres, "postgres://h/x"),
            ("POSTGRES://h/x", Dialect::Postgres, "postgres://h/x"),
            ("mysql://h/x", Dialect::MySql, "mysql://h/x"),
            ("mariadb://u:p@h/x", Dialect::MySql, "mysql://u:p@h/x"),
            ("sqlite://a.db", Dialect::Sqlite, "sqlite:///nowhere/project/a.db?mode=rw"),
            ("sqlite:a.db?mode=rwc", Dialect::Sqlite, "sqlite:///nowhere/project/a.db?mode=rw"),
            ("sqlite:///a.db?mode=ro", Dialect::Sqlite, "sqlite:///a.db?mode=ro"),
            ("sqlite://100%25.db", Dialect::Sqlite, "sqlite:///nowhere/project/100%25.db?mode=rw"),
        ] {
            assert_eq!(parsed(url), Ok((dialect, driver.to_owned())), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_used_says_why_and_quotes_nothing() {
        for (url, reason) in [
            ("", "it is empty"),
            (" \t", "it is empty"),
            ("app.sqlite", "it has no scheme"),
            ("s3cr3t@h/x", "it has no scheme"),
            ("u:s3cr3t@h/x", "it has no scheme"),
            ("s3cr3t:x@h", "it has no scheme"),
            ("://u:s3cr3t@h/x", "it has no scheme"),
            ("\"postgres://u:s3cr3t@h/x\"", "it has no scheme"),
            ("postgre://u:s3cr3t@h/x", "kit does not know the scheme `postgre`"),
            ("postgres:/u:s3cr3t@h", "`://` follows the scheme"),
            ("postgres:u:s3cr3t@h/x", "`://` follows the scheme"),
            ("postgres://u:s3cr3t@h", "it names no database"),
            ("postgres://u:s3cr3t@h/", "it names no database"),
            ("postgres://u:s3cr3t@h/x?dbname=y", "the name of the database goes behind the host, not into `dbname`"),
            ("postgres://u:s3cr3t@h:99999/x", PORT),
            ("postgres://u:s3cr3t@h:port/x", PORT),
            ("postgres://u:s3cr3t#1@h/x", PORT),
            ("postgres://u:s3cr3t/1@h/x", PORT),
            ("postgres://u:1#s3cr3t@h/x", "`#` in a password is written as %23"),
            ("postgres://u:1/s3cr3t@h/x", "there is an `@` behind the host; `/` in a password is written as %2F"),
            ("postgres:///u:s3cr3t@h/x", "there is an `@` behind the host; `/` in a password is written as %2F"),
            ("postgres://u%3As3cr3t%40h/x", "the `@` before the host is not written as %40"),
            ("postgres:///u%3As3cr3t%40h/x", "the `@` before the host is not written as %40"),
            ("postgres://u:s3cr3t@h/x\u{1b}[2J", "it has a control character"),
            ("postgres://u:s3cr3t@/x", "empty host"),
            ("mysql://u:s3cr3t@[::1/x", "invalid IPv6 address"),
            ("sqlite://u:s3cr3t@h/x", "its scheme is that of a file, the rest names a server"),
            ("sqlite::memory:", "an in-memory database is gone when kit ends"),
            ("sqlite://x?mode=memory", "an in-memory database is gone when kit ends"),
            ("sqlite://", "it names no file"),
            ("sqlite:///", "it names a folder, not a file"),
            ("sqlite:///tmp", "it names a folder, not a file"),
        ] {
            assert_eq!(parsed(url), Err(reason.to_owned()), "{url}");
        }
        let long = format!("postgres://u:s3cr3t@h/{}", "x".repeat(10_000));
        assert_eq!(parsed(&long), Err("it is longer than 4096 bytes".to_owned()));
    }

    const PORT: &str =
        "the port is no number up to 65535; `/`, `?` and `#` in a password are written as %2F, %3F and %23";

    #[test]
    fn what_is_shown_says_which_server_and_hides_every_password() {
        for (url, expected) in [
            ("postgres://u:s3cr3t@h/db", "postgres://u:***@h/db"),
            ("postgres://:s3cr3t@h/db", "postgres://:***@h/db"),
            ("postgres://u:@h/db", "postgres://u@h/db"),
            ("postgres://u@h:5433/db", "postgres://u@h:5433/db"),
            ("postgres://h/db", "postgres://h/db"),
            ("postgres://u:s3%23cr3t@h/db", "postgres://u:***@h/db"),
            ("postgres://u:s3@cr3t@h/db", "postgres://u:***@h/db"),
            ("postgres://u:100%s3cr3t@h/db", "postgres://u:***@h/db"),
            ("postgres://u%3As3cr3t@h/db", "postgres://u:***@h/db"),
            ("postgres://u%3as3cr3t:s3cr3t@h/db", "postgres://u:***@h/db"),
            ("postgres://u:s3cr3t@[::1]:5432/db", "postgres://u:***@[::1]:5432/db"),
            ("postgres://u@%2Fvar%2Frun/db", "postgres://u@%2Fvar%2Frun/db"),
            ("postgres:///db?host=/run&user=u&password=s3cr3t", "postgres:///db?host=/run&user=u"),
            ("mysql://u:s3cr3t@h/db?ssl-mode=REQUIRED&socket=/run/m", "mysql://u:***@h/db?socket=/run/m"),
            ("postgres://h/db?sslpassword=s3cr3t&application_name=s3cr3t", "postgres://h/db"),
            ("postgres://ü:s3cr3t@h/dä", "postgres://%C3%BC:***@h/d%C3%A4"),
            ("sqlite://my%20app.db", "sqlite:///nowhere/project/my app.db"),
        ] {
            assert_eq!(shown(url), expected, "{url}");
        }
    }

    #[test]
    fn what_a_driver_says_is_scrubbed_of_every_form_of_the_password() {
        let url = "postgres://u:s3%23cr3t@h/db?password=other%20one";
        for said in [url, "s3%23cr3t", "s3#cr3t", "other one", "other%20one", "x://u:any@h/y"] {
            let clean = scrub(&format!("cannot use '{said}' here"), url);
            for secret in ["s3", "cr3t", "other", "any"] {
                assert!(!clean.contains(secret), "{clean}");
            }
        }
        assert_eq!(scrub("cannot connect", "postgres://u:c@h/db"), "cannot connect");
    }
}
