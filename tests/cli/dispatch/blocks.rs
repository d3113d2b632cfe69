//! The sections with code of the five documents, each with the tests that run what the section shows. A section about
//! something that kit does not do says so instead.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

/// A section: its heading, and the tests; or why there is none.
type Section = (&'static str, Result<&'static [&'static str], &'static str>);

const KIT_MIGRATIONS: &[Section] = &[
    ("Creating Migrations", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
    ("Migration Structure", Ok(&["the_guides_workflow_ends_in_entities_and_a_second_sync_writes_nothing"])),
    ("Creating Tables", Ok(&["creating_and_dropping_a_table"])),
    ("Dropping Tables", Ok(&["creating_and_dropping_a_table"])),
    ("Column Types", Ok(&["every_column_type"])),
    ("Column Modifiers", Ok(&["every_modifier"])),
    ("Adding Columns", Ok(&["adding_and_renaming_columns"])),
    ("Modifying Columns", Ok(&["modifying_columns", "the_code_of_the_documents_runs_on_every_database"])),
    ("Renaming Columns", Ok(&["adding_and_renaming_columns"])),
    ("Creating Indexes", Ok(&["indexes", "the_code_of_the_documents_runs_on_every_database"])),
    ("Composite Indexes", Ok(&["indexes"])),
    ("Dropping Indexes", Ok(&["indexes", "the_code_of_the_documents_runs_on_every_database"])),
    ("Adding Foreign Keys", Ok(&["foreign_keys_with_every_action", "foreign_keys_on_an_existing_table"])),
    ("Foreign Key Actions", Ok(&["foreign_keys_with_every_action"])),
    ("Migration Workflow", Ok(&["the_guides_workflow_ends_in_entities_and_a_second_sync_writes_nothing"])),
    ("Always Write Down Migrations", Ok(&["creating_and_dropping_a_table"])),
    ("Use Descriptive Names", Ok(&["a_vague_name_gets_a_clearer_one_as_an_example"])),
    ("One Change Per Migration", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
    ("Test Migrations Both Ways", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("CLI Commands Reference", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
];

const LOCO_MIGRATIONS: &[Section] = &[
    ("Verbs, singular and plural", Ok(&["every_command_line_of_the_documents_works"])),
    ("Naming migrations", Ok(&["every_command_line_of_the_documents_works"])),
    ("Creating a table", Ok(&["every_command_line_of_the_documents_works"])),
    ("Creating a migration", Ok(&["every_command_line_of_the_documents_works"])),
    ("Add or remove a column", Ok(&["adding_and_renaming_columns"])),
    ("Add index", Ok(&["indexes"])),
    ("Create a data fix", Ok(&["a_data_fix_uses_models_and_fails_whole"])),
    ("One to many", Ok(&["every_command_line_of_the_documents_works"])),
    (
        "Many to many",
        Ok(&["every_command_line_of_the_documents_works", "generated_applications_live_on_every_database"]),
    ),
];

const LOCO_MODELS: &[Section] = &[
    ("Sqlite vs Postgres", Ok(&["the_url_is_that_of_the_file_of_the_environment_with_its_line"])),
    ("Example model", Ok(&["the_tests_of_models_of_locos_guide"])),
    ("The model generator", Ok(&["every_command_line_of_the_documents_works", "every_type_lives_on_every_database"])),
    ("Create a new table", Ok(&["every_command_line_of_the_documents_works"])),
    ("Add columns", Ok(&["every_command_line_of_the_documents_works"])),
    ("Remove columns", Ok(&["every_command_line_of_the_documents_works"])),
    ("Add references", Ok(&["every_command_line_of_the_documents_works"])),
    (
        "Create a join table",
        Ok(&["every_command_line_of_the_documents_works", "migrations_of_loco_run_both_ways_with_rows"]),
    ),
    ("Create an empty migration", Ok(&["every_command_line_of_the_documents_works"])),
    ("Down Migrations", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
    ("Verbs, singular and plural", Ok(&["every_command_line_of_the_documents_works"])),
    ("Authoring migrations", Ok(&["a_project_of_locos_lives_after_one_line_has_changed"])),
    ("Create a table", Ok(&["migrations_of_loco_run_both_ways_with_rows"])),
    ("Add a column", Ok(&["migrations_of_loco_run_both_ways_with_rows", "adding_and_renaming_columns"])),
    ("Drop a column", Ok(&["adding_and_renaming_columns"])),
    ("Add index", Ok(&["indexes"])),
    ("Create a data fix", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("Validatable", Err("validation is the application's")),
    ("One to many", Ok(&["every_command_line_of_the_documents_works"])),
    (
        "Many to many",
        Ok(&["every_command_line_of_the_documents_works", "generated_applications_live_on_every_database"]),
    ),
    (
        "Model configuration",
        Ok(&["the_file_of_the_environment_says_how_a_database_is_opened", "switches_do_what_they_say_in_this_order"]),
    ),
    ("Creating a new seed", Ok(&["the_fixture_of_locos_guide_is_loaded_and_written"])),
    ("Connect the seed", Ok(&["a_seeder_fills_it_or_leaves_nothing", "the_tests_of_models_of_locos_guide"])),
    (
        "Managing Seed via CLI",
        Ok(&["the_fixture_of_locos_guide_is_loaded_and_written", "tables_come_back_from_files_as_they_were"]),
    ),
    ("Using a Test", Ok(&["the_tests_of_models_of_locos_guide"])),
    ("Extra DB", Ok(&["several_databases_by_name", "further_databases_have_names"])),
    ("Multi-DB (multi-tenant)", Ok(&["several_databases_by_name", "further_databases_have_names"])),
    ("If you used the generator", Ok(&["a_model_is_made_and_its_test_passes", "the_tests_of_models_of_locos_guide"])),
    ("Database cleanup", Ok(&["truncating_begins_anew", "the_tests_of_models_of_locos_guide"])),
    ("Snapshot test data cleanup", Ok(&["models_look_the_same_each_time"])),
];

const MIGRATION_PATTERNS: &[Section] = &[
    ("Quick Reference", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("Pattern 1: Foreign Keys (NOT NULL) via Scaffold", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("Pattern 2: Foreign Keys (Nullable)", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("Pattern 3: Adding Columns", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("Pattern 4: Unique Index", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("Pattern 5: Performance Index", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
    ("Recommended Indexes", Ok(&["indexes"])),
    ("Common Commands", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
    ("Anti-Patterns", Ok(&["the_code_of_the_documents_runs_on_every_database"])),
];

const RUNIQUE_MIGRATIONS: &[Section] = &[
    ("Generate Migration Files", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
    ("Apply Migrations", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
    ("Destructive Changes", Err("kit writes no migrations from entities")),
    ("Extending a Framework Table", Err("`extend!` and `model!` are macros of the framework")),
    ("Using a Custom User Table", Err("`RUNIQUE_USER_TABLE` is a variable of the framework")),
    ("Other Migration Commands", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
    ("Runique Wrapper", Ok(&["every_command_line_of_the_documents_runs_or_leads_to_one_that_does"])),
];

/// The names of all tests below a folder.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            tests(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).unwrap();
            for (_, after) in text.match_indices("test]\n").map(|(at, end)| text.split_at(at + end.len())) {
                let name = after.lines().next().and_then(|line| line.split_once("fn ")?.1.split_once('('));
                found.extend(name.map(|(name, _)| name.to_owned()));
            }
        }
    }
}

#[test]
fn every_section_with_code_has_a_test_that_exists() {
    let mut existing = BTreeSet::new();
    tests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &mut existing);
    for document in [KIT_MIGRATIONS, LOCO_MIGRATIONS, LOCO_MODELS, MIGRATION_PATTERNS, RUNIQUE_MIGRATIONS] {
        for (section, tests) in document {
            match tests {
                Ok([]) | Err("") => panic!("{section}"),
                Ok(tests) => {
                    for test in *tests {
                        assert!(existing.contains(*test), "{section}: no test `{test}`");
                    }
                }
                Err(_) => {}
            }
        }
    }
}
