//! `kit db:seed` beside each database's own loader, in one run: the same rows into the same table on the same server, and out
//! again. It prints times, peak memory and, since machines differ, what counts: how many times the loader's time kit takes.
//! It asserts nothing but that all rows are there.
//!
//! ```text
//! ./test.sh --serve                              # in another terminal: the servers, and what to export
//! cargo bench --bench seeds                      # a million rows
//! cargo bench --bench seeds -- 100000 --runs 9   # fewer rows, more runs
//! cargo bench --bench seeds -- --only postgres   # one database
//! ```
//!
//! - The table has ten columns: a key, a whole number, a required text with quotes, commas, letters of other scripts or nothing,
//!   a longer one with line breaks or NULL, a decimal, a double, a truth, a date, a time and JSON.
//! - The loaders are `psql` with `\copy`, `mariadb` with `LOAD DATA LOCAL INFILE` and `sqlite3` with `.import`, each with a CSV file
//!   as it wants it. For the way out they are `\copy … to`, `mariadb --batch --quick` and `.once` with `.mode csv`; kit writes
//!   YAML there, rows in the order of their key, which is more text.
//! - A run is the whole command as a user types it, process start included. Both are release builds and take turns, each into
//!   an emptied table; the median counts.
//! - Servers that do not wait for the disk, as those of the tests, make it hardest for kit: what is left is work.
//! - Peak memory is kit's own as the system counts it, for all rows and for a tenth of them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what a benchmark is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot prepare its databases has to stop")]
#![expect(clippy::disallowed_methods, reason = "a program of its own, with its own arguments and files")]

#[path = "support/cost.rs"]
mod cost;
#[path = "../tests/support/database.rs"]
mod database;

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cost::{Cost, median, text};
use database::Database;
use kit_runtime::dialect::Dialect;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --all-targets` runs benchmarks to see that they start.
        return;
    }
    let after = |flag: &str| arguments.iter().skip_while(|argument| *argument != flag).nth(1).cloned();
    let count = arguments.first().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let runs = after("--runs").map_or(5, |runs| runs.parse().unwrap());
    let only = after("--only").unwrap_or_default();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeds");
    let _ = fs::remove_dir_all(&folder);
    for (name, count) in [("all", count), ("tenth", count / 10)] {
        write(&folder.join(name), count);
    }
    println!("| database | {count} rows | kit | peer | ratio | kit's peak | at a tenth |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for database in Database::all().await {
        let name = match database.dialect {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MariaDB",
        };
        if !name.to_lowercase().contains(&only.to_lowercase()) {
            continue;
        }
        let bench = Bench { name, database, folder: folder.clone(), runs };
        bench.create().await;
        bench.compare().await;
    }
    let _ = fs::remove_dir_all(&folder);
}

struct Bench {
    name: &'static str,
    database: Database,
    folder: PathBuf,
    runs: usize,
}

impl Bench {
    async fn create(&self) {
        let (int, moment, json) = match self.database.dialect {
            Dialect::Sqlite => ("integer", "timestamp_text", "json_text"),
            Dialect::Postgres => ("int", "timestamp", "jsonb"),
            Dialect::MySql => ("int", "datetime", "json"),
        };
        let create = format!(
            "CREATE TABLE items (id {int} NOT NULL PRIMARY KEY, account {int} NOT NULL, title varchar(200) NOT NULL, body text, \
             price decimal(12, 2) NOT NULL, ratio double precision, published boolean NOT NULL, born date, made_at {moment} NOT NULL, \
             details {json}){}",
            if self.database.dialect == Dialect::MySql { " CHARACTER SET utf8mb4" } else { "" }
        );
        self.database.execute(&[&create]).await;
    }

    async fn compare(&self) {
        let mut load = Turns::default();
        let mut dump = Turns::default();
        let mut others = [("YAML", "yaml", Turns::default()), ("JSON", "json", Turns::default())];
        self.empty().await;
        load.tenth = Some(self.kit(&["--from", "tenth/csv"]));
        dump.tenth = Some(self.kit(&["--dump-tables", "items", "--from", "tenth/yaml"]));
        for round in 0..=self.runs {
            eprintln!("{}, run {round} of {}", self.name, self.runs);
            self.empty().await;
            let ours = self.kit(&["--from", "all/csv"]);
            let sum = self.sum().await;
            self.empty().await;
            let theirs = self.peer(&self.load());
            assert_eq!(sum, self.sum().await, "{}", self.name);
            let out = (self.kit(&["--dump-tables", "items", "--from", "all/yaml"]), self.peer(&self.dump()));
            // One run of each goes before that nobody counts.
            if round > 0 {
                load.add(ours, theirs);
                dump.add(out.0, out.1);
            }
        }
        for (_, form, turns) in &mut others {
            self.empty().await;
            turns.tenth = Some(self.kit(&["--from", &format!("tenth/{form}")]));
            self.empty().await;
            turns.ours.push(self.kit(&["--from", &format!("all/{form}")]));
            turns.theirs.clone_from(&load.theirs);
        }
        self.print("from CSV", load);
        for (what, _, turns) in others {
            self.print(&format!("from {what}, once"), turns);
        }
        self.print("to YAML", dump);
    }

    fn print(&self, what: &str, turns: Turns) {
        let (ours, theirs) = (median(turns.ours).unwrap(), median(turns.theirs).unwrap());
        println!(
            "| {} | {what} | {} | {} | {:.1} | {:.0} MiB | {:.0} MiB |",
            self.name,
            text(ours.time),
            text(theirs.time),
            ours.time.as_secs_f64() / theirs.time.as_secs_f64(),
            ours.memory,
            turns.tenth.map_or(0.0, |cost| cost.memory),
        );
    }

    async fn empty(&self) {
        let truncate =
            if self.database.dialect == Dialect::Sqlite { "DELETE FROM items" } else { "TRUNCATE TABLE items" };
        self.database.execute(&[truncate]).await;
    }

    /// That all rows are there.
    async fn sum(&self) -> [Option<String>; 2] {
        [
            self.database.value("(SELECT count(*) FROM items)").await,
            self.database.value("(SELECT sum(account) FROM items WHERE title <> '' AND price < 10000)").await,
        ]
    }

    fn kit(&self, arguments: &[&str]) -> Cost {
        let mut kit = Command::new(env!("CARGO_BIN_EXE_kit"));
        kit.args(["db:seed", "--force", "--database", self.database.url()]).args(arguments);
        cost::run(&mut kit, &self.folder, Duration::MAX).unwrap()
    }

    fn peer(&self, sql: &str) -> Cost {
        let url = url::Url::parse(self.database.url()).unwrap();
        let mut command;
        match self.database.dialect {
            Dialect::Sqlite => {
                command = Command::new("sqlite3");
                let path = self.database.url().trim_start_matches("sqlite://").trim_end_matches("?mode=rwc");
                command.arg("-bail").arg(path).args(sql.lines());
            }
            Dialect::Postgres => {
                command = Command::new("psql");
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", self.database.url(), "-c", sql]);
            }
            Dialect::MySql => {
                // What it prints goes into a file.
                command = Command::new("sh");
                let arguments = "exec mariadb --no-defaults --local-infile=1 --default-character-set=utf8mb4 --batch --quick \
                                 --host=\"$1\" --port=\"$2\" --user=\"$3\" --execute=\"$5\" \"$4\" >out.tsv";
                command.arg("-c").arg(arguments).arg("sh");
                command.args([url.host_str().unwrap(), &url.port().unwrap_or(3306).to_string(), url.username()]);
                command.args([url.path().trim_start_matches('/'), sql]);
                command.env("MYSQL_PWD", url.password().unwrap_or_default());
            }
        }
        cost::run(&mut command, &self.folder, Duration::MAX).unwrap()
    }

    fn load(&self) -> String {
        match self.database.dialect {
            Dialect::Sqlite => ".import --csv --skip 1 all/csv/items.csv items".to_owned(),
            Dialect::Postgres => "\\copy items from 'all/csv/items.csv' csv header".to_owned(),
            Dialect::MySql => "LOAD DATA LOCAL INFILE 'all/mariadb.csv' INTO TABLE items FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'".to_owned(),
        }
    }

    fn dump(&self) -> String {
        match self.database.dialect {
            Dialect::Sqlite => ".mode csv\n.once out.csv\nSELECT * FROM items".to_owned(),
            Dialect::Postgres => "\\copy items to 'out.csv' csv header".to_owned(),
            Dialect::MySql => "SELECT * FROM items".to_owned(),
        }
    }
}

/// Runs in turns.
#[derive(Default)]
struct Turns {
    ours: Vec<Cost>,
    theirs: Vec<Cost>,
    tenth: Option<Cost>,
}

impl Turns {
    fn add(&mut self, ours: Cost, theirs: Cost) {
        self.ours.push(ours);
        self.theirs.push(theirs);
    }
}

/// The same rows in each form; the YAML file is the one that kit writes.
fn write(folder: &Path, count: u64) {
    let create = |path: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        BufWriter::new(fs::File::create(path).unwrap())
    };
    cost::project(folder.parent().unwrap());
    let (mut csv, mut own, mut json) = (create("csv/items.csv"), create("mariadb.csv"), create("json/items.json"));
    let names = ["id", "account", "title", "body", "price", "ratio", "published", "born", "made_at", "details"];
    writeln!(csv, "{}", names.join(",")).unwrap();
    write!(json, "[").unwrap();
    for number in 1..=count {
        let row = row(number);
        let cell = |cell: &Option<String>| match cell {
            Some(text) if text.contains([',', '"', '\n']) => format!("\"{}\"", text.replace('"', "\"\"")),
            other => other.clone().unwrap_or_default(),
        };
        let line: Vec<String> = row.iter().map(cell).collect();
        // An empty text that is no NULL to the loaders either.
        let line = line.join(",").replacen(",,", ",\"\",", usize::from(row[2].as_deref() == Some("")));
        writeln!(csv, "{line}").unwrap();
        let cell = |cell: &Option<String>| match cell {
            Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\"\"")),
            None => "\\N".to_owned(),
        };
        writeln!(own, "{}", row.iter().map(cell).collect::<Vec<_>>().join(",")).unwrap();
        let pair = |(name, cell): (&&str, &Option<String>)| match cell {
            Some(text) if ["title", "body", "born", "made_at"].contains(name) => {
                format!("\"{name}\": {}", serde_json::Value::from(text.as_str()))
            }
            Some(text) if *name == "published" => format!("\"{name}\": {}", text == "1"),
            other => format!("\"{name}\": {}", other.as_deref().unwrap_or("null")),
        };
        let pairs: Vec<String> = names.iter().zip(&row).map(pair).collect();
        write!(json, "{}\n{{{}}}", if number > 1 { "," } else { "" }, pairs.join(", ")).unwrap();
    }
    writeln!(json, "\n]").unwrap();
    [csv, own, json].iter_mut().for_each(|file| file.flush().unwrap());
}

fn row(number: u64) -> [Option<String>; 10] {
    // Always the same, and no two alike (Knuth's multiplicative hash).
    let noise = number.wrapping_mul(2_654_435_761) % 4_294_967_296;
    let one_in = |n: u64| (noise / 7).is_multiple_of(n);
    let title = match noise % 10 {
        0 => String::new(),
        1 => format!("\"{number}\", as they say"),
        2 => format!("Größe № {noise} – 日本語"),
        3 => format!("It's {noise}, a\\b"),
        _ => format!("title of the row with the number {number}"),
    };
    let body = match noise % 4 {
        0 => None,
        1 => Some(format!("first line of {number}\nsecond, \"quoted\" line\n")),
        _ => Some(format!("A text of ordinary length, such as people write, in row {number} with the noise {noise}.")),
    };
    [
        Some(number.to_string()),
        Some((noise % 50_000).to_string()),
        Some(title),
        body,
        Some(format!("{}.{:02}", noise % 100_000, noise % 100)),
        (!one_in(9)).then(|| format!("{}", noise as f64 / 1_048_576.0)),
        Some((noise % 2).to_string()),
        (!one_in(5)).then(|| format!("{}-{:02}-{:02}", 1950 + noise % 70, 1 + noise % 12, 1 + noise % 28)),
        Some(format!(
            "20{:02}-{:02}-{:02} {:02}:{:02}:{:02}",
            noise % 25,
            1 + noise % 12,
            1 + noise % 28,
            noise % 24,
            noise % 60,
            noise / 3 % 60
        )),
        (!one_in(3))
            .then(|| format!("{{\"colour\": \"red\", \"sizes\": [{}, {}], \"new\": true}}", noise % 40, noise % 7)),
    ]
}
