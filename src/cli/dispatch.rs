//! From what was typed to a [`Cli`]: unique prefixes of each colon-separated part (`m:f` is `migrate:fresh`), namespaces,
//! and suggestions for what is no command: [`habits`] of other tools before what is spelled alike.

use std::ffi::{OsStr, OsString};

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use super::{Cli, Globals, carried, habits};
use crate::error::{Error, Suggestion, UsageError, quoted};
use crate::similar::similarity;

/// What the command line was, if not a command.
pub enum Parsed {
    /// `--version`, or a command with `--help`: the text to show.
    Text(String),
    /// `kit --help`, which is the list of commands; or a namespace, which is that of its own.
    List(Option<String>),
    /// Wrong.
    Failure(Error),
}

/// Parses the command line.
///
/// # Errors
/// What it was instead of a command.
pub fn parse(arguments: &[OsString]) -> Result<Cli, Parsed> {
    let mut arguments = arguments.to_vec();
    if let Some(namespace) = namespace(&arguments) {
        return Err(Parsed::List(Some(namespace)));
    }
    let typed = arguments.clone();
    expand(&Cli::command(), &mut arguments).map_err(|error| with_arguments(error, &typed))?;
    let outcome = pages().try_get_matches_from(&arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    outcome.map_err(|error| match error.kind() {
        ErrorKind::DisplayVersion => Parsed::Text(format!("kit {}", env!("CARGO_PKG_VERSION"))),
        ErrorKind::DisplayHelp => match error.render().to_string() {
            text if text.trim().is_empty() => Parsed::List(None),
            text => Parsed::Text(text),
        },
        ErrorKind::UnknownArgument => {
            let habit = of_several_words(&arguments).map(|error| with_arguments(error, &typed));
            Parsed::Failure(habit.unwrap_or_else(|| usage(&arguments, &error)))
        }
        _ => Parsed::Failure(usage(&arguments, &error)),
    })
}

/// clap's error in kit's words, with the usage of the command that was typed.
fn usage(arguments: &[OsString], error: &clap::Error) -> Error {
    let mut root = Cli::command();
    let typed = words(arguments).into_iter().next();
    root.build();
    let command = typed.as_deref().and_then(|name| root.find_subcommand_mut(name));
    let (name, line) = match command {
        Some(command) => (typed.as_deref(), command.render_usage()),
        None => (None, root.render_usage()),
    };
    Error::Usage(Box::new(UsageError::new(error, name, line.to_string().trim_start_matches("Usage:"))))
}

/// The namespace that the only word of a command line is: `db`, `migrate:`.
fn namespace(arguments: &[OsString]) -> Option<String> {
    let words = words(arguments);
    let [typed] = words.as_slice() else { return None };
    let command = Cli::command();
    let name = typed.strip_suffix(':').unwrap_or(typed);
    let has_commands =
        names(&command).iter().any(|one| one.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
    (has_commands && command.find_subcommand(typed).is_none()).then(|| name.to_owned())
}

/// Returns the error for a command followed by a word as in other tools, or without kit's colon: `migrate up`, `migrate status`.
fn of_several_words(arguments: &[OsString]) -> Option<Error> {
    let words = words(arguments);
    let (command, rest) = words.split_first()?;
    let unknown = |name: String, suggestion| Error::UnknownCommand { name, suggestion: Some(suggestion) };
    if let Some((name, suggestion)) = habits::suggestion(&words) {
        return Some(unknown(name, suggestion));
    }
    if let Some(suggestion) = habits::number(command, rest) {
        return Some(unknown(format!("{command} {}", rest[0]), suggestion));
    }
    let joined = format!("{command}:{}", rest.first()?);
    let is_command = names(&Cli::command()).contains(&joined.as_str());
    is_command.then(|| unknown(joined.replacen(':', " ", 1), Suggestion::Command(joined)))
}

/// Adds to the command of a suggestion what it takes of the arguments that were typed.
fn with_arguments(error: Error, arguments: &[OsString]) -> Error {
    let Error::UnknownCommand { name, suggestion: Some(Suggestion::Command(line)) } = error else { return error };
    let mut root = Cli::command();
    root.build();
    let command = root.find_subcommand(line.split(' ').next().unwrap_or_default());
    let Some(command) = command else {
        return Error::UnknownCommand { name, suggestion: Some(Suggestion::Command(line)) };
    };
    let (options, others) = carried::split(&root, command, arguments);
    let words = words(&others);
    let mut line = match habits::suggestion(&words) {
        Some((_, Suggestion::Command(line))) => line,
        _ if name == line.replacen(':', " ", 1) && command.get_positionals().next().is_some() => {
            let rest = words.iter().skip(2).map(|word| format!(" {}", quoted(word)));
            line + &rest.collect::<String>()
        }
        _ => line,
    };
    let replaced = habits::replaced_by_number(&line);
    for option in options.iter().filter(|option| Some(option.as_str()) != replaced) {
        let is_there = line.split(' ').any(|word| Some(word) == option.split(' ').next());
        line += &if is_there { String::new() } else { format!(" {option}") };
    }
    Error::UnknownCommand { name, suggestion: Some(Suggestion::Command(line)) }
}

/// The words of a command line that are neither options nor the values of global ones. A path after an option is its value.
fn words(arguments: &[OsString]) -> Vec<String> {
    let mut words = Vec::new();
    let mut arguments = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    let mut after_option = false;
    while let Some(argument) = arguments.next() {
        match argument.as_ref() {
            "-d" | "--database" | "--env" | "--project" | "--color" => drop(arguments.next()),
            option if option.starts_with('-') => {
                after_option = true;
                continue;
            }
            path if after_option && path.contains('/') => {}
            word => words.push(word.to_owned()),
        }
        after_option = false;
    }
    words
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

/// Returns the full name of the command of a command line, even if the rest of the line is wrong.
pub fn command_name(arguments: &[OsString]) -> Option<String> {
    let (command, mut arguments) = (Cli::command(), arguments.to_vec());
    expand(&command, &mut arguments).ok()?;
    let matches = command.ignore_errors(true).try_get_matches_from(arguments).ok()?;
    matches.subcommand_name().map(str::to_owned)
}

/// The global options of a command line that is wrong otherwise, as far as they can be read.
pub fn globals(arguments: &[OsString]) -> Globals {
    let is_json = arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    let mut arguments = arguments.to_vec();
    // What follows an unknown command would be that command's.
    if let Some((position, typed)) = command_word(&Cli::command(), &arguments)
        && Cli::command().find_subcommand(&typed).is_none()
    {
        arguments.remove(position);
    }
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(arguments);
    let mut globals: Globals =
        matches.ok().and_then(|matches| Globals::from_arg_matches(&matches).ok()).unwrap_or_default();
    // clap stops reading at what it does not know.
    globals.json |= is_json;
    globals
}

/// Replaces a shortened command among the arguments with its full name; where there is none, nothing happens.
///
/// # Errors
/// [`Error::UnknownCommand`], [`Error::AmbiguousCommand`].
pub fn expand(command: &clap::Command, arguments: &mut [OsString]) -> Result<(), Error> {
    if let Some((position, typed)) = command_word(command, arguments)
        && command.find_subcommand(&typed).is_none()
    {
        let resolved = resolve(command, &typed, &words(arguments))?;
        if let Some(argument) = arguments.get_mut(position) {
            *argument = resolved.into();
        }
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

/// The command that `typed` is short for and nothing else; `words` are those of the whole command line.
fn resolve(command: &clap::Command, typed: &str, words: &[String]) -> Result<String, Error> {
    let names = names(command);
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
            let (name, suggestion) = match habits::suggestion(words) {
                Some((name, suggestion)) => (name, Some(suggestion)),
                None => suggest(&names, typed, words),
            };
            Err(Error::UnknownCommand { name, suggestion })
        }
        several => Err(Error::AmbiguousCommand {
            name: typed.to_owned(),
            candidates: several.iter().map(|name| (*name).to_owned()).collect(),
        }),
    }
}

/// The name of what is no command, and the command that is meant: one whose last part it is, or one that is spelled alike.
fn suggest(names: &[&str], typed: &str, words: &[String]) -> (String, Option<Suggestion>) {
    let is_namespace = names.iter().any(|name| name.strip_prefix(typed).is_some_and(|rest| rest.starts_with(':')));
    let next = words.iter().skip_while(|word| *word != typed).nth(1);
    if let Some(next) = next.filter(|_| is_namespace) {
        // `db sync`
        let (joined, shown) = (format!("{typed}:{next}"), format!("{typed} {next}"));
        let found = names.iter().find(|name| **name == joined).map(|name| Suggestion::Command((*name).to_owned()));
        return (shown, found.or_else(|| spelled_alike(names, &joined)));
    }
    let of_that_end: Vec<&&str> =
        names.iter().filter(|name| name.rsplit_once(':').is_some_and(|(_, last)| last == typed)).collect();
    let suggestion = match of_that_end.as_slice() {
        [one] => Some(Suggestion::Command((**one).to_owned())),
        _ => spelled_alike(names, typed),
    };
    (typed.to_owned(), suggestion)
}

/// Returns the command with the most similar spelling, whole or of its last part: `statsu` is `migrate:status`. A destructive
/// command must be nearly the same: `db:create` is not a misspelt `db:truncate`.
fn spelled_alike(names: &[&str], typed: &str) -> Option<Suggestion> {
    let last = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let is_safe = |name: &str| {
        let distance = strsim::osa_distance(&last(typed), &last(name));
        !DESTRUCTIVE.contains(&name) || distance <= (last(name).len() / 4).max(1)
    };
    let score = |name: &str| similarity(typed, name).max(similarity(typed, &last(name)));
    let scored = names.iter().map(|name| (score(name), *name));
    let near = scored.filter(|(score, name)| *score > 0.8 && is_safe(name));
    let (_, nearest) = near.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Suggestion::Spelling(nearest.to_owned()))
}

/// Commands that delete data, migrations or what they did.
const DESTRUCTIVE: [&str; 7] = [
    "migrate:rollback",
    "migrate:reset",
    "migrate:refresh",
    "migrate:redo",
    "migrate:fresh",
    "migrate:delete",
    "db:truncate",
];

fn names(command: &clap::Command) -> Vec<&str> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(clap::Command::get_name).collect()
}

/// Whether each colon-separated part of `typed` begins the same part of `name`, which has as many parts.
pub fn is_short_for(typed: &str, name: &str) -> bool {
    let (typed, name): (Vec<&str>, Vec<&str>) = (typed.split(':').collect(), name.split(':').collect());
    typed.len() == name.len() && typed.iter().zip(&name).all(|(part, whole)| whole.starts_with(part))
}
