//! What is known where no URL of a database is: why the default is not taken, and what may have been meant. It returns facts; how
//! they are worded is the business of `error`.

use kit_runtime::config::loco;
use kit_runtime::config::origin::Origin;

use crate::error::Error;
use crate::project::{Invocation, Misspelt, Place, Project};

/// Why a database has no URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingUrl {
    /// The variable that would have it.
    pub variable: String,
    /// Why the default is not taken instead.
    pub reason: NoDefault,
    /// The environment.
    pub environment: String,
    /// The file of Loco's that would have it, where the project is Loco's.
    pub loco: Option<String>,
    /// Variables that are almost called so.
    pub misspelt: Vec<Misspelt>,
    /// Where else in the project a URL is written.
    pub elsewhere: Vec<Place>,
}

/// Why the default database is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDefault {
    /// A connection names the variable.
    Connection {
        /// Where.
        origin: Origin,
    },
    /// The default is for development.
    Environment,
    /// A variable is almost called as the one with the URL: another database is meant.
    Misspelt,
    /// The project does not have its driver.
    Driver {
        /// Those that it has.
        drivers: Vec<String>,
    },
}

impl MissingUrl {
    /// Looks for what may have been meant.
    pub fn of(project: &Project, invocation: &Invocation<'_>, variable: String, reason: NoDefault) -> Self {
        let environment = project.environment(invocation).value;
        let folder = invocation.variable(loco::FOLDER);
        let [_, file] = loco::files(folder.as_deref(), &environment);
        let loco = project.is_loco().then_some(file).filter(|file| !project.root.join(file).is_file());
        let misspelt = project.misspelt(invocation);
        let misspelt: Vec<Misspelt> = misspelt.into_iter().filter(|found| found.meant == variable).collect();
        let mut elsewhere = project.elsewhere(&environment);
        elsewhere.retain(|place| !misspelt.iter().any(|found| found.is_at(&place.file, place.line)));
        Self { misspelt, elsewhere, loco, variable, reason, environment }
    }
}

impl From<MissingUrl> for Error {
    fn from(missing: MissingUrl) -> Self {
        Self::MissingUrl(Box::new(missing))
    }
}
