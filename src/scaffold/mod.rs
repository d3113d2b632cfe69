//! Names, stubs, and the [`FilePlan`] through which everything is written into a project.

mod plan;
pub mod starter;

pub use plan::{Change, FilePlan};
