//! How the migrations of a project are compiled and run: packages, releases of SeaORM, the cache, whole applications.

mod cache;
mod e2e;
mod entry;
mod packages;
#[path = "../support/mod.rs"]
mod support;
mod upgrade;
mod versions;
