//! Which argument is completed from what. The declaration of an argument decides, first by the name of its value
//! in the usage line, then by its own name:
//!
//! | declared as | completed with |
//! |---|---|
//! | `value_name = "MIGRATION"`; `to`, `retry`, `applied`, `rolled_back`, `accept_checksum` of `migrate…` | names of migrations |
//! | `value_name = "NAME\|URL"` or `"CONNECTION"` | connections of kit.toml |
//! | `env` | environments |
//! | `value_name = "SEEDER"` | seeders |
//! | `value_name = "FIELD"` | types, tables, actions and modifiers, after each colon (`fields`) |
//! | `value_name = "TABLE"` or `"TABLES"`, unless it creates the table | tables (`tables`) |
//! | `value_name = "MODEL"`; `name` of `make:factory` and `make:seeder` | models: the singular of a table |
//! | `value_name = "COMMAND"` | commands |
//! | `value_name = "DIR"`, `"FILE"`, `"PATH"`, or a `PathBuf` | folders, files, both |
//! | a `ValueEnum` | its values |
//!
//! It knows few commands by name, and reads the project only when one of these is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use pluralizer::pluralize;

use super::{fields, tables};
use crate::database::Target;
use crate::project::seeders::Seeders;
use crate::project::{Invocation, Project, source};

/// The command line with a completer on each argument that has a source.
pub fn attach(command: Command, sources: &Arc<Sources>) -> Command {
    let names: Arc<[String]> =
        command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(|sub| sub.get_name().to_owned()).collect();
    let globals = command.mut_args(|arg| completed("", arg, sources, &names));
    globals.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        sub.mut_args(|arg| completed(&name, arg, sources, &names))
    })
}

/// The project as completers see it.
pub struct Sources {
    folder: PathBuf,
    env: BTreeMap<String, String>,
    project: OnceLock<Option<Project>>,
    tables: OnceLock<Vec<String>>,
}

enum Source {
    Migrations,
    Connections,
    Environments,
    Seeders,
    Commands,
    Fields,
    Tables,
    Models,
    Path(ValueHint),
}

fn source_of(command: &str, arg: &Arg) -> Option<Source> {
    let value = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    let of_migrate = command == "migrate" || command.starts_with("migrate:");
    let source = match (value, arg.get_id().as_str()) {
        ("MIGRATION", _) => Source::Migrations,
        ("NAME|URL" | "CONNECTION", _) => Source::Connections,
        ("COMMAND", _) => Source::Commands,
        ("SEEDER", _) => Source::Seeders,
        ("FIELD", _) => Source::Fields,
        ("TABLE" | "TABLES", id) if id != "create" => Source::Tables,
        ("MODEL", _) => Source::Models,
        (_, "name") if matches!(command, "make:factory" | "make:seeder") => Source::Models,
        ("DIR", _) => Source::Path(ValueHint::DirPath),
        ("FILE", _) => Source::Path(ValueHint::FilePath),
        ("PATH", _) => Source::Path(ValueHint::AnyPath),
        (_, "to" | "only" | "retry" | "applied" | "rolled_back" | "accept_checksum") if of_migrate => {
            Source::Migrations
        }
        (_, "env") => Source::Environments,
        _ => return None,
    };
    Some(source)
}

fn completed(command: &str, arg: Arg, sources: &Arc<Sources>, commands: &Arc<[String]>) -> Arg {
    // An argument that says itself what it takes is left alone.
    if !arg.get_action().takes_values()
        || arg.get::<ArgValueCompleter>().is_some()
        || !arg.get_possible_values().is_empty()
    {
        return arg;
    }
    let Some(source) = source_of(command, &arg) else { return arg };
    let (sources, commands) = (Arc::clone(sources), Arc::clone(commands));
    match source {
        Source::Migrations => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            let (starting, inside) = sources.migrations_like(&typed.to_string_lossy());
            // Names begin with a timestamp that nobody types: the part after it will do.
            candidates(if starting.is_empty() { inside } else { starting }, |_| None)
        })),
        Source::Connections => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            candidates(starting_with(typed, sources.connections()), |name| sources.redacted(name))
        })),
        Source::Environments => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            candidates(starting_with(typed, sources.environments()), |_| None)
        })),
        Source::Seeders => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            candidates(starting_with(typed, sources.seeders()), |_| None)
        })),
        Source::Commands => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            candidates(starting_with(typed, commands.to_vec()), |_| None)
        })),
        Source::Fields => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            let found = fields::continuations(&typed.to_string_lossy(), || sources.tables().to_vec());
            let found =
                found.into_iter().map(|(value, help)| CompletionCandidate::new(value).help(help.map(Into::into)));
            found.collect()
        })),
        Source::Tables => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            candidates(starting_with(typed, sources.tables().to_vec()), |_| None)
        })),
        Source::Models => arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
            candidates(starting_with(typed, sources.models()), |_| None)
        })),
        Source::Path(hint) => arg.value_hint(hint),
    }
}

fn starting_with(typed: &OsStr, mut names: Vec<String>) -> Vec<String> {
    let typed = typed.to_string_lossy();
    names.retain(|name| name.starts_with(&*typed));
    names
}

fn candidates(names: Vec<String>, help: impl Fn(&str) -> Option<String>) -> Vec<CompletionCandidate> {
    names
        .into_iter()
        .map(|name| {
            let help = help(&name).map(Into::into);
            CompletionCandidate::new(name).help(help)
        })
        .collect()
}

impl Sources {
    /// The project around `folder`, not looked for yet.
    pub fn new(folder: PathBuf, env: BTreeMap<String, String>) -> Self {
        Self { folder, env, project: OnceLock::new(), tables: OnceLock::new() }
    }

    fn project(&self) -> Option<&Project> {
        self.project.get_or_init(|| Project::find(&self.folder).ok()).as_ref()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// Names that start with `typed`, and names that have it inside.
    fn migrations_like(&self, typed: &str) -> (Vec<String>, Vec<String>) {
        let names = self.migrations();
        let inside = names.iter().filter(|name| !typed.is_empty() && name.contains(typed)).cloned().collect();
        (names.into_iter().filter(|name| name.starts_with(typed)).collect(), inside)
    }

    /// In the Migrator's order; where that cannot be read, those that the folder shows.
    fn migrations(&self) -> Vec<String> {
        let Some(project) = self.project() else { return Vec::new() };
        match source::read(project).ok().and_then(|sources| sources.registered) {
            Some(registered) => registered.into_iter().map(|migration| migration.name).collect(),
            None => source::candidates(project.migrations()).into_iter().map(|(name, _)| name).collect(),
        }
    }

    fn seeders(&self) -> Vec<String> {
        let found = self.project().and_then(|project| Seeders::find(project).ok().flatten());
        found.into_iter().flat_map(|found| found.list).map(|seeder| seeder.name).collect()
    }

    fn tables(&self) -> &[String] {
        self.tables.get_or_init(|| self.project().map(tables::tables).unwrap_or_default())
    }

    fn models(&self) -> Vec<String> {
        self.tables().iter().map(|table| pluralize(table, 1, false)).collect()
    }

    fn connections(&self) -> Vec<String> {
        self.project().map(|project| project.settings.connections.keys().cloned().collect()).unwrap_or_default()
    }

    /// The URL of a connection without its password.
    fn redacted(&self, connection: &str) -> Option<String> {
        let target = Target::resolve(
            self.project()?,
            &Invocation { database: Some(connection), environment: None, env: &self.env },
        )
        .ok()?;
        Some(target.redacted())
    }

    /// The usual ones, and those that the project names.
    fn environments(&self) -> Vec<String> {
        let mut names: BTreeSet<String> = ["development", "production", "test"].map(str::to_owned).into();
        names.extend(self.env("APP_ENV"));
        if let Some(project) = self.project() {
            names.extend(project.dotenv("APP_ENV").map(|setting| setting.value));
            names.extend(project.settings.environment.clone());
        }
        names.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;
    use clap_complete::engine::complete;

    use super::*;

    /// A command that this room has never heard of.
    fn offered(words: &[&str]) -> Vec<String> {
        let command = Command::new("kit").subcommand(
            Command::new("undo:some")
                .arg(Arg::new("which").value_name("MIGRATION"))
                .arg(Arg::new("on").long("on").value_name("CONNECTION").action(ArgAction::Append))
                .arg(Arg::new("to").long("to").value_name("EMAIL"))
                .arg(Arg::new("like").long("like").value_name("COMMAND"))
                .arg(Arg::new("under").long("under").value_name("DIR")),
        );
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in [
            ("migrations/mod.rs", "fn not_a_list() {}"),
            ("migrations/m00001_a.rs", ""),
            ("migrations/m00002_b/mod.rs", ""),
            ("kit.toml", "[connections.main]\nurl = \"x\"\n"),
        ] {
            let path = folder.path().join(path);
            write(&path, content);
        }
        let sources = Arc::new(Sources::new(folder.path().to_owned(), BTreeMap::new()));
        let mut words: Vec<_> = words.iter().map(std::ffi::OsString::from).collect();
        words.insert(0, "kit".into());
        let index = words.len() - 1;
        let found = complete(&mut attach(command, &sources), words, index, Some(folder.path())).unwrap();
        let values = found.iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned());
        values.filter(|value| !value.starts_with('-')).collect()
    }

    #[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
    fn write(path: &std::path::Path, content: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    #[test]
    fn the_declaration_decides() {
        assert_eq!(offered(&["undo:some", ""]), ["m00001_a", "m00002_b"]);
        assert_eq!(offered(&["undo:some", "2_b"]), ["m00002_b"]);
        assert_eq!(offered(&["undo:some", "--on", ""]), ["main"]);
        assert_eq!(offered(&["undo:some", "--to", ""]), Vec::<String>::new());
        assert_eq!(offered(&["undo:some", "--like", "u"]), ["undo:some"]);
        assert_eq!(offered(&["undo:some", "--under", "m"]), ["migrations/"]);
    }
}
