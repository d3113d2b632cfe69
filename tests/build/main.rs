//! How the migrations of a project are compiled and run: packages, releases of SeaORM, the cache, whole applications.

mod cache;
mod custom_migrator;
mod e2e;
mod packages;
mod real_projects;
#[path = "../support/mod.rs"]
mod support;
mod upgrade;
mod versions;
