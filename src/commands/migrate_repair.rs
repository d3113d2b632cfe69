//! `kit migrate:repair`.

use clap::Args;
use kit_runtime::ledger::{self, State};
use kit_runtime::lock;
use kit_runtime::repair::{self, Case, Diagnosis, Left, Verdict};
use kit_runtime::sea_orm::Session;
use kit_runtime::snapshot::Change;
use kit_runtime::undo::{self, Fate, Reason, Step, Undo};
use kit_runtime::wire::{Direction, Locking};
use serde::Serialize;

use super::{LockArgs, deed, locked};
use crate::app::confirm::Destruction;
use crate::app::context::{Context, Listing};
use crate::database::Target;
use crate::doctor;
use crate::error::{Error, Exit, Result, holder_text};
use crate::project::status::State as Status;
use crate::ui::{self, MigrationAction, MigrationChange, printable};

/// Say what a killed or failed run has left, and put it right
///
/// Without an option nothing is changed: it says what is in the database of each migration that stopped on its way, and
/// which commands go on from there. Exits 1 if there is something to repair.
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// Run it again from its start
    #[arg(long, value_name = "MIGRATION", group = "what")]
    retry: Option<String>,
    /// All of it is in: count it as applied
    #[arg(long, value_name = "MIGRATION", group = "what")]
    applied: Option<String>,
    /// Nothing of it is in any more: count it as pending
    #[arg(long, value_name = "MIGRATION", group = "what")]
    rolled_back: Option<String>,
    /// Its source may be as it is now
    #[arg(long, value_name = "MIGRATION", group = "what")]
    accept_checksum: Option<String>,
    /// Its file was renamed: rename it in the ledger
    #[arg(long, value_name = "OLD=NEW", group = "what")]
    rename: Option<String>,
    /// Drop indexes whose build was interrupted
    #[arg(long, group = "what")]
    drop_invalid_indexes: bool,
    /// End the session that has the lock, and whatever it is doing
    #[arg(long, group = "what")]
    unlock: bool,
    /// Answer yes to every question, and retry although the schema has changed
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

/// The answer of `kit migrate:repair`.
#[derive(Default, Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    diagnosed: Diagnosed<'a>,
    migrations: Vec<MigrationChange>,
    #[serde(flatten)]
    dropped: Dropped,
    #[serde(flatten)]
    ended: Ended,
}

/// What there is to repair.
#[derive(Default, Serialize)]
struct Diagnosed<'a> {
    halted: Vec<Halted>,
    invalid_indexes: &'a [String],
}

#[derive(Default, Serialize)]
struct Dropped {
    dropped_indexes: Vec<String>,
}

#[derive(Default, Serialize)]
struct Ended {
    /// The session that had the lock.
    ended_session: Option<u64>,
}

/// A migration that stopped on its way.
#[derive(Serialize)]
struct Halted {
    name: String,
    action: MigrationAction,
    state: Status,
    failed: bool,
    message: Option<String>,
    statements: Vec<Statement>,
    left: &'static str,
    changes: Option<Vec<Change>>,
}

/// A statement of it.
#[derive(Serialize)]
struct Statement {
    step: i64,
    sql: String,
    state: &'static str,
    message: Option<String>,
    undo: Option<Vec<String>>,
    undone_with: Option<i64>,
    not_undoable: Option<&'static str>,
}

/// Lists a migration in the answer of which only the ledger was changed.
fn settled(ctx: &Context, name: &str, action: MigrationAction) {
    ctx.ui.list(&MigrationChange::without_run(name, action));
}

/// Diagnoses, or has the ledger say what it is told.
pub async fn run(ctx: &Context, args: &RepairArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let locking = args.lock.locking("migrate:repair", args.force)?;
    let target = ctx.target()?;
    drop(target.connect().await?);
    let listing = ctx.listing(&target).await?;
    let table = listing.ledger.clone();
    if let Some(names) = &args.rename {
        let (old, new) =
            names.split_once('=').filter(|(old, new)| !old.is_empty() && !new.is_empty()).ok_or_else(|| {
                let expected = "OLD=NEW, two names of migrations".to_owned();
                Error::BadValue { flag: "--rename", value: names.clone(), expected }
            })?;
        return rename(ctx, &target, &listing, &locking, old, new).await;
    }
    let told = args.retry.is_some() || args.applied.is_some() || args.rolled_back.is_some();
    if told || args.accept_checksum.is_some() || args.drop_invalid_indexes {
        let action = match args.drop_invalid_indexes {
            true => "Drop the invalid indexes in",
            false => "Change what the ledger reports in",
        };
        let destruction = Destruction { command: "migrate:repair", action, loss: "" };
        ctx.confirm_change_in_production(&destruction, &target, args.force)?;
        return locked(ctx, &target, &table, &locking, async |session| {
            put_right(ctx, args, &target, &listing, session).await
        })
        .await;
    }
    let session = target.connect().await?;
    if args.unlock {
        return unlock(ctx, args, &target, &table, &session).await;
    }
    let presence = lock::look(&session, &table).await.map_err(|error| target.failed(&error))?;
    if let Some(presence) = &presence {
        ctx.ui.warn(format!("{} is at work", holder_text(presence.holder.as_ref())));
    }
    let found = repair::diagnose(&session, &table).await.map_err(|error| target.failed(&error))?;
    let at_work = !found.halted.is_empty() && doctor::at_work(&target, &session, &listing.sources).await;
    ctx.ui.set(&Diagnosed {
        halted: found.halted.iter().map(|case| Halted::of(case, &target, at_work)).collect(),
        invalid_indexes: &found.invalid_indexes,
    });
    if found.is_empty() {
        ctx.ui.info("Nothing to repair");
    } else {
        show(ctx, &found, &target, at_work);
    }
    Ok(if found.is_empty() { Exit::Ok } else { Exit::Failed })
}

async fn put_right(
    ctx: &Context,
    args: &RepairArgs,
    target: &Target,
    listing: &Listing,
    session: &Session,
) -> Result<Exit> {
    let failed = |error| target.failed(&error);
    let table = &listing.ledger;
    let (deed, checksums) = (deed(ctx, "migrate:repair"), listing.sources.checksums());
    if args.drop_invalid_indexes {
        let dropped = repair::drop_invalid_indexes(session, table, &deed.of(ctx)).await.map_err(failed)?;
        for name in &dropped {
            ctx.ui.row(name, &ui::done("dropped"));
        }
        ctx.ui.set(&Dropped { dropped_indexes: dropped.clone() });
        ctx.ui.info(match dropped.len() {
            0 => "No index is invalid".to_owned(),
            1 => "Dropped 1 index".to_owned(),
            count => format!("Dropped {count} indexes"),
        });
        return Ok(Exit::Ok);
    }
    let ledger = ledger::read(session, table).await.map_err(failed)?;
    if let Some(given) = &args.accept_checksum {
        let name = listing.sources.resolve(given)?;
        let Some(checksum) = checksums.get(&name).cloned().filter(|_| ledger.has(&name)) else {
            return Err(Error::NotHalted { name });
        };
        repair::settle(session, table, &name, &Verdict::Accepted { checksum }, &deed.of(ctx)).await.map_err(failed)?;
        settled(ctx, &name, MigrationAction::ChecksumAccepted);
        ctx.ui.info(format!("`{name}` may be as it is now"));
        return Ok(Exit::Ok);
    }
    let given = args.retry.as_ref().or(args.applied.as_ref()).or(args.rolled_back.as_ref());
    let given = given.map(String::as_str).unwrap_or_default();
    let halted: Vec<Case> = repair::diagnose(session, table).await.map_err(failed)?.halted;
    // A name that the sources no longer have may still stand in the ledger.
    let by_part = |case: &&Case| case.entry.name == given || case.entry.name.contains(given);
    let matches: Vec<&Case> = halted.iter().filter(by_part).collect();
    let [case] = matches.as_slice() else {
        return Err(Error::NotHalted { name: printable(given) });
    };
    let name = &case.entry.name;
    let is_in = args.applied.is_some() || args.retry.is_some() && case.entry.direction == Direction::Down;
    if args.retry.is_some() && !args.force && matches!(case.left, Left::Changed(_) | Left::Unknown) {
        return Err(Error::HalfDone { name: printable(name) });
    }
    let verdict = match is_in {
        true => Verdict::Applied { batch: ledger.last_batch() + 1, checksum: checksums.get(name).cloned() },
        false => Verdict::Pending,
    };
    repair::settle(session, table, name, &verdict, &deed.of(ctx)).await.map_err(failed)?;
    settled(ctx, name, if is_in { MigrationAction::MarkedApplied } else { MigrationAction::MarkedPending });
    let (state, next) = match (is_in, case.entry.direction) {
        (true, Direction::Down) => ("applied", "`kit migrate:rollback` rolls it back again"),
        (true, Direction::Up) => ("applied", "`kit migrate` goes on after it"),
        (false, _) => ("pending", "`kit migrate` runs it from its start"),
    };
    ctx.ui.info(format!("`{}` is {state}: {next}", printable(name)));
    Ok(Exit::Ok)
}

/// Gives an applied migration the name that its file has now.
async fn rename(
    ctx: &Context,
    target: &Target,
    listing: &Listing,
    locking: &Locking,
    old: &str,
    new: &str,
) -> Result<Exit> {
    let new = listing.sources.resolve(new)?;
    let (table, deed) = (&listing.ledger, deed(ctx, "migrate:repair"));
    locked(ctx, target, table, locking, async |session| {
        let ledger = ledger::read(session, table).await.map_err(|error| target.failed(&error))?;
        if let Some(entry) = ledger.halted().find(|entry| entry.name == old || entry.name == new) {
            return Err(target.refused(kit_runtime::plan::halted(entry)));
        }
        let names = listing.names();
        let reason = if !ledger.has(old) {
            "the old name is not applied"
        } else if ledger.has(&new) {
            "the new name is applied already"
        } else if !names.contains(&new) {
            "the Migrator does not list the new name"
        } else if names.iter().any(|name| name == old) {
            "the Migrator still lists the old name, which would run again"
        } else {
            return repair::rename(session, table, old, &new, &deed.of(ctx))
                .await
                .map_err(|error| target.failed(&error));
        };
        Err(Error::Rename { old: printable(old), new: new.clone(), reason: reason.to_owned() })
    })
    .await?;
    settled(ctx, &new, MigrationAction::Renamed);
    ctx.ui.info(format!("`{}` is `{new}` in the ledger now", printable(old)));
    Ok(Exit::Ok)
}

/// Ends who is at work. What it had begun is then to be repaired like that of any run that was killed.
async fn unlock(ctx: &Context, args: &RepairArgs, target: &Target, table: &str, session: &Session) -> Result<Exit> {
    let failed = |error| target.failed(&error);
    let Some(presence) = lock::look(session, table).await.map_err(failed)? else {
        ctx.ui.info("Nobody has the lock");
        return Ok(Exit::Ok);
    };
    let who = holder_text(presence.holder.as_ref());
    let Some(number) = presence.session else {
        return Err(Error::LeaseGoesByItself { who });
    };
    let action = format!("End {who} in");
    let loss = "Its migration may be left half-way.";
    let destruction = Destruction { command: "migrate:repair", action: &action, loss };
    ctx.confirm_change(&destruction, target, args.force)?;
    lock::end_session(session, number).await.map_err(failed)?;
    ctx.ui.set(&Ended { ended_session: Some(number) });
    ctx.ui.info(format!("Ended session {number} of {who}"));
    Ok(Exit::Ok)
}

fn show(ctx: &Context, found: &Diagnosis, target: &Target, at_work: bool) {
    for case in &found.halted {
        ctx.ui.row(&case.entry.name, &ui::failed(&headline(case, at_work)));
        let say = |text: String| ctx.ui.indented(&ctx.ui.runnable(&text));
        if let Some(error) = &case.entry.error {
            say(target.scrub(error));
        }
        let name = &case.entry.name;
        let down = case.entry.direction == Direction::Down;
        show_steps(&steps_of(case, target), &say);
        match &case.left {
            Left::Nothing => say("Nothing of it is in the database: it runs again by itself".to_owned()),
            Left::SameSchema => {
                say("The schema is as it was before; whether rows were changed is not known".to_owned());
                say(format!("`kit migrate:repair --retry {name}` if none were, or it may run twice"));
            }
            Left::Unknown => say("How the schema was before is not known".to_owned()),
            Left::Changed(changes) => {
                say("Since it began, the schema has changed:".to_owned());
                ctx.ui.changes(changes);
            }
        }
        if case.left != Left::Nothing {
            let (all, none) = match down {
                false => ("do the rest of its `up` by hand", "undo what is in by hand"),
                true => ("put back what its `down` took away", "do the rest of its `down` by hand"),
            };
            say(format!("Either {all}, then `kit migrate:repair --applied {name}`"));
            say(format!("or {none}, then `kit migrate:repair --rolled-back {name}`"));
        }
    }
    for index in &found.invalid_indexes {
        ctx.ui.row(&format!("index {index}"), &ui::failed("Invalid"));
        let advice = "Its build was interrupted: `kit migrate:repair --drop-invalid-indexes`, then build it again";
        ctx.ui.indented(&ctx.ui.runnable(advice));
    }
}

/// The statements of a migration that stopped, without passwords.
fn steps_of(case: &Case, target: &Target) -> Vec<Step> {
    let changes = match &case.left {
        Left::Changed(changes) => Some(changes.as_slice()),
        _ => None,
    };
    let mut steps = undo::steps(&case.statements, target.dialect, case.before.as_ref(), changes);
    for step in &mut steps {
        step.recorded.body = target.scrub(&step.recorded.body);
        step.recorded.error = step.recorded.error.as_ref().map(|error| target.scrub(error));
        if let Undo::Sql(statements) = &mut step.undo {
            statements.iter_mut().for_each(|sql| *sql = target.scrub(sql));
        }
    }
    steps
}

/// Prints the statements that ran, the one that did not, and the SQL that undoes those that ran.
fn show_steps(steps: &[Step], say: &impl Fn(String)) {
    let line = |step: &Step| format!("  {}. {}", step.recorded.step, one_line(&step.recorded.body));
    let of = |fate: Fate| steps.iter().filter(move |step| step.fate == fate);
    for (fate, heading) in [
        (Fate::Ran, "These statements ran:"),
        (Fate::RolledBack, "These statements were rolled back:"),
        (Fate::Failed, "This statement failed:"),
        (Fate::Running, "This statement was running when the migration ended; check whether it took effect:"),
    ] {
        if of(fate).next().is_some() {
            say(heading.to_owned());
        }
        for step in of(fate) {
            say(line(step));
            if let Some(error) = step.recorded.error.as_ref().filter(|_| fate == Fate::Failed) {
                say(format!("     {error}"));
            }
        }
    }
    let to_undo: Vec<&Step> = steps.iter().rev().filter(|step| is_to_undo(step)).collect();
    if to_undo.is_empty() {
        return;
    }
    say("To undo what ran, in this order:".to_owned());
    for step in to_undo {
        let number = step.recorded.step;
        let condition = if step.fate == Fate::Ran { "" } else { " (if it took effect)" };
        match &step.undo {
            Undo::Sql(statements) => {
                statements.iter().for_each(|sql| say(format!("  {number}. {sql};{condition}")));
            }
            Undo::Unknown(reason) => say(format!("  {number}. by hand{condition}: {}", reason_text(*reason))),
            Undo::Nothing | Undo::With(_) => {}
        }
    }
}

/// Whether something has to be done to undo a statement.
fn is_to_undo(step: &Step) -> bool {
    matches!(step.undo, Undo::Sql(_) | Undo::Unknown(_))
}

/// A statement on one line, shortened.
fn one_line(sql: &str) -> String {
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{} …", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// How many characters of a statement are shown; `--json` has all of it.
const MAX_SHOWN: usize = 200;

fn reason_text(reason: Reason) -> &'static str {
    match reason {
        Reason::Rows => "it changed rows, and their values before are not known",
        Reason::Drops => "it deleted an object that the statement does not describe",
        Reason::Changes => "it changed an object, and what that was like before is not in the statement",
        Reason::Several => "it consists of several statements, and it is not known which of them ran",
        Reason::Unknown => "kit does not know what it changes",
    }
}

fn headline(case: &Case, at_work: bool) -> String {
    let state = Status::unfinished(&case.entry, at_work).word();
    match case.entry.direction {
        Direction::Up => state.to_owned(),
        Direction::Down => format!("{state}, rolling back"),
    }
}

impl Halted {
    fn of(case: &Case, target: &Target, at_work: bool) -> Self {
        let (left, changes) = match &case.left {
            Left::Nothing => ("nothing", None),
            Left::SameSchema => ("same_schema", None),
            Left::Unknown => ("unknown", None),
            Left::Changed(changes) => ("changed", Some(changes.clone())),
        };
        Self {
            name: case.entry.name.clone(),
            action: case.entry.direction.into(),
            state: Status::unfinished(&case.entry, at_work),
            failed: case.entry.state == State::Failed,
            message: case.entry.error.as_ref().map(|error| target.scrub(error)),
            statements: steps_of(case, target).into_iter().map(Statement::of).collect(),
            left,
            changes,
        }
    }
}

impl Statement {
    fn of(step: Step) -> Self {
        let (undo, undone_with, not_undoable) = match step.undo {
            Undo::Sql(statements) => (Some(statements), None, None),
            Undo::Nothing => (Some(Vec::new()), None, None),
            Undo::With(other) => (Some(Vec::new()), Some(other), None),
            Undo::Unknown(reason) => (None, None, Some(reason.name())),
        };
        let (state, recorded) = (step.fate.name(), step.recorded);
        Self {
            step: recorded.step,
            sql: recorded.body,
            state,
            message: recorded.error,
            undo,
            undone_with,
            not_undoable,
        }
    }
}
