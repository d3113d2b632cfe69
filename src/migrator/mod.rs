//! The command line's end of the migrator: generate the crate, build it, cache it, drive it.

pub mod runtime_source;
