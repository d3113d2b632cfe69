//! Kit beside `sea-orm-cli`, in one run: how long the same command takes on the same project. It prints medians and, since
//! machines differ, what counts: how many times kit's time the peer takes. It asserts nothing.
//!
//! ```text
//! cargo bench                 # installs the peer once; the first run compiles SeaORM for both and takes minutes
//! cargo bench -- --quick      # fewer runs, and no second project
//! ```
//!
//! What is compared, and why it is fair:
//!
//! - Both work on the crate that `sea-orm-cli migrate init` writes, with the two features that its own comment asks for
//!   (here for embedded SQLite) and migrations as its template has them; each tool on its own copy and its own database,
//!   with the same Cargo.lock. Both are release builds, and what they compile is the debug build that they choose.
//! - A run is the whole command as a user types it, process start included. The tools take turns, so that a slow minute of
//!   the machine hits both, and one run of each goes before that nobody counts.
//! - "Edit" rolls the last migration back and changes what it does, neither of which is measured; then `migrate` compiles
//!   it and runs it.
//! - "A second project" is a new folder with the same dependencies on a machine that has seen one. Kit keeps one target
//!   folder for all projects, `sea-orm-cli` uses the project's own, as cargo does without further settings. It is run once.
//! - Nothing of the benchmark leaves cargo's target folder: kit's cache and all projects are in there.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what a benchmark is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot prepare its projects has to stop")]
#![expect(clippy::disallowed_methods, reason = "a program of its own, with its own arguments and files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PEER: &str = "sea-orm-cli";
const VERSION: &str = "2.0.4";

/// Migrations of the large project.
const MANY: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --all-targets` runs benchmarks to see that they start.
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let bench = Bench { kit: Kit::new(&folder), peer: Peer::installed(&folder), runs: if quick { 3 } else { 9 } };

    let first = folder.join("first");
    let (cold_kit, cold_peer) = (!folder.join("kit-cache").exists(), !first.join(PEER).join("target").exists());
    bench.lay_out(&first, 3);
    eprintln!("first `migrate` of a project");
    let cold = (bench.kit.time(&first, Ask::Migrate), bench.peer.time(&first, Ask::Migrate));

    let mut rows = vec![
        bench.repeated("`migrate:status`", &first, Ask::Status),
        bench.repeated("`migrate`, nothing to do", &first, Ask::Migrate),
        bench.edited("edit one migration, `migrate`", &first, 3),
    ];
    bench.lay_out(&first, MANY);
    bench.both(&first, Ask::Migrate);
    rows.push(bench.repeated("100 migrations: `migrate:status`", &first, Ask::Status));
    rows.push(bench.repeated("100 migrations: `migrate`, nothing to do", &first, Ask::Migrate));
    rows.push(bench.edited("100 migrations: edit one, `migrate`", &first, MANY));
    if cold_kit && cold_peer {
        rows.push(Row { what: "first `migrate` of the first project".to_owned(), kit: cold.0, peer: cold.1 });
    }
    if !quick {
        let second = folder.join("second");
        let _ = fs::remove_dir_all(&second);
        bench.lay_out(&second, 3);
        eprintln!("first `migrate` of a second project");
        let (kit, peer) = bench.both(&second, Ask::Migrate);
        rows.push(Row { what: "first `migrate` of a second project".to_owned(), kit, peer });
        let _ = fs::remove_dir_all(&second);
    }
    print(&rows);
}

struct Bench {
    kit: Kit,
    peer: Peer,
    runs: usize,
}

struct Row {
    what: String,
    kit: Duration,
    peer: Duration,
}

/// What a tool is asked.
#[derive(Clone, Copy)]
enum Ask {
    Status,
    Migrate,
    Rollback,
}

impl Bench {
    /// A copy for each tool of one project with so many migrations and an empty database.
    fn lay_out(&self, folder: &Path, migrations: usize) {
        let lock = folder.with_file_name("Cargo.lock");
        for tool in ["kit", PEER] {
            let project = folder.join(tool);
            self.peer.init(&project);
            write_index(&project, migrations);
            (0..migrations).for_each(|number| write_migration(&project, number, 0));
            let _ = fs::remove_file(project.join("app.sqlite"));
            if !lock.exists() {
                run(cargo(&project).args(["generate-lockfile"]));
                fs::copy(project.join("Cargo.lock"), &lock).unwrap();
            }
            fs::copy(&lock, project.join("Cargo.lock")).unwrap();
        }
    }

    fn both(&self, folder: &Path, ask: Ask) -> (Duration, Duration) {
        (self.kit.time(folder, ask), self.peer.time(folder, ask))
    }

    fn repeated(&self, what: &str, folder: &Path, ask: Ask) -> Row {
        eprintln!("{what}");
        self.both(folder, ask);
        self.median(what, |_| self.both(folder, ask))
    }

    /// Edits the last of so many migrations.
    fn edited(&self, what: &str, folder: &Path, migrations: usize) -> Row {
        eprintln!("{what}");
        let edit = |edition: usize| {
            self.both(folder, Ask::Rollback);
            for tool in ["kit", PEER] {
                write_migration(&folder.join(tool), migrations - 1, edition);
            }
            self.both(folder, Ask::Migrate)
        };
        edit(1);
        self.median(what, |run| edit(run + 2))
    }

    fn median(&self, what: &str, mut once: impl FnMut(usize) -> (Duration, Duration)) -> Row {
        let (mut kit, mut peer): (Vec<Duration>, Vec<Duration>) = (0..self.runs).map(&mut once).unzip();
        let middle = |times: &mut Vec<Duration>| {
            times.sort();
            times[times.len() / 2]
        };
        Row { what: what.to_owned(), kit: middle(&mut kit), peer: middle(&mut peer) }
    }
}

struct Kit {
    cache: PathBuf,
}

impl Kit {
    fn new(folder: &Path) -> Self {
        Self { cache: folder.join("kit-cache") }
    }

    fn time(&self, folder: &Path, ask: Ask) -> Duration {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
        command.env("KIT_CACHE_DIR", &self.cache).args(match ask {
            Ask::Status => &["migrate:status"][..],
            Ask::Migrate => &["migrate"],
            Ask::Rollback => &["migrate:rollback", "--force"],
        });
        run(in_project(&mut command, &folder.join("kit")))
    }
}

struct Peer {
    program: PathBuf,
}

impl Peer {
    /// Installs it, once, as its documentation says; less the database drivers that only its code generation uses.
    fn installed(folder: &Path) -> Self {
        let program = folder.join("bin").join(format!("{PEER}{}", std::env::consts::EXE_SUFFIX));
        if !program.exists() {
            eprintln!("installing {PEER} {VERSION}");
            fs::create_dir_all(folder).unwrap();
            let options = ["--locked", "--no-default-features", "--features", "codegen,runtime-tokio", "--root"];
            let mut command = cargo(folder);
            command.args(["install", PEER, "--version", VERSION]).args(options).arg(folder);
            run(command.env("CARGO_TARGET_DIR", folder.join("target")));
        }
        Self { program }
    }

    fn time(&self, folder: &Path, ask: Ask) -> Duration {
        let mut command = Command::new(&self.program);
        command.arg("migrate").args(match ask {
            Ask::Status => &["status"],
            Ask::Migrate => &["up"],
            Ask::Rollback => &["down"],
        });
        run(in_project(&mut command, &folder.join(PEER)))
    }

    /// The crate that it writes, with the features that it leaves to the user and no migrations.
    fn init(&self, project: &Path) {
        let _ = fs::remove_dir_all(project.join("migration"));
        fs::create_dir_all(project).unwrap();
        // The application, whose workspace the crate is in.
        fs::write(project.join("Cargo.toml"), "[workspace]\nmembers = [\"migration\"]\nresolver = \"3\"\n").unwrap();
        run(Command::new(&self.program).args(["migrate", "init"]).current_dir(project));
        let manifest = project.join("migration/Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let chosen = text.replace("features = [\n", "features = [\n    \"runtime-tokio-rustls\", \"sqlx-sqlite\",\n");
        assert_ne!(chosen, text);
        fs::write(manifest, chosen).unwrap();
        fs::remove_file(project.join("migration/src/m20220101_000001_create_table.rs")).unwrap();
    }
}

fn module(number: usize) -> String {
    format!("m20220101_{:06}_create_table_{number}", number + 1)
}

fn write_index(project: &Path, migrations: usize) {
    let modules: Vec<String> = (0..migrations).map(module).collect();
    let declared: String = modules.iter().map(|module| format!("mod {module};\n")).collect();
    let listed: String = modules.iter().map(|module| format!("            Box::new({module}::Migration),\n")).collect();
    let text = format!(
        "pub use sea_orm_migration::prelude::*;\n\n{declared}\npub struct Migrator;\n\n#[async_trait::async_trait]\n\
         impl MigratorTrait for Migrator {{\n    fn migrations() -> Vec<Box<dyn MigrationTrait>> {{\n        vec![\n\
         {listed}        ]\n    }}\n}}\n"
    );
    fs::write(project.join("migration/src/lib.rs"), text).unwrap();
}

/// The template's migration with a table of its own; each edition adds another column.
fn write_migration(project: &Path, number: usize, edition: usize) {
    let text = format!(
        "use sea_orm_migration::{{prelude::*, schema::*}};\n\n#[derive(DeriveMigrationName)]\npub struct Migration;\n\n\
         #[async_trait::async_trait]\nimpl MigrationTrait for Migration {{\n    \
         async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {{\n        manager\n            .create_table(\n                \
         Table::create()\n                    .table(\"post_{number}\")\n                    .if_not_exists()\n                    \
         .col(pk_auto(\"id\"))\n                    .col(string(\"title\"))\n                    .col(string(\"text_{edition}\"))\n                    \
         .to_owned(),\n            )\n            .await\n    }}\n\n    \
         async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {{\n        manager\n            \
         .drop_table(Table::drop().table(\"post_{number}\").to_owned())\n            .await\n    }}\n}}\n"
    );
    fs::write(project.join("migration/src").join(module(number)).with_extension("rs"), text).unwrap();
}

fn cargo(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    in_project(&mut command, folder);
    command
}

/// In a user's shell, cargo has set no variables of its own.
fn in_project<'a>(command: &'a mut Command, project: &Path) -> &'a mut Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO") && name != "CARGO_HOME") {
        command.env_remove(name);
    }
    command.current_dir(project).env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc")
}

/// The time it takes; its output only if it fails.
fn run(command: &mut Command) -> Duration {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    let time = start.elapsed();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{command:?}\n{}", said.concat());
    time
}

fn print(rows: &[Row]) {
    println!("| median of the whole command | kit | {PEER} {VERSION} | ratio |");
    println!("|---|--:|--:|--:|");
    for row in rows {
        let ratio = row.peer.as_secs_f64() / row.kit.as_secs_f64();
        println!("| {} | {} | {} | {ratio:.1} |", row.what, text(row.kit), text(row.peer));
    }
}

fn text(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        seconds if seconds < 10.0 => format!("{seconds:.2} s"),
        seconds => format!("{seconds:.0} s"),
    }
}
