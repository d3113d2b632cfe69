//! `kit db:sync` beside `sea-orm-cli generate entity`, in one run: the same schema on the same server, written into an
//! empty folder. It prints times, peak memory and, since machines differ, what counts: how many times kit's the peer's
//! are. It asserts nothing.
//!
//! ```text
//! ./test.sh --serve                          # in another terminal: the servers, and what to export
//! cargo bench --bench entities               # installs the peer once
//! cargo bench --bench entities -- --quick    # without a thousand tables
//! cargo bench --bench entities -- --limit 60 # the peer gets a minute a run, instead of 15
//! ```
//!
//! - The tables have twelve columns of ordinary types, two foreign keys, a unique key and an index each.
//! - A run is the whole command as a user types it, process start included; both are release builds and take turns. It is
//!   repeated five times, with a thousand tables, where the peer takes minutes, the peer's once; the median counts.
//! - Peak memory and processor time are the process's own as the system counts them, asked for while it runs. The
//!   processor time says how kit's own cost grows; the rest of the time is the server's.
//! - `kit` without anything to do is the second run on the same folder.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what a benchmark is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot prepare its databases has to stop")]
#![expect(clippy::disallowed_methods, reason = "a program of its own, with its own arguments and files")]

#[path = "support/cost.rs"]
mod cost;
#[path = "../tests/support/database.rs"]
mod database;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cost::{median, run, text};
use database::Database;
use kit_runtime::dialect::Dialect;

const PEER: &str = "sea-orm-cli";
const VERSION: &str = "2.0.4";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --all-targets` runs benchmarks to see that they start.
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let limit = arguments.iter().skip_while(|argument| *argument != "--limit").nth(1);
    let limit = Duration::from_secs(limit.map_or(900, |seconds| seconds.parse().unwrap()));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let peer = installed(&folder);
    let project = folder.join("entities");
    cost::project(&project);
    println!(
        "| tables | database | kit | again | {PEER} {VERSION} | ratio | kit, processor | kit, peak | {PEER}, peak |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|--:|--:|");
    let counts: &[usize] = if quick { &[10, 100] } else { &[10, 100, 1000] };
    for count in counts {
        for database in Database::all().await {
            create(&database, *count).await;
            let name = match database.dialect {
                Dialect::Sqlite => "SQLite",
                Dialect::Postgres => "PostgreSQL",
                Dialect::MySql => "MariaDB",
            };
            eprintln!("{count} tables on {name}");
            let output = project.join("out");
            let mut kit = Command::new(env!("CARGO_BIN_EXE_kit"));
            kit.args(["db:sync", "--skip-migrations", "--output-dir", "out", "--database-url", database.url()]);
            let mut other = Command::new(&peer);
            other.args(["generate", "entity", "--output-dir", "out", "--database-url", database.url()]);
            let (mut ours, mut again, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..5 {
                let _ = fs::remove_dir_all(&output);
                ours.extend(run(&mut kit, &project, limit));
                assert!(fs::read_dir(&output).unwrap().count() > *count);
                again.extend(run(&mut kit, &project, limit));
                if round > 0 && (*count == 1000 || theirs.is_empty()) {
                    continue;
                }
                let _ = fs::remove_dir_all(&output);
                theirs.extend(run(&mut other, &project, limit));
                assert!(theirs.is_empty() || fs::read_dir(&output).unwrap().count() > *count);
            }
            let (ours, again) = (median(ours).unwrap(), median(again).unwrap());
            let theirs = median(theirs);
            let ratio = theirs.map_or(limit, |cost| cost.time).as_secs_f64() / ours.time.as_secs_f64();
            println!(
                "| {count} | {name} | {} | {} | {} | {}{ratio:.1} | {:.2} s | {:.0} MiB | {} |",
                text(ours.time),
                text(again.time),
                theirs.map_or_else(|| format!("over {}", text(limit)), |cost| text(cost.time)),
                if theirs.is_none() { "> " } else { "" },
                ours.processor,
                ours.memory,
                theirs.map_or_else(String::new, |cost| format!("{:.0} MiB", cost.memory)),
            );
        }
    }
}

/// Tables of which each refers to two before it.
async fn create(database: &Database, count: usize) {
    let (id, moment) = match database.dialect {
        Dialect::Sqlite => ("integer NOT NULL PRIMARY KEY AUTOINCREMENT", "timestamp_text"),
        Dialect::Postgres => ("serial PRIMARY KEY", "timestamptz"),
        Dialect::MySql => ("int NOT NULL AUTO_INCREMENT PRIMARY KEY", "datetime"),
    };
    let int = if database.dialect == Dialect::Sqlite { "integer" } else { "int" };
    if database.dialect == Dialect::Sqlite {
        database.execute(&["PRAGMA synchronous = OFF"]).await;
    }
    for number in 0..count {
        let (before, half) = (number.saturating_sub(1), number / 2);
        database
            .execute(&[
                &format!(
                    "CREATE TABLE item_{number} (id {id}, parent_id {int}, other_id {int} NOT NULL, title varchar(200) NOT NULL, body text, \
                     price decimal(10, 2) NOT NULL DEFAULT 0, ratio double precision, published boolean NOT NULL DEFAULT false, \
                     born date, made_at {moment} NOT NULL, changed_at {moment}, position bigint NOT NULL DEFAULT 0, \
                     CONSTRAINT one_title_{number} UNIQUE (parent_id, title), \
                     CONSTRAINT parent_{number} FOREIGN KEY (parent_id) REFERENCES item_{before} (id) ON DELETE CASCADE, \
                     CONSTRAINT other_{number} FOREIGN KEY (other_id) REFERENCES item_{half} (id))"
                ),
                &format!("CREATE INDEX by_position_{number} ON item_{number} (position, published)"),
            ])
            .await;
    }
}

/// Installs the peer, once, as its documentation says, with the drivers of the three databases.
fn installed(folder: &Path) -> PathBuf {
    let program = folder.join("entities-bin/bin").join(format!("{PEER}{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        eprintln!("installing {PEER} {VERSION}");
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new("cargo");
        command.args(["install", PEER, "--version", VERSION, "--locked", "--no-default-features", "--features"]);
        command.arg("codegen,runtime-tokio-rustls,sqlx-mysql,sqlx-postgres,sqlx-sqlite");
        command.arg("--root").arg(folder.join("entities-bin"));
        run(command.env("CARGO_TARGET_DIR", folder.join("target")), folder, Duration::MAX);
    }
    program
}
