//! What to offer after TAB. It owns the shells' scripts, which are files beside this one and do nothing but call
//! the hidden command `kit __complete`, and returns candidates as values, computed by `clap_complete` from the
//! command line as it is declared. It deliberately knows no command: an argument says by its declaration what
//! completes it (`sources`), so that a new command needs nothing here. It never asks, writes or connects.

mod fields;
mod line;
mod shell;
mod sources;
mod tables;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use clap::CommandFactory;
use clap_complete::engine::{CompletionCandidate, complete};

use crate::app::context::Context;
use crate::cli::{Cli, dispatch};
pub use line::Line;
pub use shell::{Shell, script};
use sources::Sources;

/// One thing to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word, unquoted.
    pub value: String,
    /// One line about it, or nothing.
    pub help: String,
}

/// What the last of `words` could become; the first is the program's name. Nothing to offer is an empty list,
/// and so is everything that cannot be read.
pub fn candidates(ctx: &Context, mut words: Vec<OsString>) -> Vec<Candidate> {
    if words.len() < 2 {
        return Vec::new();
    }
    let command = Cli::command();
    let index = words.len() - 1;
    if dispatch::expand(&command, &mut words[..index]).is_err() {
        return Vec::new();
    }
    let folder = match project_option(&command, &words[..index]) {
        Some(folder) => ctx.cwd.join(folder),
        None => ctx.cwd.clone(),
    };
    let command = sources::attach(command, &Arc::new(Sources::new(folder, ctx.env.clone())));
    let offered = |words: Vec<OsString>| -> Vec<CompletionCandidate> {
        complete(&mut command.clone(), words, index, Some(&ctx.cwd)).unwrap_or_default()
    };
    let typed = words[index].to_string_lossy().into_owned();
    let mut found = offered(words.clone());
    if !typed.is_empty() && !typed.starts_with('-') {
        // Where an empty word may become a command, a word may be short for one.
        words[index] = OsString::new();
        let short = offered(words).into_iter().filter(|candidate| {
            is_command(candidate) && dispatch::is_short_for(&typed, &candidate.get_value().to_string_lossy())
        });
        let new: Vec<_> =
            short.filter(|candidate| found.iter().all(|other| other.get_id() != candidate.get_id())).collect();
        found.extend(new);
    }
    found.retain(|candidate| !(is_command(candidate) && candidate.is_hide_set()));
    if typed.is_empty() && found.iter().any(|candidate| !is_option(candidate)) {
        found.retain(|candidate| !is_option(candidate));
    }
    found.iter().filter_map(readable).collect()
}

/// `--project` among the words, wherever it stands.
fn project_option(command: &clap::Command, words: &[OsString]) -> Option<PathBuf> {
    let matches = command.clone().ignore_errors(true).try_get_matches_from(words).ok()?;
    matches.try_get_one::<PathBuf>("project").ok().flatten().cloned()
}

fn is_command(candidate: &CompletionCandidate) -> bool {
    candidate.get_id().is_some_and(|id| id.starts_with("command::"))
}

fn is_option(candidate: &CompletionCandidate) -> bool {
    candidate.get_id().is_some_and(|id| id.starts_with("arg::"))
}

/// As a line can carry it; a name with a control character is no name that a shell could complete.
fn readable(candidate: &CompletionCandidate) -> Option<Candidate> {
    let value = candidate.get_value().to_str()?.to_owned();
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    let help: String = help.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    (!value.is_empty() && !value.contains(char::is_control)).then_some(Candidate { value, help })
}
