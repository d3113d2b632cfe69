//! Panics of runs in several threads of one process.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::{catch, is_unsupported, quiet_panics};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Lets another run panic while this one unwinds, after the hook has seen its panic.
struct Meanwhile;

impl Drop for Meanwhile {
    fn drop(&mut self) {
        let other = std::thread::spawn(|| block_on(catch(async { panic!("the other") })).unwrap_err().to_string());
        assert!(other.join().unwrap().starts_with("the other ("));
    }
}

#[test]
fn each_run_reports_its_own_panic() {
    quiet_panics();
    let own = block_on(catch(async {
        let _meanwhile = Meanwhile;
        panic!("its own")
    }));
    let own: String = own.map(|()| String::new()).unwrap_err().to_string();
    assert!(own.starts_with("its own (") && own.contains("call_tests.rs:"), "{own}");
}

#[test]
fn a_panic_that_the_migration_caught_is_not_reported() {
    quiet_panics();
    let text = block_on(catch(async {
        let _ = std::panic::catch_unwind(|| panic!("caught"));
        tokio::task::yield_now().await;
        // Unwinds without a message, as a join handle does with the panic of its thread.
        std::panic::resume_unwind(Box::new("resumed"))
    }));
    let text: String = text.map(|()| String::new()).unwrap_err().to_string();
    assert_eq!(text, "resumed");
}

#[test]
fn only_messages_of_builders_are_unsupported() {
    for (message, expected) in [
        ("Sqlite doesn't support multiple alter options", true),
        ("not implemented: Array is not available in MySQL.", true),
        ("not implemented: Text doesn't support auto increment", true),
        ("No alter option found", false),
        ("sqlite file is gone", false),
        ("this feature is not supported", false),
    ] {
        assert_eq!(is_unsupported(message), expected, "{message}");
    }
}
