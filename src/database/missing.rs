//! What is known where no URL of a database is: why the default is not taken, and what may have been meant. It returns facts; how
//! they are worded is the business of `error`.

use kit_runtime::config::loco;

use crate::error::{Error, MissingUrl, Misspelt, NoDefault};
use crate::project::{Invocation, Project};

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
