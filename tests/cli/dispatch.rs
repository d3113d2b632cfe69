//! From what is typed to a command: prefixes, suggestions, global options, and what is no command line at all.

mod blocks;
mod documents;
mod widths;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::Command;

use crate::support;
use crate::support::{Sandbox, assert_error};
use clap::error::ErrorKind;
use kit::error::{Error, Suggestion};

/// That two command lines are one.
fn same(sandbox: &Sandbox, one: &[&str], other: &[&str]) -> u8 {
    let transcript = sandbox.kit(one);
    assert_eq!(transcript.to_string(), sandbox.kit(other).to_string(), "{one:?} {other:?}");
    transcript.code
}

#[test]
fn without_arguments_the_commands_are_listed() {
    let transcript = Sandbox::new().kit::<&str>(&[]);
    assert_eq!((transcript.code, transcript.stderr.as_str()), (0, ""));
    let groups: Vec<&str> = transcript.stdout.lines().filter(|line| !line.is_empty() && !line.contains(' ')).collect();
    assert_eq!(groups, ["kit", "migrate", "make", "stub", "db"]);
    for command in ["migrate ", "migrate:fresh ", "make:migration ", "init ", "help "] {
        let lines = transcript.stdout.lines().filter(|line| line.starts_with(&format!("  {command}")));
        assert_eq!(lines.count(), 1, "{command}");
    }
    assert!(transcript.hides("__complete"));
}

#[test]
fn a_unique_prefix_is_enough() {
    let sandbox = Sandbox::project().file("database/app.sqlite", "");
    for (short, long) in
        [("m:s", "migrate:status"), ("mig:stat", "migrate:status"), ("migrate:s", "migrate:status"), ("ab", "about")]
    {
        assert_eq!(same(&sandbox, &[short], &[long]), 0, "{short}");
        same(&sandbox, &[short, "--help"], &[long, "--help"]);
        same(&sandbox, &["help", short], &[long, "--help"]);
    }
    // What needs a database is compared by its help.
    for (short, long) in
        [("m", "migrate"), ("m:f", "migrate:fresh"), ("m:ro", "migrate:rollback"), ("ma:mi", "make:migration")]
    {
        same(&sandbox, &[short, "--help"], &[long, "--help"]);
    }
    same(&sandbox, &["m:s", "--pending", "--json"], &["migrate:status", "--pending", "--json"]);
}

#[test]
fn an_ambiguous_prefix_lists_what_it_could_be() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["m:r"]));
    insta::assert_snapshot!(sandbox.kit(&["help", "m:re"]));
}

/// A namespace alone is no mistake: its commands are listed, and nothing else.
#[test]
fn a_namespace_lists_its_commands() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.kit(&["db"]));
    for (typed, first) in [("db", "db:sync"), ("make", "make:migration"), ("stub:", "stub:publish")] {
        let name = typed.trim_end_matches(':');
        let transcript = sandbox.kit(&[typed]);
        assert_eq!(transcript.code, 0, "{transcript}");
        assert!(transcript.stdout.trim_start().starts_with(first), "{transcript}");
        assert!(
            transcript.stdout.lines().all(|line| line.trim_start().starts_with(&format!("{name}:"))),
            "{transcript}"
        );
        same(&sandbox, &[typed], &["list", name]);
        same(&sandbox, &[typed], &["help", name]);
        same(&sandbox, &[typed], &["--no-interaction", typed]);
    }
    let transcript = sandbox.kit(&["migrate:"]);
    assert!(transcript.shows("migrate:fresh") && transcript.hides("db:sync"), "{transcript}");
    insta::assert_snapshot!(sandbox.kit(&["list", "nothing"]));
}

/// What users of other tools type leads to kit's command, and never from something harmless to something that deletes.
#[test]
fn habits_come_before_spelling() {
    let sandbox = Sandbox::project();
    for (typed, meant) in [
        // The documents that describe kit, Loco, Runique and sea-orm-cli.
        ("db migrate", "migrate"),
        ("db down", "migrate:rollback"),
        ("db status", "migrate:status"),
        ("db entities", "db:sync"),
        ("db reset", "migrate:fresh --seed"),
        ("migrate up", "migrate"),
        ("migrate up -n 2", "migrate --limit 2"),
        ("migrate --step 3", "migrate --limit 3"),
        ("migrate down", "migrate:rollback"),
        ("migrate down -n 3", "migrate:rollback --step 3"),
        ("migrate status", "migrate:status"),
        ("migrate fresh", "migrate:fresh"),
        ("migrate init", "init"),
        ("migrate generate create_posts", "make:migration create_posts"),
        ("migrate:rollback 2", "migrate:rollback --step 2"),
        ("migrate:refresh 2", "migrate:refresh --step 2"),
        ("generate entity -o src/entities", "db:sync -o src/entities"),
        (
            "generate entity -u sqlite://a.sqlite -o src/e --with-serde both",
            "db:sync -u sqlite://a.sqlite -o src/e --with-serde both",
        ),
        ("generate entity --tables=users,posts --compact-format", "db:sync --tables users,posts --compact-format"),
        ("generate entity -s public --ignore-tables logs --lib", "db:sync -s public --ignore-tables logs --lib"),
        ("generate entity -u postgres://u:s3cr3t@h/x -o src/e", "db:sync -u URL -o src/e"),
        ("migrate -u sqlite://a.sqlite up", "migrate --database sqlite://a.sqlite"),
        ("migrate up -n 2 -u sqlite://a.sqlite", "migrate --limit 2 --database sqlite://a.sqlite"),
        ("migrate status --json", "migrate:status --json"),
        ("db reset --force", "migrate:fresh --seed"),
        ("migrate generate add_email --table users", "make:migration add_email --table users"),
        ("generate model post title:string!", "make:model post 'title:string!'"),
        ("generate scaffold post title:string user:references --api", "make:model post title:string user:references"),
        ("g migration AddRefToPosts user:references?", "make:migration AddRefToPosts 'user:references?'"),
        ("makemigrations", "make:migration NAME"),
        ("db:status", "migrate:status"),
        ("db:migrate", "migrate"),
        ("db:migrate:status", "migrate:status"),
        ("db:rollback", "migrate:rollback"),
        ("db:entities", "db:sync"),
        ("db:setup", "migrate --seed"),
        ("migrate:up", "migrate"),
        ("migrate:down", "migrate:rollback"),
        ("migrate:run", "migrate"),
        ("migrate:generate", "make:migration NAME"),
        ("migrate:generate create_posts", "make:migration create_posts"),
        ("make:migrations", "make:migration NAME"),
        ("generate:entity", "db:sync"),
        // The last part alone.
        ("status", "migrate:status"),
        ("rollback", "migrate:rollback"),
        ("fresh", "migrate:fresh"),
        ("sync", "db:sync"),
        ("seed", "db:seed"),
        ("db sync", "db:sync"),
        ("make migration create_posts", "make:migration create_posts"),
    ] {
        let arguments: Vec<&str> = typed.split(' ').collect();
        let transcript = sandbox.kit(&arguments);
        assert_eq!(transcript.code, 2, "{typed}: {transcript}");
        let meant_by = match transcript.error() {
            Error::UnknownCommand { suggestion: Some(Suggestion::Command(command)), .. } => command.as_str(),
            other => panic!("{typed}: {other:?}"),
        };
        assert_eq!(meant_by, meant, "{typed}");
    }
    // No command of kit's deletes less than what was meant.
    for typed in ["db:create", "db:table", "db:show", "db:trunkate", "migrate:test", "migrate:rest-api", "db:creates"] {
        let transcript = sandbox.kit(&[typed]);
        let destructive = [
            "migrate:reset",
            "migrate:redo",
            "migrate:refresh",
            "migrate:fresh",
            "migrate:rollback",
            "migrate:delete",
            "db:truncate",
        ];
        let suggested: Vec<String> = transcript.hinted().concat();
        let is_meant = typed == "db:trunkate";
        assert_eq!(
            destructive.iter().any(|name| suggested.iter().any(|word| word.starts_with(name))),
            is_meant,
            "{typed}: {transcript}"
        );
    }
    for typed in ["tinker", "db:create", "db:drop", "schema:dump", "generate", "db:push"] {
        assert_error!(sandbox.kit(&[typed]), Error::UnknownCommand { suggestion: Some(Suggestion::Sentence(_)), .. });
    }
    insta::assert_snapshot!(sandbox.kit(&["migrate", "down", "-n", "2"]));
    insta::assert_snapshot!(sandbox.kit(&["db:drop"]));
}

/// The command for another tool's line writes where that line would have written.
#[test]
fn suggested_commands_keep_the_options() {
    let sandbox = Sandbox::project().file("database/app.sqlite", "").file("other.sqlite", "");
    let line = ["generate", "entity", "-u", "sqlite://other.sqlite", "-o", "src/models"];
    let [mut command] = <[_; 1]>::try_from(sandbox.kit(&line).hinted()).unwrap();
    command.push("--skip-migrations".to_owned());
    let followed = sandbox.kit(&command);
    assert_eq!(followed.code, 0, "{followed}");
    assert!(sandbox.files().contains(&"src/models/mod.rs".to_owned()), "{followed}");
}

#[test]
fn a_typo_suggests_and_what_is_unknown_says_so() {
    let sandbox = Sandbox::new();
    for (typed, meant) in [
        ("migrate:stats", "migrate:status"),
        ("migrate:rolback", "migrate:rollback"),
        ("migarte", "migrate"),
        ("int", "init"),
    ] {
        let transcript = sandbox.kit(&[typed]);
        assert_eq!(transcript.code, 2, "{transcript}");
        assert_error!(transcript, Error::UnknownCommand { name, .. } if name == typed);
        assert_eq!(transcript.hinted(), [[meant]]);
    }
    insta::assert_snapshot!(sandbox.kit(&["xyzzy"]));
    same(&sandbox, &["help", "xyzzy"], &["xyzzy"]);
    // A hidden command has no prefix and is no suggestion.
    insta::assert_snapshot!(sandbox.kit(&["__comp"]));
}

#[test]
fn a_missing_argument_is_asked_for_and_nobody_there_is_a_usage_error() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration"]));
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
    insta::assert_snapshot!(sandbox.kit_answering(&["make:migration"], &["create posts table"]));
    assert_eq!(sandbox.files(), ["migrations/m20260102_030405_create_posts_table.rs", "migrations/mod.rs"]);
    insta::assert_snapshot!(sandbox.kit_answering(&["make:migration", "-n"], &["create tags table"]));
    assert_eq!(sandbox.files().len(), 2);
}

#[test]
fn unknown_options_come_with_a_suggestion() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["migrate:status", "--pendign"]));
    insta::assert_snapshot!(sandbox.kit(&["--pending", "migrate:status"]));
    insta::assert_snapshot!(sandbox.kit(&["migrate", "--to"]));
    insta::assert_snapshot!(sandbox.kit(&["about", "--color", "rainbow"]));
    insta::assert_snapshot!(sandbox.kit(&["migrate:rollback", "--step", "1", "--to", "x"]));
    insta::assert_snapshot!(sandbox.kit(&["migrate:rollback", "--step", "many"]));
    insta::assert_snapshot!(sandbox.kit(&["migrate:status", "postgres://u:s3cr3t@h/x"]));
}

/// Every kind of error that clap has for kit's commands, on a narrow and on a wide terminal.
#[test]
fn usage_errors_are_shown_like_other_errors() {
    let kinds: [(ErrorKind, &[&[&str]]); 6] = [
        (
            ErrorKind::UnknownArgument,
            &[
                &["migrate:status", "--pendign"],
                &["migrate:status", "--frobnicate"],
                &["--pending", "migrate:status"],
                &["migrate:status", "extra"],
                &["make:migration", "create_posts", "-x"],
            ],
        ),
        (
            ErrorKind::InvalidValue,
            &[
                &["migrate", "--to"],
                &["about", "--color", "rainbow"],
                &["completions", "tcsh"],
                &["db:sync", "--entity-format", "compcat"],
            ],
        ),
        (
            ErrorKind::ValueValidation,
            &[
                &["migrate:rollback", "--step", "many"],
                &["migrate:rollback", "--step", "99999999999999999999"],
                &["cache", "--older-than", "-1"],
                &["db:sync", "--max-connections", "0"],
            ],
        ),
        (ErrorKind::TooManyValues, &[&["migrate", "--quiet=yes"]]),
        (
            ErrorKind::ArgumentConflict,
            &[
                &["migrate:rollback", "--step", "1", "--to", "x"],
                &["migrate:rollback", "--step=1", "--step=2"],
                &["db:seed", "--dump", "--reset", "--upsert"],
            ],
        ),
        (ErrorKind::MissingRequiredArgument, &[&["migrate:mark"], &["init", "--force"]]),
    ];
    for columns in [60, 120] {
        let mut shown = String::new();
        for (kind, lines) in &kinds {
            for line in *lines {
                let sandbox = Sandbox::project().columns(columns);
                let transcript = sandbox.kit(line);
                assert!(
                    matches!(transcript.error(), Error::Usage(error) if error.kind == *kind),
                    "{line:?}: {transcript}"
                );
                assert_eq!(transcript.code, 2, "{transcript}");
                assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
                assert!(transcript.stderr.lines().all(|text| text.len() <= columns), "{transcript}");
                shown += &format!("$ kit {}\n{transcript}\n\n", line.join(" "));
            }
        }
        insta::assert_snapshot!(format!("usage_errors_{columns}"), shown);
    }
}

/// What the hint of a usage error names is accepted.
#[test]
fn hints_of_usage_errors_are_accepted() {
    let sandbox = Sandbox::project().file("database/app.sqlite", "");
    for line in [
        &["--pending", "migrate:status"] as &[&str],
        &["migrate:status", "--frobnicate"],
        &["migrate:rollback", "--step", "many"],
        &["migrate:mark"],
        &["--frobnicate"],
        // Errors of kit's own.
        &["xyzzy"],
        &["migrate:stats"],
        &["make:migration"],
        &["make:migration", "create_posts", "title:strin"],
    ] {
        let wrong = sandbox.kit(line);
        let [command] = wrong.hinted().try_into().unwrap();
        assert_eq!(sandbox.kit(&command).code, 0, "{wrong}");
    }
    let misspelt = sandbox.kit(&["migrate:status", "--pendign"]);
    let hint = misspelt.hint();
    let option = hint.split('`').nth(1).unwrap();
    assert_eq!(sandbox.kit(&["migrate:status", option]).code, 0);
    // The nearest value is the first.
    let value = sandbox.kit(&["db:sync", "--entity-format", "expnaded"]);
    assert_eq!(value.hint().split('`').nth(1), Some("expanded"));
}

#[test]
fn the_version_is_said_everywhere() {
    let sandbox = Sandbox::new();
    let expected = format!("kit {}\n--- exit 0 ---", env!("CARGO_PKG_VERSION"));
    for arguments in [&["-V"] as &[&str], &["--version"], &["migrate", "-V"], &["-V", "migrate:status"], &["-q", "-V"]]
    {
        assert_eq!(sandbox.kit(arguments).to_string(), expected, "{arguments:?}");
    }
}

#[test]
fn global_options_stand_before_and_after_the_command() {
    let sandbox = Sandbox::new()
        .file("app/migrations/mod.rs", support::EMPTY_INDEX)
        .file("app/kit.toml", "[connections.migrate]\nurl = \"sqlite://other.sqlite\"\n")
        .file("app/other.sqlite", "")
        .file("app/x.sqlite", "")
        .file("app/database/app.sqlite", "");
    for options in [
        &["--project", "app"] as &[&str],
        &["--project=app", "-q"],
        &["--project", "app", "--env", "production"],
        &["--project", "app", "-d", "sqlite://x.sqlite"],
        // The name of a connection that is a command's, too.
        &["--project", "app", "-d", "migrate"],
        &["--project", "app", "-n", "-vv"],
    ] {
        for command in ["about", "m:s"] {
            let before = [options, &[command]].concat();
            let after = [&[command], options].concat();
            assert_eq!(same(&sandbox, &before, &after), 0, "{before:?}");
        }
    }
    let about = sandbox.kit(&["--project", "app", "-d", "migrate", "about"]);
    assert!(about.shows("other.sqlite") && about.shows("[connections.migrate]"), "{about}");
}

#[test]
fn a_project_that_is_nowhere() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.kit(&["migrate:status", "--project", "nowhere"]));
    insta::assert_snapshot!(sandbox.kit(&["migrate:status"]));
}

#[test]
fn quiet_shows_errors_and_what_was_asked_for() {
    let sandbox = Sandbox::project().file("database/app.sqlite", "");
    insta::assert_snapshot!(sandbox.kit(&["-q", "make:migration", "create_posts_table"]));
    insta::assert_snapshot!(sandbox.kit(&["-q", "migrate:status"]));
    insta::assert_snapshot!(sandbox.kit(&["-q", "migrate:rollback"]));
    insta::assert_snapshot!(sandbox.kit(&["-q", "xyzzy"]));
}

#[test]
fn about_says_what_kit_sees() {
    insta::assert_snapshot!(Sandbox::new().kit(&["about"]));
    insta::assert_snapshot!(Sandbox::new().kit(&["about", "--json"]));
    let sandbox = Sandbox::project()
        .file(".env", "DATABASE_URL=postgres://me:s3cr3t@localhost/app\nAPP_ENV=staging\n")
        .cwd("migrations");
    // The root is of any length, and so are the dots before it.
    let about = sandbox.kit(&["about"]).to_string();
    let about: Vec<&str> = about.lines().filter(|line| !line.contains("[ROOT]")).collect();
    insta::assert_snapshot!(about.join("\n"));
    insta::assert_snapshot!(sandbox.kit(&["about", "--json"]));
}

/// In a process of its own: colours are decided once a process.
#[test]
fn colours_follow_the_option_then_the_environment() {
    let coloured = |arguments: &[&str], env: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
        command.args(arguments).env_clear().envs(env.iter().copied());
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        (out + &err).contains('\u{1b}')
    };
    for command in ["list", "xyzzy"] {
        // Neither stream is a terminal here.
        for (arguments, env, expected) in [
            (&[] as &[&str], &[] as &[(&str, &str)], false),
            (&["--color", "auto"], &[], false),
            (&["--color", "always"], &[], true),
            (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
            (&["--color", "always"], &[("NO_COLOR", "1")], true),
            (&[], &[("CLICOLOR_FORCE", "1")], true),
            (&[], &[("CLICOLOR_FORCE", "0")], false),
            (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], true),
        ] {
            let before = [arguments, &[command]].concat();
            let after = [&[command], arguments].concat();
            assert_eq!(coloured(&before, env), expected, "{before:?} {env:?}");
            assert_eq!(coloured(&after, env), expected, "{after:?} {env:?}");
        }
    }
}

/// What makes hostile text visible must not make colours visible.
#[test]
fn colours_are_never_shown_as_text() {
    let sandbox = Sandbox::project().file("migrations/m1_there.rs", "");
    for command in ["list", "about", "migrate:status", "xyzzy"] {
        let mut kit = Command::new(env!("CARGO_BIN_EXE_kit"));
        kit.args([command, "--color", "always"]).env_clear().current_dir(sandbox.root());
        let output = kit.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(said.contains('\u{1b}') && !said.contains("u{1b}"), "{said}");
    }
}

#[test]
fn arguments_of_any_bytes_are_refused_in_order() {
    let sandbox = Sandbox::project();
    let hostile: [&[u8]; 9] =
        [b"\xff\xfe", b"mig\xffrate", b"\x1b[31m", b"m:\x00s", b"\r\n", b"\xe2\x80\xae", b"--\xff", b"-\xff", b":::"];
    for bytes in hostile {
        let odd = || OsString::from_vec(bytes.to_vec());
        for arguments in [
            vec![odd()],
            vec!["help".into(), odd()],
            vec!["make:migration".into(), odd()],
            vec!["make:migration".into(), "create_posts".into(), "--table".into(), odd()],
            vec!["migrate:status".into(), odd()],
            vec!["migrate".into(), "--to".into(), odd()],
            vec!["-d".into(), odd(), "migrate:status".into()],
            vec!["--project".into(), odd(), "migrate:status".into()],
            vec!["--env".into(), odd(), odd()],
        ] {
            let transcript = sandbox.kit(&arguments);
            assert!([1, 2].contains(&transcript.code), "{arguments:?}: {transcript}");
            assert!(transcript.error.is_some(), "{arguments:?}: {transcript}");
            let said = transcript.stdout + &transcript.stderr;
            let raw = said.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
            assert_eq!(raw, None, "{arguments:?}: {said:?}");
        }
    }
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
}
