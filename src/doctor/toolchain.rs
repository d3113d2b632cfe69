//! What compiles migrations: kit itself, cargo, rustc, and what rustc links with.

use super::{Finding, linker};
use crate::error::Advice;
use crate::migrator::package::Package;
use crate::migrator::programs::Programs;

/// The oldest Rust that kit's own half of a migrator compiles with.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Looks at each. A project whose own program migrates, unless cargo builds that, needs nothing else.
pub async fn look(programs: &Programs<'_>, package: Option<&Package>, own: Option<&str>) -> Vec<Finding> {
    let kit = Finding::ok("kit", env!("CARGO_PKG_VERSION"));
    if let Some(own) = own.filter(|own| *own != "cargo") {
        return vec![kit, program(programs, own)];
    }
    let (cargo, rustc, linker) = tokio::join!(cargo(programs), rustc(programs, package), linker::look(programs));
    vec![kit, cargo, rustc, linker]
}

fn program(programs: &Programs<'_>, own: &str) -> Finding {
    const NAME: &str = "migrator";
    match programs.find(own) {
        Some(path) => Finding::ok(NAME, path.display().to_string()),
        None => Finding::fail(NAME, format!("no program {own}"), Advice::NameProgram),
    }
}

async fn cargo(programs: &Programs<'_>) -> Finding {
    match programs.ask("cargo", &["--version"]).await {
        Some(answer) if answer.code == Some(0) => Finding::ok("cargo", second_word(&answer.line)),
        Some(answer) => Finding::fail("cargo", answer.line, Advice::InstallToolchain),
        None => Finding::fail("cargo", "not on the PATH", Advice::InstallRust),
    }
}

async fn rustc(programs: &Programs<'_>, package: Option<&Package>) -> Finding {
    let answer = match programs.ask("rustc", &["--version"]).await {
        Some(answer) if answer.code == Some(0) => answer,
        Some(answer) => return Finding::fail("rustc", answer.line, Advice::InstallToolchain),
        None => return Finding::fail("rustc", "not on the PATH", Advice::InstallRust),
    };
    let version = second_word(&answer.line);
    let asked = package.and_then(Package::rust_version).filter(|asked| numbers(asked) > numbers(OLDEST));
    let (needed, who) = asked.map_or((OLDEST, "kit"), |asked| (asked, "the project"));
    if numbers(version) < numbers(needed) {
        let found = format!("{version}, {who} needs {needed}");
        return Finding::fail("rustc", found, Advice::UpdateRust);
    }
    Finding::ok("rustc", version)
}

/// `1.94.0` of `rustc 1.94.0 (…)`.
fn second_word(line: &str) -> &str {
    line.split_whitespace().nth(1).unwrap_or(line)
}

/// A version as numbers, without what a pre-release adds.
pub fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+', ' ']).next().unwrap_or_default();
    let mut numbers: Vec<u64> = plain.split('.').map_while(|part| part.parse().ok()).collect();
    // `1.94` is `1.94.0`.
    numbers.resize(3, 0);
    numbers
}
