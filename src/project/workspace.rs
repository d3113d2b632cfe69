//! The workspace of a package, by cargo's own rules.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

use super::manifest::parse;
use crate::error::Result;

/// The folder and the Cargo.toml of the workspace that the package in `root` is in; `None` if it has none, or is the root
/// of one itself. `package.workspace` names it, else it is the nearest one above, unless that excludes the package.
///
/// # Errors
/// [`crate::error::Error::Unreadable`] for a broken manifest.
pub fn workspace_of(root: &Path, manifest: &DocumentMut) -> Result<Option<(PathBuf, DocumentMut)>> {
    if manifest.contains_key("workspace") {
        return Ok(None);
    }
    let named = manifest.get("package").and_then(|package| package.get("workspace")).and_then(Item::as_str);
    if let Some(named) = named {
        let folder = std::path::absolute(root.join(named)).unwrap_or_else(|_| root.join(named));
        let folder = folder.canonicalize().unwrap_or(folder);
        let manifest = parse(&folder.join("Cargo.toml"))?;
        return Ok(Some((folder, manifest)));
    }
    for folder in root.ancestors().skip(1) {
        let path = folder.join("Cargo.toml");
        if path.is_file() {
            let manifest = parse(&path)?;
            if manifest.contains_key("workspace") {
                return Ok((!excludes(folder, &manifest, root)).then(|| (folder.to_owned(), manifest)));
            }
        }
    }
    Ok(None)
}

/// Whether a workspace leaves out the package in `root`: it is below a folder of `exclude` and no member by its path.
fn excludes(folder: &Path, workspace: &DocumentMut, root: &Path) -> bool {
    let covers = |key: &str| {
        let list = workspace.get("workspace").and_then(|workspace| workspace.get(key)).and_then(Item::as_array);
        list.into_iter().flatten().filter_map(|one| one.as_str()).any(|one| root.starts_with(folder.join(one)))
    };
    covers("exclude") && !covers("members")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_files::write;

    /// Kit and cargo find the same workspace in each case.
    #[test]
    fn workspaces_are_those_that_cargo_finds() {
        let plain = "[package]\nname = \"p\"\nversion = \"0.0.0\"\n";
        for (workspace, path, package, expected) in [
            ("members = [\"p\"]", "p", plain.to_owned(), Some("")),
            ("members = [\"a\"]\nexclude = [\"p\"]", "p", plain.to_owned(), None),
            ("members = [\"x/p\"]\nexclude = [\"x\"]", "x/p", plain.to_owned(), Some("")),
            ("members = [\"a\"]\nexclude = [\"x\"]", "x/y/p", plain.to_owned(), None),
            ("members = [\"p\"]", "p", format!("{plain}[workspace]\n"), None),
            ("members = [\"p\"]", "p", format!("{plain}workspace = \"..\"\n"), Some("")),
            ("members = [\"../p\"]", "../p", format!("{plain}workspace = \"../ws\"\n"), Some("")),
        ] {
            let folder = tempfile::TempDir::new().unwrap();
            let root = folder.path().canonicalize().unwrap().join("ws");
            write(&root, "Cargo.toml", &format!("[workspace]\nresolver = \"2\"\n{workspace}\n"));
            write(&root, "a/Cargo.toml", &plain.replace("\"p\"", "\"a\""));
            write(&root, "a/src/lib.rs", "");
            write(&root, &format!("{path}/Cargo.toml"), &package);
            write(&root, &format!("{path}/src/lib.rs"), "");
            let own = root.join(path).canonicalize().unwrap();
            let found = workspace_of(&own, &parse(&own.join("Cargo.toml")).unwrap()).unwrap();
            assert_eq!(
                found.as_ref().map(|(found, _)| found),
                expected.map(|path| root.join(path)).as_ref(),
                "{workspace}"
            );
            let said = std::process::Command::new(env!("CARGO"))
                .args(["locate-project", "--workspace", "--message-format", "plain"])
                .current_dir(&own)
                .output()
                .unwrap();
            let said = PathBuf::from(String::from_utf8(said.stdout).unwrap().trim());
            let ours = found.map_or(own, |(folder, _)| folder);
            assert_eq!(said.parent().unwrap().canonicalize().unwrap(), ours.canonicalize().unwrap(), "{workspace}");
        }
    }
}
