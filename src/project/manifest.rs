//! Cargo.toml: what kit reads of it, and what `kit init` adds to it with its formatting kept.

/// A version of SeaORM that kit has an adapter for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Major {
    /// 1.1
    One,
    /// 2.0
    Two,
}

impl Major {
    /// What a manifest asks cargo for.
    pub fn requirement(self) -> &'static str {
        match self {
            Self::One => "1.1",
            Self::Two => "2.0",
        }
    }
}
