//! Database URLs in files that kit does not take them from: examples, compose files, the settings of frameworks and of other
//! tools. It returns files and lines for an error, never a URL.

use crate::error::UrlPlace;
use std::fs;
use std::path::{Path, PathBuf};

/// Files in the project's root by name.
const FILES: [&str; 20] = [
    ".env.local",
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".envrc",
    ".cargo/config.toml",
    "Rocket.toml",
    "sqlx.toml",
    "diesel.toml",
    "Settings.toml",
    "settings.toml",
    "config.toml",
    "app.toml",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "justfile",
    "Makefile",
];

/// Folders whose files may all hold one.
const FOLDERS: [&str; 4] = ["config", "configuration", "configs", "settings"];

/// Kinds of files in them.
const KINDS: [&str; 5] = ["toml", "yaml", "yml", "json", "ron"];

/// How a database URL begins.
const SCHEMES: [&str; 4] = ["postgres://", "postgresql://", "mysql://", "sqlite://"];

/// Larger files are not searched: settings files are small.
const MAX_BYTES: u64 = 256 * 1024;

/// Looks for database URLs around `root`: the first of each file, those of the environment first.
pub fn find(root: &Path, environment: &str) -> Vec<UrlPlace> {
    let mut files: Vec<PathBuf> =
        [".env".to_owned(), format!(".env.{environment}")].iter().map(PathBuf::from).collect();
    files.extend(FILES.iter().map(PathBuf::from));
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        let names = entries.flatten().map(|entry| Path::new(folder).join(entry.file_name()));
        let mut found: Vec<PathBuf> = names
            .filter(|path| path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)))
            .collect();
        let of_environment = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == environment);
        found.sort_by_key(|path| (!of_environment(path), path.clone()));
        files.extend(found);
    }
    files
        .iter()
        .filter_map(|file| Some(UrlPlace { line: line(&root.join(file))?, file: file.display().to_string() }))
        .collect()
}

/// The first line with a URL that is no comment.
fn line(path: &Path) -> Option<usize> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let has_url = |line: &str| SCHEMES.iter().any(|scheme| line.contains(scheme));
    let is_comment = |line: &str| ["#", "//", ";"].iter().any(|mark| line.trim_start().starts_with(mark));
    Some(text.lines().position(|line| has_url(line) && !is_comment(line))? + 1)
}
