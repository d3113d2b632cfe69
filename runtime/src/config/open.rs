//! Opening a [`Target`]: the pool that kit.toml describes, after what its switches ask for. It returns connections; how a database is
//! migrated, emptied or dropped is the engine's business.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

use super::{Config, Error, Result, Target};
use crate::dialect::Dialect;
use crate::library::{Options, perform, request};
use crate::secrets::hide_passwords;
use crate::wire::{Action, Request, Up, Wipe};

/// Pools by the names of kit.toml and of Loco's configuration.
#[derive(Debug)]
pub struct Connections(BTreeMap<String, Entry>);

#[derive(Debug)]
enum Entry {
    Open(DatabaseConnection),
    /// Left to [`Target::connect`], because of this switch.
    Switched(&'static str),
}

impl Connections {
    /// The pool of this name.
    ///
    /// # Errors
    /// [`Error::Unknown`]; [`Error::NoMigrator`] for one with a switch.
    pub fn get(&self, name: &str) -> Result<&DatabaseConnection> {
        let known = || self.0.keys().cloned().collect();
        match self.0.get(name) {
            Some(Entry::Open(pool)) => Ok(pool),
            Some(Entry::Switched(switch)) => Err(Error::NoMigrator { switch }),
            None => Err(Error::Unknown { name: name.to_owned(), known: known() }),
        }
    }

    /// Names and pools.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DatabaseConnection)> {
        self.0.iter().filter_map(|(name, entry)| match entry {
            Entry::Open(pool) => Some((name.as_str(), pool)),
            Entry::Switched(_) => None,
        })
    }
}

impl Config {
    /// Opens every connection of kit.toml and of Loco's configuration. Those that have a switch need migrations and are left
    /// out: open them with [`Target::connect`], each with its own.
    ///
    /// # Errors
    /// The first of [`Config::named`] and [`Target::open`].
    pub async fn open_all(&self) -> Result<Connections> {
        let mut entries = BTreeMap::new();
        for name in self.names() {
            let target = self.named(&name)?;
            let entry = match target.switch() {
                Some(switch) => Entry::Switched(switch),
                None => Entry::Open(target.open().await?),
            };
            entries.insert(name, entry);
        }
        Ok(Connections(entries))
    }
}

impl Target {
    /// Does what the switches ask for, with these migrations, and opens the pool.
    ///
    /// # Errors
    /// [`Error::Refused`], and nothing was touched; [`Error::Connect`], [`Error::Migration`].
    pub async fn connect<M: MigratorTrait + 'static>(&self) -> Result<DatabaseConnection> {
        let switches = &self.settings;
        let dangerous = [
            ("dangerously_recreate", switches.dangerously_recreate),
            ("dangerously_truncate", switches.dangerously_truncate),
        ];
        let on = dangerous.into_iter().find(|(_, on)| *on);
        if let (Some((switch, _)), Some(why)) = (on, self.protected) {
            return Err(Error::Refused { switch, why });
        }
        let pool = self.pool().await?;
        let mut actions = Vec::new();
        if switches.dangerously_recreate {
            actions.push(Action::Wipe(Wipe { views: true, types: true }));
        }
        if switches.dangerously_recreate || switches.auto_migrate {
            actions.push(Action::Up(Up::default()));
        }
        if switches.dangerously_truncate {
            actions.push(Action::Truncate);
        }
        if let Some((first, more)) = actions.split_first() {
            let command = if on.is_some() { "migrate:fresh" } else { "migrate" };
            let mut request: Request = request(&Options::default(), command, first.clone());
            request.actions.extend_from_slice(more);
            let beside = match &self.direct {
                Some(url) => Some(connect(self.options(url, 1)).await?),
                None => None,
            };
            perform::<M>(beside.as_ref().unwrap_or(&pool), request, |_| ()).await.map_err(Error::Migration)?;
        }
        Ok(pool)
    }

    /// Opens the pool. Whoever has switches on has migrations as well, and wants [`Target::connect`].
    ///
    /// # Errors
    /// [`Error::NoMigrator`], [`Error::Connect`].
    pub async fn open(&self) -> Result<DatabaseConnection> {
        match self.switch() {
            Some(switch) => Err(Error::NoMigrator { switch }),
            None => self.pool().await,
        }
    }

    /// The first switch that is on.
    fn switch(&self) -> Option<&'static str> {
        let switches = [
            ("auto_migrate", self.settings.auto_migrate),
            ("dangerously_recreate", self.settings.dangerously_recreate),
            ("dangerously_truncate", self.settings.dangerously_truncate),
        ];
        switches.into_iter().find(|(_, on)| *on).map(|(switch, _)| switch)
    }

    /// What the pool is opened with, password included: for whoever wants to add to it.
    pub fn connect_options(&self) -> ConnectOptions {
        let settings = &self.settings;
        let mut options = ConnectOptions::new(self.url.as_str());
        options.sqlx_logging(settings.enable_logging);
        let millis = |value: Option<u64>| value.map(Duration::from_millis);
        if let Some(time) = millis(settings.connect_timeout) {
            options.connect_timeout(time);
        }
        if let Some(time) = millis(settings.acquire_timeout) {
            options.acquire_timeout(time);
        }
        if let Some(time) = millis(settings.idle_timeout) {
            options.idle_timeout(time);
        }
        if let Some(connections) = settings.min_connections {
            options.min_connections(connections);
        }
        if let Some(connections) = settings.max_connections {
            options.max_connections(connections);
        }
        if let Some(schema) = &self.schema {
            options.set_schema_search_path(Dialect::search_path(schema));
        }
        options
    }

    async fn pool(&self) -> Result<DatabaseConnection> {
        connect(self.connect_options()).await
    }

    fn options(&self, url: &str, connections: u32) -> ConnectOptions {
        let mut options = Self { url: url.to_owned(), ..self.clone() }.connect_options();
        options.min_connections(0).max_connections(connections);
        options
    }
}

async fn connect(options: ConnectOptions) -> Result<DatabaseConnection> {
    let failed = |error: DbErr| Error::Connect { message: hide_passwords(&error.to_string()) };
    crate::sea_orm::open_pool(options).await.map_err(failed)
}
