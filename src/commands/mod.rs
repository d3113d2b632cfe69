//! One file a command: its arguments and their help, a call or two into the rooms below, and how the
//! answer looks. A command holds no logic that another one could want.

pub mod about;
pub mod cache;
pub mod db_seed;
pub mod db_sync;
pub mod db_truncate;
pub mod doctor;
pub mod init;
pub mod make_factory;
pub mod make_migration;
pub mod make_model;
pub mod make_seeder;
pub mod migrate;
pub mod migrate_delete;
pub mod migrate_fresh;
pub mod migrate_install;
pub mod migrate_mark;
pub mod migrate_redo;
pub mod migrate_refresh;
pub mod migrate_repair;
pub mod migrate_reset;
pub mod migrate_rollback;
pub mod migrate_status;
pub mod migrate_verify;
pub mod stub_publish;

use std::time::Duration;

use clap::{Args, ValueEnum};
use kit_runtime::repair::Deed;
use kit_runtime::sea_orm::Session;
use kit_runtime::wire::{Action, Down, Event, Failure, LockKind, Locking};
use kit_runtime::{lock, plan};

use crate::app::answer::{DryRun, Migrated};
use crate::app::confirm::Destruction;
use crate::app::context::Context;
use crate::database::Target;
use crate::error::{Error, Exit, Result};
use crate::migrator::Notice;
use crate::project::status;
use crate::ui::Report;

/// How a command that writes keeps other runs out.
#[derive(Clone, Debug, Args)]
pub struct LockArgs {
    /// Wait this long for another run on the same database
    #[arg(long, value_name = "SECS", default_value_t = WAIT)]
    wait: u64,
    /// Choose the lock that keeps other runs out; `none` needs --force
    #[arg(long, value_enum, value_name = "KIND")]
    lock: Option<LockChoice>,
}

/// Whether a command waits for a server that is still starting.
#[derive(Clone, Debug, Default, Args)]
pub struct ReachArgs {
    /// Wait until the server accepts connections
    #[arg(long, value_name = "SECS")]
    wait_for_database: Option<u64>,
}

impl ReachArgs {
    /// The database, once its server accepts connections.
    ///
    /// # Errors
    /// Those of [`Context::target`]; [`Error::Connect`] if the time is over, or if waiting does not help.
    async fn target(&self, ctx: &Context) -> Result<Target> {
        let target = ctx.target()?;
        if let Some(seconds) = self.wait_for_database {
            let waiting = |error: &Error| ctx.ui.progress(&format!("Waiting for the database: {error}"));
            let outcome = target.wait(Duration::from_secs(seconds), waiting).await;
            ctx.ui.clear_transient();
            outcome?;
        }
        Ok(target)
    }
}

/// Seconds that a run waits for another where nothing else is said.
const WAIT: u64 = 60;

impl Default for LockArgs {
    fn default() -> Self {
        Self { wait: WAIT, lock: None }
    }
}

/// `--lock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LockChoice {
    /// A lock of the server's
    Session,
    /// A row in the database, with signs of life
    Lease,
    /// A lock on a file beside the database
    File,
    /// Nothing
    None,
}

impl LockArgs {
    /// The lock for `command`.
    ///
    /// # Errors
    /// [`Error::Unlocked`] for `--lock=none` without `--force`.
    fn locking(&self, command: &str, force: bool) -> Result<Locking> {
        let kind = self.lock.map(|choice| match choice {
            LockChoice::Session => LockKind::Session,
            LockChoice::Lease => LockKind::Lease,
            LockChoice::File => LockKind::File,
            LockChoice::None => LockKind::None,
        });
        if kind == Some(LockKind::None) && !force {
            return Err(Error::Unlocked);
        }
        Ok(Locking { kind, wait: self.wait, command: command.to_owned(), ..Locking::default() })
    }
}

/// Who has the ledger say something, with this command.
struct Author {
    person: String,
    command: String,
}

fn deed(ctx: &Context, command: &str) -> Author {
    let person = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| ctx.env(name)).unwrap_or_default();
    Author { person, command: command.to_owned() }
}

impl Author {
    fn of(&self, ctx: &Context) -> Deed<'_> {
        let (person, command, now) = (&self.person, &self.command, (ctx.now)().timestamp_millis());
        Deed { person, command, kit: env!("CARGO_PKG_VERSION"), now }
    }
}

/// Runs `work` in a session that has the lock. Other runs see from the start who has it.
async fn locked<T>(
    ctx: &Context,
    target: &Target,
    table: &str,
    locking: &Locking,
    work: impl AsyncFnOnce(&Session) -> Result<T>,
) -> Result<T> {
    let session = target.connect_to_lock().await?;
    let refused = |failure| target.refused(failure);
    let mut report = Report::default();
    let mut told = |event: Event| report.show(&ctx.ui, Notice::Event(event));
    let mut lock = lock::acquire(&session, table, locking, &mut told).await.map_err(refused)?;
    lock.announce(&session).await;
    let outcome = work(&session).await;
    let released = lock.release(&session).await.map_err(refused);
    outcome.and_then(|value| released.map(|()| value))
}

/// How far a command that rolls back is to go.
#[derive(Clone, Copy, Debug)]
struct How {
    /// Every question is answered with yes.
    force: bool,
    /// Nothing is to be done, only said.
    pretend: bool,
}

/// Asks whether what `down` means may be rolled back, then does `actions`: all that rollback, reset, refresh and redo
/// have in common.
async fn roll_back(
    ctx: &Context,
    command: &'static str,
    down: &Down,
    actions: Vec<Action>,
    lock: &LockArgs,
    how: How,
) -> Result<Exit> {
    ctx.ui.declare(&Migrated::default());
    rolled_back(ctx, command, down, actions, lock, how).await.map(|_| Exit::Ok)
}

async fn rolled_back(
    ctx: &Context,
    command: &'static str,
    down: &Down,
    actions: Vec<Action>,
    lock: &LockArgs,
    How { force, pretend }: How,
) -> Result<Report> {
    ctx.ui.set(&DryRun { dry_run: pretend });
    let locking = lock.locking(command, force)?;
    let target = ctx.target()?;
    if !pretend {
        ctx.allow_destruction(command, &target)?;
    }
    if actions.len() > 1 {
        ctx.check_files()?;
    }
    drop(target.connect().await?);
    let listing = ctx.listing(&target).await?;
    let ledger = target.ledger(&listing.ledger).await?;
    let refused = |failure| target.refused(failure);
    let names = plan::whole(&ledger).and_then(|()| plan::down(&ledger, down)).map_err(refused)?;
    let known = listing.names();
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        let mut renamed = status::renamed(&listing.migrations, &ledger, || listing.sources.checksums()).into_iter();
        return Err(match renamed.find(|renamed| renamed.old == *name) {
            Some(renamed) => renamed.into(),
            None => refused(Failure::Gone { name: name.clone() }),
        });
    }
    if let Down::Only(name) = down {
        migrate_rollback::check_alone(&target, &listing.migrations, &ledger, name).await?;
    }
    if names.is_empty() && actions.len() == 1 {
        ctx.ui.info("Nothing to roll back");
        return Ok(Report::default());
    }
    if pretend {
        ctx.pretend(&target, actions).await?;
        return Ok(Report::default());
    }
    if !names.is_empty() {
        let (what, whose) = match names.as_slice() {
            [one] => (format!("`{one}`"), "it"),
            several => (format!("{} migrations", several.len()), "they"),
        };
        let action = format!("Roll back {what} in");
        let loss = format!("What {whose} created is lost.");
        ctx.confirm_destructive(&Destruction { command, action: &action, loss: &loss }, &target, force)?;
    }
    ctx.migrate(&target, locking, actions).await
}
