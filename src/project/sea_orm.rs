//! Determines the SeaORM release of a project, from its lock file or from the requirement that cargo would resolve, and what kit can
//! do with that release.

pub mod features;

use semver::{Prerelease, Version, VersionReq};

/// A version of SeaORM that kit has an adapter for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Major {
    /// 1.0 and 1.1
    One,
    /// 2.x
    #[default]
    Two,
}

impl Major {
    /// Returns the requirement for a Cargo.toml that selects the newest release of the line.
    pub fn requirement(self) -> &'static str {
        match self {
            Self::One => "1.1",
            Self::Two => "2.0",
        }
    }
}

/// A release of SeaORM that kit works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeaOrm {
    /// Which adapter it needs.
    pub major: Major,
    /// Its number, as `sea-orm-migration` has it.
    pub version: Version,
}

/// The oldest release over whose connections a run can be pretended: older ones do not say when a transaction is dropped.
const PRETENDS: Version = Version::new(1, 1, 11);

/// The first release whose `proxy` compiles with `with-rust_decimal` alone.
const DECIMAL: Version = Version::new(1, 1, 20);

/// The newest known release of each line, and how many it has. For requirements without a lock file.
const LINES: [(u64, u64, u64); 3] = [(2, 0, 4), (1, 1, 20), (1, 0, 1)];

impl SeaOrm {
    /// The newest release.
    pub fn newest() -> Self {
        let (major, minor, patch) = LINES[0];
        Self { major: Major::Two, version: Version::new(major, minor, patch) }
    }

    /// Reads the version of a lock file. Returns `None` if there is no adapter for it; the adapters are written for releases, so
    /// pre-releases have none.
    pub fn locked(version: &str) -> Option<Self> {
        let version = Version::parse(version).ok()?;
        let major = match (version.major, version.minor) {
            (1, 0 | 1) => Major::One,
            (2, _) => Major::Two,
            _ => return None,
        };
        (version.pre == Prerelease::EMPTY).then_some(Self { major, version })
    }

    /// Returns the release that cargo selects for a requirement: the newest known one that matches, else the one that it names.
    pub fn required(requirement: &str) -> Option<Self> {
        let required = VersionReq::parse(requirement).ok()?;
        let known = LINES
            .iter()
            .flat_map(|&(major, minor, last)| (0..=last).rev().map(move |patch| Version::new(major, minor, patch)));
        let fits = known.into_iter().find(|version| required.matches(version)).or_else(|| {
            let named = required.comparators.first()?;
            (named.pre == Prerelease::EMPTY)
                .then(|| Version::new(named.major, named.minor.unwrap_or(0), named.patch.unwrap_or(0)))
        })?;
        Self::locked(&fits.to_string())
    }

    /// The newest known release of a line.
    pub fn newest_of(major: Major) -> Self {
        let number = if major == Major::Two { 2 } else { 1 };
        let newest = LINES
            .into_iter()
            .find(|line| line.0 == number)
            .map(|(major, minor, patch)| Version::new(major, minor, patch));
        newest.map_or_else(Self::newest, |version| Self { major, version })
    }

    /// The requirement for a Cargo.toml that this release meets: its line.
    pub fn requirement(&self) -> String {
        format!("{}.{}", self.version.major, self.version.minor)
    }

    /// Whether `--pretend` is possible.
    pub fn can_pretend(&self) -> bool {
        self.version >= PRETENDS
    }

    /// The features of `kit-runtime` that a migrator is built with.
    pub fn runtime_features(&self) -> Vec<&'static str> {
        let mut features = vec!["drivers"];
        features.extend(self.can_pretend().then_some("pretend"));
        features.extend((self.can_pretend() && self.version < DECIMAL).then_some("bigdecimal"));
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_means_what_cargo_would_take() {
        for (requirement, expected) in [
            ("1", Some("1.1.20")),
            ("1.0", Some("1.1.20")),
            ("1.1", Some("1.1.20")),
            ("=1.1.3", Some("1.1.3")),
            ("~1.0", Some("1.0.1")),
            ("<1.1.10", Some("1.1.9")),
            (">=1.1.4, <1.1.9", Some("1.1.8")),
            ("^1.1.0-rc.1", Some("1.1.20")),
            ("~2.0", Some("2.0.4")),
            (">=2.0.0-rc.28, <2.1", Some("2.0.4")),
            ("2", Some("2.0.4")),
            ("=2.0.9", Some("2.0.9")),
            ("2.3", Some("2.3.0")),
            ("*", Some("2.0.4")),
            ("0.12", None),
            ("3", None),
            ("=2.0.0-rc.18", None),
            ("nonsense", None),
        ] {
            let taken = SeaOrm::required(requirement).map(|release| release.version.to_string());
            assert_eq!(taken.as_deref(), expected, "{requirement}");
        }
    }

    #[test]
    fn a_locked_version_is_that_or_none() {
        for (version, expected) in [
            ("1.0.1", Some((Major::One, false))),
            ("1.1.10", Some((Major::One, false))),
            ("1.1.11", Some((Major::One, true))),
            ("2.0.0", Some((Major::Two, true))),
            ("2.4.1", Some((Major::Two, true))),
            ("0.12.15", None),
            ("1.2.0", None),
            ("2.0.0-rc.40", None),
            ("3.0.0", None),
        ] {
            let found = SeaOrm::locked(version).map(|release| (release.major, release.can_pretend()));
            assert_eq!(found, expected, "{version}");
        }
        assert_eq!(SeaOrm::locked("1.1.19").unwrap().runtime_features(), ["drivers", "pretend", "bigdecimal"]);
    }
}
