//! The register of hints: every command of kit's in a hint has a test that runs it in the situation that the hint is for.
//!
//! A row is a command as the source writes it, in the order of the source. A command that two hints name has two rows.

use std::collections::BTreeMap;
use std::fs;

use proc_macro2::{TokenStream, TokenTree};

use crate::{TestItems, name, root, test_files};

/// How the command in a hint is tested.
enum Row {
    /// `FILE::FUNCTION`, without folders: tests may be moved.
    Test(&'static str),
    /// Why no test can follow it.
    No(&'static str),
}

use Row::{No, Test};

/// Files with hints, and a row for each command in them.
const REGISTER: &[(&str, &[(&str, Row)])] = &[
    (
        "src/cli/habits.rs",
        &[
            ("migrate", Test("hints::commands_in_sentences_about_other_tools_work")),
            ("migrate:fresh", Test("hints::commands_in_sentences_about_other_tools_work")),
            ("migrate --pretend", Test("hints::commands_in_sentences_about_other_tools_work")),
            ("db:sync --dry-run", Test("hints::commands_in_sentences_about_other_tools_work")),
            ("list make", Test("hints::commands_in_sentences_about_other_tools_work")),
            ("make:migration", Test("hints::commands_in_sentences_about_other_tools_work")),
            ("migrate", Test("hints::commands_in_sentences_about_other_tools_work")),
        ],
    ),
    (
        "src/error/advice.rs",
        &[
            ("cache --older-than 7", Test("doctor::the_hint_for_a_large_cache_makes_it_small")),
            ("cache --clear", Test("doctor::the_hint_for_a_large_cache_makes_it_small")),
            ("migrate:status", Test("hints::findings_about_files_are_gone_after_the_command")),
            ("init --library --force", Test("hints::findings_about_files_are_gone_after_the_command")),
            ("migrate", Test("hints::what_a_run_settles_is_gone_after_the_run")),
            ("about", No("the advice for an error of a URL that has no hint of its own: there is none today")),
            ("doctor", Test("hints::a_server_that_was_busy_answers_again")),
            ("migrate", Test("hints::what_a_run_settles_is_gone_after_the_run")),
            (
                "migrate:repair --accept-checksum {name}",
                Test("hints::findings_about_the_ledger_are_gone_after_the_command"),
            ),
            ("migrate", Test("hints::what_a_run_settles_is_gone_after_the_run")),
            (
                "migrate:repair --drop-invalid-indexes",
                Test("hints::findings_about_the_ledger_are_gone_after_the_command"),
            ),
            ("migrate:repair --unlock", Test("lock::who_hangs_is_ended_after_a_yes")),
            ("migrate", Test("hints::what_a_run_settles_is_gone_after_the_run")),
            ("migrate:repair", Test("hints::the_lock_of_a_run_that_was_killed_is_taken")),
        ],
    ),
    (
        "src/error/failure.rs",
        &[
            ("migrate:install", Test("journal::other_columns_are_an_error_everywhere")),
            ("migrate:repair", Test("hints::repair_shows_what_a_failure_has_left")),
            ("migrate:status --check", Test("hints::each_state_is_settled_by_the_command_in_its_hint")),
            (
                "migrate:repair --accept-checksum {name}",
                Test("hints::each_state_is_settled_by_the_command_in_its_hint"),
            ),
            ("migrate:delete {name}", Test("hints::each_state_is_settled_by_the_command_in_its_hint")),
            (
                "migrate:repair --rename {old}={new}",
                Test("rename::commands_that_meet_a_renamed_migration_stop_and_their_hint_leads_on"),
            ),
            ("{command}", No("the command of another run, which has the lock: it is not to be run")),
            ("init --library --force", Test("hints::the_library_of_another_protocol_is_replaced")),
            ("migrate", Test("hints::commands_that_go_on_arrive")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            (
                "migrate:repair --accept-checksum MIGRATION",
                Test("migrate_repair::a_change_after_the_fact_is_accepted_or_refused_by_strict"),
            ),
            ("migrate:repair", Test("hints::repair_shows_what_a_failure_has_left")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            ("migrate", Test("migrate::a_failure_says_what_was_done_and_what_goes_on")),
            ("migrate:repair", Test("hints::repair_shows_what_a_failure_has_left")),
            ("migrate:rollback", Test("hints::commands_that_go_on_arrive")),
            ("migrate:repair", Test("hints::repair_shows_what_a_failure_has_left")),
            ("db:seed", Test("hints::seeds_that_failed_are_repeated")),
            ("db:seed --reset", Test("hints::seeds_that_failed_are_repeated")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            ("migrate:repair", Test("hints::repair_shows_what_a_failure_has_left")),
            ("migrate", Test("hints::commands_that_go_on_arrive")),
            ("migrate:rollback", Test("hints::commands_that_go_on_arrive")),
            ("db:seed", Test("hints::seeds_that_failed_are_repeated")),
            ("migrate", Test("hints::commands_that_go_on_arrive")),
        ],
    ),
    ("src/error/field.rs", &[("make:migration --help", Test("dispatch::hints_of_usage_errors_are_accepted"))]),
    (
        "src/error/hint.rs",
        &[
            ("list", Test("dispatch::hints_of_usage_errors_are_accepted")),
            ("{command} --help", Test("dispatch::hints_of_usage_errors_are_accepted")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            ("migrate:delete {module}", Test("missing_file::the_hint_leads_to_a_project_without_it")),
            ("migrate:rollback", Test("hints::commands_that_go_on_arrive")),
            (
                "migrate:mark --pending {name}",
                Test("delete::an_applied_or_half_done_migration_is_refused_and_the_hint_leads_on"),
            ),
            (
                "migrate:delete {name}",
                Test("delete::an_applied_or_half_done_migration_is_refused_and_the_hint_leads_on"),
            ),
            (
                "migrate:mark --pending {name}",
                Test("hints::an_applied_migration_without_a_file_is_deleted_by_the_commands_in_the_hint"),
            ),
            (
                "migrate:delete {name}",
                Test("hints::an_applied_migration_without_a_file_is_deleted_by_the_commands_in_the_hint"),
            ),
            ("migrate:repair", Test("hints::repair_shows_what_a_failure_has_left")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            ("init", Test("hints::a_command_without_a_project_starts_one")),
            ("init", Test("projects::no_project")),
            ("init MEMBER", Test("hints::a_workspace_gets_its_project_in_a_member")),
            (
                "stub:publish --existing",
                Test("stubs::a_stub_of_an_older_kit_has_room_for_columns_and_says_so_where_there_is_none"),
            ),
            (
                "make:migration add_NAME_to_{table} FIELD",
                Test("hints::a_table_that_exists_gets_its_columns_and_its_entity"),
            ),
            ("db:sync", Test("hints::a_table_that_exists_gets_its_columns_and_its_entity")),
            ("make:migration {example}", Test("unknown::warnings_lead_to_a_migration_without_one")),
            ("migrate:delete {name}", Test("refused::a_name_is_taken_once")),
            ("db:sync --force", Test("make_model::a_model_is_made_and_its_test_passes")),
            (
                "migrate --create-database{force}",
                Test("hints::a_database_that_does_not_exist_is_created_by_the_command_in_the_hint"),
            ),
            (
                "migrate:rollback --step {steps}",
                Test("cautions::one_migration_is_rolled_back_alone_only_where_that_is_safe"),
            ),
            (
                "migrate:repair",
                Test("hints::a_migration_that_was_not_interrupted_is_marked_by_the_command_in_the_hint"),
            ),
            (
                "migrate:mark --applied {name}",
                Test("hints::a_migration_that_was_not_interrupted_is_marked_by_the_command_in_the_hint"),
            ),
            ("migrate:repair --rolled-back {name}", Test("hints::repair_shows_what_a_failure_has_left")),
            ("init --library", Test("packages::the_library_is_added_to_the_package_of_the_project")),
            ("init --library {package}", Test("packages::migrations_that_use_the_library_in_a_package_without_it")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            ("migrate", Test("hints::commands_that_go_on_arrive")),
            ("migrate:status", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
            ("migrate:repair", Test("hints::commands_that_show_the_state_do_so_and_change_nothing")),
        ],
    ),
    (
        "src/error/reason.rs",
        &[
            ("migrate --wait-for-database 60", Test("hints::commands_that_go_on_arrive")),
            ("doctor", Test("refused::a_user_without_privileges_is_led_to_the_grant")),
            ("doctor", Test("refused::a_file_that_is_opened_to_read_names_what_to_change")),
            ("doctor", Test("refused::a_character_that_the_encoding_does_not_have_is_led_to_another_encoding")),
        ],
    ),
    (
        "src/error/scaffolding.rs",
        &[
            ("make:model {model}", Test("make_model::a_reference_to_an_unknown_table_is_refused")),
            ("make:migration create_{}_table", Test("unknown::warnings_lead_to_a_migration_without_one")),
            ("make:migration add_{}_to_{table}", Test("unknown::the_columns_of_an_index_are_those_that_the_table_has")),
            ("migrate:delete --force {migration}", Test("unknown::warnings_lead_to_a_migration_without_one")),
            (
                "migrate:delete --force {migration}",
                Test("unknown::the_columns_of_an_index_are_those_that_the_table_has"),
            ),
        ],
    ),
    ("src/error/scratch.rs", &[("migrate:verify", Test("command::nothing_stays_on_a_server"))]),
    (
        "src/error/seeding.rs",
        &[
            ("db:seed", Test("identity::triggers_that_cannot_be_disabled_are_named_before_anything_is_written")),
            ("make:seeder {name}", Test("seeders::a_seeder_that_is_missing_is_written_by_the_command_in_the_hint")),
            (
                "make:seeder DatabaseSeeder",
                Test("seeders::a_seeder_that_is_missing_is_written_by_the_command_in_the_hint"),
            ),
            ("db:seed --reset", Test("db_seed::tables_that_take_nothing_back_are_named_with_what_they_keep")),
        ],
    ),
    (
        "src/error/suggestion.rs",
        &[
            ("{command}", Test("dispatch::suggested_commands_keep_the_options")),
            ("{name}", Test("dispatch::hints_of_usage_errors_are_accepted")),
        ],
    ),
    (
        "src/error/usage.rs",
        &[
            ("{command} --help", Test("dispatch::hints_of_usage_errors_are_accepted")),
            ("list", Test("dispatch::hints_of_usage_errors_are_accepted")),
            ("{command}", No("clap suggests a subcommand only after a command that has some, and none of kit's has")),
            ("{command}", Test("dispatch::hints_of_usage_errors_are_accepted")),
        ],
    ),
    (
        "src/migrator/obstacle.rs",
        &[
            ("cache", Test("hints::a_full_disk_is_freed_of_builds")),
            ("cache --clear", Test("hints::a_full_disk_is_freed_of_builds")),
        ],
    ),
];

/// Rows without a test; each needs a reason that no test could change.
const MAX_WITHOUT_TEST: usize = 3;

#[test]
fn every_command_in_a_hint_is_followed_by_a_test() {
    let mut strays = Vec::new();
    let mut without = 0;
    let functions = functions();
    for (file, commands) in sources() {
        let rows = REGISTER.iter().find(|(registered, _)| *registered == file).map_or(&[][..], |(_, rows)| *rows);
        let registered: Vec<&str> = rows.iter().map(|(command, _)| *command).collect();
        if registered != commands {
            strays.push(format!("{file} has {commands:#?}, the register {registered:#?}"));
        }
        for (command, row) in rows {
            match row {
                No(reason) => {
                    without += 1;
                    assert!(reason.len() > 20, "{file}: {command}");
                }
                Test(test) => match functions.get(*test) {
                    None => strays.push(format!("{file}: `{command}`: there is no test {test}")),
                    Some(text) if !follows(text, command) => {
                        strays.push(format!("{file}: `{command}`: {test} does not run it"));
                    }
                    Some(_) => {}
                },
            }
        }
    }
    for (file, _) in REGISTER {
        assert!(root().join(file).is_file(), "{file} is somewhere else");
    }
    assert!(strays.is_empty(), "every command in a hint has a row and a test:\n{}", strays.join("\n"));
    assert!(without <= MAX_WITHOUT_TEST, "{without} commands without a test");
}

/// Whether the test takes commands from a hint, or names this one.
fn follows(test: &str, command: &str) -> bool {
    let takes = ["hinted()", "printed()", "commands(", "follow("].iter().any(|call| test.contains(call));
    let words: Vec<&str> = command.split_whitespace().filter(|word| !word.contains('{')).collect();
    takes || words.iter().all(|word| test.contains(&format!("\"{word}\"")) || test.contains(&format!("`{word}`")))
}

/// The commands in the strings of each file with hints, in their order.
fn sources() -> BTreeMap<String, Vec<String>> {
    let mut files = BTreeMap::new();
    for path in crate::sources() {
        let file = name(&path);
        let is_home = file.starts_with("src/error/") || REGISTER.iter().any(|(registered, _)| *registered == file);
        let text = fs::read_to_string(&path).unwrap();
        if !is_home && !text.contains("fn hint(") {
            continue;
        }
        let tests = TestItems::of(&text);
        let mut strings = Vec::new();
        collect(text.parse().unwrap(), &mut strings);
        let outside = strings.into_iter().filter(|(line, _)| !tests.iter().any(|item| item.contains(line)));
        let commands: Vec<String> = outside.flat_map(|(_, string)| commands(&string)).collect();
        if !commands.is_empty() {
            files.insert(file, commands);
        }
    }
    files
}

fn commands(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|code| code.strip_prefix("kit ")).map(str::to_owned).collect()
}

/// The strings of the code, each with its line; attributes, and with them comments, are left out.
fn collect(tokens: TokenStream, strings: &mut Vec<(usize, String)>) {
    let mut is_attribute = false;
    for token in tokens {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' => {
                is_attribute = true;
                continue;
            }
            TokenTree::Punct(mark) if mark.as_char() == '!' && is_attribute => continue,
            TokenTree::Group(group) if !is_attribute => collect(group.stream(), strings),
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                if let Ok(string) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    strings.push((line, string.value()));
                }
            }
            _ => {}
        }
        is_attribute = false;
    }
}

/// The text of each function in the tests, by `FILE::FUNCTION`.
fn functions() -> BTreeMap<String, String> {
    let mut functions = BTreeMap::new();
    for path in test_files().into_iter().filter(|path| name(path).starts_with("tests/")) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let starts: Vec<usize> =
            text.match_indices("\nfn ").chain(text.match_indices("\nasync fn ")).map(|(at, _)| at).collect();
        for start in starts {
            let rest = &text[start + 1..];
            let body = rest.split_once("\n}\n").map_or(rest, |(body, _)| body);
            let name = rest.trim_start_matches("async ").trim_start_matches("fn ").split(['(', '<']).next().unwrap();
            functions.insert(format!("{stem}::{name}"), body.to_owned());
        }
    }
    functions
}
