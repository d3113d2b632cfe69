//! Creating the database of a [`Target`]: the file of an embedded one, `CREATE DATABASE` on a server, in an encoding that has
//! every character. Whether it may be created is not asked here.

use kit_runtime::connection::{Connection, Error as QueryError};
use kit_runtime::dialect::Dialect;
use kit_runtime::sea_orm::Session;

use super::{Target, url as text};
use crate::error::{Error, Result};

/// The collation where the server's own belongs to another character set. MySQL and MariaDB have it, and it tells emoji apart.
const UNICODE: &str = "utf8mb4_unicode_520_ci";

/// Locales to try in turn if that of the server does not support UTF-8; the empty one is the server's own.
const LOCALES: [&str; 3] = ["", " LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'", " LC_COLLATE 'C' LC_CTYPE 'C'"];

impl Target {
    /// Creates the database.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Database`], [`Error::File`].
    pub async fn create(&self) -> Result<()> {
        if let Some(file) = self.file() {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|source| Error::File {
                    action: "create",
                    path: folder.to_owned(),
                    source,
                })?;
            }
            self.open(&text::creating(&file)).await?;
            return Ok(());
        }
        let name = self.database_name().ok_or_else(|| self.missing())?;
        let session = self.open_server().await?;
        let choices = choices(&session).await.map_err(|error| self.failed(&error))?;
        let mut first = None;
        for options in choices {
            let statement = format!("CREATE DATABASE {}{options}", self.dialect.quote(&name));
            match session.execute(&statement, &[]).await {
                Ok(()) => return Ok(()),
                Err(error) => first.get_or_insert(error),
            };
        }
        first.map_or(Ok(()), |error| Err(self.failed(&error)))
    }
}

/// The options of `CREATE DATABASE` to try in turn, each with a blank before it or empty. The server's own encoding and
/// collation are kept if the encoding has every character.
async fn choices(session: &Session) -> std::result::Result<Vec<String>, QueryError> {
    let first = async |sql: &str| -> std::result::Result<Vec<String>, QueryError> {
        let row = session.query(sql, &[]).await?.into_iter().next();
        Ok(row.into_iter().flatten().map(Option::unwrap_or_default).collect())
    };
    match session.dialect() {
        Dialect::Sqlite => Ok(vec![String::new()]),
        Dialect::Postgres => {
            let encoding = first(
                "SELECT pg_catalog.pg_encoding_to_char(encoding)::text FROM pg_catalog.pg_database WHERE datname = 'template1'",
            );
            Ok(match encoding.await?.as_slice() {
                // Only `template0` can be copied in another encoding.
                [encoding] if encoding != "UTF8" => {
                    LOCALES.map(|locale| format!(" TEMPLATE template0 ENCODING 'UTF8'{locale}")).to_vec()
                }
                _ => vec![String::new()],
            })
        }
        Dialect::MySql => {
            let server = first("SELECT CAST(@@character_set_server AS CHAR), CAST(@@collation_server AS CHAR)").await?;
            let collation = match server.as_slice() {
                [characters, collation] if characters == "utf8mb4" => collation,
                _ => UNICODE,
            };
            Ok(vec![format!(" CHARACTER SET utf8mb4 COLLATE {collation}")])
        }
    }
}
