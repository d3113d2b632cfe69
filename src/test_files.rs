//! Files that unit tests prepare.

use std::fs;
use std::path::Path;

/// Writes a file at `path` below `root`, with its folders.
#[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Writes a program.
#[cfg(unix)]
pub fn write_program(root: &Path, path: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    write(root, path, text);
    fs::set_permissions(root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
}
