//! The README is true: its transcripts are those of `docs/`, its table of commands has every option, its names make the
//! migrations it says, its kit.toml is one.

use std::collections::BTreeSet;
use std::fs;

use crate::support::Sandbox;
use clap::CommandFactory;
use kit::cli::Cli;

#[expect(clippy::unwrap_used, reason = "a test that cannot read its files has to stop")]
fn file(name: &str) -> String {
    fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The text of a section, its heading left out.
fn section(heading: &str) -> String {
    let readme = file("README.md");
    let (_, rest) = readme.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The code blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let parts = text.split(&opening).skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The cells of a section's table rows, without heading and rule.
fn rows(section: &str) -> Vec<Vec<String>> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_quickstart_is_recorded() {
    let recorded = file("docs/walkthrough-sqlite.md");
    let blocks = blocks(&section("Quickstart"), "console");
    assert!(blocks.len() > 5);
    for block in blocks {
        assert!(recorded.contains(&format!("```console\n{block}```")), "not in the recorded walk:\n{block}");
    }
}

#[test]
fn every_command_has_a_row_with_its_options() {
    let mut root = Cli::command();
    root.build();
    let everywhere: BTreeSet<String> = root.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    let text = section("Commands");
    let rows = rows(&text);
    let mut shown = BTreeSet::new();
    for command in root.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = command.get_name();
        shown.insert(name.to_owned());
        let row = rows.iter().find(|row| code(&row[0])[0].split(' ').next() == Some(name));
        let row = row.unwrap_or_else(|| panic!("no row for {name}"));
        let flag =
            |code: &str| code.split(['=', '[', ' ']).next().unwrap_or_default().trim_start_matches('-').to_owned();
        let said: BTreeSet<String> = row
            .get(2)
            .map(|cell| code(cell).into_iter().filter(|code| code.starts_with("--")).map(flag).collect())
            .unwrap_or_default();
        let own = command.get_arguments().filter(|argument| !everywhere.contains(argument.get_id().as_str()));
        // Options with a heading of their own are those of another tool, named as a whole.
        let own = own.filter(|argument| argument.get_help_heading().is_none());
        let own: BTreeSet<String> = own.filter_map(|argument| argument.get_long().map(str::to_owned)).collect();
        assert_eq!(said, own, "{name}");
    }
    let named: BTreeSet<String> =
        rows.iter().map(|row| code(&row[0])[0].split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(named, shown);
    for argument in root.get_arguments() {
        let long = argument.get_long().unwrap_or_default();
        assert!(text.contains(&format!("--{long}`")) || text.contains(&format!("--{long} ")), "{long}");
    }
}

#[test]
fn how_entities_are_written_has_every_option() {
    let mut root = Cli::command();
    root.build();
    let command = root.find_subcommand("db:sync").unwrap_or_else(|| panic!("no db:sync"));
    let theirs = |heading: Option<&str>| heading.is_some_and(|heading| heading.contains("generate entity"));
    let own = command.get_arguments().filter(|one| theirs(one.get_help_heading()) && !one.is_hide_set());
    let own: BTreeSet<String> = own.filter_map(|one| one.get_long().map(|long| format!("--{long}"))).collect();
    let text = section("Entities");
    let rows = rows(&text);
    let flag = |code: &&str| code.split(['=', '[', ' ']).next().unwrap_or_default().to_owned();
    let cells = rows.iter().flatten().flat_map(|cell| code(cell));
    let said: BTreeSet<String> = cells.filter(|code| code.starts_with("--")).map(|code| flag(&code)).collect();
    assert_eq!(said, own);
}

#[test]
fn names_make_the_migrations_it_says() {
    for row in rows(&section("How names become migrations")) {
        for name in code(&row[0]) {
            let arguments: Vec<&str> = std::iter::once("make:migration").chain(name.split(' ')).collect();
            let transcript = Sandbox::project().kit(&arguments);
            // The table of README has the very words.
            assert!(transcript.quotes(&row[1]), "{name}: {transcript}");
        }
    }
}

/// Every type and every other name of it has a place in the table, and each that stands there is one.
#[test]
fn its_types_are_those_of_the_field_language() {
    let rows = rows(&section("Fields"));
    let mut said = BTreeSet::new();
    for name in rows.iter().flat_map(|row| row.iter().take(2)).flat_map(|cell| code(cell)) {
        let reads = |field: String| kit::fields::parse(&[field]).is_ok();
        assert!(reads(format!("x:{name}")) || reads(format!("x:{name}:9")), "{name}");
        said.insert(name.split(':').next().unwrap_or_default().to_owned());
    }
    let names = kit::fields::WORDS.iter().flat_map(|(name, others)| [*name].into_iter().chain(others.iter().copied()));
    assert_eq!(said, names.map(str::to_owned).collect());
}

/// The command lines of kit in a text: spans between backticks, and the lines of code that begin with `kit`.
fn command_lines(text: &str, is_code: bool) -> Vec<String> {
    let mut fenced = is_code;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let whole = line.trim_start().trim_start_matches("$ ");
        if fenced && whole.starts_with("kit ") {
            found.push(whole.to_owned());
        } else {
            found.extend(code(line).into_iter().filter(|span| span.starts_with("kit ")).map(str::to_owned));
        }
    }
    found
}

/// The first character that bash or zsh does not leave as it is: a pattern, a history expansion or a subshell.
fn expanded(line: &str) -> Option<char> {
    let (mut quote, mut before) = (None, ' ');
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match quote {
            Some(open) if c == open => quote = None,
            Some('"') if matches!(c, '!' | '`') => return Some(c),
            Some(_) => {}
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if c == '\\' => _ = characters.next(),
            None if c == '#' && before == ' ' => return None,
            // An optional part of a synopsis, which is not pasted.
            None if c == '[' && before == ' ' => {}
            None if matches!(c, '!' | '^' | '?' | '*' | '(' | '[') => return Some(c),
            None => {}
        }
        before = c;
    }
    None
}

#[test]
fn an_expanded_character_is_found() {
    for (line, expected) in [
        ("kit make:model post title:string! body", Some('!')),
        ("kit make:model post user:references?", Some('?')),
        ("kit make:model post \"title:string!\"", Some('!')),
        ("kit make:model post 'title:string!' slug:string^", Some('^')),
        ("kit make:model post 'title:string!' \"a?\" body:text:null", None),
        ("kit migrate --to m1   # what does it do?", None),
    ] {
        assert_eq!(expanded(line), expected, "{line}");
    }
    assert_eq!(command_lines("kit runs\n```sh\n$ kit a\nls\n```\n`kit b` and `ls`", false), ["kit a", "kit b"]);
}

/// A field such as `user:references?` is a pattern in zsh, and `string!:20` a history expansion in bash.
#[test]
fn command_lines_can_be_pasted() {
    let mut texts = vec![("README.md".to_owned(), file("README.md"), false)];
    let folder = |path: &str| fs::read_dir(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).into_iter().flatten();
    let names = |path: &str| -> Vec<String> {
        let names = folder(path).flatten().map(|entry| format!("{path}/{}", entry.file_name().display()));
        names.collect()
    };
    let documents = names("docs").into_iter().filter(|name| name.ends_with(".md"));
    texts.extend(documents.map(|name| (name.clone(), file(&name), false)));
    // Hints and messages.
    let sources = ["src/error", "src/commands"].into_iter().flat_map(names).filter(|name| name.ends_with(".rs"));
    texts.extend(sources.map(|name| (name.clone(), file(&name), false)));
    let mut root = Cli::command();
    root.build();
    for command in root.get_subcommands_mut().filter(|sub| !sub.is_hide_set()) {
        let name = format!("kit {} --help", command.get_name());
        texts.push((name, command.render_long_help().to_string(), true));
    }
    let mut count = 0;
    for (name, text, is_code) in texts {
        for line in command_lines(&text, is_code).into_iter().filter(|line| line.contains(':')) {
            count += 1;
            assert_eq!(expanded(&line), None, "{name}: quote it with single quotes: {line}");
        }
    }
    assert!(count > 100, "{count} command lines");
}

#[test]
fn its_kit_toml_is_one() {
    let text = &blocks(&section("Configuration"), "toml")[0];
    let sandbox = Sandbox::project().file("kit.toml", text);
    let transcript = sandbox.kit(&["about"]);
    assert_eq!(transcript.code, 0, "{transcript}");
    assert!(transcript.shows("[connections.main]"), "{transcript}");
    let transcript = sandbox.env("REPORTS_URL", "postgres://localhost/reports").kit(&["about", "-d", "reports"]);
    assert!(transcript.shows("postgres://localhost/reports"), "{transcript}");
}

#[test]
fn links_lead_somewhere() {
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = file(name);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            if path.is_empty() {
                let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
                let found =
                    headings.map(|heading| heading.to_lowercase().replace(' ', "-")).any(|heading| heading == anchor);
                assert!(found, "{name}: {target}");
            } else if !path.contains("://") {
                assert!(fs::exists(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap(), "{name}: {target}");
            }
        }
    }
}
