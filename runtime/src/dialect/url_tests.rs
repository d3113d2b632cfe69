//! Tests of database URLs as text.

use super::*;

fn parsed(url: &str) -> Result<(Dialect, String), String> {
    let parsed = parse(url, Path::new("/nowhere/project"), &|_| None);
    parsed.map(|parsed| (parsed.dialect, parsed.text)).map_err(|error| error.reason)
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
        ("hunter2@h/x", "it has no scheme"),
        ("u:hunter2@h/x", "it has no scheme"),
        ("hunter2:x@h", "it has no scheme"),
        ("://u:hunter2@h/x", "it has no scheme"),
        ("\"postgres://u:hunter2@h/x\"", "it has no scheme"),
        ("postgre://u:hunter2@h/x", "kit does not know the scheme `postgre`"),
        ("postgres:/u:hunter2@h", "`://` follows the scheme"),
        ("postgres:u:hunter2@h/x", "`://` follows the scheme"),
        ("postgres://u:hunter2@h", "it names no database"),
        ("postgres://u:hunter2@h/", "it names no database"),
        ("postgres://u:hunter2@h:99999/x", PORT),
        ("postgres://u:hunter2@h:port/x", PORT),
        ("postgres://u:hunter2#1@h/x", PORT),
        ("postgres://u:hunter2/1@h/x", PORT),
        ("postgres://u:1#hunter2@h/x", "`#` in a password is written as %23"),
        ("postgres://u:1/hunter2@h/x", "there is an `@` behind the host; `/` in a password is written as %2F"),
        ("postgres:///u:hunter2@h/x", "there is an `@` behind the host; `/` in a password is written as %2F"),
        ("postgres://u%3Ahunter2%40h/x", "the `@` before the host is not written as %40"),
        ("postgres:///u%3Ahunter2%40h/x", "the `@` before the host is not written as %40"),
        ("postgres://u:hunter2@h/x\u{1b}[2J", "it has a control character"),
        ("postgres://u:hunter2@/x", "empty host"),
        ("mysql://u:hunter2@[::1/x", "invalid IPv6 address"),
        ("sqlite://u:hunter2@h/x", "its scheme is that of a file, the rest names a server"),
        ("sqlite::memory:", "an in-memory database is gone when kit ends"),
        ("sqlite://x?mode=memory", "an in-memory database is gone when kit ends"),
        ("sqlite://", "it names no file"),
        ("sqlite:///", "it names a folder, not a file"),
        ("sqlite:///tmp", "it names a folder, not a file"),
    ] {
        assert_eq!(parsed(url), Err(reason.to_owned()), "{url}");
    }
    let long = format!("postgres://u:hunter2@h/{}", "x".repeat(10_000));
    assert_eq!(parsed(&long), Err("it is longer than 4096 bytes".to_owned()));
}

const PORT: &str = "the port is no number up to 65535; `/`, `?` and `#` in a password are written as %2F, %3F and %23";

#[test]
fn what_is_shown_says_which_server_and_hides_every_password() {
    for (url, expected) in [
        ("postgres://u:hunter2@h/db", "postgres://u:***@h/db"),
        ("postgres://:hunter2@h/db", "postgres://:***@h/db"),
        ("postgres://u:@h/db", "postgres://u@h/db"),
        ("postgres://u@h:5433/db", "postgres://u@h:5433/db"),
        ("postgres://h/db", "postgres://h/db"),
        ("postgres://u:s3%23cr3t@h/db", "postgres://u:***@h/db"),
        ("postgres://u:s3@cr3t@h/db", "postgres://u:***@h/db"),
        ("postgres://u:100%hunter2@h/db", "postgres://u:***@h/db"),
        ("postgres://u%3Ahunter2@h/db", "postgres://u:***@h/db"),
        ("postgres://u%3ahunter2:hunter2@h/db", "postgres://u:***@h/db"),
        ("postgres://u:hunter2@[::1]:5432/db", "postgres://u:***@[::1]:5432/db"),
        ("postgres://u@%2Fvar%2Frun/db", "postgres:///db?host=/var/run&user=u"),
        ("postgres:///db?host=/run&user=u&password=hunter2", "postgres:///db?host=/run&user=u"),
        ("mysql://u:hunter2@h/db?ssl-mode=REQUIRED&socket=/run/m", "mysql://u:***@h/db?socket=/run/m"),
        (
            "postgres:///db?host=db.example.com&port=6543&user=u&password=hunter2",
            "postgres://u:***@db.example.com:6543/db",
        ),
        ("postgres://h/db?sslpassword=hunter2&application_name=hunter2", "postgres://h/db"),
        ("postgres://ü:hunter2@h/dä", "postgres://%C3%BC:***@h/d%C3%A4"),
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

#[test]
fn every_form_that_a_driver_takes_becomes_one() {
    for (url, expected) in [
        ("postgres:///app?host=/run/pg&user=me&password=p%40ss", "postgres://me:p%40ss@%2Frun%2Fpg/app"),
        ("postgres://me@%2frun%2fpg:5433/app", "postgres://me@%2frun%2fpg:5433/app"),
        ("postgresql://h1/app?host=h2&port=6000", "postgres://h2:6000/app"),
        ("postgres://u@[::1]:5/app", "postgres://u@[::1]:5/app"),
        ("postgres://u@/app", "empty host"),
        ("postgres:///app?host=::1&user=u", "postgres://u@[::1]/app"),
        ("postgres:///app?hostaddr=fe80::7", "postgres://[fe80::7]/app"),
        ("postgres://h/?dbname=app", "postgres://h/app"),
        ("postgres://h/other?dbname=app&sslmode=require", "postgres://h/app?sslmode=require"),
        ("postgres://h/app?options=-c%20search_path%3Dx", "postgres://h/app?options=-c%20search_path%3Dx"),
        (
            "postgres://h/app?options[search_path]=x&application_name=a",
            "postgres://h/app?options[search_path]=x&application_name=a",
        ),
        ("mysql:app", "mysql://localhost/app"),
        ("mysql:///app?socket=/run/m.sock", "mysql://localhost/app?socket=/run/m.sock"),
        ("mysql://u:p@[fd00::1]:3307/app?ssl-ca=/ca.pem", "mysql://u:p@[fd00::1]:3307/app?ssl-ca=/ca.pem"),
        ("sqlite:///a.db?cache=shared&mode=ro&immutable=1", "sqlite:///a.db?mode=ro&cache=shared&immutable=1"),
    ] {
        let text = parsed(url).map_or_else(|reason| reason, |(_, text)| text);
        assert_eq!(text, expected, "{url}");
    }
}

#[test]
fn variables_fill_only_the_gaps() {
    let variables = |name: &str| {
        let value = match name {
            "PGHOST" => "db.internal",
            "PGPORT" => "6000",
            "PGUSER" => "me",
            "PGPASSWORD" => "s3:cr3t",
            "PGDATABASE" => "shop",
            "PGSSLMODE" => "require",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let parsed = |url: &str| parse(url, Path::new("/"), &variables).unwrap().text;
    assert_eq!(parsed("postgres:app"), "postgres://me:s3%3Acr3t@db.internal:6000/app?sslmode=require");
    assert_eq!(parsed("postgres:///"), "postgres://me:s3%3Acr3t@db.internal:6000/shop?sslmode=require");
    assert_eq!(parsed("postgres://u:p@h:1/x?ssl-mode=disable"), "postgres://u:p@h:1/x?ssl-mode=disable");
    assert_eq!(parsed("mysql://h/x"), "mysql://h/x");
}

#[test]
fn urls_of_other_tools_are_named_with_the_form_that_kit_takes() {
    for (url, scheme, corrected) in [
        (
            "jdbc:postgresql://h:5432/x?user=u&password=hunter2",
            "jdbc:postgresql",
            Some("postgres://u:PASSWORD@h:5432/x"),
        ),
        ("jdbc:postgresql:x", "jdbc:postgresql", Some("postgres://localhost/x")),
        ("jdbc:mysql://h/x?useSSL=true", "jdbc:mysql", Some("mysql://h/x?ssl-mode=VERIFY_IDENTITY")),
        ("jdbc:mariadb://u:hunter2@h/x", "jdbc:mariadb", Some("mysql://u:PASSWORD@h/x")),
        ("postgresql+asyncpg://u:hunter2@h/x", "postgresql+asyncpg", Some("postgres://u:PASSWORD@h/x")),
        (
            "mysql+pymysql://u:hunter2@h/x?charset=utf8mb4",
            "mysql+pymysql",
            Some("mysql://u:PASSWORD@h/x?charset=utf8mb4"),
        ),
        ("mysql2://u@h/x", "mysql2", Some("mysql://u@h/x")),
        ("postgis://u:hunter2@h/x", "postgis", Some("postgres://u:PASSWORD@h/x")),
        ("file:./dev.db", "file", Some("sqlite://dev.db")),
        ("file:/srv/dev.db", "file", Some("sqlite:///srv/dev.db")),
        ("sqlite+aiosqlite:///dev.db", "sqlite+aiosqlite", Some("sqlite://dev.db")),
        ("sqlite3:///dev.db", "sqlite3", Some("sqlite://dev.db")),
        ("postgre://u:hunter2@h/x", "postgre", Some("postgres://u:PASSWORD@h/x")),
        ("pgsql://u:hunter2/1@h/x", "pgsql", None),
    ] {
        let error = parse(url, Path::new("/nowhere"), &|_| None).unwrap_err();
        assert_eq!(error.reason, format!("kit does not know the scheme `{scheme}`"), "{url}");
        assert_eq!(error.corrected.as_deref(), corrected, "{url}");
        if let Some(corrected) = error.corrected {
            assert!(parse(&corrected, Path::new("/nowhere"), &|_| None).is_ok(), "{corrected}");
        }
    }
    for url in ["postgres://u:hunter2@h1:5432,h2:5433/x", "postgres://u:hunter2@h1,h2/x?target_session_attrs=any"] {
        let error = parse(url, Path::new("/nowhere"), &|_| None).unwrap_err();
        let corrected = error.corrected.unwrap();
        assert!(corrected.starts_with("postgres://u:PASSWORD@h1") && corrected.ends_with("/x"), "{corrected}");
    }
    assert!(parse("postgres:///x?host=h1,h2", Path::new("/nowhere"), &|_| None).is_err());
}

#[test]
fn parameters_that_the_driver_ignores_are_found() {
    let ignored = |url: &str| parse(url, Path::new("/"), &|_| None).unwrap().ignored;
    let schema = |name: &str| Ignored { name: name.to_owned(), meaning: Meaning::Schema("app".to_owned()) };
    for name in ["schema", "currentSchema", "search_path"] {
        assert_eq!(ignored(&format!("postgres://h/x?{name}=app&sslmode=require")), [schema(name)]);
    }
    let tls = |name: &str, meant| Ignored { name: name.to_owned(), meaning: Meaning::Tls(meant) };
    assert_eq!(ignored("mysql://h/x?sslMode=VERIFY_IDENTITY"), [tls("sslMode", "ssl-mode=VERIFY_IDENTITY")]);
    assert_eq!(ignored("postgres://h/x?ssl=true"), [tls("ssl", "sslmode=verify-full")]);
    assert_eq!(ignored("mysql://h/x?ssl-mode=REQUIRED&time-zone=Z"), []);
    assert_eq!(ignored("postgres://h/x?sslmode=require&channel_binding=require&options[a]=b"), []);
}
