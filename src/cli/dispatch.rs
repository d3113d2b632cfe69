//! From what was typed to a [`Cli`]: unique prefixes of each colon-separated part (`m:f` is
//! `migrate:fresh`), and suggestions for what is no command.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use super::{Cli, Globals};
use crate::error::Error;

/// What the command line was, if not a command.
pub enum Parsed {
    /// `--version`, or a command with `--help`: the text to show.
    Text(String),
    /// `kit --help`, which is the list of commands.
    List,
    /// Wrong.
    Failure(Error),
}

/// Parses the command line.
///
/// # Errors
/// What it was instead of a command.
pub fn parse(arguments: &[OsString]) -> Result<Cli, Parsed> {
    let mut arguments = arguments.to_vec();
    expand(&Cli::command(), &mut arguments)?;
    let outcome = pages().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    outcome.map_err(|error| match error.kind() {
        ErrorKind::DisplayVersion => Parsed::Text(format!("kit {}", env!("CARGO_PKG_VERSION"))),
        ErrorKind::DisplayHelp => match error.render().to_string() {
            text if text.trim().is_empty() => Parsed::List,
            text => Parsed::Text(text),
        },
        _ => Parsed::Failure(Error::Clap(error.render().to_string())),
    })
}

/// The tree as its help pages need it: `-h` and `--help` are one page, options in one line and the whole description.
/// The root has none of its own.
fn pages() -> clap::Command {
    let whole = |sub: clap::Command| {
        let about = sub.get_long_about().or(sub.get_about()).cloned().unwrap_or_default();
        let after = sub.get_after_long_help().or(sub.get_after_help()).cloned().unwrap_or_default();
        sub.about(about).after_help(after)
    };
    Cli::command().mut_subcommands(whole).override_help("")
}

/// The global options of a command line that is wrong otherwise, as far as they can be read.
pub fn globals(arguments: &[OsString]) -> Globals {
    let mut arguments = arguments.to_vec();
    // What follows an unknown command would be that command's.
    if let Some((position, typed)) = command_word(&Cli::command(), &arguments)
        && Cli::command().find_subcommand(&typed).is_none()
    {
        arguments.remove(position);
    }
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(arguments);
    matches.ok().and_then(|matches| Globals::from_arg_matches(&matches).ok()).unwrap_or_default()
}

/// Replaces a shortened command among the arguments with its full name; where there is none, nothing happens.
///
/// # Errors
/// [`Error::UnknownCommand`], [`Error::AmbiguousCommand`].
pub fn expand(command: &clap::Command, arguments: &mut [OsString]) -> Result<(), Error> {
    if let Some((position, typed)) = command_word(command, arguments)
        && command.find_subcommand(&typed).is_none()
        && let Some(argument) = arguments.get_mut(position)
    {
        *argument = resolve(command, &typed)?.into();
    }
    Ok(())
}

/// Where the command's name stands among the arguments, and what it is.
fn command_word(command: &clap::Command, arguments: &[OsString]) -> Option<(usize, String)> {
    // A pass that takes any word for a command.
    let lenient = command.clone().allow_external_subcommands(true).ignore_errors(true);
    let matches = lenient.try_get_matches_from(arguments).ok()?;
    let (typed, sub) = matches.subcommand()?;
    let rest = sub.try_get_many::<OsString>("").ok().flatten().map_or(0, Iterator::count);
    let position = arguments.len().checked_sub(rest + 1)?;
    (arguments.get(position)? == OsStr::new(typed)).then(|| (position, typed.to_owned()))
}

/// The command that `typed` is, or is unmistakably short for.
fn resolve(command: &clap::Command, typed: &str) -> Result<String, Error> {
    let names: Vec<&str> =
        command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(clap::Command::get_name).collect();
    let mut candidates: Vec<&str> = names.iter().copied().filter(|name| is_short_for(typed, name)).collect();
    if candidates.len() > 1 {
        // `m` is `migrate`, so `m:f` is one of its family: a group that is a command goes before one that is not.
        let of_a_command = |name: &str| name.split_once(':').is_some_and(|(group, _)| names.contains(&group));
        let families: Vec<&str> = candidates.iter().copied().filter(|name| of_a_command(name)).collect();
        if let [_] = families.as_slice() {
            candidates = families;
        }
    }
    match candidates.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => {
            let mut similar: Vec<(f64, &str)> = names
                .iter()
                .map(|name| (strsim::jaro_winkler(typed, name), *name))
                .filter(|(score, _)| *score > 0.8)
                .collect();
            similar.sort_by(|a, b| b.0.total_cmp(&a.0));
            let similar = similar.into_iter().map(|(_, name)| name.to_owned()).collect();
            Err(Error::UnknownCommand { name: typed.to_owned(), similar })
        }
        several => Err(Error::AmbiguousCommand {
            name: typed.to_owned(),
            candidates: several.iter().map(|name| (*name).to_owned()).collect(),
        }),
    }
}

/// Whether each colon-separated part of `typed` begins the same part of `name`, which has as many parts.
pub fn is_short_for(typed: &str, name: &str) -> bool {
    let (typed, name): (Vec<&str>, Vec<&str>) = (typed.split(':').collect(), name.split(':').collect());
    typed.len() == name.len() && typed.iter().zip(&name).all(|(part, whole)| whole.starts_with(part))
}
