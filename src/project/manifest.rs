//! Cargo.toml: what kit reads of it, and what `kit init` adds to it with its formatting kept.
