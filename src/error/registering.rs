//! Changes of the file that registers modules.

use std::fmt;

/// A change of the file that registers migrations, entities or seeders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registering {
    /// A module is declared and listed.
    Register,
    /// Both are taken out.
    Remove,
}

impl fmt::Display for Registering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Register => "register",
            Self::Remove => "remove",
        })
    }
}
