//! What users of other tools type, and kit's command for it. It knows names only: spelling is `dispatch`'s.
//!
//! Sources: the command lists of sea-orm-cli, Loco, Runique, Rails, Laravel, Django, Prisma, Diesel, sqlx, Alembic and Knex.

use crate::error::{Suggestion, quoted};

/// The words of a command line that are a habit, and the suggestion for the line: the longest habit that it begins with.
pub(super) fn suggestion(words: &[String]) -> Option<(String, Suggestion)> {
    let typed: Vec<&str> = words.iter().flat_map(|word| word.split(':')).collect();
    let parts = |habit: &str| habit.split(' ').count();
    let begins = |habit: &str| habit.split(' ').eq(typed.iter().copied().take(parts(habit)));
    let (habit, meaning) = HABITS.iter().filter(|(habit, _)| begins(habit)).max_by_key(|(habit, _)| parts(habit))?;
    // A word with more colons than the habit has words is another one.
    let mut ends = words.iter().scan(0, |end, word| {
        *end += word.split(':').count();
        Some(*end)
    });
    let used = ends.position(|end| end == parts(habit))? + 1;
    let (habit, rest) = words.split_at(used);
    let suggestion = match meaning {
        Meaning::Is(command) => number(command, rest).unwrap_or_else(|| Suggestion::Command((*command).to_owned())),
        Meaning::Takes(command, placeholder) if rest.is_empty() => {
            Suggestion::Command(format!("{command} {placeholder}"))
        }
        Meaning::Takes(command, _) => {
            let rest: Vec<String> = rest.iter().map(|word| quoted(word)).collect();
            Suggestion::Command(format!("{command} {}", rest.join(" ")))
        }
        Meaning::Sentence(sentence) => Suggestion::Sentence(sentence),
    };
    Some((habit.join(" "), suggestion))
}

/// The suggestion for a number after a command that takes it as the value of an option.
pub(super) fn number(command: &str, rest: &[String]) -> Option<Suggestion> {
    let (_, option, _) = NUMBERED.into_iter().find(|(name, ..)| *name == command)?;
    let number: u32 = rest.first()?.parse().ok()?;
    Some(Suggestion::Command(format!("{command} {option} {number}")))
}

/// The option that the number of a suggested line was typed for: `migrate --step 3` becomes `migrate --limit 3`.
pub(super) fn replaced_by_number(line: &str) -> Option<&'static str> {
    let is_numbered = |command: &str, option: &str| line.starts_with(&format!("{command} {option} "));
    NUMBERED.into_iter().find(|(command, option, _)| is_numbered(command, option))?.2
}

/// Commands that are typed with a number, the option that takes it, and the flag that it is typed for.
const NUMBERED: [(&str, &str, Option<&str>); 4] = [
    ("migrate", "--limit", Some("--step")),
    ("migrate:rollback", "--step", None),
    ("migrate:redo", "--step", None),
    ("migrate:refresh", "--step", None),
];

enum Meaning {
    /// A command that takes none of the words that follow.
    Is(&'static str),
    /// A command that takes the words that follow, and the placeholder if there are none.
    Takes(&'static str, &'static str),
    Sentence(&'static str),
}

use Meaning::{Is, Sentence, Takes};

const SHELL: &str = "kit has no interactive shell: use the client program of the database";
const CREATES: &str = "`kit migrate` creates a database that does not exist";
const DROPS: &str =
    "kit does not drop databases; `kit migrate:fresh` drops every table and runs all migrations, after a question";
const DUMP: &str = "kit does not dump schemas yet; `kit migrate --pretend` prints the SQL of pending migrations";
const SHOW: &str = "kit does not print schemas yet; `kit db:sync --dry-run` shows the entities that it reads";
const ONLY_DATABASE: &str = "kit generates what belongs to the database: `kit list make` has the commands";
const WATCH: &str =
    "kit does not apply schemas without migrations: write one with `kit make:migration`, then run `kit migrate`";

/// What is typed, a space for each colon.
const HABITS: &[(&str, Meaning)] = &[
    // Run.
    ("migrate up", Is("migrate")),
    ("migrate run", Is("migrate")),
    ("migrate deploy", Is("migrate")),
    ("migrate latest", Is("migrate")),
    ("migrate dev", Is("migrate")),
    ("migrate apply", Is("migrate")),
    ("migrate migrate", Is("migrate")),
    ("migration run", Is("migrate")),
    ("migration up", Is("migrate")),
    ("migrations migrate", Is("migrate")),
    ("db migrate", Is("migrate")),
    ("db migrate up", Is("migrate")),
    ("db up", Is("migrate")),
    ("db deploy", Is("migrate")),
    ("up", Is("migrate")),
    ("upgrade", Is("migrate")),
    ("db setup", Is("migrate --seed")),
    ("db prepare", Is("migrate --seed")),
    ("database setup", Is("migrate")),
    ("db create", Sentence(CREATES)),
    ("database create", Sentence(CREATES)),
    // Roll back.
    ("migrate down", Is("migrate:rollback")),
    ("migrate undo", Is("migrate:rollback")),
    ("migrate revert", Is("migrate:rollback")),
    ("migration revert", Is("migrate:rollback")),
    ("migration down", Is("migrate:rollback")),
    ("db rollback", Is("migrate:rollback")),
    ("db down", Is("migrate:rollback")),
    ("db migrate down", Is("migrate:rollback")),
    ("down", Is("migrate:rollback")),
    ("downgrade", Is("migrate:rollback")),
    ("migration redo", Is("migrate:redo")),
    ("db migrate redo", Is("migrate:redo")),
    ("db migrate reset", Is("migrate:reset")),
    ("db reset", Is("migrate:fresh --seed")),
    ("database reset", Is("migrate:fresh")),
    ("db fresh", Is("migrate:fresh")),
    ("db drop", Sentence(DROPS)),
    ("db wipe", Sentence(DROPS)),
    ("database drop", Sentence(DROPS)),
    ("db seed replant", Is("migrate:fresh --seed")),
    // Look.
    ("db status", Is("migrate:status")),
    ("db migrate status", Is("migrate:status")),
    ("db version", Is("migrate:status")),
    ("db abort_if_pending_migrations", Is("migrate:status --check")),
    ("migrate list", Is("migrate:status")),
    ("migrate info", Is("migrate:status")),
    ("migrate check", Is("migrate:status --check")),
    ("migration list", Is("migrate:status")),
    ("migration status", Is("migrate:status")),
    ("migration pending", Is("migrate:status --pending")),
    ("showmigrations", Is("migrate:status")),
    ("current", Is("migrate:status")),
    ("history", Is("migrate:status")),
    ("sqlmigrate", Is("migrate --pretend")),
    ("migrate resolve", Is("migrate:repair")),
    ("stamp", Is("migrate:mark --all")),
    // Write migrations.
    ("migrate generate", Takes("make:migration", "NAME")),
    ("migrate create", Takes("make:migration", "NAME")),
    ("migrate new", Takes("make:migration", "NAME")),
    ("migrate make", Takes("make:migration", "NAME")),
    ("migrate add", Takes("make:migration", "NAME")),
    ("migration generate", Takes("make:migration", "NAME")),
    ("migration create", Takes("make:migration", "NAME")),
    ("migration new", Takes("make:migration", "NAME")),
    ("migration add", Takes("make:migration", "NAME")),
    ("db migrate generate", Takes("make:migration", "NAME")),
    ("generate migration", Takes("make:migration", "NAME")),
    ("g migration", Takes("make:migration", "NAME")),
    ("new migration", Takes("make:migration", "NAME")),
    ("makemigrations", Takes("make:migration", "NAME")),
    ("make migrations", Takes("make:migration", "NAME")),
    ("revision", Takes("make:migration", "NAME")),
    ("migrate init", Is("init")),
    ("new", Is("init")),
    // Models and entities.
    ("generate model", Takes("make:model", "NAME")),
    ("g model", Takes("make:model", "NAME")),
    ("generate scaffold", Takes("make:model", "NAME")),
    ("g scaffold", Takes("make:model", "NAME")),
    ("make scaffold", Takes("make:model", "NAME")),
    ("generate resource", Takes("make:model", "NAME")),
    ("generate entity", Is("db:sync")),
    ("generate entities", Is("db:sync")),
    ("generate from-database", Is("db:sync")),
    ("make entity", Is("db:sync")),
    ("make entities", Is("db:sync")),
    ("db entities", Is("db:sync")),
    ("db entity", Is("db:sync")),
    ("db pull", Is("db:sync")),
    ("db introspect", Is("db:sync")),
    ("inspectdb", Is("db:sync")),
    ("print-schema", Is("db:sync")),
    ("entities", Is("db:sync")),
    ("entity", Is("db:sync")),
    ("db push", Sentence(WATCH)),
    // Data.
    ("generate seeder", Takes("make:seeder", "NAME")),
    ("generate factory", Takes("make:factory", "NAME")),
    ("db fixtures load", Is("db:seed")),
    ("loaddata", Is("db:seed")),
    ("flush", Is("db:truncate")),
    ("db dump", Sentence(DUMP)),
    ("db structure dump", Sentence(DUMP)),
    ("db schema dump", Sentence(DUMP)),
    ("schema dump", Sentence(DUMP)),
    ("db show", Sentence(SHOW)),
    ("db table", Sentence(SHOW)),
    ("model show", Sentence(SHOW)),
    // What kit does not have.
    ("tinker", Sentence(SHELL)),
    ("console", Sentence(SHELL)),
    ("shell", Sentence(SHELL)),
    ("dbshell", Sentence(SHELL)),
    ("dbconsole", Sentence(SHELL)),
    ("db console", Sentence(SHELL)),
    ("studio", Sentence(SHELL)),
    ("generate", Sentence(ONLY_DATABASE)),
    ("g", Sentence(ONLY_DATABASE)),
    ("make controller", Sentence(ONLY_DATABASE)),
    ("make command", Sentence(ONLY_DATABASE)),
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::{Cli, dispatch};

    #[test]
    fn no_habit_is_short_for_a_command() {
        let command = Cli::command();
        for (habit, _) in HABITS {
            let typed = habit.replace(' ', ":");
            let is_meant = |sub: &&clap::Command| dispatch::is_short_for(&typed, sub.get_name());
            assert_eq!(command.get_subcommands().find(is_meant).map(clap::Command::get_name), None, "{habit}");
        }
    }

    #[test]
    fn every_suggested_command_is_parsed() {
        for (habit, meaning) in HABITS {
            let line = match meaning {
                Meaning::Is(command) => (*command).to_owned(),
                Meaning::Takes(command, placeholder) => format!("{command} {placeholder}"),
                Meaning::Sentence(sentence) => {
                    let line = sentence.split('`').skip(1).step_by(2).find(|line| line.starts_with("kit "));
                    line.map_or_else(|| "list".to_owned(), |line| line[4..].to_owned())
                }
            };
            let arguments: Vec<std::ffi::OsString> =
                std::iter::once("kit").chain(line.split(' ')).map(Into::into).collect();
            assert!(dispatch::parse(&arguments).is_ok(), "{habit}: {line}");
        }
    }
}
