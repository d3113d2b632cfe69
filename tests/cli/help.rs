//! What every command says of itself, one snapshot file a command: a command without one fails.

use std::collections::BTreeSet;
use std::fs;

use crate::support::Sandbox;
use clap::CommandFactory;
use kit::cli::Cli;

/// Every command that is shown, its options of every command included.
fn commands() -> Vec<clap::Command> {
    let mut root = Cli::command();
    root.build();
    let commands: Vec<clap::Command> = root.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned().collect();
    assert!(commands.len() > 10);
    commands
}

fn snapshot(command: &str) -> String {
    format!("kit_{}", command.replace(':', "_"))
}

fn assert_page(name: &str, text: impl std::fmt::Display) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots/help" }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn every_command_has_its_page() {
    let sandbox = Sandbox::new();
    for command in commands() {
        let name = command.get_name();
        let page = sandbox.kit(&[name, "--help"]);
        assert_page(&snapshot(name), &page);
        for same in [[name, "-h"], ["help", name]] {
            assert_eq!(sandbox.kit(&same).to_string(), page.to_string(), "{same:?}");
        }
        let wide: Vec<&str> = page.stdout.lines().filter(|line| line.chars().count() > 100).collect();
        assert!(wide.is_empty(), "{name}: {wide:?}");
    }
}

#[test]
fn the_list_is_the_page_of_kit_itself() {
    let sandbox = Sandbox::new();
    let list = sandbox.kit(&["list"]);
    assert_page("kit", &list);
    for same in [&[] as &[&str], &["--help"], &["-h"], &["help"], &["-h", "list"]] {
        assert_eq!(sandbox.kit(same).to_string(), list.to_string(), "{same:?}");
    }
}

#[test]
fn no_page_is_of_a_command_that_is_gone() {
    let mut expected: BTreeSet<String> = commands().iter().map(|command| snapshot(command.get_name())).collect();
    expected.insert("kit".to_owned());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/snapshots/help");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = files.filter_map(|file| file.strip_suffix(".snap").map(str::to_owned)).collect();
    assert_eq!(found, expected);
}

#[test]
fn pages_are_written_alike() {
    for command in commands() {
        let name = command.get_name();
        let about = command.get_about().unwrap().to_string();
        assert!(about.starts_with(char::is_uppercase) && !about.ends_with('.'), "{name}: {about}");
        if let Some(long) = command.get_long_about() {
            let long = long.to_string();
            assert!(long.starts_with(&about) && long.ends_with('.'), "{name}: {long}");
        }
        for argument in command.get_arguments() {
            let help = argument.get_help().unwrap_or_else(|| panic!("{name} {argument}: no help")).to_string();
            assert!(help.starts_with(char::is_uppercase) || help.starts_with("bash"), "{name} {argument}: {help}");
            assert!(!help.ends_with('.'), "{name} {argument}: {help}");
            // One page, one line: there is no longer form to show.
            assert_eq!(argument.get_long_help(), None, "{name} {argument}");
        }
    }
}
