//! The password in failures of a migrator.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use kit_runtime::wire::{Cause, Direction, Failure, Unfit, Warning};

use super::Target;

const URL: &str = "postgres://u:s3cr3t@h/x";

/// A failure of each variant that quotes what a server, a driver, a migration or a seeder wrote.
fn quoting(text: &str) -> Vec<Failure> {
    let (name, message, direction, cause) = (|| "m1".to_owned(), || text.to_owned(), Direction::Up, Cause::Error);
    vec![
        Failure::Occupied { objects: vec!["table a".to_owned(), message()] },
        Failure::Request { message: message() },
        Failure::Connect { message: message(), reason: None },
        Failure::Database { message: message(), reason: None },
        Failure::Ledger { message: message(), reason: None },
        Failure::Unfit(Unfit::ReadOnly { says: message() }),
        Failure::Unfit(Unfit::NoQuorum { state: message() }),
        Failure::Lock { message: message(), reason: None },
        Failure::Strict(Warning::Retried { name: name(), message: message() }),
        Failure::Strict(Warning::Settings { name: name(), settings: vec![message()] }),
        Failure::Halted { name: name(), direction, error: Some(message()) },
        Failure::OutcomeUnknown { name: name(), message: message() },
        Failure::Migration { name: name(), direction, cause, message: message(), rolled_back: true },
        Failure::Seeder { name: name(), cause, message: message(), rolled_back: true },
        Failure::Pretended { name: name(), direction, cause, message: message() },
    ]
}

#[test]
fn no_failure_keeps_the_password() {
    let target = Target::parse(URL, "a test", Path::new("/")).unwrap();
    for text in [format!("cannot reach {URL}"), "password s3cr3t is wrong".to_owned()] {
        for failure in quoting(&text) {
            let before = format!("{failure:?}");
            let after = format!("{:?}", target.scrub_failure(failure));
            assert!(before.contains("s3cr3t") && !after.contains("s3cr3t"), "{after}");
        }
    }
}

#[test]
fn a_failure_without_the_password_stays_as_it_is() {
    let target = Target::parse(URL, "a test", Path::new("/")).unwrap();
    for failure in quoting("no such table: a") {
        assert_eq!(target.scrub_failure(failure.clone()), failure);
    }
}
