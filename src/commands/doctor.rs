//! `kit doctor`.

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::doctor::{self, Finding, Place, State};
use crate::error::{Exit, Hint, Result};
use crate::ui::{self, counted};

/// Find what keeps kit from working here, and say what to do
///
/// Looks at the toolchain, the project, the database and the ledger. Nothing is written, locked or compiled. Exits 1 if
/// something fails; warnings are none.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    state: State,
    found: &'a str,
    #[serde(flatten)]
    advice: Hint,
}

/// What is longer stands below its row.
const ROOM: usize = 60;

/// Shows each finding, and below it what to do.
pub async fn run(ctx: &Context, args: &DoctorArgs) -> Result<Exit> {
    let place = Place {
        env: &ctx.env,
        folder: &ctx.cwd,
        database: ctx.globals.database.as_deref(),
        environment: ctx.globals.env.as_deref(),
        now: ctx.now,
    };
    let groups = doctor::examine(&place).await;
    let findings: Vec<&Finding> = groups.iter().flat_map(|group| &group.findings).collect();
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (failures, warnings) = (count(State::Fail), count(State::Warn));
    if args.json {
        let lines: Vec<Line> = findings.iter().map(|finding| line(finding)).collect();
        ctx.ui.json(&lines);
    } else {
        for group in &groups {
            ctx.ui.group(group.title);
            group.findings.iter().for_each(|finding| show(ctx, finding));
        }
        match (failures, warnings) {
            (0, 0) => ctx.ui.info("All is well"),
            (0, _) => ctx.ui.warn(counted(warnings, "warning")),
            (_, 0) => ctx.ui.warn(counted(failures, "failure")),
            (_, _) => ctx.ui.warn(format!("{}, {}", counted(failures, "failure"), counted(warnings, "warning"))),
        }
    }
    Ok(if failures == 0 { Exit::Ok } else { Exit::Failed })
}

fn line(finding: &Finding) -> Line<'_> {
    let advice = Hint::of(finding.advice.as_ref());
    Line { name: finding.name, state: finding.state, found: &finding.found, advice }
}

fn show(ctx: &Context, finding: &Finding) {
    let state = match finding.state {
        State::Ok => ui::done("OK"),
        State::Warn => ui::pending("WARN"),
        State::Fail => ui::failed("FAIL"),
    };
    let found = ui::printable(&finding.found);
    if found.len() > ROOM || found.contains('\n') {
        ctx.ui.row(finding.name, &state);
        ctx.ui.answer(format!("    {}", found.replace('\n', "\n    ")));
    } else {
        ctx.ui.row(finding.name, &format!("{found} {state}"));
    }
    if let Some(advice) = &finding.advice {
        ctx.ui.advice(&advice.to_string());
    }
}
