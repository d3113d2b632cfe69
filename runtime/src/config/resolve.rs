//! Which database a name means, and the one that is meant where there is none: the same as kit's command line takes. It returns
//! targets and connects to nothing.

use std::path::Path;

use super::choose::{Choice, ChoiceError, Sources, environment};
use super::loco;
use super::origin::{Origin, Setting};
use super::{Config, DATABASE_URL, DEFAULT, Error, Protection, Result, Target};
use crate::dialect::{Dialect, url};
use crate::environment::{is_development, is_production};

impl Config {
    /// The application's database: `DATABASE_URL`, else `default` under `[database]`, else the only connection, else the one
    /// of Loco's configuration, else, in development alone, `database/app.sqlite`.
    ///
    /// With `DATABASE_URL`, kit.toml or Loco's configuration still says how it is opened: under the name that would be taken
    /// without the variable.
    ///
    /// # Errors
    /// [`Error::Missing`] outside of development, [`Error::Unknown`], [`Error::Config`].
    pub fn main(&self) -> Result<Target> {
        match self.choose(|sources| sources.main()) {
            Err(ChoiceError::Missing) if is_development(&self.environment()) => self.target(Choice {
                name: None,
                url: Setting::new(DEFAULT.to_owned(), Origin::default_value()),
                holder: None,
                direct: None,
                schema: None,
                settings: super::file::ConnectionSettings::default(),
                is_elsewhere: false,
            }),
            choice => self.target(choice.map_err(|error| self.refused(error))?),
        }
    }

    /// A connection of kit.toml, or of `initializers` in Loco's configuration.
    ///
    /// # Errors
    /// [`Error::Unknown`]; [`Error::Config`] if its variable is not set.
    pub fn named(&self, name: &str) -> Result<Target> {
        self.target(self.choose(|sources| sources.named(name)).map_err(|error| self.refused(error))?)
    }

    /// The environment: `APP_ENV`, in a project of Loco's else `LOCO_ENV`, `RAILS_ENV` or `NODE_ENV`, else `environment` in
    /// kit.toml, else `development`.
    pub fn environment(&self) -> String {
        let process = |name: &str| self.variable(name);
        environment(&self.settings, loco::is_loco(&self.root, &self.settings), &process, &|_| None).value
    }

    /// The names of all connections.
    pub fn names(&self) -> Vec<String> {
        self.choose(|sources| sources.names())
    }

    fn choose<T>(&self, choose: impl Fn(&Sources<'_>) -> T) -> T {
        let variable = |name: &str| Some(Setting::new(self.variable(name)?, Origin::variable(name)));
        let loco = || match loco::is_loco(&self.root, &self.settings) {
            true => loco::read(&self.root, &self.environment(), &|name| self.variable(name)),
            false => Ok(None),
        };
        choose(&Sources { settings: &self.settings, variable: &variable, loco: &loco })
    }

    fn refused(&self, error: ChoiceError) -> Error {
        match error {
            ChoiceError::Unknown { name, known } => Error::Unknown { name, known },
            ChoiceError::Unset { origin, variable } => wrong(&origin, format!("the variable {variable} is not set")),
            ChoiceError::Missing => Error::Missing { variable: DATABASE_URL, environment: self.environment() },
            ChoiceError::Invalid(mistake) => mistake.into(),
        }
    }

    fn target(&self, choice: Choice) -> Result<Target> {
        let parse = |setting: &Setting| {
            // The application may create the file, and may well want one in memory.
            if let Some(dialect) = Dialect::of_url(&setting.value).filter(|dialect| dialect.is_embedded()) {
                return Ok((dialect, dialect.url_below(&setting.value, &self.root)));
            }
            url::parse(&setting.value, &self.root, &|name| self.variable(name))
                .map(|parsed| (parsed.dialect, parsed.text))
                .map_err(|error| wrong(&setting.origin, error.reason))
        };
        let (dialect, url) = parse(&choice.url)?;
        let direct = match &choice.direct {
            None => None,
            Some(setting) => {
                let (other, direct) = parse(setting)?;
                // An outdated DIRECT_DATABASE_URL must not lead to another database.
                if (other, url::database_name(&direct)) != (dialect, url::database_name(&url)) {
                    return Err(wrong(&setting.origin, format!("it names another database than {DATABASE_URL}")));
                }
                Some(direct)
            }
        };
        let place = match url::database_name(&url) {
            Some(name) => name,
            None => dialect.place_in(&url).to_owned(),
        };
        let protected = self.protection(choice.name.as_deref(), &place);
        let protected = protected.or(choice.is_elsewhere.then_some(Protection::Elsewhere));
        let schema = choice.schema.map(|schema| schema.value);
        Ok(Target { name: choice.name, settings: choice.settings, schema, url, direct, protected })
    }

    fn protection(&self, name: Option<&str>, place: &str) -> Option<Protection> {
        if is_production(&self.environment()) {
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

fn wrong(origin: &Origin, message: String) -> Error {
    Error::Config { origin: origin.to_string(), message }
}
