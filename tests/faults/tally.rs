//! What the suites count, and chance with a seed that can be given again. A row goes to the file that `KIT_FAULTS_REPORT`
//! names; `./test.sh --faults` prints the file at its end.

use std::io::Write;

use crate::work::Faulty;

/// Counts of a suite on one database, with one tool.
#[derive(Debug, Default)]
pub struct Tally {
    /// Runs that were made to fail.
    pub tried: u32,
    /// Of these, went on with the next run.
    pub alone: u32,
    /// Of these, went on after a person had looked.
    pub by_hand: u32,
    /// Did not go on.
    pub stuck: u32,
    /// Said that all is well, and it was not.
    pub wrong: u32,
    /// Data changes lost or done more than once.
    pub changes: u32,
    /// Why, for the first few.
    pub reasons: Vec<String>,
}

impl Tally {
    /// Counts one run that was made to fail, and what became of it.
    pub fn count(&mut self, what: &str, went_on: Result<u32, String>, faulty: Faulty) {
        self.tried += 1;
        self.changes += faulty.changes;
        match went_on {
            Err(reason) => {
                self.stuck += 1;
                self.blame(what, &reason);
            }
            Ok(_) if !faulty.reasons.is_empty() => {
                self.wrong += 1;
                self.blame(what, &faulty.reasons.join("; "));
            }
            Ok(0) => self.alone += 1,
            Ok(_) => self.by_hand += 1,
        }
    }

    fn blame(&mut self, what: &str, reason: &str) {
        if self.reasons.len() < 20 {
            self.reasons.push(format!("{what}: {reason}"));
        }
    }

    /// Adds a row to the report.
    pub fn report(&self, suite: &str, database: &str, tool: &str) {
        let Self { tried, alone, by_hand, stuck, wrong, changes, .. } = self;
        let row =
            format!("{suite} | {database} | {tool} | {tried} | {alone} | {by_hand} | {stuck} | {wrong} | {changes}");
        println!("{row}");
        if let Ok(path) = std::env::var("KIT_FAULTS_REPORT") {
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
            writeln!(file, "{row}").unwrap();
        }
    }

    /// All went on, and nothing is wrong.
    #[track_caller]
    pub fn assert_whole(&self) {
        assert!(self.stuck == 0 && self.wrong == 0 && self.changes == 0, "{self:#?}");
        assert!(self.tried > 0);
    }
}

/// Numbers that come again with the same seed.
pub struct Chance(u64);

impl Chance {
    /// From `KIT_FAULTS_SEED`, else the clock; printed.
    pub fn new(suite: &str) -> Self {
        let clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as u64;
        let seed = std::env::var("KIT_FAULTS_SEED").ok().map_or_else(clock, |text| text.parse().unwrap());
        println!("{suite}: KIT_FAULTS_SEED={seed}");
        Self(seed | 1)
    }

    /// Below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        // xorshift64*.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % limit.max(1)
    }

    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}
