//! The names of environments: which of them are production, and which development. It reads no variable and no file.

/// The environment where nothing names one.
pub const DEVELOPMENT: &str = "development";

/// Returns whether an environment of this name is production: `production` or `prod`, in any case.
pub fn is_production(environment: &str) -> bool {
    is_one_of(environment, &["production", "prod"])
}

/// Returns whether an environment of this name is development: `development` or `dev`, in any case.
pub fn is_development(environment: &str) -> bool {
    is_one_of(environment, &[DEVELOPMENT, "dev"])
}

fn is_one_of(environment: &str, names: &[&str]) -> bool {
    names.iter().any(|name| environment.trim().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_in_any_case_and_nothing_longer_does() {
        for name in ["production", "prod", "Prod", "PRODUCTION", " production\n"] {
            assert!(is_production(name) && !is_development(name), "{name}");
        }
        for name in ["development", "dev", "DEV", "Development"] {
            assert!(is_development(name) && !is_production(name), "{name}");
        }
        for name in ["", "staging", "test", "preprod", "production-eu", "products", "device"] {
            assert!(!is_production(name) && !is_development(name), "{name}");
        }
    }
}
