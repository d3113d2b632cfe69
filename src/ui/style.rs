//! The palette: green done, red failure, yellow warning or pending, cyan names. Every word is
//! readable without it.

use clap::ValueEnum;
use colored::{Colorize, control};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Decides once for the process: flag, then `NO_COLOR`, then `CLICOLOR_FORCE`, then the terminal.
pub fn configure(choice: ColorChoice, terminal: bool, env: impl Fn(&str) -> Option<String>) {
    let set = |name: &str| env(name).is_some_and(|value| !value.is_empty() && value != "0");
    let on = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if set("NO_COLOR") => false,
        ColorChoice::Auto if set("CLICOLOR_FORCE") => true,
        ColorChoice::Auto => terminal && env("TERM").as_deref() != Some("dumb"),
    };
    control::set_override(on);
}

/// A word on a coloured ground at the start of a line.
#[derive(Clone, Copy)]
pub struct Badge(&'static str);

/// Blue.
pub const INFO: Badge = Badge("INFO");
/// Yellow.
pub const WARN: Badge = Badge("WARN");
/// Red.
pub const ERROR: Badge = Badge("ERROR");

impl Badge {
    pub(super) fn styled(self) -> String {
        let padded = format!(" {} ", self.0);
        let text = match self.0 {
            "INFO" => padded.white().on_blue(),
            "WARN" => padded.black().on_yellow(),
            _ => padded.white().on_red(),
        };
        // Without colour the padding has no ground to stand on.
        if control::SHOULD_COLORIZE.should_colorize() { text.to_string() } else { self.0.to_owned() }
    }
}

/// Green.
pub fn done(text: &str) -> String {
    text.green().bold().to_string()
}

/// Red.
pub fn fail(text: &str) -> String {
    text.red().bold().to_string()
}

/// Yellow.
pub fn pending(text: &str) -> String {
    text.yellow().bold().to_string()
}

/// Cyan.
pub fn name(text: &str) -> String {
    text.cyan().to_string()
}

/// Green, a whole line.
pub fn added(text: &str) -> String {
    text.green().to_string()
}

/// Red, a whole line.
pub fn removed(text: &str) -> String {
    text.red().to_string()
}

/// Grey.
pub fn dim(text: &str) -> String {
    text.bright_black().to_string()
}

/// The word before a hint.
pub fn hint(text: &str) -> String {
    text.green().to_string()
}
