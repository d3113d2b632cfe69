//! The project's `.env`: kit's own variables of it, unless somebody else may have written them. It knows
//! only the one in the project's root; a parent's is none of kit's business.

use std::collections::BTreeMap;
use std::path::Path;

use super::Settings;
use crate::error::{Error, Result};

/// The only variables kit takes, besides those that kit.toml names in `env = "…"`.
const OWN: [&str; 4] = ["DATABASE_URL", "DIRECT_DATABASE_URL", "DATABASE_SCHEMA", "APP_ENV"];

/// Kit's variables in `.env`; empty ones count as unset.
pub fn read(root: &Path, settings: &Settings) -> Result<BTreeMap<String, String>> {
    let path = root.join(".env");
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let named: Vec<&str> = settings.connections.values().filter_map(|connection| connection.env.as_deref()).collect();
    let unreadable = |message: &str| Error::Unreadable { path: path.clone(), message: message.to_owned() };
    let mut variables = BTreeMap::new();
    for entry in dotenvy::from_path_iter(&path).map_err(|_| unreadable("it cannot be opened"))? {
        // The parser's own message quotes the line, and the line may hold a password.
        let (name, value) = entry.map_err(|_| unreadable("a line is not NAME=value"))?;
        if !value.is_empty() && (OWN.contains(&name.as_str()) || named.contains(&name.as_str())) {
            variables.insert(name, value);
        }
    }
    Ok(variables)
}

/// Why `.env` is not to be read: somebody who could not have written the project's sources could have written it.
#[cfg(unix)]
pub fn distrust(root: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(root.join(".env")).ok()?;
    let folder = std::fs::metadata(root).ok()?;
    let own = rustix::process::geteuid().as_raw();
    // Where every user has a group of their own, of the same number, group-writable is the default.
    let others = if file.gid() == file.uid() { 0o002 } else { 0o022 };
    if ![own, 0, folder.uid()].contains(&file.uid()) {
        Some("another user owns it")
    } else if file.mode() & others != 0 {
        Some("others can write to it")
    } else {
        None
    }
}

/// Who may write a file is not asked on this system.
#[cfg(not(unix))]
pub fn distrust(_root: &Path) -> Option<&'static str> {
    None
}
