//! kit.toml in a project's root. What stands in it is [`kit_runtime::config`]'s, which applications read it with, too.

use std::path::Path;

use super::read;
use crate::error::{Error, Result};
pub use kit_runtime::config::file::*;

/// Reads `kit.toml` in `root`; its defaults where there is none.
///
/// # Errors
/// [`Error::Config`] and [`Error::UnknownKey`] with the line, [`Error::File`].
pub fn of(root: &Path) -> Result<Settings> {
    let path = root.join("kit.toml");
    if !path.is_file() {
        return Ok(Settings::default());
    }
    Settings::parse(&read(&path)?).map_err(|mistake| match mistake.unknown_key() {
        Some((key, known)) => Error::UnknownKey { key, known, origin: mistake.origin },
        None => Error::Config { origin: mistake.origin, message: mistake.message },
    })
}
