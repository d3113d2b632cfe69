//! What makes snapshots of models and answers the same each time: regular expressions and what they are replaced with, as insta takes
//! them. It owns lists of text and depends on nothing.

/// Regular expressions and replacements, as `insta::with_settings!({ filters => … }, …)` takes them.
pub type Filters = Vec<(&'static str, &'static str)>;

/// Dates with a time, with or without fraction and zone, as `chrono` and `time` write them and as JSON has them. A day alone stays:
/// a birthday is data.
pub const CLEANUP_DATE: [(&str, &str); 1] =
    [(r"\b\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}:\d{2}(?:\.\d+)?(?:Z\b| ?UTC\b| ?[+-]\d{2}:?\d{2}(?::\d{2})?\b)?", "DATE")];

/// Numbers of rows: `id: 12`, `user_id: Some(12)`, `id: Set(12)`, `"id":12`, `"userId": 12`.
pub const CLEANUP_MODEL: [(&str, &str); 2] =
    [(r"\b((?:\w+_)?id: (?:\w+\(\s*)*)-?\d+\b", "${1}ID"), (r#"("(?:(?:\w+_)?id|\w+Id)\\?":\s*)-?\d+\b"#, "${1}ID")];

/// Hashes of passwords as argon2, bcrypt, scrypt and PBKDF2 write them, wherever they stand.
pub const CLEANUP_PASSWORD: [(&str, &str); 2] = [
    (r"\$(?:argon2(?:id|i|d)|scrypt|pbkdf2(?:-\w+)?)\$[A-Za-z0-9+/=,.$_-]+", "PASSWORD"),
    (r"\$2[abxy]?\$\d{2}\$[./A-Za-z0-9]{53}", "PASSWORD"),
];

const UUID: &str = r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b";

/// What changes in a user: UUIDs are `PID`, hashes of passwords `PASSWORD`, JSON web tokens `TOKEN`, as Loco's snapshots have them.
pub const CLEANUP_USER_MODEL: [(&str, &str); 4] = [
    (UUID, "PID"),
    CLEANUP_PASSWORD[0],
    CLEANUP_PASSWORD[1],
    (r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", "TOKEN"),
];

/// What changes in a mail: boundaries, its date, UUIDs.
pub const CLEANUP_MAIL: [(&str, &str); 3] = [
    (r"\b[0-9A-Za-z]{40}\b", "IDENTIFIER"),
    (r"\b\w{3}, \d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}\b", "DATE"),
    (UUID, "RANDOM_ID"),
];

/// What changes in a model: dates, UUIDs, numbers of rows, hashes of passwords, JSON web tokens.
///
/// ```
/// // insta::with_settings!({ filters => kit_runtime::testing::filters() }, { insta::assert_debug_snapshot!(user) });
/// # let filters: Vec<(&str, &str)> = kit_runtime::testing::filters();
/// # assert_eq!(filters[1].1, "UUID");
/// ```
pub fn filters() -> Filters {
    let [_, user @ ..] = CLEANUP_USER_MODEL;
    CLEANUP_DATE.into_iter().chain([(UUID, "UUID")]).chain(CLEANUP_MODEL).chain(user).collect()
}

/// The same with Loco's words, for snapshots that come from there.
pub fn cleanup_user_model() -> Filters {
    CLEANUP_USER_MODEL.into_iter().chain(CLEANUP_DATE).chain(CLEANUP_MODEL).collect()
}

/// Those of mails.
pub fn cleanup_email() -> Filters {
    CLEANUP_MAIL.into_iter().chain(CLEANUP_DATE).collect()
}
