//! Cargo.toml: what kit reads of it, and what `kit init` adds to it with its formatting kept.

/// A version of SeaORM that kit has an adapter for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Major {
    /// 1.1
    One,
    /// 2.0
    Two,
}
