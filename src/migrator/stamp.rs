//! What went into a built migrator, so that kit knows without cargo whether it is still good: a key
//! over everything generated, and the content of every local file that the compiler read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The record beside a generated crate.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Hash of everything generated.
    pub key: String,
    /// The program.
    pub binary: PathBuf,
    /// Its own hash: somebody else may have built another one in its place.
    size: u64,
    /// Every local file that went in, with its hash.
    inputs: BTreeMap<PathBuf, String>,
}

impl Stamp {
    /// Takes stock after a build. `None` if the compiler left no list of what it read.
    pub fn take(key: &str, binary: &Path) -> Option<Self> {
        let listed = fs::read_to_string(binary.with_extension("d")).ok()?;
        let mut files: BTreeSet<PathBuf> = dep_info(&listed).into_iter().collect();
        let manifests: Vec<PathBuf> = files.iter().filter_map(|file| manifest_of(file)).collect();
        files.extend(manifests);
        let inputs =
            files.into_iter().filter_map(|file| Some((hash(&file)?, file))).map(|(hash, file)| (file, hash)).collect();
        let size = fs::metadata(binary).ok()?.len();
        Some(Self { key: key.to_owned(), binary: binary.to_owned(), size, inputs })
    }

    /// The stamp in `path`, if it is one.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Whether the binary is what a build would make now.
    pub fn is_fresh(&self, key: &str) -> bool {
        self.key == key
            && fs::metadata(&self.binary).is_ok_and(|metadata| metadata.len() == self.size)
            && self.inputs.iter().all(|(file, hash)| self::hash(file).as_ref() == Some(hash))
    }
}

/// SHA-256 of several texts, in hex.
pub fn key(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

fn hash(file: &Path) -> Option<String> {
    Some(hex(&Sha256::digest(fs::read(file).ok()?)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files after the colon of a Makefile rule, in which a space within a name is `\ `.
fn dep_info(text: &str) -> Vec<PathBuf> {
    let Some((_, files)) = text.lines().next().and_then(|line| line.split_once(": ")) else {
        return Vec::new();
    };
    let mut paths = vec![String::new()];
    let mut characters = files.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(' ')) => {
                characters.next();
                if let Some(path) = paths.last_mut() {
                    path.push(' ');
                }
            }
            (' ', _) => paths.push(String::new()),
            _ => {
                if let Some(path) = paths.last_mut() {
                    path.push(c);
                }
            }
        }
    }
    paths.into_iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

fn manifest_of(file: &Path) -> Option<PathBuf> {
    file.ancestors().skip(1).map(|folder| folder.join("Cargo.toml")).find(|manifest| manifest.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_is_a_makefile_rule() {
        let files = dep_info("/t/debug/m: /a/b.rs /with\\ space/c.rs\n\n# env-dep:X\n");
        assert_eq!(files, [PathBuf::from("/a/b.rs"), PathBuf::from("/with space/c.rs")]);
        assert!(dep_info("").is_empty());
    }

    #[test]
    fn a_changed_input_makes_a_stamp_stale() {
        let folder = tempfile::tempdir().unwrap();
        let (binary, source) = (folder.path().join("m"), folder.path().join("a.rs"));
        fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
        std::fs::File::create(&source).unwrap();
        fs::copy("Cargo.toml", &source).unwrap();
        let rule = format!("{}: {}\n", binary.display(), source.display());
        std::io::Write::write_all(&mut fs::File::create(binary.with_extension("d")).unwrap(), rule.as_bytes()).unwrap();
        let stamp = Stamp::take("k", &binary).unwrap();
        assert!(stamp.is_fresh("k"));
        assert!(!stamp.is_fresh("other"));
        fs::copy("rustfmt.toml", &source).unwrap();
        assert!(!stamp.is_fresh("k"));
    }
}
