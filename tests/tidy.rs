//! The house rules that can be seen in the text of the sources: which room may say what. A rule that a lint or the
//! compiler already holds is not repeated here.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "tidy/hints.rs"]
mod hints;
#[path = "tidy/layers.rs"]
mod layers;

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A line of code, without what stands after `//`. Items with `#[cfg(test)]` are left out.
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

/// The lines of the items that only tests have.
#[derive(Default)]
struct TestItems(Vec<RangeInclusive<usize>>);

impl TestItems {
    fn of(text: &str) -> Vec<RangeInclusive<usize>> {
        let mut items = Self::default();
        items.visit_file(&syn::parse_file(text).unwrap());
        items.0
    }

    fn add(&mut self, attributes: &[syn::Attribute], span: proc_macro2::Span) -> bool {
        let only_tests = attributes.iter().any(|attribute| {
            attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
        });
        if only_tests {
            self.0.push(span.start().line..=span.end().line);
        }
        only_tests
    }
}

impl<'ast> Visit<'ast> for TestItems {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Macro(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Static(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Trait(item) => &item.attrs,
            syn::Item::Type(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !self.add(attributes, item.span()) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.attrs, item.span());
    }
}

fn lines() -> &'static [Line] {
    static LINES: LazyLock<Vec<Line>> = LazyLock::new(read_lines);
    &LINES
}

fn read_lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        // Parsing takes time, and few files have such items.
        let tests = if text.contains("#[cfg(test)]") { TestItems::of(&text) } else { Vec::new() };
        for (index, line) in text.lines().enumerate() {
            if tests.iter().any(|item| item.contains(&(index + 1))) {
                continue;
            }
            let comment = line.trim_start().starts_with("//");
            let code = if comment { "" } else { line.split(" // ").next().unwrap_or_default() }.to_owned();
            lines.push(Line { file: name(&path), number: index + 1, code });
        }
    }
    lines
}

#[test]
fn only_the_test_items_of_a_file_are_left_out() {
    let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\n\nimpl C {\n    /// For tests.\n    #[cfg(test)]\n    \
                fn d() {}\n\n    fn e() {}\n}\n\n#[cfg(test)]\nmod last;\nfn f() {}\n";
    assert_eq!(TestItems::of(text), [3..=6, 9..=11, 16..=17]);
    // A file whose tests are named on top is read to its end.
    let fields = lines().iter().filter(|line| line.file == "src/fields/mod.rs");
    assert!(fields.count() > 30);
}

/// Lines with one of these words, outside the files in which they are at home.
fn strays(words: &[&str], homes: &[&str]) -> Vec<String> {
    for home in homes {
        assert!(root().join(home).exists(), "{home} is somewhere else");
    }
    let home = |file: &str| homes.iter().any(|home| file == *home || (home.ends_with('/') && file.starts_with(home)));
    let found = lines().iter().filter(|line| !home(&line.file) && words.iter().any(|word| line.code.contains(word)));
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

/// What the migrator writes into tables has a timestamp, and what it creates a name with one. A duration is measured with
/// `Instant`, which is no clock of the day.
#[test]
fn the_clock_of_the_day_is_read_in_few_places() {
    let homes = [
        "runtime/src/engine.rs",
        "runtime/src/lock.rs",
        "runtime/src/pretend.rs",
        "runtime/src/testing/template.rs",
        // Code that it generates reads it.
        "src/codegen/half.rs",
    ];
    none(
        &strays(&["SystemTime::now"], &homes),
        "a timestamp is an argument, except where the runtime writes its own tables",
    );
}

/// Invariant 2, for the rooms that are pure.
#[test]
fn pure_rooms_do_no_input_or_output() {
    let outside = ["async fn", "std::fs", "std::process", "std::net", "Connection"];
    let all = lines();
    for file in ["src/schema/model.rs", "src/project/status.rs", "src/fields/grammar.rs", "runtime/src/plan.rs"] {
        assert!(all.iter().any(|line| line.file == file), "{file} is somewhere else");
        let strays: Vec<String> = strays(&outside, &[]).into_iter().filter(|stray| stray.starts_with(file)).collect();
        none(&strays, "these cannot fail on the outside world");
    }
}

/// Invariant 3. An adapter names SeaORM's own variants; features of SeaORM have the names that they have.
#[test]
fn databases_are_named_where_they_differ() {
    let homes = [
        "src/schema/dialect/",
        "src/schema/types/",
        "src/seeds/dialect.rs",
        "src/seeds/dialect/",
        "src/scaffold/dialect.rs",
        "src/doctor/dialect.rs",
        "src/project/sea_orm/features.rs",
        "src/database.rs",
        "src/database/",
        "runtime/src/dialect.rs",
        "runtime/src/dialect/",
        "runtime/src/sea_orm/",
    ];
    assert!(homes.iter().all(|home| root().join(home).exists()), "a home is somewhere else");
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
        &strays(
            &writes,
            &[
                "src/scaffold/staging.rs",
                "src/codegen/rustfmt.rs",
                "src/migrator/",
                "src/test_files.rs",
                "runtime/src/lock/file.rs",
            ],
        ),
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
    let bare = lines().iter().filter(|line| line.code.contains("#[expect(") && !line.code.contains("reason"));
    let bare: Vec<String> = bare.map(|line| format!("{}:{}", line.file, line.number)).collect();
    none(&bare, "an expectation gives its reason");
}

/// Every file of tests, and the sources that have tests in them.
fn test_files() -> Vec<PathBuf> {
    let mut folders = vec![root().join("tests"), root().join("src"), root().join("runtime/src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The text of a file as far as it is a test: other lines are empty.
fn test_text(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let file = name(path);
    if file.starts_with("tests/") || file.ends_with("_tests.rs") {
        return text;
    }
    let tests = if text.contains("#[cfg(test)]") { TestItems::of(&text) } else { Vec::new() };
    let line = |(index, line)| if tests.iter().any(|item| item.contains(&(index + 1))) { line } else { "" };
    text.lines().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// Where assertions pin kit's wording, and why.
///
/// Data in an output is looked for with `shows` and `hides`, text that another program or the test itself wrote with
/// `quotes`. Kit's own sentences are in snapshots, where one run with `INSTA_UPDATE=always` changes them.
fn pinned_wording(text: &str) -> Vec<(usize, &'static str)> {
    static STREAM: LazyLock<Regex> = LazyLock::new(|| {
        let searched = r#"std(out|err)\s*\.(contains|starts_with|ends_with)\(\s*(&?format!\(\s*)?""#;
        Regex::new(&format!(r#"{searched}|stderr(\.as_str\(\))?,\s*"[^"]"#)).unwrap()
    });
    static TEXT: LazyLock<Regex> = LazyLock::new(|| {
        let names =
            r"message|error|failure|hint|reason|said|refused|words|text|(?:error|failure|unwrap_err\(\))\.to_string";
        let methods = "contains|starts_with|ends_with";
        let search = format!(r"\b(?:{names})(?:\(\))?\s*\.(?:{methods})|shows|hides");
        Regex::new(&format!(r#"(?:{search})\(\s*(?:&?format!\(\s*)?"((?:[^"\\]|\\[\s\S])*)""#)).unwrap()
    });
    static EQUAL: LazyLock<Regex> = LazyLock::new(|| {
        let names = r"message|reason|hint|(?:error|failure|unwrap_err\(\))\.to_string";
        Regex::new(&format!(r#"assert_eq!\(\s*\(?(?:[\w.&()]+\.)?(?:{names})(?:\(\))?,\s*"((?:[^"\\]|\\[\s\S])*)""#))
            .unwrap()
    });
    // Names, code and placeholders are data.
    static DATA: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`[^`]*(`|$)|\{[^}]*\}").unwrap());
    static SENTENCE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(^|[^\w.])[A-Za-z]?[a-z]+ [a-z]{2,}([^\w(]|$)").unwrap());
    let streams =
        STREAM.find_iter(text).map(|found| (found.start(), "a stream is searched with shows, hides or quotes"));
    let literals = TEXT.captures_iter(text).chain(EQUAL.captures_iter(text)).filter_map(|captures| captures.get(1));
    let sentences = literals.filter(|literal| SENTENCE.is_match(&DATA.replace_all(literal.as_str(), "_")));
    streams.chain(sentences.map(|literal| (literal.start(), "a sentence is asserted on"))).collect()
}

#[test]
fn a_pinned_sentence_is_recognised() {
    for line in [
        r#"assert!(run.stderr.contains("hint: pass --force"), "{run}");"#,
        r#"assert!(run.stdout.starts_with(&format!("applying {name}")));"#,
        r#"assert_eq!(run.stderr, "  INFO  Nothing to repair\n");"#,
        r#"assert!(message.contains("no answer within"), "{message}");"#,
        r#"assert!(error.to_string().contains("is out of order"));"#,
        r#"assert!(said.contains(&format!("no single migration is `{name}`")), "{said}");"#,
        r#"assert_eq!(message, "this database is kept by a lock on a file");"#,
        r#"assert!(run.shows("Nothing to migrate"), "{run}");"#,
        r#"assert!(run.hint().contains("run it again"), "{run}");"#,
        "assert!(\n    said.contains(\n        \"they use another one\"\n    )\n);",
        "assert_eq!(\n    error.to_string(),\n    \"cannot connect to x: no answer\"\n);",
    ] {
        assert!(!pinned_wording(line).is_empty(), "{line}");
    }
    for line in [
        r#"assert!(run.shows("sqlite://[ROOT]/app.sqlite"), "no file: {run}");"#,
        r#"assert!(run.shows("`kit migrate:repair --applied m2_posts`"), "{run}");"#,
        r#"assert!(run.quotes("error[E0308]: mismatched types"), "{run}");"#,
        r#"assert!(sandbox.read("src/main.rs").contains("pub mod migrations;"));"#,
        r#"assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");"#,
        r#"assert!(message.contains("users") && message.contains("KIT_PROTECT"), "it names both: {message}");"#,
    ] {
        assert_eq!(pinned_wording(line), [], "{line}");
    }
}

#[test]
fn tests_do_not_pin_wording() {
    // The helpers themselves, and the examples above.
    let homes = ["tests/tidy.rs", "tests/support/"];
    let mut strays = Vec::new();
    for path in test_files().into_iter().filter(|path| !homes.iter().any(|home| name(path).starts_with(home))) {
        let text = test_text(&path);
        for (start, why) in pinned_wording(&text) {
            let (before, line) = (&text[..start], text[start..].lines().next().unwrap_or_default());
            strays.push(format!("{}:{}: {why}: {line}", name(&path), before.lines().count()));
        }
    }
    none(&strays, "tests match on error variants, exit codes, JSON and effects; kit's wording is in snapshots");
}
