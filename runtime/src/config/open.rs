//! Opening a [`Target`]: the pool that kit.toml describes, after what its switches ask for. It returns connections; how a database is
//! migrated, emptied or dropped is the engine's business.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};

use super::{Config, Error, Result, Target};
use crate::dialect::Dialect;
use crate::library::{Options, perform, request};
use crate::secrets::hide_passwords;
use crate::wire::{Action, Request, Up, Wipe};

/// Pools by the names of kit.toml.
#[derive(Debug)]
pub struct Connections(BTreeMap<String, DatabaseConnection>);

impl Connections {
    /// The pool of this name.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn get(&self, name: &str) -> Result<&DatabaseConnection> {
        let known = || self.0.keys().cloned().collect();
        self.0.get(name).ok_or_else(|| Error::Unknown { name: name.to_owned(), known: known() })
    }

    /// Names and pools.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DatabaseConnection)> {
        self.0.iter().map(|(name, pool)| (name.as_str(), pool))
    }
}

impl Config {
    /// Opens every connection of kit.toml. None may have a switch, since those need migrations: give those that do to
    /// [`Target::connect`], each with its own.
    ///
    /// # Errors
    /// The first of [`Config::named`] and [`Target::open`].
    pub async fn open_all(&self) -> Result<Connections> {
        let mut pools = BTreeMap::new();
        for name in self.settings.connections.keys() {
            pools.insert(name.clone(), self.named(name)?.open().await?);
        }
        Ok(Connections(pools))
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
        let switches = [
            ("auto_migrate", self.settings.auto_migrate),
            ("dangerously_recreate", self.settings.dangerously_recreate),
            ("dangerously_truncate", self.settings.dangerously_truncate),
        ];
        match switches.into_iter().find(|(_, on)| *on) {
            Some((switch, _)) => Err(Error::NoMigrator { switch }),
            None => self.pool().await,
        }
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
    Database::connect(options).await.map_err(failed)
}
