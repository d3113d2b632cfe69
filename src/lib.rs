//! `kit`: artisan for SeaORM. This page is the map of the house; ARCHITECTURE.md is its longer form.
//!
//! ```text
//!  main ── run ── cli ── commands ── ui          the only writer to the terminal
//!                           ├─ app               what a command works with: context, questions
//!                           ├─ project           where am I: root, layout, settings, registering
//!                           ├─ fields            the field language, `title:string:required`
//!                           ├─ scaffold          names, stubs, and the FilePlan that writes files
//!                           ├─ migrator          generate, build and drive the migrator
//!                           ├─ codegen           schema → entities
//!                           ├─ schema            the model of a schema, and reading it
//!                           ├─ doctor            what keeps kit from working here
//!                           ├─ seeds             files → rows, rows → files
//!                           └─ database          URLs and connections
//! ```
//!
//! Everything below `commands` returns values or emits events, never text. What is compiled together
//! with a project's migrations lives in the other package, [`kit_runtime`].

pub mod app;
pub mod cli;
pub mod codegen;
pub mod commands;
pub mod database;
pub mod doctor;
pub mod error;
pub mod fields;
pub mod interrupt;
pub mod migrator;
pub mod project;
pub mod scaffold;
pub mod schema;
pub mod seeds;
pub mod similar;
#[cfg(test)]
mod test_files;
pub mod ui;

pub use app::context::Host;
pub use cli::run;
