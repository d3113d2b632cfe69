//! Which database a name means, and the one that is meant where there is none: the same as kit's command line takes. It returns
//! targets and connects to nothing.

use std::path::Path;

use super::file::ConnectionSettings;
use super::{Config, DEFAULT, DIRECT, Error, Protection, Result, Target};
use crate::dialect::{Dialect, name_in};

impl Config {
    /// The application's database: `DATABASE_URL`, else `default` under `[database]`, else the only connection, else
    /// `database/app.sqlite`.
    ///
    /// With `DATABASE_URL`, kit.toml still says how it is opened: under the name that would be taken without the variable.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Config`].
    pub fn main(&self) -> Result<Target> {
        let mut names = self.settings.connections.keys();
        let only = names.next().filter(|_| names.next().is_none());
        let name = self.settings.database.default.as_ref().or(only);
        let Some(url) = self.variable("DATABASE_URL") else {
            return match name {
                Some(name) => self.named(name),
                None => self.target(None, ConnectionSettings::default(), DEFAULT, "the default"),
            };
        };
        let settings = name.and_then(|name| self.settings.connections.get(name)).cloned().unwrap_or_default();
        let own = self.url_of(&settings).is_none_or(|own| own == url);
        let target = self.target(name.map(String::as_str), settings, &url, "DATABASE_URL")?;
        let direct = match self.variable(DIRECT) {
            None => None,
            Some(direct) => {
                let direct = self.target(None, ConnectionSettings::default(), &direct, DIRECT)?.url;
                // A forgotten one must not lead to somebody else's database.
                if (Dialect::of_url(&direct), name_in(&direct)) != (Dialect::of_url(&target.url), name_in(&target.url))
                {
                    return Err(wrong(DIRECT, "it names another database than DATABASE_URL"));
                }
                Some(direct)
            }
        };
        let protected = target.protected.or((!own).then_some(Protection::Elsewhere));
        Ok(Target { direct, protected, ..target })
    }

    /// A connection of kit.toml.
    ///
    /// # Errors
    /// [`Error::Unknown`]; [`Error::Config`] if its variable is not set.
    pub fn named(&self, name: &str) -> Result<Target> {
        let connections = &self.settings.connections;
        let Some(settings) = connections.get(name) else {
            return Err(Error::Unknown { name: name.to_owned(), known: connections.keys().cloned().collect() });
        };
        let origin = format!("[connections.{name}] in kit.toml");
        let Some(url) = self.url_of(settings) else {
            let variable = settings.env.as_deref().unwrap_or_default();
            return Err(wrong(&origin, &format!("the variable {variable} is not set")));
        };
        self.target(Some(name), settings.clone(), &url, &origin)
    }

    fn url_of(&self, settings: &ConnectionSettings) -> Option<String> {
        settings.url.clone().or_else(|| self.variable(settings.env.as_deref()?))
    }

    fn target(&self, name: Option<&str>, settings: ConnectionSettings, url: &str, origin: &str) -> Result<Target> {
        let Some(dialect) = Dialect::of_url(url) else {
            return Err(wrong(origin, "kit does not know the scheme of the URL"));
        };
        let url = dialect.url_below(&dialect.driver_url(url), &self.root);
        let schema = settings.schema.clone().or_else(|| self.variable("DATABASE_SCHEMA"));
        let protected = self.protection(name, dialect.place_in(&url));
        Ok(Target { name: name.map(str::to_owned), settings, schema, url, direct: None, protected })
    }

    fn protection(&self, name: Option<&str>, place: &str) -> Option<Protection> {
        if self.environment() == "production" {
            return Some(Protection::Production);
        }
        if self.settings.database.prohibit_destructive {
            return Some(Protection::Prohibited);
        }
        let named = self.variable("KIT_PROTECT").unwrap_or_default();
        let same = |one: &str| Some(one) == name || one == place || same_file(one, place);
        named.split(',').map(str::trim).any(same).then_some(Protection::Protected)
    }
}

fn same_file(one: &str, place: &str) -> bool {
    let real = |path: &str| Path::new(path).canonicalize().ok();
    real(place).is_some_and(|place| real(one) == Some(place))
}

fn wrong(origin: &str, message: &str) -> Error {
    Error::Config { origin: origin.to_owned(), message: message.to_owned() }
}
