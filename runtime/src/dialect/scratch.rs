//! What differs between servers for databases that kit makes for a while: how a name is locked, who is in one, which ones are
//! deserted, what a database is like. It returns SQL and does no I/O.

use super::Dialect;

/// The URL of another database on the server of this one.
///
/// ```
/// # use kit_runtime::dialect::beside;
/// assert_eq!(beside("postgres://u:p@h:5/app?sslmode=require", "x"), "postgres://u:p@h:5/x?sslmode=require");
/// assert_eq!(beside("postgres:///app?host=/run", "x"), "postgres:///x?host=/run");
/// assert_eq!(beside("mysql://u@h", ""), "mysql://u@h/");
/// ```
pub fn beside(url: &str, name: &str) -> String {
    let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
    let host = place.find("://").map_or(0, |at| at + 3);
    let end = place.get(host..).and_then(|rest| rest.find('/')).map_or(place.len(), |at| host + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", place.get(..end).unwrap_or(place))
}

/// The name of the database in a URL.
pub fn name_in(url: &str) -> &str {
    let place = url.split_once('?').map_or(url, |(place, _)| place);
    let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
    rest.split_once('/').map_or("", |(_, name)| name)
}

/// Queries for what a database has besides its options.
#[derive(Clone, Copy, Debug)]
pub struct More {
    /// Its own settings: name and value.
    pub settings: &'static str,
    /// Its extensions, and the schemas that they are in, in the order in which they came.
    pub extensions: &'static str,
    /// The schema that is looked at first.
    pub schema: &'static str,
    /// What that is called if nobody says otherwise.
    pub usual_schema: &'static str,
}

impl Dialect {
    /// The family that a URL is of, by its scheme.
    pub fn of_url(url: &str) -> Option<Self> {
        match url.split_once(':')?.0.to_ascii_lowercase().as_str() {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::MySql),
            _ => None,
        }
    }

    /// A URL as the driver takes it, which does not know every scheme.
    pub fn driver_url(self, url: &str) -> String {
        match (self, url.split_once(':')) {
            (Self::MySql, Some((_, rest))) => format!("mysql:{rest}"),
            _ => url.to_owned(),
        }
    }

    /// Whether a database is a file, or in memory, instead of on a server.
    pub fn is_embedded(self) -> bool {
        self == Self::Sqlite
    }

    /// A schema as a pool is told of it.
    pub fn search_path(schema: &str) -> String {
        Self::Postgres.quote(schema)
    }

    /// The URL with a file relative to `root`, where it is a file.
    pub fn url_below(self, url: &str, root: &std::path::Path) -> String {
        let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        match path {
            Some(path) if !path.starts_with([':', '/', '?']) => {
                let root = root.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
                format!("sqlite://{root}/{path}")
            }
            _ => url.to_owned(),
        }
    }

    /// What a URL names on its server, or the file.
    pub fn place_in(self, url: &str) -> &str {
        match self {
            Self::Sqlite => {
                let path = url.strip_prefix("sqlite://").unwrap_or(url);
                path.split_once('?').map_or(path, |(path, _)| path)
            }
            Self::Postgres | Self::MySql => name_in(url),
        }
    }

    /// The URL of a database in this process's memory that several connections share.
    pub fn memory_url(name: &str) -> String {
        format!("sqlite:///{name}?vfs=memdb&mode=rwc")
    }

    /// Databases that are on every server of a family, to be connected to while the one that is wanted is not there; none where
    /// a session needs none.
    pub fn maintenance(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgres", "template1"],
            Self::Sqlite | Self::MySql => &[""],
        }
    }

    /// A query that locks a name in this session, and says 1 if nobody else has it.
    pub fn lock_name(self, name: &str) -> String {
        let name = self.text_literal(name);
        match self {
            Self::Postgres => format!("SELECT pg_try_advisory_lock(hashtext('kit'), hashtext({name}))::int::text"),
            Self::Sqlite | Self::MySql => format!("SELECT CAST(GET_LOCK({name}, 0) AS CHAR)"),
        }
    }

    /// A query that gives it back, and says 1 if this session had it.
    pub fn unlock_name(self, name: &str) -> String {
        let name = self.text_literal(name);
        match self {
            Self::Postgres => format!("SELECT pg_advisory_unlock(hashtext('kit'), hashtext({name}))::int::text"),
            Self::Sqlite | Self::MySql => format!("SELECT CAST(RELEASE_LOCK({name}) AS CHAR)"),
        }
    }

    /// A query for the sessions in a database but the one that asks.
    pub fn sessions_in(self, name: &str) -> String {
        let name = self.text_literal(name);
        match self {
            Self::Postgres => {
                format!("SELECT pid::text FROM pg_stat_activity WHERE datname = {name} AND pid <> pg_backend_pid()")
            }
            Self::Sqlite | Self::MySql => format!(
                "SELECT CAST(id AS CHAR) FROM information_schema.processlist WHERE db = {name} AND id <> CONNECTION_ID()"
            ),
        }
    }

    /// A query for the databases that this user may drop, and in which nobody is, as far as the server says so at once.
    pub fn deserted(self) -> &'static str {
        match self {
            Self::Postgres => {
                "SELECT datname::text FROM pg_database d WHERE pg_has_role(datdba, 'USAGE') \
                 AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)"
            }
            Self::Sqlite | Self::MySql => "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata",
        }
    }

    /// A query for what tells the nodes of a cluster apart, where a lock is only one node's.
    pub fn node(self) -> Option<&'static str> {
        (self == Self::MySql).then_some("SELECT SUBSTRING(MD5(CONCAT(@@hostname, ' ', @@port)), 1, 8)")
    }

    /// A query for what stands behind `CREATE DATABASE` and the name for a database like this one, in pieces.
    pub fn database_options(self) -> &'static str {
        match self {
            Self::Postgres => {
                "SELECT format(' TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), \
                 datcollate, datctype) FROM pg_database WHERE datname = current_database()"
            }
            Self::Sqlite | Self::MySql => {
                "SELECT CONCAT(' CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name) \
                 FROM information_schema.schemata WHERE schema_name = DATABASE()"
            }
        }
    }

    /// Queries for the rest of what a database is like, where there is more.
    pub fn more_of_database(self) -> Option<More> {
        (self == Self::Postgres).then_some(More {
            settings: "SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1) FROM pg_db_role_setting, \
                 unnest(setconfig) AS setting WHERE setrole = 0 \
                 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
            extensions: "SELECT extname::text, nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
                 WHERE extname <> 'plpgsql' ORDER BY e.oid",
            schema: "SELECT current_schema()::text",
            usual_schema: "public",
        })
    }
}
