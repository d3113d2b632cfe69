//! `kit migrate:status`.

use chrono::DateTime;
use clap::Args;
use serde::Serialize;

use super::ReachArgs;
use crate::app::context::Context;
use crate::doctor;
use crate::error::{Error, Exit, PENDING, Result};
use crate::project::status::{self, State, Status};
use crate::ui;

/// Show the state of each migration
///
/// Reads the sources and the ledger; compiles nothing and writes nothing. A migration is Pending, Ran, Modified (its
/// file has changed since), Missing (applied or listed, but without a file), Failed, Interrupted (its run was killed),
/// Running, or Unregistered (a file that the Migrator does not list).
#[derive(Debug, Args)]
#[command(after_long_help = "\
With --check:
  exit 1  a migration is failed, interrupted, missing, modified or unregistered
  exit 3  none of these, and a migration is pending
  exit 0  all migrations have run
Example, in a pipeline: kit migrate:status --check --json")]
pub struct StatusArgs {
    /// Show only pending and half-done ones; exit CODE if pending
    #[arg(long, value_name = "CODE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pending: Option<String>,
    /// Exit 1 if a migration needs attention, 3 if one is pending
    #[arg(long, conflicts_with = "pending")]
    check: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

#[derive(Serialize)]
struct Answer<'a> {
    migrations: &'a [&'a Status],
}

/// Shows the states. Without a ledger everything is pending; without a database the command fails.
pub async fn run(ctx: &Context, args: &StatusArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer { migrations: &[] });
    let code = match args.pending.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse::<u8>().map_err(|_| Error::BadValue {
            flag: "--pending",
            value: text.to_owned(),
            expected: "an exit code from 0 to 255".to_owned(),
        })?),
    };
    let target = args.reach.target(ctx).await?;
    let session = target.connect().await?;
    let listing = ctx.listing(&target).await?;
    let ledger = target.ledger_in(&session, &listing.ledger).await?;
    let at_work = match ledger.halted().next() {
        Some(_) => doctor::at_work(&target, &session, &listing.sources).await,
        None => false,
    };
    let checksums = listing.sources.checksums();
    let mut lines = status::of(&listing.migrations, &listing.sources, &ledger, &checksums, at_work);
    for line in &mut lines {
        // Another tool, or an older kit, may have kept more than it should.
        line.error = line.error.take().map(|error| target.scrub(&error));
    }
    let shown: Vec<&Status> = match args.pending {
        Some(_) => lines.iter().filter(|line| line.state.is_pending() || line.state.is_halted()).collect(),
        None => lines.iter().collect(),
    };
    ctx.ui.set(&Answer { migrations: &shown });
    if shown.is_empty() {
        ctx.ui.info(if args.pending.is_some() { "No pending migrations" } else { "No migrations" });
    } else {
        if !ledger.installed {
            ctx.ui.info(format!("No migration table in {} yet", target.redacted()));
        }
        show(ctx, &shown);
    }
    let renamed = status::renamed(&listing.migrations, &ledger, || checksums);
    for one in &renamed {
        ctx.caution(&one.clone().into());
    }
    exit(&lines, args.check, code).map_err(|error| match error {
        Error::Unsettled { migrations, .. } => Error::Unsettled { migrations, renamed },
        other => other,
    })
}

/// Returns how the command exits. What needs attention wins over what is only pending.
fn exit(lines: &[Status], check: bool, code: Option<u8>) -> Result<Exit> {
    let names = |wanted: &dyn Fn(State) -> bool| -> Vec<(String, &'static str)> {
        let found = lines.iter().filter(|line| wanted(line.state));
        found.map(|line| (line.migration.clone(), line.state.word())).collect()
    };
    let problems = match (check, code) {
        (true, _) => names(&State::is_problem),
        (false, Some(_)) => names(&State::is_halted),
        (false, None) => Vec::new(),
    };
    if !problems.is_empty() {
        return Err(Error::Unsettled { migrations: problems, renamed: Vec::new() });
    }
    let code = if check { Some(PENDING) } else { code };
    Ok(match code {
        Some(code) if lines.iter().any(|line| line.state.is_pending()) => Exit::Code(code),
        _ => Exit::Ok,
    })
}

fn show(ctx: &Context, lines: &[&Status]) {
    ctx.ui.heading("Migration", "Applied (UTC) [Batch] Status");
    for line in lines {
        ctx.ui.row(&line.migration, &right(line));
        if let Some(error) = &line.error {
            ctx.ui.answer(format!("    {}", ui::dim(&ui::printable(error))));
        }
    }
}

fn right(line: &Status) -> String {
    let batch = line.batch.map(|batch| format!("[{batch}] ")).unwrap_or_default();
    let when = line.applied_at.and_then(|at| DateTime::from_timestamp(at, 0)).map(|at| at.format("%Y-%m-%d %H:%M:%S "));
    let when = ui::dim(&when.map(|at| at.to_string()).unwrap_or_default());
    let state = match line.state {
        State::Ran => ui::done(State::Ran.word()),
        State::Pending if line.out_of_order => ui::pending("Pending, out of order"),
        state @ (State::Pending | State::Modified | State::Running | State::Unregistered) => ui::pending(state.word()),
        state @ (State::Missing | State::Failed | State::Interrupted) => ui::failed(state.word()),
    };
    format!("{when}{batch}{state}")
}
