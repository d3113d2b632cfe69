//! The command lines in hints, with the global options by which the user chose project, database and environment: a command that
//! is run as printed has to reach the same database.

use kit_runtime::secrets::hide_passwords;

/// Global options that a command line repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    project: Vec<String>,
    database: Vec<String>,
}

impl Selection {
    /// The options as they were given, quoted for a shell. A URL with a password becomes the placeholder `URL`.
    pub fn new(project: Option<&str>, database: Option<&str>, environment: Option<&str>) -> Self {
        let option = |name: &str, value: &str| format!("{name} {}", quoted(value));
        let database = database.map(|url| if hide_passwords(url) == url { url } else { "URL" });
        Self {
            project: project.map(|folder| option("--project", folder)).into_iter().collect(),
            database: database
                .map(|database| option("-d", database))
                .into_iter()
                .chain(environment.map(|name| option("--env", name)))
                .collect(),
        }
    }

    /// Returns `text` with the options at the end of each of kit's commands in it.
    pub fn repeat(&self, text: &str) -> String {
        if self.project.is_empty() && self.database.is_empty() {
            return text.to_owned();
        }
        let parts = text.split('`').enumerate().map(|(place, part)| match part.strip_prefix("kit ") {
            Some(command) if place % 2 == 1 => {
                let uses_database = OF_A_DATABASE.iter().any(|prefix| command.starts_with(prefix));
                let names_one = [" -d ", " --database "].iter().any(|option| command.contains(option));
                let database = self.database.iter().filter(|_| uses_database && !names_one);
                let options = database.chain(&self.project).map(|option| format!(" {option}"));
                format!("{part}{}", options.collect::<String>())
            }
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("`")
    }
}

/// How the names of commands that work on a database begin.
const OF_A_DATABASE: [&str; 4] = ["migrate", "db:", "doctor", "make:model"];

/// The value as one word of a shell.
pub(crate) fn quoted(value: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@%+=,".contains(character);
    match !value.is_empty() && value.chars().all(is_plain) {
        true => value.to_owned(),
        false => format!("'{}'", value.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_repeat_what_was_chosen_and_other_code_does_not() {
        let chosen = Selection::new(Some("my app"), Some("reports"), Some("staging"));
        assert_eq!(
            chosen.repeat("run `kit migrate:repair`, `kit make:seeder A` or `cargo run`"),
            "run `kit migrate:repair -d reports --env staging --project 'my app'`, `kit make:seeder A --project 'my app'` or `cargo run`"
        );
        assert_eq!(Selection::default().repeat("run `kit migrate`"), "run `kit migrate`");
        let url = Selection::new(None, Some("sqlite://it's?mode=rwc"), None);
        assert_eq!(url.repeat("`kit db:seed`"), r"`kit db:seed -d 'sqlite://it'\''s?mode=rwc'`");
        assert_eq!(url.repeat("`kit db:seed -d other`"), "`kit db:seed -d other`");
    }

    #[test]
    fn a_password_is_not_repeated() {
        let secret = Selection::new(None, Some("postgres://u:s3cr3t@h/x"), None);
        assert_eq!(secret.repeat("`kit migrate`"), "`kit migrate -d URL`");
    }
}
