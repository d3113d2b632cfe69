//! What kit does not give away and does not touch: a case each of `docs/security.md` that no other test has.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use crate::support::database::Database;
use crate::support::projects::{On, creates, family, index};
use crate::support::{Sandbox, assert_error, assert_failure};
use kit::error::Error;
use kit_runtime::dialect::{Dialect, Reason};
use kit_runtime::wire::Failure;

fn project() -> Sandbox {
    Sandbox::new().file("migrations/mod.rs", &index(&["m1"])).file("migrations/m1.rs", &creates("t"))
}

#[test]
fn a_password_on_the_command_line_is_warned_of() {
    let sandbox = project();
    let url = "postgres://u:s3cr3t@127.0.0.1:1/x";
    let run = sandbox.kit(&["about", "--database", url]);
    // One warning, which names the variable that hides the password.
    assert_eq!((run.code, run.stderr.matches("DATABASE_URL").count()), (0, 1), "{run}");
    assert!(run.hides("s3cr3t"), "{run}");
    for quiet in
        [sandbox.seeing("DATABASE_URL", url).kit(&["about"]), sandbox.kit(&["about", "-d", "sqlite://x.sqlite"])]
    {
        assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""), "{quiet}");
    }
}

#[test]
fn a_way_that_others_can_read_is_warned_of_or_refused() {
    let sandbox = project();
    for (url, warned, refused) in [
        ("postgres://u:p@localhost/x", false, false),
        ("postgres://u:p@db/x", false, true),
        ("postgres://u:p@db.example.com/x", true, true),
        ("mysql://u:p@db.example.com/x?ssl-mode=REQUIRED", false, false),
        ("sqlite://x.sqlite", false, false),
    ] {
        let on = sandbox.seeing("DATABASE_URL", url);
        let about = on.kit(&["about"]);
        assert_eq!((about.code, !about.stderr.is_empty()), (0, warned), "{url}: {about}");
        let strict = on.seeing("KIT_REQUIRE_TLS", "1").kit(&["about"]);
        assert_eq!(strict.code, u8::from(refused), "{url}: {strict}");
        if refused {
            let redacted = url.replace(":p@", ":***@");
            assert_error!(strict, Error::Overheard { database, .. } if *database == redacted);
            assert!(strict.hint().contains("sslmode=verify-full"), "{strict}");
            // What the hint says to write into the URL is enough.
            let encrypted = on.seeing("DATABASE_URL", &format!("{url}?sslmode=verify-full"));
            let encrypted = encrypted.seeing("KIT_REQUIRE_TLS", "1").kit(&["about"]);
            assert_eq!((encrypted.code, encrypted.stderr.as_str()), (0, ""), "{url}: {encrypted}");
        }
    }
}

#[tokio::test]
async fn what_is_protected_no_flag_destroys() {
    let sandbox = project().file("database/fixtures/kept.yaml", "- id: 2\n");
    for database in Database::all().await {
        let name = match database.dialect {
            Dialect::Sqlite => database.url().trim_start_matches("sqlite://").replace("?mode=rwc", ""),
            _ => database.url().rsplit_once('/').unwrap().1.to_owned(),
        };
        let guarded = sandbox.seeing("KIT_PROTECT", &format!("other, {name}"));
        let on = On::new(&guarded, &database);
        database.execute(&["CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (1)"]).await;
        for arguments in [
            &["migrate:fresh"][..],
            &["migrate:reset"],
            &["migrate:refresh"],
            &["migrate:redo"],
            &["migrate:rollback"],
            &["db:truncate"],
            &["db:seed", "--reset"],
        ] {
            let run = on.fails(&[arguments, &["--force"]].concat());
            assert_error!(run, Error::Protected { command, database: named }
                if arguments.join(" ") == *command && named.contains(name.as_str()));
            assert!(run.hint().contains("KIT_PROTECT"), "{run}");
        }
        assert_eq!(database.value("(SELECT COUNT(*) FROM kept)").await.as_deref(), Some("1"));
        assert_eq!(on.states(), ["pending"]);
    }
}

#[tokio::test]
async fn a_right_that_is_missing_is_known_before_the_first_statement() {
    let sandbox = family();
    for database in [Database::postgres().await, Database::mysql().await] {
        let name = database.url().rsplit_once('/').unwrap().1.to_owned();
        let (make, drop): (Vec<String>, Vec<String>) = match database.dialect {
            Dialect::Postgres => (
                vec![
                    format!("CREATE ROLE {name}_reader LOGIN PASSWORD 'r3ader'"),
                    format!("GRANT USAGE ON SCHEMA public TO {name}_reader"),
                ],
                vec![format!("DROP OWNED BY {name}_reader"), format!("DROP ROLE {name}_reader")],
            ),
            _ => (
                vec![
                    format!("CREATE USER '{name}_r'@'127.0.0.1' IDENTIFIED BY 'r3ader'"),
                    format!("GRANT SELECT ON `{name}`.* TO '{name}_r'@'127.0.0.1'"),
                ],
                vec![format!("DROP USER '{name}_r'@'127.0.0.1'")],
            ),
        };
        for sql in &make {
            database.execute(&[sql]).await;
        }
        let user = if database.dialect == Dialect::Postgres { format!("{name}_reader") } else { format!("{name}_r") };
        let mut url = url::Url::parse(database.url()).unwrap();
        url.set_username(&user).unwrap();
        url.set_password(Some("r3ader")).unwrap();
        let reader = On { sandbox: &sandbox, url: url.as_str() };
        assert_eq!(reader.states(), ["pending"; 4], "reading needs no right to write");
        let refused = reader.fails(&["migrate"]);
        assert_failure!(refused, Failure::Ledger { message, reason: Some(Reason::Permission) } if message.contains("denied"));
        assert!(refused.hides("r3ader"), "{refused}");
        assert_eq!(database.tables().await, Vec::<String>::new());

        // With the tables there, and no right to write them.
        On::new(&sandbox, &database).ok(&["migrate:install"]);
        if database.dialect == Dialect::Postgres {
            database.execute(&[&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}")]).await;
        }
        let refused = reader.fails(&["migrate"]);
        assert_failure!(refused, Failure::Ledger { message, reason: Some(Reason::Permission) } if message.contains("denied"));
        assert!(refused.hides("r3ader"), "{refused}");
        assert_eq!(reader.states(), ["pending"; 4]);
        assert!(!database.has_table("a").await);
        for sql in &drop {
            database.execute(&[sql]).await;
        }
    }
}

/// The last packet of the client, without its head.
fn packet(stream: &mut TcpStream, seen: &mut Vec<u8>) -> Option<u8> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16];
    stream.read_exact(&mut body).ok()?;
    seen.extend(body);
    Some(head[3])
}

fn send(stream: &mut TcpStream, sequence: u8, body: &[u8]) {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    // The other end may be gone by then.
    let _ = stream.write_all(&[&length[..3], &[sequence], body].concat());
}

/// A server that asks for a file of the client's instead of answering; what the client sent it.
fn rogue(listener: &TcpListener, file: &str) -> Vec<u8> {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut seen = Vec::new();
    let greeting = [
        b"\x0a8.0.36\0\x01\0\0\0abcdefgh\0".as_slice(),
        // Protocol 4.1, transactions, secure connection, files of the client, plugins.
        &[0x88, 0xa2, 0x21, 0x02, 0x00, 0x08, 0x00, 21],
        &[0; 10],
        b"ijklmnopqrst\0mysql_native_password\0",
    ];
    send(&mut stream, 0, &greeting.concat());
    let Some(sequence) = packet(&mut stream, &mut seen) else { return seen };
    send(&mut stream, sequence + 1, &[0, 0, 0, 2, 0, 0, 0]);
    while let Some(sequence) = packet(&mut stream, &mut seen) {
        send(&mut stream, sequence.wrapping_add(1), &[b"\xfb".as_slice(), file.as_bytes()].concat());
    }
    seen
}

#[test]
fn a_server_that_asks_for_a_file_gets_none() {
    let sandbox = project().file("secret.txt", "the crown jewels");
    let file = sandbox.root().join("secret.txt").display().to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://u:p@{}/x", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        listener.set_nonblocking(false).unwrap();
        rogue(&listener, &file)
    });
    let said = sandbox.seeing("DATABASE_URL", &url).kit(&["migrate:status"]);
    assert_eq!(said.code, 1, "{said}");
    let seen = server.join().unwrap();
    assert!(seen.len() > 60, "it has to get as far as asking: {said}");
    assert!(!String::from_utf8_lossy(&seen).contains("crown jewels"));
}

fn append(file: &std::path::Path, text: &str) {
    std::fs::OpenOptions::new().append(true).open(file).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn nothing_is_written_for_others_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let kit = |arguments: &str| {
        let script = format!("umask 000; exec {} {arguments}", env!("CARGO_BIN_EXE_kit"));
        let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).env_clear().output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    kit("init");
    kit("make:migration create_posts_table");
    // Nothing is compiled for a project that has a migrator of its own.
    append(&folder.path().join("kit.toml"), "\n[migrator]\ncommand = [\"true\"]\n");
    kit("migrate:install");
    let mut folders = vec![folder.path().to_owned()];
    let mut files = 0;
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let mode = entry.metadata().unwrap().permissions().mode();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
                assert_eq!(mode & 0o022, 0, "{} {mode:o}", entry.path().display());
            }
        }
    }
    assert!(files > 8, "{files}");
}

#[test]
fn a_cache_in_a_folder_of_everybodys_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    std::fs::create_dir_all(open.join("kit")).unwrap();
    std::fs::set_permissions(open.join("kit"), PermissionsExt::from_mode(0o700)).unwrap();
    let cache = open.join("kit").display().to_string();
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nsea-orm-migration = \"2.0\"\n";
    let sandbox = project().file("Cargo.toml", manifest).file("src/main.rs", "fn main() {}\n");
    let sandbox = sandbox.env("KIT_CACHE_DIR", &cache).env("DATABASE_URL", "sqlite://x.sqlite?mode=rwc");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
    let said = sandbox.kit(&["migrate"]);
    assert_eq!(said.code, 1, "{said}");
    assert_error!(said, Error::File { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied);
    assert!(said.shows(open.display().to_string()), "{said}");
    assert!(!open.join("kit/runtime").exists());
}
