//! What kit says where no URL of a database is.

use super::{MissingUrl, NoDefault};

/// The maximum number of files that an error names.
const MAX_PLACES: usize = 3;

/// The reason, then what may have been meant.
pub fn missing_text(missing: &MissingUrl) -> String {
    let MissingUrl { variable, environment, .. } = missing;
    let mut text = match &missing.reason {
        NoDefault::Connection { origin } => format!("{origin}: the variable {variable} is not set"),
        NoDefault::Environment => {
            format!("no database URL in the environment `{environment}`: {variable} is not set")
        }
        NoDefault::Misspelt => format!("no database URL: {variable} is not set"),
        NoDefault::Driver { drivers } if drivers.is_empty() => format!("no database URL: {variable} is not set"),
        NoDefault::Driver { drivers } => format!(
            "no database URL: {variable} is not set, and the driver of the default database is not among the project's: {}",
            drivers.join(", ")
        ),
    };
    for misspelt in &missing.misspelt {
        text.push_str(&format!(", but `{}` is set in {}", misspelt.name, misspelt.origin.place()));
    }
    if let Some(file) = &missing.loco {
        text.push_str(&format!("; there is no {file}"));
    }
    let places: Vec<String> =
        missing.elsewhere.iter().take(MAX_PLACES).map(|place| format!("{}:{}", place.file, place.line)).collect();
    if !places.is_empty() {
        text.push_str(&format!("; a URL that kit does not read is in {}", places.join(", ")));
    }
    text
}

/// One imperative sentence.
pub fn missing_hint(missing: &MissingUrl) -> String {
    let variable = &missing.variable;
    if let Some(misspelt) = missing.misspelt.first() {
        return format!("rename `{}` in {} to `{variable}`", misspelt.name, misspelt.origin.place());
    }
    match missing.elsewhere.first() {
        Some(place) => format!(
            "copy the URL of {}:{} into .env as {variable}=URL, or pass it with --database URL",
            place.file, place.line
        ),
        None => format!(
            "set {variable}, in .env or in the environment: {variable}=postgres://USER:PASSWORD@HOST/NAME; or pass --database URL"
        ),
    }
}
