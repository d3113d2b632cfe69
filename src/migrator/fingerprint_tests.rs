//! Fingerprints of real builds. Each change of an input is shown to cargo as well: a change for which cargo compiles something
//! must make a fingerprint stale.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::*;
use crate::migrator::{Build, Cache, Notice, Program, cargo};
use crate::project::Project;

const INDEX: &str = "pub struct Migrator;\nimpl MigratorTrait for Migrator {}\n";
const TOP: &str = "[package]\nname = \"top\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n\
    [dependencies]\ninner = { path = \"../../../app/inner\" }\n[profile.dev]\ndebug = 0\n";
const WORKSPACE: &str = "[workspace]\nmembers = [\"inner\", \"deep\"]\nresolver = \"2\"\n[workspace.package]\nedition = \"2021\"\n\
    [workspace.dependencies]\ndeep = { path = \"deep\" }\n";
const INNER: &str = "[package]\nname = \"inner\"\nversion = \"0.1.0\"\nedition.workspace = true\n[dependencies]\ndeep.workspace = true\n";
const DEEP: &str =
    "[package]\nname = \"deep\"\nversion = \"0.1.0\"\nedition.workspace = true\n[features]\nmore = []\nmost = []\n";

/// What a test does to a place.
type Change = fn(&mut Place);

/// A generated crate, the crate of the project that it is for, and one more that this one depends on.
struct Place {
    home: TempDir,
    env: BTreeMap<String, String>,
}

impl Place {
    fn new() -> Self {
        let place = Self { home: TempDir::new().unwrap(), env: BTreeMap::new() };
        for (path, text) in [
            ("cache/migrators/top/Cargo.toml", TOP),
            ("cache/migrators/top/src/main.rs", "fn main() { print!(\"{}\", inner::text()) }\n"),
            ("app/Cargo.toml", WORKSPACE),
            ("app/migrations/mod.rs", INDEX),
            ("app/inner/Cargo.toml", INNER),
            (
                "app/inner/src/lib.rs",
                "pub fn text() -> String { format!(\"{}{:?}\", deep::text(), option_env!(\"INNER\")) }\n",
            ),
            ("app/deep/Cargo.toml", DEEP),
            ("app/deep/src/lib.rs", "pub fn text() -> &'static str { include_str!(\"../sql/a.sql\") }\n"),
            ("app/deep/sql/a.sql", "one"),
        ] {
            place.write(path, text);
        }
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().canonicalize().unwrap().join(path)
    }

    #[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    /// Builds. Returns the fingerprint and how many crates cargo compiled.
    fn build(&self) -> (Fingerprint, usize) {
        let settings = self.settings();
        let folder = self.path("cache/migrators/top");
        let started = tempfile::NamedTempFile::new_in(&folder).unwrap().path().metadata().unwrap().modified().unwrap();
        let (built, compiled) = self.cargo(&[]);
        let own = [folder];
        let ended = Ended { key: "key", settings, started, built: &built, env: &self.env, own: &own };
        (Fingerprint::take(ended).unwrap(), compiled)
    }

    /// Makes cargo forget these packages, and builds.
    fn cargo(&self, cleaned: &[String]) -> (Built, usize) {
        let cache = Cache { folder: self.path("cache") };
        let project = Project::find(&self.path("app")).unwrap();
        let (now, limit) = (SystemTime::UNIX_EPOCH, None);
        let build = Build { project: &project, program: &Program::Migrator, cache: &cache, env: &self.env, now, limit };
        let folder = self.path("cache/migrators/top");
        let mut compiled = 0;
        let mut count = |notice: Notice| compiled += usize::from(matches!(notice, Notice::Built { fresh: false, .. }));
        let built = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            cargo::clean(build, &folder, cleaned).await.unwrap();
            cargo::build(build, &folder, "top", &str::to_owned, &mut count).await.unwrap().outcome.unwrap()
        });
        (built, compiled)
    }

    fn settings(&self) -> CargoSettings {
        CargoSettings::read(&self.path("app"), &self.env)
    }

    fn is_fresh(&self, fingerprint: &Fingerprint) -> bool {
        fingerprint.is_fresh("key", &self.settings(), &self.env)
    }

    /// A fingerprint that is fresh, as that of a second build is whatever the first one compiled.
    fn settled(&self) -> Fingerprint {
        self.build();
        let (fingerprint, compiled) = self.build();
        assert_eq!(compiled, 0);
        assert!(self.is_fresh(&fingerprint), "{fingerprint:?}");
        fingerprint
    }

    /// What the program prints.
    fn printed(&self) -> String {
        let output = std::process::Command::new(self.path("cache/target/debug/top")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn each_input_for_which_cargo_compiles_makes_a_fingerprint_stale() {
    let mut place = Place::new();
    let changes: [(&str, Change); 14] = [
        ("a source, two crates deep", |place| {
            place.write(
                "app/deep/src/lib.rs",
                "pub fn text() -> &'static str { include_str!(\"../sql/a.sql\").trim() }\n",
            );
        }),
        ("a file that a source includes", |place| place.write("app/deep/sql/a.sql", "two")),
        ("a variable that code names is set", |place| {
            place.env.insert("INNER".to_owned(), "x".to_owned());
        }),
        ("the variable has another value", |place| {
            place.env.insert("INNER".to_owned(), "y".to_owned());
        }),
        ("the variable is not set", |place| {
            place.env.remove("INNER");
        }),
        ("cargo's settings set the variable", |place| {
            place.write("app/.cargo/config.toml", "[env]\nINNER = \"from cargo\"\n");
        }),
        ("cargo's settings in a folder above", |place| {
            place.write(".cargo/config", "[profile.dev.package.deep]\nopt-level = 1\n");
        }),
        ("cargo's settings in its home", |place| {
            let home = place.path("cargo-home");
            place.write("cargo-home/config.toml", "[profile.dev.package.inner]\nopt-level = 1\n");
            place.env.insert("CARGO_HOME".to_owned(), home.display().to_string());
        }),
        ("flags in the environment", |place| {
            place.env.insert("RUSTFLAGS".to_owned(), "--cfg more".to_owned());
        }),
        ("a profile in the environment", |place| {
            place.env.insert("CARGO_PROFILE_DEV_OPT_LEVEL".to_owned(), "1".to_owned());
        }),
        ("a feature in a manifest", |place| {
            place.write(
                "app/inner/Cargo.toml",
                &INNER.replace("deep.workspace = true", "deep = { workspace = true, features = [\"more\"] }"),
            );
        }),
        ("a feature in the workspace's manifest", |place| {
            place.write("app/Cargo.toml", &WORKSPACE.replace("\"deep\" }", "\"deep\", features = [\"most\"] }"));
        }),
        ("an edition in the workspace's manifest", |place| {
            let text = fs::read_to_string(place.path("app/Cargo.toml")).unwrap();
            place.write("app/Cargo.toml", &text.replace("2021", "2024"));
        }),
        ("a build script appears", |place| place.write("app/deep/build.rs", "fn main() {}\n")),
    ];
    for (name, change) in changes {
        let before = place.settled();
        change(&mut place);
        assert!(!place.is_fresh(&before), "{name}");
        let (_, compiled) = place.build();
        assert!(compiled > 0, "cargo does not see it: {name}");
    }
    // Such a script says nothing: any file of the package counts, and only cargo knows which.
    let (scripted, _) = place.build();
    assert!(!place.is_fresh(&scripted));
}

#[test]
fn build_scripts_and_what_they_name_are_left_to_cargo() {
    for (script, more) in [
        ("println!(\"cargo:rerun-if-changed=sql\")", "app/deep/sql/b.sql"),
        ("println!(\"cargo::rerun-if-changed=sql/a.sql\")", "app/deep/sql/a.sql"),
        ("", "app/deep/anything"),
    ] {
        let place = Place::new();
        place.write("app/deep/build.rs", &format!("fn main() {{ {script}; }}\n"));
        place.build();
        let (second, compiled) = place.build();
        assert!(!place.is_fresh(&second), "{script}");
        assert_eq!(compiled, 0, "{script}");
        place.write(more, "more");
        assert!(place.build().1 > 0, "{script}");
    }
}

#[test]
fn the_program_itself_counts() {
    let place = Place::new();
    let program = place.path("cache/target/debug/top");
    let before = place.settled();
    fs::remove_file(&program).unwrap();
    assert!(!place.is_fresh(&before));
    let before = place.settled();

    // Another file in its place: cargo puts its own back.
    place.write("cache/other", "#!/bin/sh\n");
    fs::rename(place.path("cache/other"), &program).unwrap();
    assert!(!place.is_fresh(&before) && !before.misleads_cargo(SystemTime::now()));
    let before = place.settled();
    assert_eq!(place.printed(), "oneNone");

    // The same file with another content: cargo takes it for its own.
    let original = fs::read(&program).unwrap();
    fs::remove_file(&program).unwrap();
    fs::hard_link(deps_of(&program), &program).unwrap();
    let before = Fingerprint { identity: Identity::of(&program).unwrap(), ..before };
    overwrite(&program, &original[..1000]);
    assert!(!place.is_fresh(&before) && before.misleads_cargo(UNIX_EPOCH));
    assert_eq!(place.cargo(&[]).1, 0);
    assert!(place.cargo(&before.packages).1 > 0);
    assert_eq!(place.printed(), "oneNone");
}

/// The artifact that cargo links a program to.
fn deps_of(program: &Path) -> PathBuf {
    let [dep_info] = <[PathBuf; 1]>::try_from(dep_infos_of_program(program)).unwrap();
    dep_info.with_extension("")
}

fn overwrite(path: &Path, content: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, content).unwrap();
}

#[test]
fn a_source_with_an_older_time_is_compiled_again() {
    let place = Place::new();
    place.write("app/deep/sql/older.sql", "older");
    let old = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(place.path("app/deep/sql/older.sql")).unwrap().set_modified(old).unwrap();
    let before = place.settled();
    let written = SystemTime::now();
    fs::rename(place.path("app/deep/sql/older.sql"), place.path("app/deep/sql/a.sql")).unwrap();
    assert!(!place.is_fresh(&before));
    assert!(before.misleads_cargo(written));
    assert_eq!(place.cargo(&[]).1, 0, "cargo compares times");
    assert!(place.cargo(&before.packages).1 > 0);
    assert_eq!(place.printed(), "olderNone");

    // A folder that is a link leads to another one.
    #[cfg(unix)]
    {
        place.write("app/deep/other/a.sql", "linked");
        fs::rename(place.path("app/deep/sql"), place.path("app/deep/first")).unwrap();
        std::os::unix::fs::symlink("first", place.path("app/deep/sql")).unwrap();
        let before = place.settled();
        let written = SystemTime::now();
        fs::remove_file(place.path("app/deep/sql")).unwrap();
        std::os::unix::fs::symlink("other", place.path("app/deep/sql")).unwrap();
        assert!(!place.is_fresh(&before) && before.misleads_cargo(written));
        place.cargo(&before.packages);
        assert_eq!(place.printed(), "linkedNone");
    }
}

#[test]
fn a_source_that_changes_during_the_build_leaves_the_decision_to_cargo() {
    let place = Place::new();
    place.settled();
    let (built, _) = place.cargo(&[]);
    for (started, fresh) in [(SystemTime::now() + Duration::from_secs(1), true), (UNIX_EPOCH, false)] {
        let own = [place.path("cache/migrators")];
        let settings = place.settings();
        let ended = Ended { key: "key", settings, started, built: &built, env: &place.env, own: &own };
        assert_eq!(place.is_fresh(&Fingerprint::take(ended).unwrap()), fresh);
    }
}

#[test]
fn inputs_that_cannot_be_read_are_left_to_cargo() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("a file");
    overwrite_new(&file);
    for (path, complete) in [
        (file.clone(), true),
        (folder.path().to_owned(), false),
        (folder.path().join("missing"), false),
        // As cargo lists them with `build.dep-info-basedir`.
        (PathBuf::from("Cargo.toml"), false),
    ] {
        let mut inputs = Inputs::default();
        inputs.add_file(path.clone());
        assert_eq!(!inputs.incomplete, complete, "{}", path.display());
    }
}

fn overwrite_new(path: &Path) {
    fs::File::create(path).unwrap();
}

#[test]
fn scripts_of_registry_crates_name_variables_and_files() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("output");
    for (text, variables, files, complete) in [
        ("cargo:rerun-if-env-changed=CC\ncargo::rerun-if-env-changed=CFLAGS\n", vec!["CC", "CFLAGS"], 0, true),
        ("cargo:rerun-if-changed=src/a.c\ncargo:rustc-link-lib=z\nnote\n", vec![], 0, true),
        ("cargo:rerun-if-changed=/nowhere/z.h\n", vec![], 1, true),
        ("cargo:rerun-if-changed=/\n", vec![], 0, false),
    ] {
        overwrite_new(&output);
        overwrite(&output, text.as_bytes());
        let mut inputs = Inputs::default();
        inputs.add_script(&folder.path().join("out"));
        let found =
            (inputs.variables.iter().map(String::as_str).collect::<Vec<_>>(), inputs.files.len(), !inputs.incomplete);
        assert_eq!(found, (variables, files, complete), "{text}");
    }
    let mut inputs = Inputs::default();
    inputs.add_script(&folder.path().join("elsewhere/out"));
    assert!(inputs.incomplete);
}

#[test]
fn names_with_blanks_and_line_ends_are_read_whole() {
    let list = |text: &str, program: &str| dep_info(text, Path::new(program));
    let paths = |paths: &[&str]| Some(paths.iter().map(PathBuf::from).collect::<Vec<_>>());
    assert_eq!(list("/t/m: /a/b.rs /with\\ space/c.rs\n", "/t/m"), paths(&["/a/b.rs", "/with space/c.rs"]));
    assert_eq!(list("/a:\\ b/m: /a.rs /new\nline.rs\n", "/a: b/m"), paths(&["/a.rs", "/new\nline.rs"]));
    assert_eq!(list("", "/t/m"), None);
    assert_eq!(list("/other: /a.rs\n", "/t/m"), None);
    let variables: Vec<String> = variables_of("x: y\n\n# env-dep:A=1=2\n# env-dep:B\n# checksum:x\n").collect();
    assert_eq!(variables, ["A", "B"]);
}
