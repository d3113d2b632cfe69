//! `kit migrate:verify` as its user sees it: what it says and how it ends, and that of the scratch databases on servers
//! nothing stays, however a run ends.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kit::database::{Scratch, Target};
use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;

use crate::support::database::Database;
use crate::support::projects::{On, creates, executes, index, kit_cache, migration, migration_manifest};
use crate::support::{Sandbox, assert_error, assert_failure, shows};
use kit::error::{Error, ScratchError};
use kit_runtime::wire::{Failure, Fault};

const NAMES: [&str; 4] = [
    "m20240101_000001_create_a",
    "m20240101_000002_slow",
    "m20240101_000003_leaves_index",
    "m20240101_000004_create_c",
];

/// One migration takes as long as `SLOW` says, in milliseconds; one leaves an index.
fn project() -> Sandbox {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects/verified");
    let sandbox = Sandbox::at(&folder).env("KIT_CACHE_DIR", &kit_cache().display().to_string());
    let slow = "if let Ok(slow) = std::env::var(\"SLOW\") { std::thread::sleep(std::time::Duration::from_millis(slow.parse().unwrap())); } \
                let _ = manager; Ok(())";
    let leaves = executes("CREATE INDEX idx_n ON a (n)", "SELECT 1");
    for (path, text) in [
        ("Cargo.toml".to_owned(), "[workspace]\nmembers = [\"migration\"]\nresolver = \"2\"\n".to_owned()),
        ("migration/Cargo.toml".to_owned(), migration_manifest("2.0.4")),
        ("migration/src/lib.rs".to_owned(), index(&NAMES)),
        (format!("migration/src/{}.rs", NAMES[0]), creates("a")),
        (format!("migration/src/{}.rs", NAMES[1]), migration(slow, "let _ = manager; Ok(())")),
        (format!("migration/src/{}.rs", NAMES[2]), leaves),
        (format!("migration/src/{}.rs", NAMES[3]), creates("c")),
    ] {
        if fs::read_to_string(folder.join(&path)).ok().as_ref() != Some(&text) {
            sandbox.write(&path, &text);
        }
    }
    sandbox
}

/// All in one test: whoever counts the scratch databases of a server must not meet somebody else's.
#[tokio::test]
async fn it_says_what_to_mend_and_leaves_nothing_however_it_ends() {
    let sandbox = project();
    for database in Database::all().await {
        it_says_what_to_mend(&sandbox, &database).await;
        if database.dialect != Dialect::Sqlite {
            nothing_stays_on_a_server(&sandbox, &database).await;
        }
    }
}

async fn it_says_what_to_mend(sandbox: &Sandbox, database: &Database) {
    let on = On::new(sandbox, database);
    let all = on.kit(&["migrate:verify", "--env", "production"]);
    assert_eq!(all.code, 1, "{all}");
    let lines: Vec<&str> = all.stdout.lines().collect();
    assert!(lines[0].starts_with("  m20240101_000001_create_a ....") && lines[0].ends_with(" DONE"), "{all}");
    assert!(lines[1].ends_with(" DONE"), "{all}");
    assert!(shows(lines[2], "leaves_index ....") && lines[2].ends_with(" FAIL"), "{all}");
    assert!(all.shows("idx_n"), "{all}");
    let last = lines.last().unwrap();
    assert!(shows(last, "create_c ....") && last.ends_with(" DONE"), "{all}");
    assert_error!(all, Error::Faulty { faulty, unseen: 0 }
        if matches!(faulty.as_slice(), [(name, Fault::Idle { .. })] if name == NAMES[2]));
    assert!(all.hint().contains(NAMES[2]), "{all}");
    for good in [
        &["migrate:verify", "--except", "leaves_index", "--rows", "3"] as &[&str],
        &["migrate:verify", "--from", "create_c", "--quiet"],
    ] {
        let said = on.ok(good);
        assert_eq!(said.stdout.is_empty(), good.contains(&"--quiet"), "{said:?}");
    }
    let json = on.kit(&["migrate:verify", "--json"]).json();
    assert_eq!(json["error"]["kind"], "faulty");
    assert_eq!(json["unchecked"], serde_json::json!([]));
    let verified = json["migrations"].as_array().unwrap();
    let ok: Vec<bool> = verified.iter().map(|one| one["ok"].as_bool().unwrap()).collect();
    assert_eq!(ok, [true, true, false, true]);
    assert!(verified[2]["faults"][0]["changes"][0]["object"].as_str().unwrap().contains("idx_n"), "{json}");
    assert_eq!(database.tables().await, Vec::<String>::new());

    on.ok(&["migrate", "--limit", "3"]);
    let before = database.everything().await;
    assert_eq!(on.ok(&["migrate:verify", "--pending"]).stdout.lines().count(), 4);
    assert_eq!(database.everything().await, before);
    on.ok(&["migrate"]);
    assert_eq!(on.ok(&["migrate:verify", "--pending"]).stdout, "");
    let unknown = on.fails(&["migrate:verify", "--from", "nowhere"]);
    assert_error!(unknown, Error::NoSuchMigration { name, .. } if name == "nowhere");
}

#[tokio::test]
async fn a_scratch_database_that_is_given_is_left_empty() {
    let sandbox = project();
    let given = Database::all().await;
    for (database, scratch) in Database::all().await.iter().zip(&given) {
        let on = On::new(&sandbox, database);
        for _ in 0..2 {
            on.ok(&["migrate:verify", "--scratch", scratch.url(), "--except", "leaves_index", "--rows", "2"]);
            assert_eq!(scratch.tables().await, Vec::<String>::new());
        }
        scratch.execute(&["CREATE TABLE precious (id integer)"]).await;
        let said = on.fails(&["migrate:verify", "--scratch", scratch.url()]);
        assert_failure!(said, Failure::Occupied { objects } if objects.iter().any(|object| object.contains("precious")));
        assert!(said.hint().contains("--scratch"), "{said}");
        assert_eq!(scratch.tables().await, ["precious"]);
        let other = if database.dialect == Dialect::Sqlite { "mysql://h/x" } else { "sqlite://x.sqlite" };
        // The database itself, and one of another kind.
        for wrong in [database.url(), other] {
            let refused = on.fails(&["migrate:verify", "--scratch", wrong]);
            assert_error!(refused, Error::Scratch(ScratchError::Unsuitable { .. }));
            assert!(refused.hint().contains("--scratch"), "{refused}");
        }
        let nonsense = on.fails(&["migrate:verify", "--scratch", "nonsense"]);
        assert_error!(nonsense, Error::BadUrl { origin, .. } if origin == "--scratch");
        let protected = sandbox.seeing("KIT_PROTECT", scratch.url().rsplit('/').next().unwrap());
        if database.dialect != Dialect::Sqlite {
            let refused = On::new(&protected, database).fails(&["migrate:verify", "--scratch", scratch.url()]);
            assert_error!(refused, Error::Protected { .. });
        }
        assert_eq!(database.tables().await, Vec::<String>::new());
    }
}

/// Scratch databases on the server.
async fn scratches(database: &Database) -> Vec<String> {
    let mut names = database.siblings().await;
    names.retain(|name| name.starts_with("kit_scratch_"));
    names.sort();
    names
}

fn start(sandbox: &Sandbox, url: &str, slow: u32) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kit"));
    command.args(["migrate:verify", "--no-interaction", "--except", "leaves_index"]).current_dir(sandbox.root());
    command.env("KIT_CACHE_DIR", kit_cache()).env("DATABASE_URL", url).env("SLOW", slow.to_string());
    command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(signal: &str, process: &str) {
    assert!(Command::new("kill").args([signal, "--", process]).status().unwrap().success());
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let clock = Instant::now();
    while !holds().await {
        assert!(clock.elapsed() < Duration::from_secs(120), "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn nothing_stays_on_a_server(sandbox: &Sandbox, database: &Database) {
    let dialect = database.dialect;
    let on = On::new(sandbox, database);
    assert_eq!(on.kit(&["migrate:verify"]).code, 1);
    assert_eq!(scratches(database).await, Vec::<String>::new(), "after a fault");

    // Ctrl-C, and what a supervisor sends: to kit alone.
    for (signal, number) in [("-INT", 2), ("-TERM", 15)] {
        let kit = start(sandbox, database.url(), 600_000);
        until("a scratch database", async || !scratches(database).await.is_empty()).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        send(signal, &kit.id().to_string());
        let Output { status, stderr, .. } = kit.wait_with_output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(128 + i32::from(number)), "{said}");
        assert!(shows(&said, Error::Interrupted { signal: number }.to_string()), "{said}");
        assert_eq!(scratches(database).await, Vec::<String>::new(), "{dialect:?} {signal}: {said}");
    }

    // Killed with all its processes: it stays, and the next run removes it, but none that is in use or not kit's.
    let mut killed = start(sandbox, database.url(), 600_000);
    until("a scratch database", async || !scratches(database).await.is_empty()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    send("-KILL", &format!("-{}", killed.id()));
    killed.wait().unwrap();
    let left = scratches(database).await;
    let [left] = left.as_slice() else { panic!("{left:?}") };
    let stranger = format!("{}0123456789abcdef", &left[..left.len() - 16]);
    database.execute(&[&format!("CREATE DATABASE {}", dialect.quote(&stranger))]).await;
    let url = database.url().rsplit_once('/').unwrap().0.to_owned() + "/" + &stranger;
    let session = Database::of(dialect, &url).await;
    session.execute(&["CREATE TABLE precious (id integer)"]).await;
    drop(session);
    let mut running = start(sandbox, database.url(), 600_000);
    until("a second one", async || {
        let now = scratches(database).await;
        assert_eq!(running.try_wait().unwrap(), None, "it ended beside {now:?}, {left} is of the one that was killed");
        !now.contains(left) && now.len() == 2
    })
    .await;
    let said = on.ok(&["migrate:verify", "--except", "leaves_index"]);
    assert!(said.hides("scratch"), "there is nothing to remove: {said}");
    assert_eq!(scratches(database).await.len(), 2, "of the run that is at work, and of a stranger");
    send("-INT", &running.id().to_string());
    running.wait_with_output().unwrap();
    assert_eq!(scratches(database).await, std::slice::from_ref(&stranger));
    database.drop_sibling(&stranger).await;

    likeness(database).await;
    assert_eq!(scratches(database).await, Vec::<String>::new(), "one that is like another");
    no_right(sandbox, database).await;
    assert_eq!(scratches(database).await, Vec::<String>::new(), "without the right to have one");
}

/// Encoding, collation, settings, schema and extensions are those of the user's database.
async fn likeness(database: &Database) {
    let (name, url) = database.sibling();
    let quoted = database.dialect.quote(&name);
    let (create, more, questions): (_, &[String], &[(&str, &str)]) = match database.dialect {
        Dialect::Postgres => (
            format!("CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"),
            &[
                "CREATE SCHEMA app".to_owned(),
                "CREATE EXTENSION citext".to_owned(),
                "CREATE EXTENSION hstore SCHEMA app".to_owned(),
                format!("ALTER DATABASE {quoted} SET search_path TO app, public"),
                format!("ALTER DATABASE {quoted} SET work_mem TO '9MB'"),
            ],
            &[
                ("current_setting('server_encoding')", "LATIN1"),
                ("current_setting('search_path')", "app, public"),
                ("current_setting('work_mem')", "9MB"),
                ("current_schema()", "app"),
                ("(SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension)", "citext plpgsql"),
            ],
        ),
        _ => (
            format!("CREATE DATABASE {quoted} CHARACTER SET latin1 COLLATE latin1_german2_ci"),
            &[],
            &[("@@character_set_database", "latin1"), ("@@collation_database", "latin1_german2_ci")],
        ),
    };
    database.session.execute(&create, &[]).await.unwrap();
    let theirs = Database::of(database.dialect, &url).await;
    for sql in more {
        theirs.session.execute(sql, &[]).await.unwrap();
    }
    drop(theirs);
    let target = Target::parse(&url, "a test", Path::new("/")).unwrap();
    let (scratch, _) = Scratch::make(&target, |extension| extension == "hstore").await.unwrap();
    let made = Database::of(database.dialect, scratch.target().secret_url()).await;
    for (question, answer) in questions {
        assert_eq!(made.value(question).await.as_deref(), Some(*answer), "{question}");
    }
    // Whoever is in it.
    scratch.remove().await.unwrap();
    drop(made);
    database.drop_sibling(&name).await;
}

/// Who may not create databases is told so.
async fn no_right(sandbox: &Sandbox, database: &Database) {
    let name = database.url().rsplit('/').next().unwrap();
    let poor = format!("poor_{}", std::process::id());
    let (create, drop) = match database.dialect {
        Dialect::Postgres => (vec![format!("CREATE ROLE {poor} LOGIN PASSWORD 's3cr3t'")], format!("DROP ROLE {poor}")),
        _ => (
            vec![
                format!("CREATE USER '{poor}'@'%' IDENTIFIED BY 's3cr3t'"),
                format!("CREATE USER '{poor}'@'127.0.0.1' IDENTIFIED BY 's3cr3t'"),
                format!("GRANT ALL ON `{name}`.* TO '{poor}'@'127.0.0.1'"),
            ],
            format!("DROP USER '{poor}'@'%', '{poor}'@'127.0.0.1'"),
        ),
    };
    for sql in &create {
        database.session.execute(sql, &[]).await.unwrap();
    }
    let url = database.url().replace("kit:s3cr3t@", &format!("{poor}:s3cr3t@"));
    let said = On { sandbox, url: &url }.fails(&["migrate:verify"]);
    database.session.execute(&drop, &[]).await.unwrap();
    let redacted = url.replace("s3cr3t", "***");
    assert_error!(said, Error::Scratch(ScratchError::NotCreated { server, message })
        if *server == redacted && message.to_lowercase().contains("denied"));
    assert!(said.hint().contains("--scratch"), "{said}");
}
