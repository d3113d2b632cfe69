//! What to type instead of what is no command.

/// What to type instead of what is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// A command line that does what was meant, without `kit`.
    Command(String),
    /// A command that is spelled alike.
    Spelling(String),
    /// Namespaces of commands.
    Namespaces(Vec<String>),
    /// A sentence, where no command does the same.
    Sentence(&'static str),
}

impl Suggestion {
    /// The hint.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::Command(command) => format!("run `kit {command}`"),
            Self::Spelling(name) => format!("did you mean `kit {name}`?"),
            Self::Namespaces(names) => format!("choose one of: {}", names.join(", ")),
            Self::Sentence(sentence) => (*sentence).to_owned(),
        }
    }
}
