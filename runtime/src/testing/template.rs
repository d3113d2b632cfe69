//! Databases that those of tests are copies of: each is made once, however many processes start together, and stays for the next
//! run. It owns making them, copying them, and taking away those that nobody needs any more. What is in one is
//! the recipe's business.
//!
//! Whoever copies one shares the lock of its name as long as the process lives; whoever makes it has that of a second name; it
//! is dropped by whoever has the first name alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::recipe::{Recipe, TEMPLATE, is_template};
use super::server::{Server, database};
use super::{Error, Result};
use crate::connection::Connection;
use crate::dialect::STATEMENTS;
use crate::scratch::{self, MARK};
use crate::snapshot::{Scope, Snapshot};

/// Templates that were not used for so long go.
const UNUSED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How often it is noted that one is used.
const NOTED: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait between two looks at what another process makes.
const PAUSE: Duration = Duration::from_millis(20);

/// What a complete template begins its note with; the time of its last use follows.
const NOTE: &str = "a template of kit's for tests, used ";

/// How a database of a recipe is made.
#[derive(Clone, Debug)]
pub enum Template {
    /// The server copies it.
    Whole(String),
    /// By these statements.
    Statements(Vec<String>),
    /// By the migrations, since it cannot be copied.
    Migrations,
}

/// The template of a recipe, made if it is not there.
pub async fn ready(server: &Server, recipe: &Recipe) -> Result<Template> {
    let (session, name) = (&server.session, recipe.template.as_str());
    if let Some(share) = session.dialect().share_name(name) {
        while !scratch::says_yes(session, &share).await {
            tokio::time::sleep(PAUSE).await;
        }
    }
    let making = format!("{name}.making");
    loop {
        if let Some(template) = complete(server, name).await? {
            sweep(server, recipe).await;
            return Ok(template);
        }
        if scratch::lock(session, &making).await {
            let made = match complete(server, name).await {
                Ok(Some(_)) => Ok(()),
                Ok(None) => make(server, recipe).await,
                Err(error) => Err(error),
            };
            scratch::unlock(session, &making).await;
            made?;
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The template of this name, if it is complete.
async fn complete(server: &Server, name: &str) -> Result<Option<Template>> {
    let session = &server.session;
    let noted = templates(server).await.into_iter().find(|one| one.name == name).and_then(|one| one.used);
    let Some(used) = noted else { return Ok(None) };
    if now().saturating_sub(used) > NOTED {
        // It does not matter who notes it.
        let _ = note(server, name).await;
    }
    if session.dialect().copies_databases() {
        return Ok(Some(Template::Whole(name.to_owned())));
    }
    let table = format!("{}.{STATEMENTS}", session.dialect().quote(name));
    let rows = session.query(&format!("SELECT statement FROM {table} ORDER BY position"), &[]).await;
    let statements: Vec<String> = rows.map_err(database)?.into_iter().flatten().flatten().collect();
    Ok(Some(if statements.is_empty() { Template::Migrations } else { Template::Statements(statements) }))
}

/// Makes it anew, whatever is left of it.
async fn make(server: &Server, recipe: &Recipe) -> Result<()> {
    let name = recipe.template.as_str();
    let there = templates(server).await.iter().any(|one| one.name == name);
    if there && !scratch::is_ours(name, &async |name: &str| server.open(name).await.ok()).await {
        return Err(Error::Occupied { name: name.to_owned() });
    }
    drop_database(server, name).await?;
    server.create(name).await?;
    let outcome = fill(server, recipe).await;
    if outcome.is_err() {
        // The first failure is the one to report.
        let _ = drop_database(server, name).await;
    }
    outcome
}

async fn fill(server: &Server, recipe: &Recipe) -> Result<()> {
    let name = recipe.template.as_str();
    server.fill(name, recipe).await?;
    if !server.session.dialect().copies_databases() {
        keep_statements(server, name).await?;
    }
    note(server, name).await
}

/// Keeps in the template what makes a copy of it, if the copy is one.
async fn keep_statements(server: &Server, name: &str) -> Result<()> {
    let session = server.open(name).await?;
    let dialect = session.dialect();
    let statements = statements(&session, name).await.map_err(database)?;
    let copy = scratch::claim(&server.session, scratch::TEST).await;
    server.create(&copy).await?;
    let same = async {
        server.execute_in(&copy, &statements).await?;
        let copied = server.open(&copy).await?;
        let schemas =
            (Snapshot::take(&session, Scope::Schema, &[]).await, Snapshot::take(&copied, Scope::Schema, &[]).await);
        copied.close().await;
        Ok::<_, Error>(!statements.is_empty() && matches!(schemas, (Ok(one), Ok(other)) if one == other))
    };
    let same = same.await.unwrap_or_default();
    scratch::remove(&server.session, &copy).await.map_err(database)?;
    let table =
        format!("CREATE TABLE {STATEMENTS} (position bigint PRIMARY KEY, statement longtext CHARACTER SET utf8mb4)");
    session.execute(&table, &[]).await.map_err(database)?;
    for (position, statement) in statements.iter().enumerate().filter(|_| same) {
        let values = [i64::try_from(position).unwrap_or_default().into(), statement.as_str().into()];
        let insert = format!("INSERT INTO {STATEMENTS} VALUES ({})", dialect.placeholders(2));
        session.execute(&insert, &values).await.map_err(database)?;
    }
    session.close().await;
    Ok(())
}

/// The statements that make another database like this one, with its rows; none if more is in it than tables.
async fn statements(
    session: &crate::sea_orm::Session,
    name: &str,
) -> std::result::Result<Vec<String>, crate::connection::Error> {
    let dialect = session.dialect();
    if !session.query(dialect.beyond_tables(), &[]).await?.is_empty() {
        return Ok(Vec::new());
    }
    let mut tables = scratch::texts(session, dialect.census()).await;
    // The mark first, as ever.
    tables.sort_by_key(|table| table != MARK);
    let [before, after] = dialect.around_copy();
    let (mut making, mut filling) = (vec![before.to_owned()], Vec::new());
    for table in tables {
        let made = session.query(&dialect.show_table(&table), &[]).await?;
        making.extend(made.into_iter().filter_map(|row| row.into_iter().nth(1).flatten()));
        let quoted = dialect.quote(&table);
        if session.query(&format!("SELECT '1' FROM {quoted} LIMIT 1"), &[]).await?.is_empty() {
            continue;
        }
        let columns = session.query(dialect.written_columns(), &[table.as_str().into()]).await?;
        let columns: Vec<String> = columns.into_iter().flatten().flatten().map(|name| dialect.quote(&name)).collect();
        let (columns, template) = (columns.join(", "), dialect.quote(name));
        filling.push(format!("INSERT INTO {quoted} ({columns}) SELECT {columns} FROM {template}.{quoted}"));
    }
    making.append(&mut filling);
    making.push(after.to_owned());
    Ok(making)
}

/// Drops templates that this one replaces, and those that nobody has used for long.
async fn sweep(server: &Server, recipe: &Recipe) {
    let old = |one: &Found| one.used.is_some_and(|used| now().saturating_sub(used) > UNUSED);
    for one in templates(server).await {
        if one.name == recipe.template || !(recipe.replaces(&one.name) || old(&one)) {
            continue;
        }
        let making = format!("{}.making", one.name);
        if !scratch::lock(&server.session, &making).await {
            continue;
        }
        if scratch::lock(&server.session, &one.name).await {
            let open = async |name: &str| server.open(name).await.ok();
            if one.used.is_some() || scratch::is_ours(&one.name, &open).await {
                // If somebody is in it, it stays for another time.
                let _ = drop_database(server, &one.name).await;
            }
            scratch::unlock(&server.session, &one.name).await;
        }
        scratch::unlock(&server.session, &making).await;
    }
}

/// A template that is there.
struct Found {
    name: String,
    /// When it was used last, as far as noted; none if it is not complete.
    used: Option<Duration>,
}

async fn templates(server: &Server) -> Vec<Found> {
    let sql = server.session.dialect().templates(TEMPLATE);
    let rows = server.session.query(&sql, &[]).await.unwrap_or_default();
    let found = rows.into_iter().filter_map(|row| {
        let mut cells = row.into_iter();
        let (name, note) = (cells.next()??, cells.next()?);
        let used = note.and_then(|note| note.strip_prefix(NOTE)?.parse().ok()).map(Duration::from_secs);
        Some(Found { name, used })
    });
    found.filter(|one| is_template(&one.name)).collect()
}

async fn note(server: &Server, name: &str) -> Result<()> {
    let note = format!("{NOTE}{}", now().as_secs());
    for sql in server.session.dialect().note_of_template(name, &note) {
        server.session.execute(&sql, &[]).await.map_err(database)?;
    }
    Ok(())
}

async fn drop_database(server: &Server, name: &str) -> Result<()> {
    let drop = format!("DROP DATABASE IF EXISTS {}", server.session.dialect().quote(name));
    server.session.execute(&drop, &[]).await.map_err(database)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
