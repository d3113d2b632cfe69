//! Benchmarks against peers; not there yet.
fn main() {}
