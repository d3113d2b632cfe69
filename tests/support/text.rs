//! Looks for parts of a text that are not kit's wording. It knows neither kit nor a database.
#![allow(dead_code, reason = "each test binary uses its own part")]

/// Whether `text` has the data: names, values, SQL, paths, flags.
#[must_use]
pub fn shows(text: &str, data: impl AsRef<str>) -> bool {
    text.contains(data.as_ref())
}

/// Whether `text` has what another program (a server, a compiler) or the test itself wrote.
#[must_use]
pub fn quotes(text: &str, foreign: impl AsRef<str>) -> bool {
    text.contains(foreign.as_ref())
}
