//! Scripts by the database's own client, and all that is in a database as text.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot look has to stop")]

use std::io::Write;
use std::process::{Command, Stdio};

use kit_runtime::dialect::Dialect;
use url::Url;

use crate::support::database::Database;

/// Runs a script as a user would: `kit migrate --pretend | psql`.
pub fn client(database: &Database, script: &str) {
    if let Err(said) = try_client(database, script) {
        panic!("{:?}: {said}\n{script}", database.dialect);
    }
}

/// The same for a script that may fail: what the client said.
pub fn try_client(database: &Database, script: &str) -> Result<(), String> {
    let text: String =
        database.dialect.preamble(None).iter().map(|line| database.dialect.script(line) + "\n").collect::<String>()
            + script;
    let url = Url::parse(database.url()).unwrap();
    let mut command = match database.dialect {
        Dialect::Sqlite => {
            let mut command = Command::new("sqlite3");
            let path = database.url().trim_start_matches("sqlite://").split('?').next().unwrap();
            command.args(["-batch", "-bail", path]);
            command
        }
        Dialect::Postgres => {
            let mut command = Command::new("psql");
            // What `IF EXISTS` has to say is no fault.
            command.env("PGOPTIONS", "-c client_min_messages=warning");
            command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", database.url()]);
            command
        }
        Dialect::MySql => {
            let mut command = Command::new("mariadb");
            command.args(["--no-defaults", "--comments", "--protocol=tcp", "-h", url.host_str().unwrap()]);
            command.args(["-u", url.username()]);
            command.args(["-P", &url.port().unwrap().to_string(), url.path().trim_start_matches('/')]);
            command.env("MYSQL_PWD", url.password().unwrap());
            command
        }
    };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // A client that has failed reads no more.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() && said.is_empty() { Ok(()) } else { Err(said.into_owned()) }
}

/// Every row of every table, and the schema, a line each: two equal texts are two equal databases. What the clock says is
/// left out, and so is what only a run keeps for itself.
pub async fn contents(database: &Database) -> String {
    rows(database, false).await
}

/// The same with all of that: nothing at all has happened between two of these that are equal.
pub async fn whole(database: &Database) -> String {
    rows(database, true).await
}

async fn rows(database: &Database, whole: bool) -> String {
    let mut lines = if whole { database.everything().await } else { vec![database.schema().await] };
    for table in database.tables().await {
        if !whole
            && ["seaql_migrations", "kit_migrations", "kit_statements", "kit_lock", "kit_probe"]
                .contains(&table.as_str())
        {
            continue;
        }
        let literal = database.dialect.text_literal(&table);
        let columns = match database.dialect {
            Dialect::Sqlite => format!("SELECT name FROM pragma_table_info({literal}) ORDER BY cid"),
            Dialect::Postgres => format!(
                "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() \
                 AND table_name = {literal} ORDER BY ordinal_position"
            ),
            Dialect::MySql => format!(
                "SELECT CAST(column_name AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() \
                 AND table_name = {literal} ORDER BY ordinal_position"
            ),
        };
        let names: Vec<String> = database.query(&columns).await.into_iter().flatten().flatten().collect();
        let exact = |name: &String| {
            let quoted = database.dialect.quote(name);
            if !whole && name.ends_with("_at") {
                return format!("'{name}'");
            }
            match database.dialect {
                Dialect::Sqlite => format!("quote({quoted})"),
                Dialect::Postgres => format!("CAST({quoted} AS TEXT)"),
                Dialect::MySql => format!("HEX({quoted})"),
            }
        };
        let list: Vec<String> = names.iter().map(exact).collect();
        let sql = format!("SELECT {} FROM {}", list.join(", "), database.dialect.quote(&table));
        let mut rows: Vec<String> =
            database.query(&sql).await.into_iter().map(|row| format!("{table}: {row:?}")).collect();
        rows.sort();
        lines.extend(rows);
    }
    lines.join("\n")
}
