//! Programs that kit or the project needs, looked up and asked in the environment that kit was given. It returns what they
//! said, or why they did not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// An environment, and the folder in which programs are asked.
pub struct Programs<'a> {
    pub env: &'a BTreeMap<String, String>,
    pub folder: &'a Path,
}

/// How a program ended, and what it said.
pub struct Answer {
    pub code: Option<i32>,
    /// The first line of its output; of its errors, if it failed.
    pub line: String,
}

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

impl Programs<'_> {
    /// Where on the PATH a program is; one that is a path is where it says.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        if Path::new(&name).components().count() > 1 {
            return Some(self.folder.join(name)).filter(|path| is_executable(path));
        }
        let folders = std::env::split_paths(self.env.get("PATH")?);
        folders.map(|folder| self.folder.join(folder).join(&name)).find(|path| is_executable(path))
    }

    /// Runs a program; `None` if it is not there, or does not end.
    pub async fn ask(&self, name: &str, arguments: &[&str]) -> Option<Answer> {
        let mut command = Command::new(self.find(name)?);
        command.args(arguments).current_dir(self.folder).env_clear().envs(self.env);
        // Rustup would install a toolchain that a project asks for.
        command.env("RUSTUP_AUTO_INSTALL", "0").stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
        let text = if output.status.success() { output.stdout } else { output.stderr };
        let line = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned();
        Some(Answer { code: output.status.code(), line })
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}
