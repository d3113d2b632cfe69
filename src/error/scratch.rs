//! Errors of scratch databases, and their hints.

/// A scratch database cannot be created, used or dropped.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case", prefix = "scratch_")]
pub enum ScratchError {
    /// The server does not let the user create one.
    #[error("cannot create a scratch database beside {server}: {message}")]
    NotCreated {
        /// Redacted URL of the user's database.
        server: String,
        /// The server's message.
        message: String,
    },
    /// `--scratch` names a database that cannot be one.
    #[error("cannot use the database of --scratch: {reason}")]
    Unsuitable {
        /// Why not.
        reason: &'static str,
    },
    /// The server does not drop it.
    #[error("the scratch database `{name}` could not be dropped: {message}")]
    NotDropped {
        /// Its name.
        name: String,
        /// The server's message.
        message: String,
    },
}

impl ScratchError {
    /// Returns what the user can do about it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::NotCreated { .. } => "name an empty database that you may use: --scratch URL",
            Self::Unsuitable { .. } => "name an empty database of the same kind: --scratch URL",
            Self::NotDropped { .. } => "drop it yourself, or run `kit migrate:verify` again, which drops it",
        }
        .to_owned()
    }
}
