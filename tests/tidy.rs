//! The house rules that can be seen in the text of the sources: which room may say what. A rule that a lint or the
//! compiler already holds is not repeated here.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// A line of code, without what stands after `//` and without anything below `#[cfg(test)]`.
struct Line {
    file: String,
    number: usize,
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<PathBuf> {
    let mut folders = vec![root().join("src"), root().join("runtime/src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(".rs") && !path.ends_with("_tests.rs")) {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 20, "the sources are somewhere else");
    files
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("#[cfg(test)]") {
                break;
            }
            let comment = line.trim_start().starts_with("//");
            let code = if comment { "" } else { line.split(" // ").next().unwrap_or_default() }.to_owned();
            lines.push(Line { file: name(&path), number: index + 1, code });
        }
    }
    lines
}

/// Lines with one of these words, outside the files in which they are at home.
fn strays(words: &[&str], homes: &[&str]) -> Vec<String> {
    let home = |file: &str| homes.iter().any(|home| file == *home || (home.ends_with('/') && file.starts_with(home)));
    let found =
        lines().into_iter().filter(|line| !home(&line.file) && words.iter().any(|word| line.code.contains(word)));
    found.map(|line| format!("{}:{}: {}", line.file, line.number, line.code.trim())).collect()
}

fn none(strays: &[String], rule: &str) {
    assert!(strays.is_empty(), "{rule}:\n{}", strays.join("\n"));
}

/// Invariant 1. The runtime's end of the wire owns its standard output.
#[test]
fn only_ui_writes_and_only_main_reads_the_world() {
    let prints = ["println!(", "print!(", "eprintln!(", "eprint!(", "io::stdout()", "io::stderr()"];
    none(&strays(&prints, &["src/ui/", "src/main.rs", "runtime/src/serve.rs"]), "only src/ui writes to the terminal");
    let world = ["env::var", "env::args", "env::current_dir", "process::exit", "Utc::now", "Local::now"];
    none(
        // The second is compiled for tests alone; the others are what an application calls to have it read.
        &strays(&world, &["src/main.rs", "runtime/src/fault.rs", "runtime/src/config.rs", "runtime/src/testing.rs"]),
        "only main.rs reads the environment, the arguments and the clock, and exits",
    );
}

/// Invariant 2, for the rooms that are pure.
#[test]
fn pure_rooms_do_no_input_or_output() {
    let outside = ["async fn", "std::fs", "std::process", "std::net", "Connection"];
    for file in [
        "src/schema/model.rs",
        "src/schema/change.rs",
        "src/schema/diff.rs",
        "src/schema/order.rs",
        "runtime/src/plan.rs",
    ] {
        let strays: Vec<String> = strays(&outside, &[]).into_iter().filter(|stray| stray.starts_with(file)).collect();
        none(&strays, "these cannot fail on the outside world");
    }
}

/// Invariant 3. An adapter names SeaORM's own variants.
#[test]
fn databases_are_named_where_they_differ() {
    let homes = [
        "src/schema/dialect/",
        "src/seeds/dialect.rs",
        "src/seeds/dialect/",
        "src/scaffold/dialect.rs",
        "src/doctor/dialect.rs",
        "src/database.rs",
        "src/database/",
        "runtime/src/dialect.rs",
        "runtime/src/dialect/",
        "runtime/src/sea_orm/",
    ];
    let home = |file: &str| homes.iter().any(|home| file.starts_with(home));
    let mut strays = Vec::new();
    for line in lines().iter().filter(|line| !home(&line.file)) {
        let code = line.code.to_lowercase();
        // An address or a URL in a hint, and what sea-query's panics say, are quotations.
        let quotation =
            code.contains("://") || line.file == "runtime/src/engine/call.rs" && code.contains("text.contains");
        if !quotation && ["postgres", "mysql", "mariadb", "sqlite"].iter().any(|word| code.contains(word)) {
            strays.push(format!("{}:{}: {}", line.file, line.number, line.code.trim()));
        }
    }
    none(&strays, "names of databases belong into the dialects and database.rs");
}

/// Invariant 4.
#[test]
fn hints_are_written_in_the_lexicon() {
    none(&strays(&["hint: ", "\"hint"], &["src/error.rs", "src/error/", "src/ui/"]), "hints stand in src/error.rs");
}

/// Invariant 5. What kit writes outside a project has its own homes.
#[test]
fn files_of_a_project_are_written_by_a_plan() {
    let writes = ["fs::write", "File::create", "OpenOptions", "fs::rename", "fs::remove", "fs::copy"];
    none(
        &strays(&writes, &["src/scaffold/staging.rs", "src/migrator/", "runtime/src/lock/file.rs"]),
        "kit writes a user's file only through FilePlan",
    );
}

#[test]
fn rooms_have_telling_names() {
    let common = ["util", "utils", "helper", "helpers", "common", "misc"];
    let strays: Vec<String> = sources()
        .iter()
        .filter(|path| {
            path.components().any(|part| {
                let part = Path::new(part.as_os_str()).file_stem().unwrap_or_default().to_string_lossy().into_owned();
                common.contains(&part.as_str())
            })
        })
        .map(|path| name(path))
        .collect();
    none(&strays, "a room that is called nothing holds everything");
}

#[test]
fn files_are_small_and_say_what_they_own() {
    let mut strays = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        let count = text.lines().count();
        if count > 600 {
            strays.push(format!("{}: {count} lines", name(&path)));
        }
        if count > 5 && !text.starts_with("//!") {
            strays.push(format!("{}: no module doc", name(&path)));
        }
    }
    none(&strays, "a file has at most 600 lines and a module doc");
}

#[test]
fn lints_are_expected_with_a_reason_not_allowed() {
    // What a generated program allows is no lint of kit's.
    none(
        &strays(&["#[allow(", "#![allow("], &["src/migrator/generate.rs"]),
        "#[expect(…, reason = \"…\")], never #[allow]",
    );
    let bare = lines().into_iter().filter(|line| line.code.contains("#[expect(") && !line.code.contains("reason"));
    let bare: Vec<String> = bare.map(|line| format!("{}:{}", line.file, line.number)).collect();
    none(&bare, "an expectation gives its reason");
}
