//! kit.toml in a project's root. What stands in it is [`kit_runtime::config`]'s, which applications read it with, too.

use std::path::Path;

use super::read;
use crate::error::{Error, Result};
pub use kit_runtime::config::file::*;

/// Reads `kit.toml` in `root`; its defaults where there is none.
///
/// # Errors
/// [`Error::Config`] with the line, [`Error::File`].
pub fn of(root: &Path) -> Result<Settings> {
    let path = root.join("kit.toml");
    if !path.is_file() {
        return Ok(Settings::default());
    }
    Settings::parse(&read(&path)?).map_err(|Mistake { origin, message }| Error::Config { origin, message })
}
