//! Errors of the command line that clap finds, in kit's own words: the sentence, the hint and the usage line.

use std::error::Error as _;
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::field::list_of;
use crate::similar;

/// A command line that clap rejects.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// clap's kind.
    pub kind: ErrorKind,
    /// One sentence.
    pub message: String,
    /// What to type instead.
    pub hint: String,
    /// `kit migrate [OPTIONS]`
    pub usage: String,
}

impl UsageError {
    /// Reads what clap found. `command` is the command that was typed, by its full name; `usage` is its usage line, which is shown
    /// if clap has no narrower one.
    pub fn new(error: &clap::Error, command: Option<&str>, usage: &str) -> Self {
        let context = Context(error);
        let narrow = context.text(ContextKind::Usage);
        let usage = narrow.as_deref().and_then(|text| text.trim().strip_prefix("Usage:")).unwrap_or(usage);
        let help = || match command {
            Some(command) => format!("run `kit {command} --help` for its usage"),
            None => "run `kit list` to see all commands".to_owned(),
        };
        Self {
            kind: error.kind(),
            message: message(&context),
            hint: hint(&context).unwrap_or_else(help),
            usage: usage.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

/// What clap knows of an error.
struct Context<'a>(&'a clap::Error);

impl Context<'_> {
    fn text(&self, kind: ContextKind) -> Option<String> {
        match self.0.get(kind)? {
            ContextValue::String(text) => Some(text.clone()),
            ContextValue::StyledStr(text) => Some(text.to_string()),
            ContextValue::Number(number) => Some(number.to_string()),
            _ => self.all(kind).into_iter().next(),
        }
    }

    fn all(&self, kind: ContextKind) -> Vec<String> {
        match self.0.get(kind) {
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect(),
            Some(ContextValue::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    fn argument(&self) -> String {
        self.text(ContextKind::InvalidArg).unwrap_or_default()
    }

    fn value(&self) -> String {
        self.text(ContextKind::InvalidValue).unwrap_or_default()
    }
}

fn message(context: &Context<'_>) -> String {
    let (argument, value) = (context.argument(), context.value());
    match context.0.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => format!("unknown option `{argument}`"),
        ErrorKind::UnknownArgument => format!("unexpected argument `{argument}`"),
        ErrorKind::InvalidValue if value.is_empty() => format!("`{argument}` needs a value"),
        ErrorKind::InvalidValue => format!("`{argument}` does not take `{value}`"),
        ErrorKind::ValueValidation => format!("`{argument}` does not take `{value}`: {}", reason(context.0)),
        ErrorKind::NoEquals => format!("`{argument}` needs `=` before its value"),
        ErrorKind::TooManyValues => format!("unexpected value `{value}` for `{argument}`"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            let number = |kind| context.text(kind);
            let wanted = number(ContextKind::MinValues).map(|least| format!("at least {least}"));
            let wanted = wanted.or(number(ContextKind::ExpectedNumValues)).unwrap_or_default();
            let given = number(ContextKind::ActualNumValues).unwrap_or_default();
            format!("wrong number of values for `{argument}`: {given} instead of {wanted}")
        }
        ErrorKind::ArgumentConflict => {
            let others = context.all(ContextKind::PriorArg);
            let one = if argument.is_empty() {
                context.text(ContextKind::InvalidSubcommand).unwrap_or_default()
            } else {
                argument
            };
            match others.as_slice() {
                [other] if *other == one => format!("`{one}` is given more than once"),
                [] => format!("`{one}` cannot be used with the other arguments"),
                others => format!("`{one}` cannot be used with {}", list_of(others)),
            }
        }
        ErrorKind::MissingRequiredArgument => {
            format!("missing {}: {}", plural("argument", context), context.all(ContextKind::InvalidArg).join(", "))
        }
        ErrorKind::InvalidSubcommand => {
            format!("no command `{}`", context.text(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "missing command".to_owned()
        }
        ErrorKind::InvalidUtf8 => "an argument is not valid UTF-8".to_owned(),
        _ => "the command line cannot be read".to_owned(),
    }
}

fn plural(noun: &str, context: &Context<'_>) -> String {
    if context.all(ContextKind::InvalidArg).len() == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// Why a parser rejects a value.
fn reason(error: &clap::Error) -> String {
    let Some(source) = error.source() else { return "the value is invalid".to_owned() };
    match source.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::PosOverflow | IntErrorKind::NegOverflow) => "the number is out of range".to_owned(),
        Some(_) => "a whole number is required".to_owned(),
        // clap's parser of ranges has only the text of the error.
        None if source.to_string() == "invalid digit found in string" => "a whole number is required".to_owned(),
        None => source.to_string(),
    }
}

fn hint(context: &Context<'_>) -> Option<String> {
    let argument = context.argument();
    match context.0.kind() {
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => suggestion(context),
        ErrorKind::InvalidValue => {
            let (typed, mut values) = (context.value(), context.all(ContextKind::ValidValue));
            if !typed.is_empty() {
                similar::sort(&typed, &mut values);
            }
            match context.text(ContextKind::SuggestedValue) {
                _ if values.is_empty() => None,
                Some(value) => Some(format!("did you mean `{value}`? The values are {}", values.join(", "))),
                None => Some(format!("choose one of: {}", values.join(", "))),
            }
        }
        ErrorKind::NoEquals => Some(format!("write it as `{}`", argument.replace(['[', ']'], ""))),
        ErrorKind::TooManyValues if !argument.contains('<') => {
            Some(format!("leave the value out: `{}`", argument.split('=').next().unwrap_or(&argument)))
        }
        ErrorKind::ArgumentConflict => Some("pass only one of them".to_owned())
            .filter(|_| !context.all(ContextKind::PriorArg).contains(&argument))
            .or_else(|| Some("pass it once".to_owned())),
        _ => None,
    }
}

/// The option or the place that is meant by an unknown argument.
fn suggestion(context: &Context<'_>) -> Option<String> {
    if let Some(option) = context.text(ContextKind::SuggestedArg) {
        return Some(format!("did you mean `{option}`?"));
    }
    if let Some(command) = context.text(ContextKind::SuggestedSubcommand) {
        return Some(format!("did you mean `kit {command}`?"));
    }
    // clap has these three as sentences: what to type is quoted last.
    let sentence = context.text(ContextKind::Suggested)?;
    let typed = sentence.split('\'').skip(1).step_by(2).last()?;
    Some(match typed {
        "--" => "remove the `--` before the command".to_owned(),
        trailing if trailing.contains("-- ") => format!("to pass it as a value, write `{trailing}`"),
        command => format!("options of a command are written after it: `kit {command}`"),
    })
}
