//! What stops a build although nothing is wrong with the code: it is told from what cargo and rustc print. Reported as a compile error
//! it would send the user to the wrong file.

use crate::error::BuildObstacle;

/// How lines of cargo's and rustc's own begin; other lines may quote source.
const FAILURES: [&str; 8] = [
    "error: failed",
    "error: could not",
    "error: unable",
    "error: download",
    "error: linking",
    "error: no matching package",
    "Caused by:",
    "rustc-LLVM ERROR",
];

impl BuildObstacle {
    /// The obstacle that the output of a failed build tells of.
    pub fn of(lines: &[String]) -> Option<Self> {
        // A compile error with a code, or one that quotes its place, is the code's.
        let is_of_the_code = |line: &String| line.starts_with("error[") || line.trim_start().starts_with("--> ");
        let text = lines.join("\n");
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if !lines.iter().any(|line| FAILURES.iter().any(|failure| line.trim_start().starts_with(failure))) {
            return None;
        }
        if says(&["No space left on device", "os error 28", "Disk quota exceeded"]) {
            return Some(Self::DiskFull);
        }
        if lines.iter().any(is_of_the_code) {
            return None;
        }
        if says(&["signal: 9", "SIGKILL", "Cannot allocate memory", "os error 12"]) {
            Some(Self::Killed)
        } else if says(&["failed to download", "download of ", "Could not resolve host", "--offline"]) {
            Some(Self::Download)
        } else if says(&["Permission denied", "Read-only file system"]) {
            Some(Self::Denied)
        } else {
            None
        }
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::DiskFull => {
                "`kit cache` shows what builds take, and `kit cache --clear` deletes those that are not in use; or name a folder on another disk with KIT_CACHE_DIR"
            }
            Self::Killed => "set CARGO_BUILD_JOBS=1 if there was not enough memory, and run it again",
            Self::Download => {
                "check the network, then run it again; without one, run `cargo fetch` in the project first where there is one"
            }
            Self::Denied => {
                "make the folder that the lines above name writable, or name another one with KIT_CACHE_DIR"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<BuildObstacle> {
        BuildObstacle::of(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_no_fault_of_the_code_is_told_from_what_is() {
        let full = "rustc-LLVM ERROR: IO failure on output stream: No space left on device\nerror: could not compile `a` (lib)";
        assert_eq!(of(full), Some(BuildObstacle::DiskFull));
        let full = "error: failed to write `/x/y`\n\nCaused by:\n  No space left on device (os error 28)";
        assert_eq!(of(full), Some(BuildObstacle::DiskFull));
        let killed = "error: could not compile `sea-orm` (lib)\n\nCaused by:\n  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)";
        assert_eq!(of(killed), Some(BuildObstacle::Killed));
        let linker = "error: linking with `cc` failed: signal: 9 (SIGKILL)";
        assert_eq!(of(linker), Some(BuildObstacle::Killed));
        let offline = "error: failed to download `sea-orm v1.1.19`\n\nCaused by:\n  unable to get packages from source\n\nCaused by:\n  Could not resolve host: index";
        assert_eq!(of(offline), Some(BuildObstacle::Download));
        let denied =
            "error: failed to open: /cache/target/debug/.cargo-lock\n\nCaused by:\n  Permission denied (os error 13)";
        assert_eq!(of(denied), Some(BuildObstacle::Denied));
    }

    #[test]
    fn an_error_of_the_code_stays_one() {
        let quoted = "error[E0425]: cannot find value `x`\n --> src/a.rs:1:9\n  |\n1 | panic!(\"Permission denied, signal: 9, failed to download\")\n\nerror: could not compile `a` (lib)";
        assert_eq!(of(quoted), None);
        assert_eq!(of("error: expected `;`, found `}`\n --> src/a.rs:3:1\nerror: could not compile `a` (lib)"), None);
        assert_eq!(of("a migration prints: Permission denied"), None);
    }
}
