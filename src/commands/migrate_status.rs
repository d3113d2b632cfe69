//! `kit migrate:status`.

use chrono::DateTime;
use clap::Args;

use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::project::status::{self, State, Status};
use crate::ui;

/// Show the state of each migration
///
/// Reads sources and the ledger: nothing is compiled, nothing is written. A migration is Pending, Ran,
/// Modified (its file has changed since), Missing (applied or listed, but without a file), Failed, Running, or
/// Unregistered (a file that the Migrator does not list).
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Show only pending ones; with a code, exit with it if there are any
    #[arg(long, value_name = "CODE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pending: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows the states. Without a ledger everything is pending.
pub async fn run(ctx: &Context, args: &StatusArgs) -> Result<Exit> {
    if args.json {
        ctx.ui.only_json();
    }
    let code = match args.pending.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse::<u8>().map_err(|_| Error::BadValue {
            flag: "--pending",
            value: text.to_owned(),
            expected: "an exit code from 0 to 255".to_owned(),
        })?),
    };
    let target = ctx.target()?;
    let listing = ctx.listing(&target).await?;
    let ledger = target.ledger(&listing.ledger).await?;
    let mut lines = status::of(&listing.migrations, &listing.sources, &ledger, &listing.sources.checksums());
    let pending = lines.iter().any(|line| line.state == State::Pending);
    if args.pending.is_some() {
        lines.retain(|line| line.state == State::Pending);
    }
    for line in &mut lines {
        // Another tool, or an older kit, may have kept more than it should.
        line.error = line.error.take().map(|error| target.scrub(&error));
    }
    if args.json {
        ctx.ui.json(&lines);
    } else if lines.is_empty() {
        ctx.ui.info(if args.pending.is_some() { "No pending migrations" } else { "No migrations" });
    } else {
        if !ledger.installed {
            ctx.ui.info(format!("No migration table in {} yet", target.redacted()));
        }
        show(ctx, &lines);
    }
    Ok(match (pending, code) {
        (true, Some(code)) => Exit::Code(code),
        _ => Exit::Ok,
    })
}

fn show(ctx: &Context, lines: &[Status]) {
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
        State::Ran => ui::done("Ran"),
        State::Pending if line.out_of_order => ui::pending("Pending, out of order"),
        State::Pending => ui::pending("Pending"),
        State::Modified => ui::pending("Modified"),
        State::Unregistered => ui::pending("Unregistered"),
        State::Missing => ui::failed("Missing"),
        State::Failed => ui::failed("Failed"),
        State::Running => ui::failed("Running"),
    };
    format!("{when}{batch}{state}")
}
