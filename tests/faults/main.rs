//! What is left of a database when runs are killed, servers crash, networks fail and disks are full, with processes of their
//! own on real servers. The small ones run always; `./test.sh --faults` runs all and prints what it counted.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "children say how they ended, suites what they counted")]
#![allow(clippy::disallowed_methods, reason = "a child learns from its environment what it is to do")]
#![allow(clippy::cast_possible_truncation, reason = "small numbers")]

mod crashes;
mod file;
mod kills;
mod long;
mod network;
mod process;
mod races;
#[path = "../support/mod.rs"]
mod support;
mod tally;
mod work;

/// What the other tests start as a process of its own; by itself it does nothing.
#[tokio::test]
#[ignore = "started by the other tests"]
async fn child() {
    process::child().await;
}
