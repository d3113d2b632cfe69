//! Completions in the real shells: what TAB makes of a line, typed into bash and zsh on a terminal, asked of fish.
//! A shell that is not there is a failure.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]

use std::path::Path;
use std::process::{Command, Output};

use crate::support::Sandbox;

const KIT: &str = env!("CARGO_BIN_EXE_kit");

/// A project with two migrations, two connections (nobody listens there) and a folder that needs quotes.
fn project() -> Sandbox {
    let index = "mod m20250101_000000_create_users;\nmod m20250102_000000_create_posts;\npub struct Migrator;\n\
                 impl MigratorTrait for Migrator {\n    fn migrations() -> Vec<Box<dyn MigrationTrait>> {\n        \
                 vec![Box::new(m20250101_000000_create_users::Migration), \
                 Box::new(m20250102_000000_create_posts::Migration)]\n    }\n}\n";
    let migration = "#[derive(DeriveMigrationName)]\npub struct Migration;\n";
    Sandbox::new()
        .file("migrations/mod.rs", index)
        .file("migrations/m20250101_000000_create_users.rs", migration)
        .file("migrations/m20250102_000000_create_posts.rs", migration)
        .file(
            "kit.toml",
            "environment = \"staging\"\n[connections.main]\nurl = \"postgres://me:hunter2@localhost:1/app\"\n\
             [connections.reports]\nenv = \"REPORTS_URL\"\n",
        )
        .file("my $folder/inside/file", "")
        .file("home/nothing", "")
}

fn run(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> Output {
    let bin = Path::new(KIT).parent().unwrap().display().to_string();
    Command::new(program)
        .args(arguments)
        .current_dir(sandbox.root())
        .env_clear()
        .env("PATH", format!("{bin}:/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"))
        .env("HOME", sandbox.root().join("home"))
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8")
        .env("INPUTRC", "/dev/null")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {program} ({error}): ./test.sh installs it"))
}

fn needs(sandbox: &Sandbox, program: &str) {
    assert!(run(sandbox, program, &["--version"]).status.success(), "{program} does not run: ./test.sh installs it");
}

fn text(output: Output) -> String {
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && stderr.is_empty(), "{}: {stdout}{stderr}", output.status);
    stdout
}

fn script(sandbox: &Sandbox, shell: &str, file: &str) -> String {
    sandbox.write(file, &text(run(sandbox, KIT, &["completions", shell])));
    sandbox.root().join(file).display().to_string()
}

/// Types each line into the shell, presses TAB, and compares.
fn typed(sandbox: &Sandbox, shell: &str, setup: &str, lines: &[(&str, &str)]) {
    needs(sandbox, shell);
    let driver = format!("{}/tests/shells/{shell}.exp", env!("CARGO_MANIFEST_DIR"));
    let mut arguments = vec![driver.as_str(), setup];
    arguments.extend(lines.iter().map(|(line, _)| *line));
    let output = text(run(sandbox, "expect", &arguments)).replace('\r', "");
    let found: Vec<(&str, &str)> = lines.iter().map(|(line, _)| *line).zip(output.lines()).collect();
    assert_eq!(found, lines, "{shell} after: {setup}\n{output}");
}

/// What holds in bash and zsh alike.
const EVERYWHERE: [(&str, &str); 24] = [
    ("kit migrate:f", "kit migrate:fresh "),
    ("kit migrate:ro", "kit migrate:rollback "),
    ("kit migrate:re", "kit migrate:re"),
    ("kit mig", "kit migrate"),
    ("kit comp", "kit completions "),
    ("kit completions f", "kit completions fish "),
    ("kit about --js", "kit about --json "),
    ("kit --color al", "kit --color always "),
    ("kit migrate:rollback --to m20250101", "kit migrate:rollback --to m20250101_000000_create_users "),
    ("kit migrate --to=m20250102", "kit migrate --to=m20250102_000000_create_posts "),
    ("kit m:ro --to posts", "kit m:ro --to m20250102_000000_create_posts "),
    ("kit about --database m", "kit about --database main "),
    ("kit about --database=r", "kit about --database=reports "),
    ("kit --env st", "kit --env staging "),
    ("kit make:migration create_tags label:str", "kit make:migration create_tags label:string "),
    ("kit make:migration create_tags label:string:req", "kit make:migration create_tags label:string:required "),
    ("kit make:migration create_tags label:string:de", "kit make:migration create_tags label:string:default="),
    ("kit make:model tag state:en", "kit make:model tag state:enum:"),
    ("kit make:model tag user:references:us", "kit make:model tag user:references:users "),
    ("kit make:migration fix --table us", "kit make:migration fix --table users "),
    ("kit db:truncate po", "kit db:truncate posts "),
    ("kit db:sync --tables users,po", "kit db:sync --tables users,posts "),
    ("kit make:factory --model po", "kit make:factory --model post "),
    ("kit make:seeder us", "kit make:seeder user "),
];

/// bash replaces only what stands after the colon: a short form stays one, but a whole one.
const BASH: [(&str, &str); 8] = [
    ("kit mi:f", "kit mi:fresh "),
    ("kit migrate:", "kit migrate:"),
    ("kit migrate: ", "kit migrate: "),
    ("kit about --project my", r"kit about --project my\ \$folder/"),
    (r"kit about --project my\ \$folder/", r"kit about --project my\ \$folder/inside/"),
    ("kit about --project 'my", "kit about --project 'my $folder/'"),
    ("APP_ENV=test kit abo", "APP_ENV=test kit about "),
    ("true && kit migrate:i", "true && kit migrate:install "),
];

#[test]
fn bash_without_the_package() {
    let sandbox = project();
    let script = script(&sandbox, "bash", "home/kit.bash");
    typed(&sandbox, "bash", &format!("source '{script}'"), &EVERYWHERE);
    typed(&sandbox, "bash", &format!("source '{script}'"), &BASH);
    typed(&sandbox, "bash", &format!("set -o posix -o nounset; source '{script}'"), &EVERYWHERE[..3]);
}

#[test]
fn bash_with_the_package_loads_the_script_by_itself() {
    const PACKAGE: &str = "/usr/share/bash-completion/bash_completion";
    assert!(Path::new(PACKAGE).is_file(), "no {PACKAGE}: ./test.sh installs bash-completion");
    let sandbox = project();
    script(&sandbox, "bash", "home/.local/share/bash-completion/completions/kit");
    typed(&sandbox, "bash", &format!("source {PACKAGE}"), &EVERYWHERE);
    typed(&sandbox, "bash", &format!("source {PACKAGE}"), &BASH);
    typed(&sandbox, "bash", &format!("source {PACKAGE}"), &[("sudo kit migrate:f", "sudo kit migrate:fresh ")]);
}

#[test]
fn bash_that_breaks_at_no_colon_gets_whole_names() {
    let sandbox = project();
    let script = script(&sandbox, "bash", "home/kit.bash");
    let setup = format!("source '{script}'; COMP_WORDBREAKS=${{COMP_WORDBREAKS//:}}");
    typed(&sandbox, "bash", &setup, &[("kit mi:f", "kit migrate:fresh "), ("kit migrate:f", "kit migrate:fresh ")]);
}

#[test]
fn the_function_for_bash_replies_without_a_terminal() {
    let sandbox = project();
    let script = script(&sandbox, "bash", "home/kit.bash");
    let reply = |words: &str, index: usize, line: &str, current: &str| {
        let program = format!(
            "source '{script}'; COMP_WORDS=({words}); COMP_CWORD={index}; COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; \
             _kit kit '{current}' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        text(run(&sandbox, "bash", &["-c", &program]))
    };
    assert_eq!(reply("kit migrate : re", 3, "kit migrate:re", "re"), "reset\nrefresh\nredo\nrepair\n");
    assert_eq!(reply("kit migrate :", 2, "kit migrate:", "").lines().next(), Some("status"));
    assert_eq!(reply("kit about --database = ''", 4, "kit about --database=", ""), "main\nreports\n");
    assert_eq!(reply("kit nothing:here -", 2, "kit nothing:here -", "-"), "\n");
}

#[test]
fn zsh_finds_the_script_in_fpath() {
    let sandbox = project();
    script(&sandbox, "zsh", "home/functions/_kit");
    let setup = format!("fpath=('{}/home/functions' $fpath)", sandbox.root().display());
    typed(&sandbox, "zsh", &setup, &EVERYWHERE);
    typed(
        &sandbox,
        "zsh",
        &setup,
        &[
            ("kit mi:f", "kit migrate:fresh "),
            ("kit m:re", "kit migrate:re"),
            ("kit about --project my", r"kit about --project my\ \$folder/"),
            (r"kit about --project my\ \$folder/", r"kit about --project my\ \$folder/inside/"),
            ("APP_ENV=test kit abo", "APP_ENV=test kit about "),
        ],
    );
}

#[test]
fn zsh_lists_descriptions_beside_names_with_colons() {
    let sandbox = project();
    script(&sandbox, "zsh", "home/functions/_kit");
    let setup = format!("fpath=('{}/home/functions' $fpath)", sandbox.root().display());
    needs(&sandbox, "zsh");
    let driver = format!("{}/tests/shells/zsh.exp", env!("CARGO_MANIFEST_DIR"));
    for (line, pattern) in [
        ("kit migrate:re", "migrate:reset +-- Roll back all migrations"),
        ("kit about --", "--env +-- Name the environment, instead of APP_ENV"),
        ("kit about -d ", r"main +-- postgres://me:\*\*\*@localhost"),
    ] {
        let output = run(&sandbox, "expect", &[&driver, &setup, "LIST", line, pattern]);
        assert_eq!(text(output), "listed\n", "{line}");
    }
}

#[test]
fn zsh_takes_the_script_by_source() {
    let sandbox = project();
    let script = script(&sandbox, "zsh", "home/kit.zsh");
    let setup = format!("autoload -Uz compinit; compinit -u -D; source '{script}'; compinit() {{}}");
    typed(&sandbox, "zsh", &setup, &EVERYWHERE[..3]);
}

#[test]
fn fish_completes_with_descriptions() {
    let sandbox = project();
    needs(&sandbox, "fish");
    script(&sandbox, "fish", "home/.config/fish/completions/kit.fish");
    let offered = |line: &str| {
        let program = format!("complete -C \"{line}\"");
        text(run(&sandbox, "fish", &["-c", &program]))
    };
    assert_eq!(offered("kit migrate:f"), "migrate:fresh\tDrop everything and run all migrations\n");
    assert_eq!(offered("kit mi:f"), "migrate:fresh\tDrop everything and run all migrations\n");
    assert_eq!(offered("kit migr").lines().count(), 12);
    assert_eq!(offered("kit migrate:rollback --to posts"), "m20250102_000000_create_posts\n");
    assert_eq!(offered("kit m:ro --to=").lines().count(), 2);
    assert_eq!(
        offered("kit about --database="),
        "--database=main\tpostgres://me:***@localhost:1/app\n--database=reports\n"
    );
    assert_eq!(offered("kit about --js"), "--json\tPrint one JSON document instead of text; implies -n\n");
    assert_eq!(offered("kit about --project my"), "my $folder/\n");
    assert_eq!(offered("kit about --project 'my"), "my $folder/\n");
    assert_eq!(offered("APP_ENV=test kit abo"), "about\tShow kit's version and what it sees of the project\n");
    assert_eq!(offered("kit completions f"), "fish\t3.1 and later\n");
}

#[test]
fn the_project_may_be_named_on_the_line() {
    let sandbox = project();
    let root = sandbox.root().display().to_string();
    let offered = |words: &[&str]| {
        let elsewhere = Sandbox::new();
        let mut arguments = vec!["__complete", "fish", "--"];
        arguments.extend(words);
        text(run(&elsewhere, KIT, &arguments))
    };
    let names = "m20250101_000000_create_users\t\nm20250102_000000_create_posts\t\n";
    assert_eq!(offered(&["kit", "--project", &root, "migrate", "--to", ""]), names);
    assert_eq!(offered(&["kit", "m:ro", &format!("--project={root}"), "--to", ""]), names);
    assert_eq!(offered(&["kit", "migrate", "--to", ""]), "");
}

/// Tables are those of entities and of migrations, whatever the migrations are called.
#[test]
fn tables_are_those_of_entities_and_migrations() {
    let created = "fn up() { Table::create().table(Odds::Table).col(pk_auto(Odds::Id)); Table::create()\
                   .table(\"ends\").col(pk_uuid(\"id\")) }";
    let sandbox = project()
        .file("migrations/m20250103_000000_initial.rs", created)
        .file("migrations/m20250104_000000_drop_posts_table.rs", "")
        .file("migrations/m20250105_000000_broken.rs", "Table::create( {")
        .file("src/models/entities/mod.rs", "pub mod tags;\n")
        .file("src/models/entities/tags.rs", "#[sea_orm(table_name = \"tags\")]\npub struct Model {}\n");
    let offered = |words: &[&str]| {
        let mut arguments = vec!["__complete", "fish", "--", "kit"];
        arguments.extend(words);
        let text = text(run(&sandbox, KIT, &arguments));
        text.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let tables = ["ends", "odds", "tags", "users"];
    for words in [
        &["db:truncate", ""][..],
        &["db:truncate", "users", ""],
        &["db:sync", "--tables", ""],
        &["db:sync", "--ignore-tables", ""],
        &["make:migration", "fix_it", "--table", ""],
    ] {
        assert_eq!(offered(words), tables, "{words:?}");
    }
    assert_eq!(offered(&["make:migration", "--create="]), Vec::<String>::new());
    assert_eq!(offered(&["make:factory", "--model", ""]), ["end", "odd", "tag", "user"]);
    assert_eq!(offered(&["make:seeder", "--model", "t"]), ["tag"]);
    let field = "owner:references:";
    let references = offered(&["make:model", "post", "title", field]);
    assert_eq!(&references[references.len() - 4..], tables.map(|table| format!("{field}{table}")));
}

#[test]
fn completing_is_silent_whatever_is_wrong() {
    let broken = Sandbox::project().file("kit.toml", "[connections\n").file("migrations/mod.rs", "fn (");
    for words in [
        &["kit", "about", "--database", ""][..],
        &["kit", "migrate", "--to", ""],
        &["kit", "db:sync", "--tables", ""],
        &["kit", "make:model", "post", "a:nothing:"],
        &["kit", "nothing:here", "--"],
        &["kit", "about", "--unknown", "x", "--other="],
        &["kit"],
        &[],
    ] {
        for shell in ["zsh", "fish", "elvish", "powershell"] {
            let mut arguments = vec!["__complete", shell, "--"];
            arguments.extend(words);
            assert_eq!(text(run(&broken, KIT, &arguments)), "", "{words:?}");
        }
    }
    assert_eq!(text(run(&broken, KIT, &["__complete", "bash", "--", "kit about -d "])), "");
    let outside = Sandbox::new();
    assert!(text(run(&outside, KIT, &["__complete", "zsh", "--", "kit", ""])).starts_with("migrate\t"));
}

#[test]
fn a_hidden_command_is_offered_nowhere() {
    let sandbox = Sandbox::new();
    assert_eq!(text(run(&sandbox, KIT, &["__complete", "zsh", "--", "kit", "__"])), "");
    assert!(!text(run(&sandbox, KIT, &["list"])).contains("__"));
    let powershell = text(run(&sandbox, KIT, &["completions", "powershell"]));
    assert!(powershell.contains("'migrate:fresh'") && !powershell.contains("__complete"));
}

#[test]
fn the_shell_is_asked_for() {
    let sandbox = Sandbox::new();
    let transcript = sandbox.kit_answering(&["completions"], &["fish"]);
    assert!(transcript.code == 0 && transcript.shows("--command"), "{transcript}");
    insta::assert_snapshot!(sandbox.kit(&["completions"]), @r"
    --- stderr ---
      ERROR  missing argument: SHELL
      hint: run `kit completions --help` for its usage
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["completions", "tcsh"]), @"
    --- stderr ---
      ERROR  `[SHELL]` does not take `tcsh`
      hint: did you mean `zsh`? The values are zsh, bash, fish, elvish, powershell
      usage: kit completions [OPTIONS] [SHELL]
    --- exit 2 ---
    ");
}
