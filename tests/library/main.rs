//! What applications and migrations use of kit: configuration, test databases, helpers.

mod axum_example;
mod library;
mod schema_helpers;
#[path = "../support/mod.rs"]
mod support;
mod testing;
