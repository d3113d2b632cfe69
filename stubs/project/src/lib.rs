#[path = "../migrations/mod.rs"]
pub mod migrations;
pub mod models;
