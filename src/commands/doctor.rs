//! `kit doctor`.

use clap::Args;
use serde::Serialize;

use crate::app::context::Context;
use crate::doctor::{self, Finding, Place, State};
use crate::error::{Exit, Hint, Result};
use crate::ui::{self, counted};

/// Find what keeps kit from working here, and say what to do
///
/// Looks at the toolchain, the project, the database and the ledger. Nothing is written, locked or compiled. Exits 1 if
/// something fails; warnings are none.
#[derive(Debug, Args)]
pub struct DoctorArgs {}

#[derive(Serialize)]
struct Answer<'a> {
    findings: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    group: &'a str,
    name: &'a str,
    state: State,
    found: &'a str,
    #[serde(flatten)]
    advice: Hint,
}

/// What is longer stands below its row.
const ROOM: usize = 60;

/// Shows each finding, and below it what to do.
pub async fn run(ctx: &Context, _: &DoctorArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer { findings: Vec::new() });
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
    if ctx.ui.is_json() {
        let lines = groups.iter().flat_map(|group| group.findings.iter().map(|finding| line(group.title, finding)));
        ctx.ui.set(&Answer { findings: lines.collect() });
    } else {
        for group in &groups {
            ctx.ui.group(&label(group.title));
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

fn line<'a>(group: &'a str, finding: &'a Finding) -> Line<'a> {
    let advice = Hint::of(finding.advice.as_ref());
    Line { group, name: finding.name, state: finding.state, found: &finding.found, advice }
}

fn show(ctx: &Context, finding: &Finding) {
    let state = match finding.state {
        State::Ok => ui::done("OK"),
        State::Warn => ui::pending("WARN"),
        State::Fail => ui::failed("FAIL"),
    };
    let found = ui::printable(&finding.found);
    if found.len() > ROOM || found.contains('\n') {
        ctx.ui.row(&label(finding.name), &state);
        ctx.ui.indented(&finding.found);
    } else {
        ctx.ui.row(&label(finding.name), &format!("{found} {state}"));
    }
    if let Some(advice) = &finding.advice {
        ctx.ui.advice(&advice.to_string());
    }
}

/// A name as a person reads it: `Build cache`.
fn label(name: &str) -> String {
    let written = match name {
        "seaorm" => "SeaORM",
        "dotenv" => ".env",
        "kit_toml" => "kit.toml",
        "cargo_toml" => "Cargo.toml",
        "cargo_lock" => "Cargo.lock",
        "kit_runtime" => "kit-runtime",
        "tls" => "TLS",
        "cargo" | "rustc" | "kit" => name,
        _ => return ui::label(name),
    };
    written.to_owned()
}
