//! What the migrate family asks before it destroys or creates, and what the answers lead to. The default is a no, and
//! nobody there means no.
#![allow(clippy::unwrap_used, reason = "tests")]

mod absent;
mod cautions;
mod production;

use crate::support::database::Database;
use crate::support::projects::{FAMILY, On, applied, family};
use crate::support::{Sandbox, Transcript, assert_error};
use kit::error::Error;

/// What does not depend on which database it is.
fn said(transcript: &Transcript, database: &Database) -> String {
    let url = database.url().replace("s3cr3t", "***").replace("?mode=rwc", "");
    transcript.to_string().replace(&url, "[URL]")
}

#[tokio::test]
async fn rolling_back_asks_and_the_default_is_no() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        let before = database.everything().await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said(&on.kit(&["migrate:rollback"]), &database), @"
            --- stderr ---
              ERROR  refused without a terminal: Roll back `m20240101_000004_create_c` in [URL]? What it created is lost.
              hint: pass --force to answer yes
            --- exit 1 ---
            ");
            insta::assert_snapshot!(said(&on.answering(&["migrate:reset"], &["n"]), &database), @"
            --- stderr ---
              Roll back 4 migrations in [URL]? What they created is lost. [y/N] n
              ERROR  cancelled, nothing was changed
            --- exit 1 ---
            ");
        }
        for command in ["migrate:rollback", "migrate:reset", "migrate:refresh", "migrate:redo", "migrate:fresh"] {
            let refused = on.fails(&[command]);
            assert_eq!(refused.stdout, "", "{refused}");
            assert_error!(refused, Error::Unconfirmed { .. });
            assert!(refused.hint().contains("--force"), "{refused}");
            assert_error!(on.answering(&[command, "-n"], &["yes"]), Error::Unconfirmed { .. });
            for answer in [&[][..], &[""], &["n"], &["no"], &["maybe"]] {
                let no = on.answering(&[command, "-q"], answer);
                assert_eq!((no.code, no.stdout.as_str()), (1, ""), "{no}");
                assert_error!(no, Error::Cancelled);
            }
        }
        assert_eq!(before, database.everything().await);
        let yes = on.answering(&["migrate:rollback", "--step", "2"], &["yes"]);
        assert_eq!(yes.code, 0, "{yes}");
        assert_eq!(on.states(), ["ran", "ran", "pending", "pending"]);
        assert_eq!(on.answering(&["migrate:redo"], &["y"]).code, 0);
    }
}

#[tokio::test]
async fn fresh_says_how_much_is_lost() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        // Nothing to lose, nothing to ask.
        on.ok(&["migrate:fresh"]);
        database.execute(&["INSERT INTO a (n) VALUES (2), (3)", "INSERT INTO b (n) VALUES (1)"]).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said(&on.answering(&["migrate:fresh"], &["no"]), &database), @"
            --- stderr ---
              Drop all 3 tables with 4 rows in [URL]? [y/N] no
              ERROR  cancelled, nothing was changed
            --- exit 1 ---
            ");
        }
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("6"));
        let yes = on.answering(&["migrate:fresh"], &["y"]);
        assert_eq!(yes.code, 0, "{yes}");
        assert_eq!(database.value("(SELECT SUM(n) FROM a)").await.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn production_asks_before_it_migrates() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    let refused = on.fails(&["migrate", "--env", "production"]);
    let redacted = database.url().replace("?mode=rwc", "");
    assert_error!(refused, Error::Unconfirmed { question } if question.contains(&redacted));
    assert!(refused.hint().contains("--force"), "{refused}");
    assert_error!(on.answering(&["migrate", "--env", "production"], &[""]), Error::Cancelled);
    assert_eq!(database.tables().await, Vec::<String>::new());
    let yes = on.answering(&["migrate", "--env", "production", "--limit", "1"], &["yes"]);
    assert_eq!(yes.code, 0, "{yes}");

    let production = family().env("APP_ENV", "production");
    let on = On::new(&production, &database);
    assert_eq!(on.kit(&["migrate"]).code, 1);
    on.ok(&["migrate", "--limit", "1", "--env", "local"]);
    let json = on.kit(&["migrate", "--json"]);
    assert_eq!((json.code, applied(&json.stdout)), (1, Vec::new()), "{json}");
    assert_eq!(applied(&on.ok(&["migrate", "--force", "--json"]).stdout), FAMILY[2..]);
}

#[tokio::test]
async fn what_kit_toml_prohibits_no_flag_allows() {
    let database = Database::sqlite().await;
    let sandbox = Sandbox::project().file("kit.toml", "[database]\nprohibit_destructive = true\n");
    let on = On::new(&sandbox, &database);
    for command in ["migrate:rollback", "migrate:reset", "migrate:refresh", "migrate:redo", "migrate:fresh"] {
        let transcript = on.answering(&[command, "--force"], &["yes"]);
        assert_eq!((transcript.code, transcript.stdout.as_str()), (1, ""), "{transcript}");
        assert_error!(transcript, Error::Prohibited { command: prohibited } if *prohibited == command);
    }
    assert_eq!(database.tables().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_missing_database_is_made_only_after_a_yes() {
    let sandbox = family();
    for database in Database::all().await {
        let (name, url) = database.sibling();
        let on = On { sandbox: &sandbox, url: &url };
        for command in ["migrate", "migrate:fresh", "migrate:install"] {
            let missing = on.fails(&[command]);
            assert_eq!(missing.stdout, "", "{missing}");
            assert_error!(missing, Error::NoDatabase { .. });
            assert_eq!(missing.hinted(), [["migrate", "--create-database"]]);
            assert!(missing.shows(&name) && missing.hides("s3cr3t"), "{missing}");
            for answer in ["", "no"] {
                let no = on.answering(&[command], &[answer]);
                assert_eq!((no.code, no.stdout.as_str()), (1, ""), "{no}");
                assert!(no.shows(&name), "the question names the database: {no}");
                assert_error!(no, Error::Cancelled);
            }
        }
        assert!(!database.siblings().await.contains(&name));

        let yes = on.answering(&["migrate:install"], &["yes"]);
        assert_eq!(yes.code, 0, "{yes}");
        assert!(database.siblings().await.contains(&name));
        on.ok(&["migrate"]);
        database.drop_sibling(&name).await;

        let (name, url) = database.sibling();
        let said = On { sandbox: &sandbox, url: &url }.ok(&["migrate", "--force", "--json"]);
        assert_eq!(applied(&said.stdout), FAMILY);
        database.drop_sibling(&name).await;
    }
}

#[tokio::test]
async fn a_url_that_says_so_makes_its_file_unasked() {
    let (sandbox, database) = (family(), Database::sqlite().await);
    let (name, url) = database.sibling();
    let url = format!("{url}?mode=rwc");
    let on = On { sandbox: &sandbox, url: &url };
    for command in ["migrate:rollback", "migrate:status"] {
        assert_error!(on.fails(&[command, "-n"]), Error::NoDatabase { .. });
    }
    assert!(!database.siblings().await.contains(&name));
    on.ok(&["migrate", "--limit", "1"]);
    assert_eq!(on.states(), ["ran", "pending", "pending", "pending"]);
}
