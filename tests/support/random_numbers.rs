//! Random numbers that are the same again for the same seed, and the seed of a run: `KIT_SEED`, or the time.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a clock before 1970 ends the test")]
#![allow(clippy::disallowed_methods, reason = "tests have no main.rs that reads the environment for them")]
#![allow(clippy::print_stderr, reason = "a failed test says how it is repeated")]

/// A source of numbers.
pub struct Random(u64);

/// Returns `KIT_SEED`, else a number that is printed, so that a failure can be repeated.
pub fn seed() -> u64 {
    let given = std::env::var("KIT_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let seed = given.unwrap_or_else(now);
    eprintln!("KIT_SEED={seed}");
    seed
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3_037_000_493))
    }

    /// A number from 0 to `limit - 1`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).unwrap()
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of `all`.
    pub fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}
