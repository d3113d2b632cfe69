//! kit.toml as a value, for kit and for applications. What it does not say has a default; what it says that kit does not know is
//! an error, which never quotes a value. Where the file is, is not its business.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use super::origin::{Origin, Source};
use crate::secrets::hide_passwords;

/// kit.toml.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// `APP_ENV` where nothing else says it.
    pub environment: Option<String>,
    /// How generated migrations name indexes and foreign keys.
    pub naming: Naming,
    /// What generated migrations are written with.
    pub statements: Statements,
    /// `[project]`
    pub project: ProjectSettings,
    /// `[database]`
    pub database: DatabaseSettings,
    /// `[connections.NAME]`
    pub connections: BTreeMap<String, ConnectionSettings>,
    /// `[migrator]`
    pub migrator: MigratorSettings,
    /// `[seeder]`
    pub seeder: SeederSettings,
    /// `[entities]`
    pub entities: EntitySettings,
    /// Each key that is set, by its dotted name: `connections.main.url`.
    #[serde(skip)]
    pub keys: BTreeMap<String, Key>,
}

/// A key that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its line, counted from 1.
    pub line: usize,
    /// Its value as it is written, passwords hidden; `None` for a table.
    pub value: Option<String>,
}

/// How generated migrations name indexes and foreign keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Naming {
    /// `idx_posts_slug`
    #[default]
    Underscore,
    /// `idx-posts-slug`
    Dash,
}

/// What generated migrations are written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Statements {
    /// SeaORM's builders: `Table::create().table(…)`.
    #[default]
    Builders,
    /// The helpers of `kit_runtime::schema`: `create_table(m, …)`.
    Helpers,
}

/// How a project arranges migrations and entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `migrations/mod.rs` or `src/migrations/mod.rs`, entities in `src/models/`.
    Kit,
    /// A `migration/` crate, entities in `entity/src` or `src/entities`.
    SeaOrm,
    /// A `migration/` crate, entities in `src/models/_entities`.
    Loco,
}

/// `[project]`: what kit would otherwise detect.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectSettings {
    /// kit, seaorm or loco.
    pub layout: Option<Layout>,
    /// The folder that holds the mod.rs or lib.rs of the migrations, relative to kit.toml.
    pub migrations: Option<PathBuf>,
    /// The type that implements MigratorTrait, where that file has several and none of them is called `Migrator`.
    pub migrator: Option<String>,
}

/// `[database]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// The connection to use where nothing names one.
    pub default: Option<String>,
    /// Refuse fresh, reset, refresh, redo and rollback, `--force` or not.
    pub prohibit_destructive: bool,
}

/// `[connections.NAME]`: one of `url` and `env`, and what an application does when it opens it. Kit itself leaves the rest to
/// the application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// The URL itself; better without a password.
    pub url: Option<String>,
    /// The variable that holds the URL.
    pub env: Option<String>,
    /// Schema, on databases that have them.
    pub schema: Option<String>,
    /// Apply pending migrations.
    pub auto_migrate: bool,
    /// Take all rows out of all tables but the ledgers, after migrating.
    pub dangerously_truncate: bool,
    /// Drop everything and apply all migrations.
    pub dangerously_recreate: bool,
    /// Log every statement.
    pub enable_logging: bool,
    /// Milliseconds that a new connection may take.
    pub connect_timeout: Option<u64>,
    /// Milliseconds to wait for a connection of the pool.
    pub acquire_timeout: Option<u64>,
    /// Milliseconds after which a connection is closed that nobody uses.
    pub idle_timeout: Option<u64>,
    /// Connections that the pool always has.
    pub min_connections: Option<u32>,
    /// Connections that the pool has at most.
    pub max_connections: Option<u32>,
}

/// `[migrator]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MigratorSettings {
    /// Program and arguments of the project's own entry, which calls `kit_runtime::main`.
    pub command: Vec<String>,
    /// Connections that a migration without a transaction may use at once, where the database is on a server.
    pub connections: u32,
    /// Seconds that a statement waits for what another session has locked, before it is tried again; 0 means as long as
    /// it takes.
    pub lock_timeout: u64,
}

impl Default for MigratorSettings {
    fn default() -> Self {
        Self { command: Vec::new(), connections: 0, lock_timeout: 5 }
    }
}

/// `[seeder]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeederSettings {
    /// Program and arguments of the project's own entry, which calls `kit_runtime::seeding::main`.
    pub command: Vec<String>,
}

/// `[entities]`: what `kit db:sync` does without being told, under the names of its options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "they are the command's, and explained in its help")]
pub struct EntitySettings {
    pub entity_format: Option<String>,
    pub with_prelude: Option<String>,
    pub with_serde: Option<String>,
    pub date_time_crate: Option<String>,
    pub big_integer_type: Option<String>,
    pub banner_version: Option<String>,
    pub with_copy_enums: bool,
    pub serde_skip_deserializing_primary_key: bool,
    pub serde_skip_hidden_column: bool,
    pub seaography: bool,
    pub include_hidden_tables: bool,
    pub include_views: bool,
    /// The columns that identify a row of a view.
    pub view_keys: BTreeMap<String, Vec<String>>,
    pub er_diagram: bool,
    pub lib: bool,
    pub acquire_timeout: Option<u64>,
    pub max_connections: Option<u32>,
    pub experimental_preserve_user_modifications: bool,
    pub ignore_tables: Vec<String>,
    pub output_dir: Option<PathBuf>,
    pub impl_active_model_behavior: Option<bool>,
    pub model_extra_derives: Vec<String>,
    pub model_extra_attributes: Vec<String>,
    pub enum_extra_derives: Vec<String>,
    pub enum_extra_attributes: Vec<String>,
    pub column_extra_derives: Vec<String>,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `kit.toml line 3`, `[connections.main] in kit.toml:3`.
    pub origin: String,
    /// What.
    pub message: String,
}

impl Mistake {
    /// The key that is not known, and all that its table can have, if that is what is wrong.
    pub fn unknown_key(&self) -> Option<(String, Vec<String>)> {
        let (key, known) = self.message.strip_prefix("unknown field `")?.split_once("`, expected ")?;
        let known = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some((key.to_owned(), known))
    }
}

impl Settings {
    /// Reads the text of a `kit.toml`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut settings: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| format!(" line {}", before.matches('\n').count() + 1));
            Mistake {
                origin: format!("kit.toml{}", line.unwrap_or_default()),
                message: without_values(error.message()),
            }
        })?;
        if let Ok(table) = DeTable::parse(text) {
            collect_keys(text, "", table.get_ref(), &mut settings.keys);
        }
        settings.check()?;
        Ok(settings)
    }

    /// Where a key is set: `environment`, `connections.main.url`.
    pub fn origin(&self, key: &str) -> Origin {
        Origin::file(Source::Settings, key, FILE, self.keys.get(key).map(|key| key.line))
    }

    /// Where a connection is set.
    pub fn connection_origin(&self, name: &str) -> Origin {
        let line = self.keys.get(&format!("connections.{name}")).map(|key| key.line);
        Origin::file(Source::Settings, &format!("[connections.{name}]"), FILE, line)
    }

    /// What the types do not say. Values are not quoted: a URL in the wrong place has its password with it.
    fn check(&self) -> Result<(), Mistake> {
        let refuse =
            |origin: Origin, message: &str| Err(Mistake { origin: origin.to_string(), message: message.to_owned() });
        if self.database.default.as_deref().is_some_and(|name| !ConnectionSettings::is_name(name)) {
            return refuse(self.origin("database.default"), "it is the name of a connection, not a URL");
        }
        for (name, connection) in &self.connections {
            if !ConnectionSettings::is_name(name) {
                return refuse(self.connection_origin(name), "a name has letters, digits, `_`, `-` and `.`");
            }
            let origin = self.connection_origin(name);
            match (&connection.url, &connection.env) {
                (Some(_), None) => {}
                (None, Some(variable)) if is_variable(variable) => {}
                (None, Some(_)) => return refuse(origin, "`env` is the name of a variable; a URL goes to `url`"),
                _ => return refuse(origin, "give either `url` or `env`"),
            }
        }
        Ok(())
    }
}

impl ConnectionSettings {
    /// Whether `text` can be the name of a connection; no URL can.
    pub fn is_name(text: &str) -> bool {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
    }
}

/// The name of the file.
pub const FILE: &str = "kit.toml";

fn collect_keys(text: &str, above: &str, table: &DeTable<'_>, keys: &mut BTreeMap<String, Key>) {
    for (key, value) in table.iter() {
        let name = format!("{above}{}", key.get_ref());
        let before = text.get(..key.span().start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let inner = value.get_ref().as_table();
        let written = || text.get(value.span()).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let value = inner.is_none().then(|| hide_passwords(&written()));
        keys.insert(name.clone(), Key { line, value });
        if let Some(inner) = inner {
            collect_keys(text, &format!("{name}."), inner, keys);
        }
    }
}

fn is_variable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What the parser says, without the text that it found.
fn without_values(message: &str) -> String {
    for found in ["invalid type: string ", "invalid value: string ", "unknown variant "] {
        if let Some(rest) = message.strip_prefix(found)
            && let Some(at) = rest.rfind(", expected ")
        {
            return format!("{}{}", found.trim_end(), rest.get(at..).unwrap_or_default());
        }
    }
    hide_passwords(message)
}
