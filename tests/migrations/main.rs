//! Migrations that run, are rolled back, pretended, verified and repaired; the lock and the ledger.

mod engine;
mod fresh;
mod journal;
mod kit_guide;
mod lease;
mod lock;
mod migrate;
mod migrate_repair;
mod pretend;
mod pretend_kit;
mod recovery;
#[path = "../../migrations/mod.rs"]
mod sample;
mod statements;
mod status;
#[path = "../support/mod.rs"]
mod support;
mod verify;
mod wipe;
