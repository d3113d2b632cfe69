//! What every command gets: the terminal, the world as [`Host`] gave it, and, when asked for, the
//! project and its database. It holds no logic of any command.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, NaiveDateTime, Utc};
use kit_runtime::wire::{Action, Locking, PROTOCOL, Request, Seed};

use crate::app::answer::{Interrupted, Interruption};
use crate::app::globals::Globals;
use crate::database::Target;
use crate::error::{Error, Result, SeaOrmErrorKind, Selection, Upgrade};
use crate::migrator::package::Package;
use crate::migrator::{self, Binary, Build, Cache, Notice, Program};
use crate::project::seeders::Seeders;
use crate::project::source::{SourceMigration, Sources};
use crate::project::{Invocation, Project, source};
use crate::scaffold::staging;
use crate::ui::{Interaction, Report, Streams, Ui, counted};

/// The outside world. `main.rs` fills it from the real one, tests from values.
pub struct Host {
    /// The process environment.
    pub env: BTreeMap<String, String>,
    /// The working folder.
    pub cwd: PathBuf,
    /// This very program, for completions.
    pub executable: Option<PathBuf>,
    /// The clock, UTC.
    pub now: fn() -> DateTime<Utc>,
    /// The clock on the wall, for `--local-time`.
    pub local_now: fn() -> NaiveDateTime,
    /// Where text goes.
    pub streams: Streams,
    /// Who answers questions.
    pub interaction: Interaction,
}

/// A project's migrations.
pub struct Listing {
    /// In the Migrator's own order.
    pub migrations: Vec<SourceMigration>,
    /// The ledger table.
    pub ledger: String,
    /// What the sources say besides.
    pub sources: Sources,
}

impl Listing {
    /// The names, in the Migrator's own order.
    pub fn names(&self) -> Vec<String> {
        self.migrations.iter().map(|migration| migration.name.clone()).collect()
    }
}

/// What every command gets.
pub struct Context {
    /// The terminal.
    pub ui: Ui,
    /// Global options.
    pub globals: Globals,
    /// The process environment.
    pub env: BTreeMap<String, String>,
    /// The working folder, or `--project`.
    pub cwd: PathBuf,
    /// This very program.
    pub executable: Option<PathBuf>,
    /// The clock, UTC.
    pub now: fn() -> DateTime<Utc>,
    /// The clock on the wall.
    pub local_now: fn() -> NaiveDateTime,
    project: OnceCell<Project>,
    /// What is unwise about the database has been said.
    cautioned: Cell<bool>,
}

impl Context {
    /// A context in the host's world.
    pub fn new(host: Host, globals: Globals) -> Self {
        let ui = Ui::new(host.streams, host.interaction);
        ui.select(selection(&globals, globals.database.as_deref()));
        let cwd = match &globals.project {
            Some(folder) => host.cwd.join(folder),
            None => host.cwd,
        };
        Self {
            ui,
            globals,
            env: host.env,
            cwd,
            executable: host.executable,
            now: host.now,
            local_now: host.local_now,
            project: OnceCell::new(),
            cautioned: Cell::new(false),
        }
    }

    /// Has the commands in hints name this database, for a command whose own option names it.
    pub fn select_database(&self, url: &str) {
        self.ui.select(selection(&self.globals, Some(url)));
    }

    /// A variable of the process environment; empty counts as unset.
    pub fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// The project around the working folder.
    ///
    /// # Errors
    /// [`Error::NoProject`] outside of one, [`Error::Config`] where its settings are wrong.
    pub fn project(&self) -> Result<&Project> {
        if let Some(project) = self.project.get() {
            return Ok(project);
        }
        let mut project = Project::find(&self.cwd)?;
        if self.finish_writing(&project.root) {
            project = Project::find(&self.cwd)?;
        }
        if let Some(warning) = project.warning() {
            self.caution(&warning);
        }
        Ok(self.project.get_or_init(|| project))
    }

    /// The project around the working folder; where there are no migrations, the package or folder itself.
    ///
    /// # Errors
    /// [`Error::Config`] where its settings are wrong.
    pub fn project_or_folder(&self) -> Result<&Project> {
        match self.project() {
            Err(Error::NoProject { .. }) => {
                let folder = Project::without_migrations(&self.cwd)?;
                self.finish_writing(&folder.root);
                Ok(self.project.get_or_init(|| folder))
            }
            found => found,
        }
    }

    /// Finishes what a kit that was killed was writing below `root`; whether there was anything.
    pub fn finish_writing(&self, root: &Path) -> bool {
        match staging::finish(root) {
            Ok(finished) if finished.files == 0 && finished.kept.is_empty() => false,
            Ok(finished) => {
                let files = counted(finished.files, "file");
                self.ui.info(format!("Kit was interrupted while it wrote: {files} of that now written"));
                for path in finished.kept {
                    self.ui.warn(format!("{} has changed since, it was left as it is", path.display()));
                }
                true
            }
            Err(error) => {
                self.ui.warn(format!("Kit was interrupted while it wrote, and that cannot be finished: {error}"));
                false
            }
        }
    }

    /// The database that `--database`, the environment, `.env`, `kit.toml` or the default names.
    ///
    /// # Errors
    /// [`Error::BadUrl`], [`Error::UnknownConnection`], [`Error::Overheard`], or those of [`Context::project`].
    pub fn target(&self) -> Result<Target> {
        let project = self.project()?;
        let target = Target::resolve(project, &self.invocation())?;
        self.allow_network(&target)?;
        if !self.cautioned.replace(true) {
            for misspelt in project.misspelt(&self.invocation()) {
                self.caution(&Error::Misspelt(Box::new(misspelt)));
            }
            if target.shows_password() {
                self.ui.warn("Every user of this machine can read the password in --database: DATABASE_URL hides it");
            }
            for caution in target.cautions() {
                self.caution(&caution);
            }
        }
        Ok(target)
    }

    /// Warns with an error and its hint.
    pub fn caution(&self, error: &Error) {
        self.ui.caution(error);
    }

    /// What this command was told besides its arguments.
    pub fn invocation(&self) -> Invocation<'_> {
        Invocation {
            database: self.globals.database.as_deref(),
            environment: self.globals.env.as_deref(),
            env: &self.env,
        }
    }

    /// Passes unless `KIT_REQUIRE_TLS` is set and nothing says that the way to the database is encrypted.
    ///
    /// # Errors
    /// [`Error::Overheard`].
    pub fn allow_network(&self, target: &Target) -> Result<()> {
        target.insist_on_encryption(self.env("KIT_REQUIRE_TLS").as_deref())
    }

    /// The project's migrations, from its sources where they tell, else from the built migrator.
    ///
    /// # Errors
    /// Those of reading sources and of [`Context::migrate`].
    pub async fn listing(&self, target: &Target) -> Result<Listing> {
        let sources = source::read(self.project()?)?;
        if let (Some(registered), Some(ledger)) = (&sources.registered, &sources.ledger_table) {
            return Ok(Listing { migrations: registered.clone(), ledger: ledger.clone(), sources });
        }
        let report = self.migrate(target, Locking::default(), vec![Action::List]).await?;
        let migrations = report.listed.into_iter().flatten().map(SourceMigration::named);
        Ok(Listing { migrations: migrations.collect(), ledger: report.ledger.unwrap_or_default(), sources })
    }

    /// Builds the migrator if need be, has it do `actions`, and shows what happens.
    ///
    /// # Errors
    /// [`Error::Migrator`] with what was done before, and those of [`migrator::build`] and [`Binary::run`].
    pub async fn migrate(&self, target: &Target, locking: Locking, actions: Vec<Action>) -> Result<Report> {
        let mut report = Report::default();
        self.drive(target, target.secret_url().to_owned(), locking, actions, &mut report).await?;
        Ok(report)
    }

    /// Builds the program of the seeders if need be, has it run one, and shows what happens.
    ///
    /// # Errors
    /// Those of [`Context::migrate`].
    pub async fn seed(&self, target: &Target, locking: Locking, seeders: Seeders, seed: Seed) -> Result<Report> {
        let mut report = Report::default();
        let (url, actions) = (target.secret_url().to_owned(), vec![Action::Seed(seed)]);
        self.run(Program::Seeder(seeders), target, url, locking, actions, &mut report).await?;
        Ok(report)
    }

    /// Builds the migrator if need be and shows what `actions` would do; nothing is done. A file that does not exist counts
    /// as an empty database.
    ///
    /// # Errors
    /// [`Error::SeaOrm`], [`Error::NoDatabase`] on a server, and those of [`Context::migrate`].
    pub async fn pretend(&self, target: &Target, actions: Vec<Action>) -> Result<()> {
        // The build reports everything else that is wrong with the package.
        if !self.has_own_migrator()?
            && let Ok(package) = Package::of(&self.project()?.index)
            && let Ok(release) = package.sea_orm(&self.project()?.root)
            && !release.can_pretend()
        {
            let upgrade = Some(Box::new(Upgrade::to_pretend(&package, &self.project()?.root)));
            let (version, kind) = (release.version.to_string(), SeaOrmErrorKind::CannotPretend);
            return Err(Error::SeaOrm { version, kind, upgrade });
        }
        let url = target.url_to_read().await?;
        if url != target.secret_url() {
            self.ui.info(format!("{} does not exist: an empty one is assumed", target.redacted()));
        }
        let mut report = Report::pretending(target.dialect, target.schema.clone());
        let outcome = self.drive(target, url, Locking::default(), vec![Action::Pretend { actions }], &mut report).await;
        report.pretended.iter().for_each(|one| self.ui.list(one));
        outcome
    }

    async fn drive(
        &self,
        target: &Target,
        url: String,
        locking: Locking,
        actions: Vec<Action>,
        report: &mut Report,
    ) -> Result<()> {
        self.run(Program::Migrator, target, url, locking, actions, report).await
    }

    /// Builds the project's migrations if need be, and shows what the compiler reports: for commands that are to change
    /// nothing, and to create no database, before that is known to succeed.
    ///
    /// # Errors
    /// Those of [`migrator::build`].
    pub async fn build_migrations(&self) -> Result<()> {
        if self.has_own_migrator()? {
            return Ok(());
        }
        self.check_files()?;
        self.build(&Program::Migrator, &mut Report::default()).await.map(|_| ())
    }

    /// Passes if the migrations can be compiled as far as kit can see, or the project has a migrator of its own.
    pub(crate) fn check_files(&self) -> Result<()> {
        if self.has_own_migrator()? {
            return Ok(());
        }
        source::check_files(self.project()?)?;
        migrator::check(self.project()?)
    }

    /// Returns whether the project has a migrator of its own, so that kit compiles nothing.
    fn has_own_migrator(&self) -> Result<bool> {
        Ok(!Program::Migrator.own_command(&self.project()?.settings).is_empty())
    }

    /// Where builds are kept.
    ///
    /// # Errors
    /// Those of [`Cache::locate`].
    pub fn cache(&self) -> Result<Cache> {
        Ok(Cache { folder: self.cwd.join(Cache::locate(|name| self.env(name))?.folder) })
    }

    /// How many bytes all builds may take.
    ///
    /// # Errors
    /// [`Error::BadValue`].
    pub fn cache_limit(&self) -> Result<Option<u64>> {
        migrator::cache::limit(self.env("KIT_CACHE_LIMIT").as_deref())
    }

    /// Records that the project's migrations are still in use, for a command that has nothing to run.
    pub fn mark_migrations_used(&self) {
        if let (Ok(project), Ok(cache)) = (self.project(), self.cache()) {
            migrator::mark_used(project, &cache, self.now());
        }
    }

    /// The time, to be compared with those of files.
    pub fn now(&self) -> SystemTime {
        (self.now)().into()
    }

    async fn build(&self, program: &Program, report: &mut Report) -> Result<Binary> {
        let (cache, limit, now) = (self.cache()?, self.cache_limit()?, self.now());
        let build = Build { project: self.project()?, program, cache: &cache, env: &self.env, now, limit };
        let built = migrator::build(build, &mut |notice| report.show(&self.ui, notice)).await;
        self.ui.clear_transient();
        built
    }

    async fn run(
        &self,
        program: Program,
        target: &Target,
        url: String,
        locking: Locking,
        actions: Vec<Action>,
        report: &mut Report,
    ) -> Result<()> {
        let project = self.project()?;
        if program == Program::Migrator {
            self.check_files()?;
        }
        let checksums = source::read(project)?.checksums();
        let again = matches!(actions.as_slice(), [Action::Redo(_), ..] | [Action::Down(_), Action::Up(_), ..]);
        let request = Request {
            protocol: PROTOCOL,
            kit: env!("CARGO_PKG_VERSION").to_owned(),
            url,
            secrets: target.secrets(),
            schema: target.schema.clone(),
            checksums,
            locking,
            patience: project.settings.migrator.lock_timeout,
            connections: project.settings.migrator.connections,
            actions,
        };
        let expendable = request.actions.iter().any(|action| matches!(action, Action::Verify(_)));
        let binary = self.build(&program, report).await?;
        let run = migrator::Run {
            // As sea-orm-cli does; the environment of a process is its owner's alone.
            env: vec![("DATABASE_URL", target.secret_url().to_owned()), ("APP_ENV", self.environment()?)]
                .into_iter()
                .chain(project.is_loco().then_some(("LOCO_ENV", self.environment()?)))
                // Nothing there may lead past it to the project's own.
                .chain(expendable.then(|| ("DIRECT_DATABASE_URL", target.secret_url().to_owned())))
                .collect(),
            expendable,
            request,
        };
        let outcome = binary
            .run(run, &mut |notice| {
                report.show(
                    &self.ui,
                    match notice {
                        // A migration may print what a driver said, or a program of the project's own its settings.
                        Notice::Output(line) => Notice::Output(target.scrub(&line)),
                        other => other,
                    },
                );
            })
            .await;
        self.ui.clear_transient();
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => {
                let done = report.done.iter().map(|ran| ran.name.clone()).collect();
                let failure = target.scrub_failure(failure);
                Err(Error::Migrator { failure, database: target.redacted(), done, again })
            }
            Err(error) => Err(error),
        }
        .inspect_err(|error| {
            report.failed(&self.ui, error);
            self.ui.set(&Interrupted { interrupted: Interruption::of(error) });
        })
    }

    /// `production`, `development` …: `--env`, then variables of the process (`APP_ENV`, in a project of Loco's also `LOCO_ENV`),
    /// then the same of `.env`, then kit.toml.
    ///
    /// # Errors
    /// Those of [`Context::project`].
    pub fn environment(&self) -> Result<String> {
        match &self.globals.env {
            Some(name) => Ok(name.clone()),
            None => Ok(self.project()?.environment(&self.invocation()).value),
        }
    }
}

/// The global options that commands in hints repeat.
fn selection(globals: &Globals, database: Option<&str>) -> Selection {
    let folder = globals.project.as_ref().map(|folder| folder.to_string_lossy());
    Selection::new(folder.as_deref(), database, globals.env.as_deref())
}
