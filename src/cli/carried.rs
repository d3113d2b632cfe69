//! The options of a command line of another tool that kit's suggested command takes, too: `generate entity -o src/models` becomes
//! `db:sync -o src/models`. It knows clap's tree and no command by name.

use std::ffi::OsString;

use clap::{Arg, Command};
use kit_runtime::secrets::hide_passwords;

use crate::error::quoted;

/// Splits `arguments` into the options that `command` takes, quoted for a shell, and all other arguments.
///
/// Global options with a value stay where they are: hints repeat them. `--force` is dropped: what it confirms in another tool is not what
/// it confirms in kit. A URL with a password becomes the placeholder `URL`.
pub(super) fn split(root: &Command, command: &Command, arguments: &[OsString]) -> (Vec<String>, Vec<OsString>) {
    let (mut options, mut others) = (Vec::new(), Vec::new());
    let mut arguments = arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        let Some((name, attached)) = option(&text) else {
            others.push(argument.clone());
            continue;
        };
        if let Some(global) = takes(root, &name) {
            // One letter means something else in another tool: `-n 2` is a number there.
            match name.starts_with("--") && !global.get_action().takes_values() {
                true => options.push(name),
                false => others.push(argument.clone()),
            }
            continue;
        }
        let (name, found) = match takes(command, &name) {
            Some(found) => (name, found),
            // sea-orm-cli and Loco name the database so; kit has one option for it.
            None if name == "-u" || name == "--database-url" => match takes(root, "--database") {
                Some(found) => ("--database".to_owned(), found),
                None => continue,
            },
            None => {
                others.push(argument.clone());
                continue;
            }
        };
        let mut written = vec![name];
        if found.get_action().takes_values() {
            let mut next = || arguments.next_if(|next| !next.to_string_lossy().starts_with('-'));
            let value = attached.or_else(|| next().map(|next| next.to_string_lossy().into_owned()));
            written.extend(value.map(|value| match hide_passwords(&value) == value {
                true => quoted(&value),
                false => "URL".to_owned(),
            }));
        }
        if written[0] != "--force" {
            options.push(written.join(" "));
        }
    }
    (options, others)
}

/// The name of an option and the value that is attached to it: `--tables=a`, `-oDIR`.
fn option(text: &str) -> Option<(String, Option<String>)> {
    if text.starts_with("--") && text.len() > 2 {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
        return Some((name.to_owned(), value));
    }
    let mut letters = text.strip_prefix('-')?.chars();
    let name = letters.next().filter(|letter| letter.is_ascii_alphabetic())?;
    let value = letters.as_str().trim_start_matches('=');
    Some((format!("-{name}"), Some(value.to_owned()).filter(|value| !value.is_empty())))
}

/// The argument of a command that an option names.
fn takes<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|argument| match name.strip_prefix("--") {
        Some(long) => {
            argument.get_long() == Some(long) || argument.get_all_aliases().is_some_and(|all| all.contains(&long))
        }
        None => argument.get_short().is_some_and(|short| format!("-{short}") == name),
    })
}
