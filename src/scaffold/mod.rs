//! Names, stubs, and the [`FilePlan`] through which everything is written into a project.

mod columns;
mod dialect;
pub mod factory;
pub mod guess;
mod helper_calls;
mod identifiers;
pub mod intent;
mod known;
mod layout;
pub mod migration;
pub mod model;
pub mod name;
mod plan;
pub mod seeder;
mod shape;
mod source;
pub mod staging;
pub mod starter;
pub mod stub;
mod vague;

pub use plan::{Change, FilePlan, PlannedFile};
