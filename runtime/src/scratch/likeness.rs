//! What a database that kit makes for a while has to have in common with the one that it stands for: encoding, collation,
//! settings, schema, extensions. It reads the one and furnishes the other.

use super::texts;
use crate::connection::{Connection, Error};
use crate::sea_orm::Session;

/// What a database is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Likeness {
    /// Behind `CREATE DATABASE` and the name.
    options: String,
    /// Statements for the server, `{}` standing for the name.
    settings: Vec<String>,
    /// Extensions and the schemas they are in.
    extensions: Vec<(String, String)>,
    /// The schema in which everything is, if it is not the usual one.
    pub schema: Option<String>,
}

impl Likeness {
    /// That of a database of which nothing is known but its schema.
    pub fn in_schema(schema: Option<String>) -> Self {
        Self { schema, ..Self::default() }
    }

    /// What has to be known of the database that `session` is with, which was asked for this schema. What cannot be read is
    /// not needed.
    pub async fn of(session: &Session, schema: Option<String>) -> Self {
        let dialect = session.dialect();
        let options = texts(session, dialect.database_options()).await.concat();
        let Some(more) = dialect.more_of_database() else { return Self { options, ..Self::default() } };
        let pairs = async |sql: &str| -> Vec<(String, String)> {
            let rows = session.query(sql, &[]).await.unwrap_or_default();
            let pair = |row: Vec<Option<String>>| {
                let mut cells = row.into_iter().flatten();
                Some((cells.next()?, cells.next()?))
            };
            rows.into_iter().filter_map(pair).collect()
        };
        let settings = pairs(more.settings).await.into_iter().map(|(name, value)| {
            // The server keeps a list as it has quoted it itself.
            let value = if LISTS.contains(&name.as_str()) { value } else { dialect.text_literal(&value) };
            format!("ALTER DATABASE {{}} SET {} TO {value}", dialect.quote(&name))
        });
        let own = texts(session, more.schema).await.into_iter().next();
        let schema = own.or(schema).filter(|schema| schema != more.usual_schema);
        Self { options, settings: settings.collect(), extensions: pairs(more.extensions).await, schema }
    }

    /// The statement that creates a database like it.
    pub fn create(&self, session: &Session, name: &str) -> String {
        format!("CREATE DATABASE {}{}", session.dialect().quote(name), self.options)
    }

    /// Gives a database its settings, which no copy has.
    pub async fn set(&self, server: &Session, name: &str) {
        for setting in &self.settings {
            // A setting that only an administrator may make is one that a migration hardly depends on.
            let _ = server.execute(&setting.replacen("{}", &server.dialect().quote(name), 1), &[]).await;
        }
    }

    /// Gives a new database what creating it does not. `open` connects to it. An extension is left out if a migration brings
    /// it.
    ///
    /// # Errors
    /// What the database `failed` with, or that of `open`.
    pub async fn furnish<E>(
        &self,
        server: &Session,
        name: &str,
        open: impl AsyncFnOnce() -> Result<Session, E>,
        failed: impl Fn(&Error) -> E,
        brings: impl Fn(&str) -> bool,
    ) -> Result<(), E> {
        let dialect = server.dialect();
        self.set(server, name).await;
        if self.schema.is_none() && self.extensions.is_empty() {
            return Ok(());
        }
        let session = open().await?;
        for schema in self.extensions.iter().map(|(_, schema)| schema).chain(&self.schema) {
            session
                .execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", dialect.quote(schema)), &[])
                .await
                .map_err(|error| failed(&error))?;
        }
        for (extension, schema) in self.extensions.iter().filter(|(extension, _)| !brings(extension)) {
            let (extension, schema) = (dialect.quote(extension), dialect.quote(schema));
            let create = format!("CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA {schema}");
            // If a migration needs it, that one says so.
            let _ = session.execute(&create, &[]).await;
        }
        session.close().await;
        Ok(())
    }
}

/// Settings whose values are lists.
const LISTS: [&str; 3] = ["search_path", "temp_tablespaces", "session_preload_libraries"];
