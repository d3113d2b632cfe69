//! Which database is meant, told from kit.toml, variables and Loco's configuration: one rule for kit and for applications. It
//! returns URLs as they are written, and where; it opens nothing.

use super::file::{ConnectionSettings, Mistake, Settings};
use super::loco::{self, Loco, UnusableError};
use super::origin::{Origin, Setting, Source};
use super::{DATABASE_URL, DIRECT, SCHEMA};
use crate::environment::DEVELOPMENT;

/// Everything that may name a database.
pub struct Sources<'a> {
    /// kit.toml.
    pub settings: &'a Settings,
    /// Variables: those of the process, then those of `.env`.
    pub variable: &'a dyn Fn(&str) -> Option<Setting>,
    /// Loco's configuration, where the project is Loco's and has one; asked only if nothing stronger decides.
    pub loco: &'a dyn Fn() -> Result<Option<Loco>, Mistake>,
}

/// A database that is meant.
pub struct Choice {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its URL, as it is written.
    pub url: Setting,
    /// The variable that holds the URL, where `url` comes from a connection that names one.
    pub holder: Option<Origin>,
    /// The server's own URL, where `url` leads to a pooler.
    pub direct: Option<Setting>,
    /// The schema.
    pub schema: Option<Setting>,
    /// How an application opens it.
    pub settings: ConnectionSettings,
    /// The URL is not the one under which the settings are written.
    pub is_elsewhere: bool,
}

/// Why no database is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChoiceError {
    /// No connection of that name.
    Unknown {
        /// The name.
        name: String,
        /// All there are.
        known: Vec<String>,
    },
    /// The variable of a connection is not set.
    Unset {
        /// The connection.
        origin: Origin,
        /// The variable.
        variable: String,
    },
    /// Nothing names a URL.
    Missing,
    /// A file says what cannot be.
    Invalid(Mistake),
}

impl From<Mistake> for ChoiceError {
    fn from(mistake: Mistake) -> Self {
        Self::Invalid(mistake)
    }
}

impl From<UnusableError> for ChoiceError {
    fn from(error: UnusableError) -> Self {
        match error {
            UnusableError::Unset { origin, variable } => Self::Unset { origin, variable },
            UnusableError::Invalid(mistake) => Self::Invalid(mistake),
        }
    }
}

impl Sources<'_> {
    /// The database where nothing names one: `DATABASE_URL`, else `default` under `[database]`, else the only connection of
    /// kit.toml, else Loco's.
    ///
    /// # Errors
    /// [`ChoiceError::Missing`] if nothing names a URL, and the others.
    pub fn main(&self) -> Result<Choice, ChoiceError> {
        let mut names = self.settings.connections.keys();
        let only = names.next().filter(|_| names.next().is_none());
        let name = self.settings.database.default.as_ref().or(only);
        let Some(url) = (self.variable)(DATABASE_URL) else {
            return match name {
                Some(name) => self.named(name),
                None => self.of_loco(|loco| loco.main.clone().map(|main| (None, main)))?.ok_or(ChoiceError::Missing),
            };
        };
        let (settings, own) = match name.and_then(|name| self.settings.connections.get(name)) {
            Some(settings) => (settings.clone(), self.url_of(settings)),
            // What Loco's file says of a pool holds for any URL.
            None => match self.of_loco(|loco| loco.main.clone().map(|main| (None, main))) {
                Ok(Some(loco)) => (loco.settings, Some(loco.url)),
                _ => Default::default(),
            },
        };
        // What was set beside one URL says nothing about another.
        let direct = (self.variable)(DIRECT).filter(|direct| direct.origin.source == url.origin.source);
        let schema = (self.variable)(SCHEMA).or_else(|| self.schema_of(name.map(String::as_str), &settings));
        let is_elsewhere = own.is_some_and(|own| own.value != url.value);
        Ok(Choice { name: name.cloned(), url, holder: None, direct, schema, settings, is_elsewhere })
    }

    /// A connection of kit.toml, else of Loco's configuration.
    ///
    /// # Errors
    /// [`ChoiceError::Unknown`], [`ChoiceError::Unset`], [`ChoiceError::Invalid`].
    pub fn named(&self, name: &str) -> Result<Choice, ChoiceError> {
        let Some(settings) = self.settings.connections.get(name) else {
            let pick = |loco: &Loco| Some((Some(name.to_owned()), loco.extra.get(name)?.clone()));
            return self
                .of_loco(pick)?
                .ok_or_else(|| ChoiceError::Unknown { name: name.to_owned(), known: self.names() });
        };
        let Some(url) = self.url_of(settings) else {
            let variable = settings.env.clone().unwrap_or_default();
            return Err(ChoiceError::Unset { origin: self.settings.connection_origin(name), variable });
        };
        Ok(Choice {
            name: Some(name.to_owned()),
            holder: settings.env.is_some().then_some(url.origin),
            url: Setting::new(url.value, self.settings.connection_origin(name)),
            direct: None,
            schema: self.schema_of(Some(name), settings).or_else(|| (self.variable)(SCHEMA)),
            settings: settings.clone(),
            is_elsewhere: false,
        })
    }

    /// The names of all connections.
    pub fn names(&self) -> Vec<String> {
        let loco = (self.loco)().ok().flatten().map(|loco| loco.extra).unwrap_or_default();
        let mut names: Vec<String> = self.settings.connections.keys().chain(loco.keys()).cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    fn url_of(&self, settings: &ConnectionSettings) -> Option<Setting> {
        match &settings.url {
            Some(url) => Some(Setting::new(url.clone(), Origin::default_value())),
            None => (self.variable)(settings.env.as_deref()?),
        }
    }

    fn schema_of(&self, name: Option<&str>, settings: &ConnectionSettings) -> Option<Setting> {
        let key = name.map(|name| format!("connections.{name}.schema")).unwrap_or_default();
        settings.schema.clone().map(|schema| Setting::new(schema, self.settings.origin(&key)))
    }

    fn of_loco(
        &self,
        pick: impl Fn(&Loco) -> Option<(Option<String>, loco::LocoConnection)>,
    ) -> Result<Option<Choice>, ChoiceError> {
        let Some(loco) = (self.loco)()? else { return Ok(None) };
        let Some((name, found)) = pick(&loco) else { return Ok(None) };
        let origin = Origin::file(Source::Loco, &found.key, &loco.file, Some(found.line));
        let settings = found.settings?;
        let schema = settings.schema.clone().map(|schema| Setting::new(schema, origin.clone()));
        Ok(Some(Choice {
            name,
            url: Setting::new(settings.url.clone().unwrap_or_default(), origin),
            holder: None,
            direct: None,
            schema: schema.or_else(|| (self.variable)(SCHEMA)),
            settings,
            is_elsewhere: false,
        }))
    }
}

/// The environment: `APP_ENV` of the process, there where the project is Loco's also its own variables, then the same of `.env`,
/// then kit.toml, then `development`.
pub fn environment(
    settings: &Settings,
    is_loco: bool,
    process: &dyn Fn(&str) -> Option<String>,
    dotenv: &dyn Fn(&str) -> Option<Setting>,
) -> Setting {
    let names = || std::iter::once("APP_ENV").chain(loco::ENVIRONMENT.into_iter().filter(|_| is_loco));
    let of_process = || names().find_map(|name| Some(Setting::new(process(name)?, Origin::variable(name))));
    let of_settings = || Some(Setting::new(settings.environment.clone()?, settings.origin("environment")));
    of_process()
        .or_else(|| names().find_map(dotenv))
        .or_else(of_settings)
        .unwrap_or_else(|| Setting::new(DEVELOPMENT.to_owned(), Origin::default_value()))
}
