//! The blog's entities.

pub mod categories;
pub mod comments;
pub mod post_tags;
pub mod posts;
pub mod tags;
pub mod users;
