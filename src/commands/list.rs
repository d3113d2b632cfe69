//! `kit list` and `kit` alone.

use clap::{Args, CommandFactory};

use crate::cli::Cli;
use crate::context::Context;
use crate::error::{Exit, Result};
use crate::ui;

/// List all commands
#[derive(Debug, Default, Args)]
pub struct ListArgs {}

/// Lists commands by group: the part before the colon; those without one are kit's own and come first.
pub fn run(ctx: &Context, _args: &ListArgs) -> Result<Exit> {
    let command = Cli::command();
    ctx.ui.answer(format!("kit {}", command.get_version().unwrap_or_default()));
    ctx.ui.answer("\nUsage: kit <COMMAND> [OPTIONS]\n\nA unique prefix is enough: `kit m:s` is `kit migrate:status`.");
    let commands: Vec<&clap::Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    let group_of = |name: &str| match name.split_once(':') {
        Some((group, _)) => group.to_owned(),
        None if commands.iter().any(|other| other.get_name().starts_with(&format!("{name}:"))) => name.to_owned(),
        None => "kit".to_owned(),
    };
    let width = commands.iter().map(|sub| sub.get_name().len()).max().unwrap_or_default();
    let mut groups: Vec<String> = Vec::new();
    for sub in &commands {
        let group = group_of(sub.get_name());
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    for group in groups {
        ctx.ui.answer(format!("\n{}", ui::pending(&group)));
        for sub in commands.iter().filter(|sub| group_of(sub.get_name()) == group) {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            let padding = " ".repeat(width - sub.get_name().len());
            ctx.ui.answer(format!("  {}{padding}  {about}", ui::name(sub.get_name())));
        }
    }
    Ok(Exit::Ok)
}
