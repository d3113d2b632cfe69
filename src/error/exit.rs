//! How kit ends: its exit codes, and which one each error has.

use kit_runtime::wire::Failure;

use super::Error;

/// How kit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Ok,
    /// Failed or refused.
    Failed,
    /// The command line was wrong.
    Usage,
    /// Pending migrations or stale files, where `--check` asks; any other code by `--pending=CODE`; 128 and the number of a signal.
    Code(u8),
}

/// The exit code of "there are pending migrations", where a flag asks for one without naming it.
pub const PENDING: u8 = 3;

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Code(code) => code,
        }
    }
}

impl Error {
    /// The number of the signal that ended the command, if one did.
    pub fn signal(&self) -> Option<u8> {
        match self {
            Self::Interrupted { signal }
            | Self::Killed { signal }
            | Self::Migrator { failure: Failure::Interrupted { signal, .. }, .. } => Some(*signal),
            _ => None,
        }
    }

    /// The exit code that goes with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::UnknownCommand { .. }
            | Self::AmbiguousCommand { .. }
            | Self::MissingArgument { .. }
            | Self::BadValue { .. }
            | Self::Field { .. }
            | Self::BadColumn { .. }
            | Self::FieldsUnplaced { .. }
            | Self::FieldsUnused { .. } => Exit::Usage,
            // As shells have it.
            _ => self.signal().map_or(Exit::Failed, |signal| Exit::Code(signal.saturating_add(128))),
        }
    }
}
