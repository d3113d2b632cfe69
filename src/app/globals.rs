//! The options that every command has.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::ui::ColorChoice;

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Use this connection of kit.toml, or this URL
    #[arg(short, long, global = true, value_name = "NAME|URL")]
    pub database: Option<String>,
    /// Name the environment, instead of APP_ENV
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,
    /// Use the project in this folder, instead of searching upwards from here
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Ask nothing; what would be asked is refused
    #[arg(short, long, global = true)]
    pub no_interaction: bool,
    /// Print one JSON document instead of text; implies -n
    #[arg(long, global = true)]
    pub json: bool,
    /// Show only errors, and what was asked for
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Use colours: auto, always or never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub color: ColorChoice,
    /// Print help
    #[arg(short, long, global = true, action = ArgAction::HelpShort)]
    pub help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, global = true, action = ArgAction::Version)]
    pub version: Option<bool>,
}
