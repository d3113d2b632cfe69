//! A database that is nobody's, like the one that the user's settings name, to try migrations on: in memory, on the same
//! server, or one that the user gives. It owns making it and taking it away, also what a killed run has left; what is done
//! on it is not its business. Nothing of the user's own database is changed or locked.
//!
//! One on a server is called [`PREFIX`] and something that nobody has thought of. Its name is locked in a session from before it is
//! there until it is gone: a database of that name whose lock is free is a killed run's, and is dropped if nobody is in it
//! and if nothing is in it but what kit put there.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::engine::MARK;
use kit_runtime::sea_orm::Session;
use url::Url;

use super::Target;
use crate::error::{Error, Result};

/// How the names of scratch databases begin.
pub const PREFIX: &str = "kit_scratch_";

/// A scratch database.
pub struct Scratch {
    target: Target,
    home: Home,
}

enum Home {
    Memory,
    /// The user's, who keeps it.
    Given,
    /// Made on a server, by a session that has its name locked.
    Made {
        server: Session,
        name: String,
    },
}

/// What a scratch database has to have in common with the one it stands for.
#[derive(Default)]
struct Likeness {
    /// Behind `CREATE DATABASE` and the name.
    options: String,
    /// Statements for the server, `{}` standing for the name.
    settings: Vec<String>,
    /// Extensions and the schemas they are in.
    extensions: Vec<(String, String)>,
    schema: Option<String>,
}

impl Scratch {
    /// Makes one like `target`. An extension that `target` has is there from the start unless `brings` says that a migration
    /// brings it. Removes those that killed runs have left, and says how many.
    ///
    /// # Errors
    /// [`Error::NoScratch`] where the server does not let the user create it, those of connecting.
    pub async fn make(target: &Target, brings: impl Fn(&str) -> bool) -> Result<(Self, usize)> {
        if target.dialect == Dialect::Sqlite {
            let url = "sqlite::memory:".to_owned();
            return Ok((Self { target: Target { url, ..target.clone() }, home: Home::Memory }, 0));
        }
        let like = Likeness::of(target).await?;
        let server = target.open_server().await?;
        let refused = |message: &str| Error::NoScratch { server: target.redacted(), message: target.scrub(message) };
        let removed = sweep(target, &server).await;
        let name = format!("{PREFIX}{}{:016x}", node(&server).await, RandomState::new().build_hasher().finish());
        lock(&server, &name).await;
        let create = format!("CREATE DATABASE {}{}", target.dialect.quote(&name), like.options);
        server.execute(&create, &[]).await.map_err(|error| refused(&error.message))?;
        let scratch = Self { target: target.beside(&name, like.schema.clone()), home: Home::Made { server, name } };
        if let Err(error) = scratch.furnish(&like, brings).await {
            // The first failure is the one to report.
            let _ = scratch.remove().await;
            return Err(error);
        }
        Ok((scratch, removed))
    }

    /// The one that the user gives with `--scratch`; a file that is not there is created.
    ///
    /// # Errors
    /// Those of connecting.
    pub async fn given(given: Target) -> Result<Self> {
        match given.connect().await {
            Err(Error::NoDatabase { .. }) if given.file().is_some() => given.create().await?,
            outcome => drop(outcome?),
        }
        Ok(Self { target: given, home: Home::Given })
    }

    /// What `--scratch` says, if it can stand for `target`.
    ///
    /// # Errors
    /// [`Error::WrongScratch`], [`Error::BadUrl`].
    pub fn parse(url: &str, target: &Target, root: &Path) -> Result<Target> {
        let given = Target { schema: target.schema.clone(), ..Target::parse(url, "--scratch", root)? };
        if given.dialect != target.dialect {
            return Err(Error::WrongScratch { reason: "it is another kind of database than the one it stands for" });
        }
        if place(&given) == place(target) {
            return Err(Error::WrongScratch { reason: "it is the database itself that it stands for" });
        }
        Ok(given)
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether it stays, and has to be left empty.
    pub fn stays(&self) -> bool {
        matches!(self.home, Home::Given)
    }

    /// Takes it away, whoever is in it; one that the user gave stays.
    ///
    /// # Errors
    /// [`Error::ScratchStays`].
    pub async fn remove(self) -> Result<()> {
        let Home::Made { server, name } = self.home else { return Ok(()) };
        let dialect = self.target.dialect;
        // What was killed with kit may still be busy there.
        for row in server.query(&sessions(dialect, &name), &[]).await.unwrap_or_default() {
            if let Some(session) = row.into_iter().next().flatten().and_then(|session| session.parse().ok()) {
                let _ = kit_runtime::lock::end_session(&server, session).await;
            }
        }
        let drop = format!("DROP DATABASE IF EXISTS {}", dialect.quote(&name));
        let dropped = server.execute(&drop, &[]).await;
        dropped.map_err(|error| Error::ScratchStays { name, message: self.target.scrub(&error.message) })
    }

    async fn furnish(&self, like: &Likeness, brings: impl Fn(&str) -> bool) -> Result<()> {
        let Home::Made { server, name } = &self.home else { return Ok(()) };
        let dialect = self.target.dialect;
        for setting in &like.settings {
            // A setting that only an administrator may make is one that a migration hardly depends on.
            let _ = server.execute(&setting.replacen("{}", &dialect.quote(name), 1), &[]).await;
        }
        if like.schema.is_none() && like.extensions.is_empty() {
            return Ok(());
        }
        let session = Target { schema: None, ..self.target.clone() }.connect().await?;
        let schemas = like.extensions.iter().map(|(_, schema)| schema).chain(&like.schema);
        for schema in schemas {
            let create = format!("CREATE SCHEMA IF NOT EXISTS {}", dialect.quote(schema));
            session.execute(&create, &[]).await.map_err(|error| self.target.failed(&error))?;
        }
        for (extension, schema) in like.extensions.iter().filter(|(extension, _)| !brings(extension)) {
            let (extension, schema) = (dialect.quote(extension), dialect.quote(schema));
            let create = format!("CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA {schema}");
            // If a migration needs it, that one says so.
            let _ = session.execute(&create, &[]).await;
        }
        Ok(())
    }
}

impl Target {
    /// Another database on the same server.
    fn beside(&self, name: &str, schema: Option<String>) -> Self {
        let url = Url::parse(self.secret_url()).map(|mut url| {
            url.set_path(name);
            url.to_string()
        });
        let url = url.unwrap_or_else(|_| self.url.clone());
        Self { name: None, url, schema, ..self.clone() }
    }
}

impl Likeness {
    /// What has to be known of a database; of one that is not there, nothing.
    async fn of(target: &Target) -> Result<Self> {
        let session = match target.connect().await {
            Err(Error::NoDatabase { .. }) => return Ok(Self { schema: target.schema.clone(), ..Self::default() }),
            session => session?,
        };
        // What cannot be read is not needed.
        let rows = async |sql: &str| session.query(sql, &[]).await.unwrap_or_default();
        if target.dialect != Dialect::Postgres {
            let options = rows(
                "SELECT CONCAT(' CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name) \
                 FROM information_schema.schemata WHERE schema_name = DATABASE()",
            );
            let options = options.await.into_iter().flatten().flatten().next().unwrap_or_default();
            return Ok(Self { options, ..Self::default() });
        }
        let quoted = |text: &str| target.dialect.text_literal(text);
        let mut options = " TEMPLATE template0".to_owned();
        let own = rows(
            "SELECT pg_encoding_to_char(encoding), datcollate::text, datctype::text FROM pg_database \
             WHERE datname = current_database()",
        );
        for (word, value) in
            ["ENCODING", "LC_COLLATE", "LC_CTYPE"].iter().zip(own.await.into_iter().flatten().flatten())
        {
            options.push_str(&format!(" {word} {}", quoted(&value)));
        }
        let own = rows(
            "SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1) FROM pg_db_role_setting, \
             unnest(setconfig) AS setting WHERE setrole = 0 \
             AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
        );
        let settings = own.await.into_iter().filter_map(|row| {
            let mut cells = row.into_iter().flatten();
            let (name, value) = (cells.next()?, cells.next()?);
            // The server keeps a list as it has quoted it itself.
            let value = if LISTS.contains(&name.as_str()) { value } else { quoted(&value) };
            Some(format!("ALTER DATABASE {{}} SET {} TO {value}", target.dialect.quote(&name)))
        });
        let extensions = rows(
            "SELECT extname::text, nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
             WHERE extname <> 'plpgsql' ORDER BY e.oid",
        );
        let extensions = extensions.await.into_iter().filter_map(|row| {
            let mut cells = row.into_iter().flatten();
            Some((cells.next()?, cells.next()?))
        });
        let schema = rows("SELECT current_schema()::text").await.into_iter().flatten().flatten().next();
        let schema = schema.or_else(|| target.schema.clone()).filter(|schema| schema != "public");
        Ok(Self { options, settings: settings.collect(), extensions: extensions.collect(), schema })
    }
}

/// Settings whose values are lists.
const LISTS: [&str; 3] = ["search_path", "temp_tablespaces", "session_preload_libraries"];

/// Drops what killed runs have left, and says how many there were. What cannot be dropped stays for another time.
async fn sweep(target: &Target, server: &Session) -> usize {
    let start = format!("{PREFIX}{}", node(server).await);
    let list = match target.dialect {
        Dialect::Postgres => {
            "SELECT datname::text FROM pg_database d WHERE pg_has_role(datdba, 'USAGE') \
             AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)"
        }
        _ => "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata",
    };
    let names = server.query(list, &[]).await.unwrap_or_default().into_iter().flatten().flatten();
    let mut removed = 0;
    for name in names.filter(|name| is_scratch(name, &start)) {
        if !lock(server, &name).await {
            continue;
        }
        if is_ours(target, &name).await {
            let drop = format!("DROP DATABASE {}", target.dialect.quote(&name));
            removed += usize::from(server.execute(&drop, &[]).await.is_ok());
        }
        unlock(server, &name).await;
    }
    removed
}

fn is_scratch(name: &str, start: &str) -> bool {
    let digits = name.strip_prefix(start).unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
}

/// Whether there is nothing in it, or what says that kit made it.
async fn is_ours(target: &Target, name: &str) -> bool {
    let ours = async {
        let session = target.beside(name, target.schema.clone()).connect().await.ok()?;
        let dialect = target.dialect;
        if !session.query(&sessions(dialect, name), &[]).await.ok()?.is_empty() {
            return None;
        }
        let marked = !session.query(dialect.table_exists(), &[MARK.into()]).await.ok()?.is_empty();
        let tables = session.query(dialect.census(), &[]).await.ok()?;
        Some(marked || tables.is_empty())
    };
    ours.await.unwrap_or_default()
}

/// A query for the sessions in a database but the one that asks.
fn sessions(dialect: Dialect, name: &str) -> String {
    let name = dialect.text_literal(name);
    match dialect {
        Dialect::Postgres => {
            format!("SELECT pid::text FROM pg_stat_activity WHERE datname = {name} AND pid <> pg_backend_pid()")
        }
        _ => format!(
            "SELECT CAST(id AS CHAR) FROM information_schema.processlist WHERE db = {name} AND id <> CONNECTION_ID()"
        ),
    }
}

/// What tells the nodes of a cluster apart, where a lock is only one node's.
async fn node(server: &Session) -> String {
    let sql = match server.dialect() {
        Dialect::Postgres => return String::new(),
        _ => "SELECT SUBSTRING(MD5(CONCAT(@@hostname, ' ', @@port)), 1, 8)",
    };
    let node = server.query(sql, &[]).await.unwrap_or_default().into_iter().flatten().flatten().next();
    node.map(|node| node + "_").unwrap_or_default()
}

/// Locks a name in the server's session; whether nobody else has it.
async fn lock(server: &Session, name: &str) -> bool {
    said_yes(server, &lock_text(server.dialect(), "pg_try_advisory_lock", "GET_LOCK", ", 0", name)).await
}

async fn unlock(server: &Session, name: &str) -> bool {
    said_yes(server, &lock_text(server.dialect(), "pg_advisory_unlock", "RELEASE_LOCK", "", name)).await
}

fn lock_text(dialect: Dialect, one: &str, other: &str, more: &str, name: &str) -> String {
    let name = dialect.text_literal(name);
    match dialect {
        Dialect::Postgres => format!("SELECT {one}(hashtext('kit'), hashtext({name}))::int::text"),
        _ => format!("SELECT CAST({other}({name}{more}) AS CHAR)"),
    }
}

async fn said_yes(server: &Session, sql: &str) -> bool {
    let answer = server.query(sql, &[]).await.unwrap_or_default().into_iter().flatten().flatten().next();
    answer.as_deref() == Some("1")
}

/// What tells two databases apart, as far as their URLs do.
fn place(target: &Target) -> (Option<String>, Option<u16>, String) {
    if let Some(file) = target.file() {
        return (None, None, file.canonicalize().unwrap_or(file).display().to_string());
    }
    let url = Url::parse(target.secret_url()).ok();
    let host = url.as_ref().and_then(|url| url.host_str().map(|host| host.replace("localhost", "127.0.0.1")));
    (host, url.and_then(|url| url.port()), target.database_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_look_like_scratch_are_somebody_elses() {
        for (name, ours) in [
            ("kit_scratch_0123456789abcdef", true),
            ("kit_scratch_0123456789ABCDEF", false),
            ("kit_scratch_0123456789abcde", false),
            ("kit_scratch_0123456789abcdef0", false),
            ("kit_scratch_", false),
            ("kit_scratch_of_my_own_00000", false),
            ("my_kit_scratch_0123456789abcdef", false),
        ] {
            assert_eq!(is_scratch(name, PREFIX), ours, "{name}");
        }
    }

    #[test]
    fn a_scratch_database_is_another_one_of_the_same_kind() {
        let root = Path::new("/");
        let target = Target::parse("postgres://u:p@localhost:5432/app", "here", root).unwrap();
        let reason = |url: &str| match Scratch::parse(url, &target, root) {
            Err(Error::WrongScratch { reason }) => reason,
            other => panic!("{:?}", other.map(|target| target.redacted())),
        };
        assert!(reason("mysql://u:p@localhost/x").contains("another kind"));
        assert!(reason("postgres://someone@127.0.0.1:5432/app").contains("itself"));
        assert!(Scratch::parse("postgres://u:p@localhost:5432/other", &target, root).is_ok());
        assert!(Scratch::parse("postgres://u:p@localhost:5433/app", &target, root).is_ok());
    }
}
