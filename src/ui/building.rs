//! How far a build is, in one line: `Building the migrations: 120 of 245 crates, 1m 20s (sea-orm)`.

use std::time::Instant;

/// A build that goes on.
#[derive(Clone, Debug)]
pub(super) struct Building {
    /// What is built.
    pub what: &'static str,
    /// Crates that were compiled, those of build scripts included.
    pub compiled: usize,
    /// Packages that cargo has, compiled now or before.
    pub done: usize,
    /// Packages that it needs, once they are counted.
    pub total: Option<usize>,
    /// The crate that was compiled last.
    pub last: String,
    since: Instant,
}

impl Building {
    pub fn of(what: &'static str) -> Self {
        Self { what, compiled: 0, done: 0, total: None, last: String::new(), since: Instant::now() }
    }

    /// The line that shows it.
    pub fn line(&self) -> String {
        line(self, self.since.elapsed().as_secs())
    }
}

fn line(build: &Building, seconds: u64) -> String {
    let mut line = format!("Building the {}", build.what);
    match (build.done, build.total) {
        (0, _) => {}
        // What cargo needs besides may be more than was counted.
        (done, Some(total)) if done <= total => line += &format!(": {done} of {total} crates"),
        (done, _) => line += &format!(": {done} crates"),
    }
    match seconds {
        0 => {}
        1..60 => line += &format!(", {seconds}s"),
        _ => line += &format!(", {}m {}s", seconds / 60, seconds % 60),
    }
    if !build.last.is_empty() {
        line += &format!(" ({})", build.last);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_shows_how_far_it_is() {
        let mut build = Building::of("migrations");
        assert_eq!(line(&build, 0), "Building the migrations");
        assert_eq!(line(&build, 3), "Building the migrations, 3s");
        (build.done, build.last) = (7, "serde".to_owned());
        assert_eq!(line(&build, 3), "Building the migrations: 7 crates, 3s (serde)");
        build.total = Some(245);
        assert_eq!(line(&build, 80), "Building the migrations: 7 of 245 crates, 1m 20s (serde)");
        build.done = 250;
        assert_eq!(line(&build, 80), "Building the migrations: 250 crates, 1m 20s (serde)");
    }
}
