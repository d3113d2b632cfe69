//! `kit migrate:verify`.

use clap::Args;
use kit_runtime::wire::{Action, LockKind, Locking, Remark, Verify};
use serde::Serialize;

use crate::app::context::{Context, Listing};
use crate::database::{Scratch, Target};
use crate::error::{Error, Exit, Result};
use crate::interrupt::Interrupt;
use crate::project::source::SourceMigration;
use crate::ui::{Report, Verified, counted};

/// Apply, roll back and apply each migration again on a scratch database
///
/// Says which migrations do not come back as they were, and what of the schema differs. The scratch database is in memory
/// or a temporary one on the same server; the project's own is only read. Exits 1 if there is something to mend.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Begin with this migration; those before it are only applied
    #[arg(long, value_name = "MIGRATION")]
    from: Option<String>,
    /// Look only at migrations that are pending in the project's database
    #[arg(long)]
    pending: bool,
    /// Apply these without looking at them
    #[arg(long, value_name = "MIGRATION", num_args = 1..)]
    except: Vec<String>,
    /// Roll back with N rows in each table as well
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u32).range(..=10_000))]
    rows: u32,
    /// Use this empty database instead of creating one
    #[arg(long, value_name = "URL")]
    scratch: Option<String>,
}

#[derive(Default, Serialize)]
struct Answer {
    migrations: Vec<()>,
    #[serde(flatten)]
    checked: Checked<'static>,
}

#[derive(Default, Serialize)]
struct Checked<'a> {
    summary: Summary,
    /// Migrations that could not be checked, since an earlier one could not be applied.
    unchecked: Vec<&'a String>,
}

/// Verifies.
pub async fn run(ctx: &Context, args: &VerifyArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let (names, outcome) = match chosen(ctx, args).await {
        Ok((target, listing, names)) if !names.is_empty() => {
            let outcome = verify(ctx, args, &target, &listing, &names).await;
            (names, outcome)
        }
        Ok((_, _, names)) => {
            ctx.ui.info("Nothing to verify");
            (names, Ok(Report::default()))
        }
        Err(error) => (Vec::new(), Err(error)),
    };
    outcome.and_then(|report| {
        let faulty =
            report.verified.iter().filter_map(|one| Some((one.migration.clone(), one.faults.first()?.clone())));
        let faulty: Vec<_> = faulty.collect();
        let unchecked = unseen(&names, &report.verified);
        let unseen = unchecked.len();
        ctx.ui.set(&Checked { summary: Summary::of(&report.verified), unchecked });
        if !names.is_empty() {
            ctx.ui.info(Summary::of(&report.verified).text());
        }
        if faulty.is_empty() && unseen == 0 { Ok(Exit::Ok) } else { Err(Error::Faulty { faulty, unseen }) }
    })
}

/// The database, its migrations, and the names of those to look at, in order.
async fn chosen(ctx: &Context, args: &VerifyArgs) -> Result<(Target, Listing, Vec<String>)> {
    let target = ctx.target()?;
    let listing = ctx.listing(&target).await?;
    let mut names = listing.names();
    let known = |name: &String| listing.sources.resolve(name);
    if let Some(from) = &args.from {
        let from = known(from)?;
        let at = names.iter().position(|name| *name == from);
        names.drain(..at.unwrap_or_default());
    }
    let except: Vec<String> = args.except.iter().map(known).collect::<Result<_>>()?;
    names.retain(|name| !except.contains(name));
    if args.pending {
        let ledger = target.ledger_or_empty(&listing.ledger).await?;
        names.retain(|name| !ledger.has(name));
    }
    Ok((target, listing, names))
}

async fn verify(
    ctx: &Context,
    args: &VerifyArgs,
    target: &Target,
    listing: &Listing,
    names: &[String],
) -> Result<Report> {
    if args.scratch.is_none() {
        // Without a compiler that is content there is nothing to make a database for.
        ctx.migrate(target, Locking::default(), vec![Action::List]).await?;
    }
    // From here on, what was made has to be taken away, whatever comes.
    let mut interrupt = Interrupt::listen();
    let scratch = match &args.scratch {
        Some(url) => {
            let given = Scratch::parse(url, target, &ctx.project()?.root)?;
            ctx.allow_network(&given)?;
            ctx.allow_protected("migrate:verify", &given)?;
            Scratch::given(given).await?
        }
        None => {
            let (scratch, removed) = Scratch::make(target, |extension| brings(listing, extension)).await?;
            if removed > 0 {
                ctx.ui.info(format!("Removed {} that a killed run has left", counted(removed, "scratch database")));
            }
            scratch
        }
    };
    ctx.ui.info(format!("Verifying {}: up, down and up again", counted(names.len(), "migration")));
    let kind = (!scratch.stays()).then_some(LockKind::None);
    let locking = Locking { kind, command: "migrate:verify".to_owned(), ..Locking::default() };
    let action = Action::Verify(Verify { only: names.to_vec(), rows: args.rows, clean: scratch.stays() });
    let outcome = tokio::select! {
        // On a terminal, both hear Ctrl-C; that the migrator ends is no failure of its own then.
        biased;
        signal = interrupt.heard() => Err(Error::Interrupted { signal }),
        outcome = ctx.migrate(scratch.target(), locking, vec![action]) => outcome,
    };
    ctx.ui.clear_transient();
    let removed = scratch.remove().await;
    // The first failure is the one to report.
    let report = outcome?;
    removed.map(|()| report)
}

/// Returns whether a migration creates an extension itself, as far as its text and the files that it includes show.
fn brings(listing: &Listing, extension: &str) -> bool {
    listing.migrations.iter().flat_map(SourceMigration::texts).any(|text| {
        let text = text.to_lowercase();
        text.contains("extension") && text.contains(&extension.to_lowercase())
    })
}

/// Those that nothing was said of.
fn unseen<'a>(names: &'a [String], verified: &[Verified]) -> Vec<&'a String> {
    names.iter().filter(|name| !verified.iter().any(|one| one.migration == **name)).collect()
}

/// How many migrations there are of each kind.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Summary {
    verified: usize,
    /// `down` undoes `up`.
    reversible: usize,
    /// `down` is correct; the database cannot restore everything.
    limited: usize,
    faulty: usize,
}

impl Summary {
    fn of(verified: &[Verified]) -> Self {
        let faulty = verified.iter().filter(|one| !one.faults.is_empty()).count();
        let limit = |note: &Remark| matches!(note, Remark::Reordered { .. });
        let limited = verified.iter().filter(|one| one.faults.is_empty() && one.notes.iter().any(limit)).count();
        Self { verified: verified.len(), reversible: verified.len() - faulty - limited, limited, faulty }
    }

    fn text(&self) -> String {
        let mut parts = vec![format!("{} reversible", self.reversible)];
        if self.limited > 0 {
            parts.push(format!("{} that this database cannot undo completely", self.limited));
        }
        if self.faulty > 0 {
            parts.push(format!("{} with faults", self.faulty));
        }
        format!("Verified {}: {}", counted(self.verified, "migration"), parts.join(", "))
    }
}
