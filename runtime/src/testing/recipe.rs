//! What a test's database is made of: a project's migrations, and by what they are known to be the same as another time. It
//! returns names and fills databases, and does not know where those are.

use std::pin::Pin;
use std::time::UNIX_EPOCH;

use sea_orm_migration::MigratorTrait;

use crate::library::{Options, request};
use crate::lock;
use crate::sea_orm::{Project, Session};
use crate::wire::{Action, Failure, LockKind, Up};
use crate::{dialect, engine};

/// How the names of templates begin.
pub const TEMPLATE: &str = "kit_template_";

type Filling<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

/// A project's migrations.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// What it makes is a copy of the database of this name.
    pub template: String,
    fill: for<'a> fn(&'a Session) -> Filling<'a>,
}

impl Recipe {
    /// That of a Migrator, for databases like the one at `url`.
    ///
    /// What its migrations do is known by the program that they are compiled into: its path, size and time. So a program that was
    /// built anew has another template, under a name with the same beginning.
    pub fn of<M: MigratorTrait + 'static>(url: &str) -> Self {
        let program = std::env::current_exe().unwrap_or_default();
        let user = url.split_once("://").map_or("", |(_, rest)| rest.split([':', '@', '/']).next().unwrap_or_default());
        let path = program.to_string_lossy();
        let owner = [&lock::host(), path.as_ref(), user, dialect::name_in(url), std::any::type_name::<M>()].join("\0");
        let version = program.metadata().and_then(|file| Ok((file.len(), file.modified()?)));
        let version = match version {
            Ok((size, time)) => format!("{size} {}", time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()),
            // One that cannot be told from another is as good as new.
            Err(_) => lock::chance().to_string(),
        };
        let migrations = M::migrations();
        let names = migrations.iter().map(|migration| migration.name());
        let table = M::migration_table_name().to_string();
        let content = names.chain([env!("CARGO_PKG_VERSION"), &table, &version]).collect::<Vec<_>>().join("\0");
        let [owner, content] = [owner, content].map(|text| lock::digest(text.bytes()));
        Self { template: format!("{TEMPLATE}{owner:016x}_{content:016x}"), fill: fill::<M> }
    }

    /// Applies all migrations.
    pub async fn fill(&self, session: &Session) -> Result<(), Failure> {
        (self.fill)(session).await
    }

    /// Whether `template` was made of the same migrations, as they were another time.
    pub fn replaces(&self, template: &str) -> bool {
        let owner = |name: &str| name.rsplit_once('_').map(|(owner, _)| owner.to_owned());
        template != self.template && owner(template) == owner(&self.template)
    }
}

/// Whether a name is that of a template.
pub fn is_template(name: &str) -> bool {
    let digits = |text: &str| text.len() == 16 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    let parts = name.strip_prefix(TEMPLATE).and_then(|rest| rest.split_once('_'));
    parts.is_some_and(|(owner, content)| digits(owner) && digits(content))
}

fn fill<M: MigratorTrait + 'static>(session: &Session) -> Filling<'_> {
    Box::pin(async move {
        // Nobody else knows of the database yet.
        let options = Options { lock: Some(LockKind::None), ..Options::default() };
        let request = request(&options, "test", Action::Up(Up::default()));
        engine::run(&request, &Project::of::<M>(), session, &mut |_| ()).await
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_look_like_templates_are_somebody_elses() {
        for (name, ours) in [
            ("kit_template_0123456789abcdef_0123456789abcdef", true),
            ("kit_template_0123456789abcdef_0123456789ABCDEF", false),
            ("kit_template_0123456789abcdef", false),
            ("kit_template_of_mine", false),
            ("kit_test_0123456789abcdef", false),
        ] {
            assert_eq!(is_template(name), ours, "{name}");
        }
    }
}
