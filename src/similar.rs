//! Which known name is meant by one that is misspelt.

/// How alike two names are, from 0 to 1. Letters that are swapped count little.
pub fn similarity(typed: &str, known: &str) -> f64 {
    strsim::jaro_winkler(typed, known).max(strsim::normalized_damerau_levenshtein(typed, known))
}

/// Returns the names of which `typed` is probably a misspelling, the most similar one first.
pub fn near<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let is_near = |name: &&str| {
        strsim::jaro_winkler(typed, name) > 0.8 || strsim::normalized_damerau_levenshtein(typed, name) > 0.6
    };
    let mut names: Vec<&str> = known.into_iter().filter(is_near).collect();
    sort(typed, &mut names);
    names
}

/// Sorts names, the most similar one first; those that are equally similar keep their order.
pub fn sort<T: AsRef<str>>(typed: &str, names: &mut [T]) {
    names.sort_by(|a, b| similarity(typed, b.as_ref()).total_cmp(&similarity(typed, a.as_ref())));
}

#[cfg(test)]
mod tests {
    use super::{near, sort};

    #[test]
    fn the_most_similar_name_is_the_first() {
        let columns = ["title", "tile", "body", "titles"];
        assert_eq!(near("titel", columns).first(), Some(&"title"));
        assert_eq!(near("tiel", columns).first(), Some(&"tile"));
        assert_eq!(near("ulr", ["dangerously_truncate", "url"]), ["url"]);
        assert_eq!(near("nonsense", ["connections", "seeder"]), Vec::<&str>::new());
        let mut values = ["compact", "expanded", "dense"];
        sort("expnaded", &mut values);
        assert_eq!(values, ["expanded", "dense", "compact"]);
    }
}
