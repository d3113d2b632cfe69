//! `kit list`, `kit --help` and `kit` alone.

use clap::{Args, CommandFactory};
use serde::Serialize;

use crate::app::context::Context;
use crate::cli::Cli;
use crate::error::{Error, Exit, Result, Suggestion};
use crate::ui;

/// List all commands
#[derive(Debug, Default, Args)]
pub struct ListArgs {
    /// Only the commands of this namespace, such as `make`
    pub(crate) namespace: Option<String>,
}

#[derive(Default, Serialize)]
struct Answer {
    commands: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    group: String,
    description: String,
}

/// Lists commands by group: the part before the colon; those without one are kit's own and come first.
pub fn run(ctx: &Context, args: &ListArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let mut command = Cli::command();
    // Only then do options know how they are written.
    command.build();
    let commands: Vec<&clap::Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    let group_of = |name: &str| match name.split_once(':') {
        Some((group, _)) => group.to_owned(),
        None if commands.iter().any(|other| other.get_name().starts_with(&format!("{name}:"))) => name.to_owned(),
        None => OWN.to_owned(),
    };
    let mut groups = vec![OWN.to_owned()];
    for sub in &commands {
        let group = group_of(sub.get_name());
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let is_meant =
        |name: &str| args.namespace.as_ref().is_none_or(|space| space.trim_end_matches(':') == group_of(name));
    let meant = commands.iter().filter(|sub| is_meant(sub.get_name())).map(|sub| Line {
        name: sub.get_name().to_owned(),
        group: group_of(sub.get_name()),
        description: about(sub),
    });
    ctx.ui.set(&Answer { commands: meant.collect() });
    if let Some(namespace) = &args.namespace {
        let namespace = namespace.strip_suffix(':').unwrap_or(namespace);
        let commands: Vec<_> = commands.iter().filter(|sub| group_of(sub.get_name()) == namespace).collect();
        if commands.is_empty() {
            let namespaces = groups.into_iter().skip(1).collect();
            let suggestion = Some(Suggestion::Namespaces(namespaces));
            return Err(Error::UnknownCommand { name: format!("{namespace}:"), suggestion });
        }
        let width = commands.iter().map(|sub| sub.get_name().len()).max().unwrap_or_default();
        for sub in commands {
            ctx.ui.described(sub.get_name(), width, &about(sub));
        }
        ctx.ui.info("`kit help COMMAND` shows the options of a command");
        return Ok(Exit::Ok);
    }
    ctx.ui.paragraph(&format!("kit {}: {}", command.get_version().unwrap_or_default(), about(&command)));
    ctx.ui.answer("\nUsage: kit COMMAND [OPTIONS]");
    ctx.ui.paragraph("A unique prefix is enough: `kit m:s` is `kit migrate:status`.");
    let options: Vec<(String, String)> = command.get_arguments().map(option).collect();
    let lefts = options.iter().map(|(left, _)| left.as_str()).chain(commands.iter().map(|sub| sub.get_name()));
    let width = lefts.map(str::len).max().unwrap_or_default();
    for group in groups {
        ctx.ui.answer(format!("\n{}", ui::pending(&group)));
        for sub in commands.iter().filter(|sub| group_of(sub.get_name()) == group) {
            ctx.ui.described(sub.get_name(), width, &about(sub));
        }
    }
    ctx.ui.answer(format!("\n{}", ui::pending("Options of every command")));
    for (left, help) in &options {
        ctx.ui.described(left, width, help);
    }
    Ok(Exit::Ok)
}

/// The group of the commands without a colon.
const OWN: &str = "kit";

fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// `-d, --database <NAME|URL>` and its help.
fn option(argument: &clap::Arg) -> (String, String) {
    let short = argument.get_short().map_or("    ".to_owned(), |short| format!("-{short}, "));
    (format!("{short}{argument}"), argument.get_help().map(ToString::to_string).unwrap_or_default())
}
