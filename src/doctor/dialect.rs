//! What is asked of each family of databases, and what its answers mean: version, encryption, clock, encoding, permissions.

use kit_runtime::connection::{Connection, Error};
use kit_runtime::dialect::{Dialect, Survey};
use kit_runtime::ledger::own_tables;
use kit_runtime::sea_orm::Session;

/// A server, and the oldest version of it that has what kit asks for.
pub struct Server {
    pub family: &'static str,
    pub version: String,
    pub oldest: &'static str,
}

/// What a user may not do, and the statement by which somebody else lets them.
pub struct Lack {
    pub what: String,
    pub mend: String,
    /// There is nothing to look into.
    pub is_blind: bool,
}

/// A query for the version of a database that has no survey.
pub fn version(dialect: Dialect) -> Option<&'static str> {
    (dialect == Dialect::Sqlite).then_some("SELECT sqlite_version()")
}

/// The survey of a database that says no more than its version.
pub fn surveyed(version: Option<String>) -> Survey {
    Survey::new(version.map(|version| ("version".to_owned(), version)))
}

/// What a server says it is.
pub fn server(dialect: Dialect, survey: &Survey) -> Server {
    let said = survey.value("version");
    let digits = |text: &str| text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>();
    // `PostgreSQL 15.4 (Debian …)`, `10.11.4-MariaDB-…`, `8.0.36`.
    let version = said.split_whitespace().map(digits).find(|word| !word.is_empty()).unwrap_or_default();
    let (family, oldest) = match dialect {
        // The pragma that lists tables.
        Dialect::Sqlite => ("SQLite", "3.37"),
        Dialect::Postgres if said.to_lowercase().contains("cockroach") => ("CockroachDB", "0"),
        // What an index that is being built says of itself.
        Dialect::Postgres => ("PostgreSQL", "12"),
        // Lists of names as JSON.
        Dialect::MySql if said.to_lowercase().contains("mariadb") => ("MariaDB", "10.5"),
        // Checks in its catalog.
        Dialect::MySql => ("MySQL", "8.0.16"),
    };
    Server { family, version, oldest }
}

/// A query whose last cell is the cipher of the session; empty or NULL if it has none.
pub fn cipher(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => {
            Some("SELECT CASE WHEN ssl THEN version || ' ' || cipher END FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        }
        Dialect::MySql => Some("SHOW SESSION STATUS LIKE 'Ssl_cipher'"),
    }
}

/// A query for the server's clock, in milliseconds since 1970.
pub fn clock(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some("SELECT CAST(CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS TEXT)"),
        Dialect::MySql => Some("SELECT CAST(CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS CHAR)"),
    }
}

/// A query for the encoding of the database.
pub fn encoding(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some("SELECT current_setting('server_encoding')"),
        Dialect::MySql => Some("SELECT CAST(@@character_set_database AS CHAR)"),
    }
}

/// Whether an encoding has a place for every character.
pub fn holds_every_text(dialect: Dialect, encoding: &str) -> bool {
    match dialect {
        Dialect::Sqlite => true,
        Dialect::Postgres => encoding == "UTF8",
        Dialect::MySql => encoding == "utf8mb4",
    }
}

/// The statement that gives new tables such an encoding, or makes a database that has one.
pub fn reencode(dialect: Dialect, database: &str) -> String {
    match dialect {
        Dialect::MySql => format!("ALTER DATABASE {} CHARACTER SET utf8mb4", dialect.quote(database)),
        // It stays what it was created with.
        Dialect::Sqlite | Dialect::Postgres => "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0".to_owned(),
    }
}

/// What the user may not do of what migrations do.
///
/// # Errors
/// What the database said.
pub async fn permissions(session: &Session, database: &str, ledger: &str) -> Result<Vec<Lack>, Error> {
    match session.dialect() {
        Dialect::Sqlite => Ok(Vec::new()),
        Dialect::Postgres => of_schema(session, ledger).await,
        Dialect::MySql => of_grants(session, database).await,
    }
}

/// Privileges on the schema, and on the tables that are there already.
async fn of_schema(session: &Session, ledger: &str) -> Result<Vec<Lack>, Error> {
    let quote = |name: &str| Dialect::Postgres.quote(name);
    let sql = "SELECT current_user::text, current_schema()::text, current_setting('search_path'), \
               has_schema_privilege(current_schema(), 'CREATE')::text";
    let Some(row) = session.query(sql, &[]).await?.into_iter().next() else { return Ok(Vec::new()) };
    let [user, schema, path, may_create] = <[Option<String>; 4]>::try_from(row).unwrap_or_default();
    let user = quote(&user.unwrap_or_default());
    let Some(schema) = schema else {
        let path = path.unwrap_or_default();
        let first = path.split(',').map(str::trim).find(|name| *name != "\"$user\"").unwrap_or("public");
        return Ok(vec![Lack {
            what: format!("no schema of the search path {path} is there, or the user may not use it"),
            mend: format!("CREATE SCHEMA IF NOT EXISTS {first}; GRANT USAGE, CREATE ON SCHEMA {first} TO {user}"),
            is_blind: true,
        }]);
    };
    let mut lacks = Vec::new();
    if may_create.as_deref() != Some("true") {
        lacks.push(Lack {
            what: format!("none to create tables in the schema {schema}"),
            mend: format!("GRANT USAGE, CREATE ON SCHEMA {} TO {user}", quote(&schema)),
            is_blind: false,
        });
    }
    let sql = "SELECT c.relname::text FROM pg_catalog.pg_class c \
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT (\
               has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') \
               AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')) ORDER BY 1";
    let closed: Vec<String> = session.query(sql, &[]).await?.into_iter().flatten().flatten().collect();
    let closed: Vec<String> = closed.into_iter().filter(|name| own_tables(ledger).contains(&name.as_str())).collect();
    if !closed.is_empty() {
        let tables: Vec<String> = closed.iter().map(|name| quote(name)).collect();
        lacks.push(Lack {
            what: format!("none to read and write {}", closed.join(", ")),
            mend: format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {user}", tables.join(", ")),
            is_blind: false,
        });
    }
    Ok(lacks)
}

/// What migrations need on their own database.
const NEEDED: [&str; 9] = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"];

/// Privileges as the server lists them, roles that are on included.
async fn of_grants(session: &Session, database: &str) -> Result<Vec<Lack>, Error> {
    let grants: Vec<String> = session.query("SHOW GRANTS", &[]).await?.into_iter().flatten().flatten().collect();
    let lacking = lacking(&grants, database);
    if lacking.is_empty() {
        return Ok(Vec::new());
    }
    let user = session.query("SELECT CAST(CURRENT_USER() AS CHAR)", &[]).await?.into_iter().flatten().next().flatten();
    let user = user.unwrap_or_default();
    let (name, host) = user.rsplit_once('@').unwrap_or((&user, "%"));
    let quote = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"));
    Ok(vec![Lack {
        what: format!("none to {} in {database}", lacking.join(", ")),
        // In a grant, `_` would stand for any character. Of two grants that fit, the server takes one.
        mend: format!(
            "GRANT {} ON {}.* TO {}@{}",
            NEEDED.join(", "),
            Dialect::MySql.quote(&database.replace('_', "\\_")),
            quote(name),
            quote(host)
        ),
        is_blind: false,
    }])
}

/// What is needed and not granted. A role whose privileges are not listed may have all of them.
fn lacking(grants: &[String], database: &str) -> Vec<&'static str> {
    let mut lacking = NEEDED.to_vec();
    for grant in grants.iter().filter_map(|line| line.strip_prefix("GRANT ")) {
        let Some((privileges, rest)) = grant.split_once(" ON ") else { return Vec::new() };
        let scope = rest.split(" TO ").next().unwrap_or_default();
        let covers =
            scope == "*.*" || scope.strip_suffix(".*").is_some_and(|pattern| fits(pattern.trim_matches('`'), database));
        if covers {
            let granted: Vec<&str> = privileges.split(',').map(str::trim).collect();
            let all = granted.iter().any(|name| name.starts_with("ALL"));
            lacking.retain(|name| !all && !granted.contains(name));
        }
    }
    lacking
}

/// Whether a name fits a pattern of a grant: `%` any characters, `_` one, both with `\` themselves.
fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('%') => {
            (0..=name.len()).filter(|at| name.is_char_boundary(*at)).any(|at| fits(rest.as_str(), &name[at..]))
        }
        Some(c) => {
            let (wanted, any) = match c {
                '\\' => (rest.next().unwrap_or(c), false),
                _ => (c, c == '_'),
            };
            let mut name = name.chars();
            name.next().is_some_and(|found| any || found == wanted) && fits(rest.as_str(), name.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_as_the_server_reads_them() {
        let all = |scope: &str| format!("GRANT ALL PRIVILEGES ON {scope} TO `u`@`%`");
        for (grants, lacks) in [
            (vec![all("*.*")], 0),
            (vec![all("`shop`.*")], 0),
            (vec![all("`sh%`.*")], 0),
            (vec![all("`sho_`.*")], 0),
            (vec![all("`sho\\_`.*")], 9),
            (vec![all("`other`.*"), "GRANT USAGE ON *.* TO `u`@`%`".to_owned()], 9),
            (vec![all("`shop`.`one`")], 9),
            (vec!["GRANT SELECT, INSERT, UPDATE, DELETE ON `shop`.* TO `u`@`%`".to_owned()], 5),
            (vec!["GRANT `migrator` TO `u`@`%`".to_owned()], 0),
        ] {
            assert_eq!(lacking(&grants, "shop").len(), lacks, "{grants:?}");
        }
    }

    #[test]
    fn servers_say_what_they_are() {
        for (dialect, said, family, version) in [
            (Dialect::Postgres, "PostgreSQL 15.4 (Debian 15.4-1) on x86_64", "PostgreSQL", "15.4"),
            (Dialect::Postgres, "PostgreSQL 17beta1 on x86_64", "PostgreSQL", "17"),
            (Dialect::Postgres, "CockroachDB CCL v24.1.0 (x86_64)", "CockroachDB", ""),
            (Dialect::MySql, "10.11.4-MariaDB-1~deb12u1", "MariaDB", "10.11.4"),
            (Dialect::MySql, "5.7.44-log", "MySQL", "5.7.44"),
            (Dialect::Sqlite, "3.46.0", "SQLite", "3.46.0"),
        ] {
            let server = server(dialect, &surveyed(Some(said.to_owned())));
            assert_eq!((server.family, server.version.as_str()), (family, version), "{said}");
        }
    }
}
