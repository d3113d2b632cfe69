//! What kit writes for a user to change: migrations, models, factories, stubs.

mod factories;
mod fields;
mod make_migration;
mod make_model;
mod stubs_compile;
#[path = "../support/mod.rs"]
mod support;
