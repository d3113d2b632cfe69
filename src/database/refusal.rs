//! Why a server does not let kit in, told from what driver and server say. It returns a kind, for advice that fits.

/// A kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody listens there.
    NobodyThere,
    /// No such host.
    NoSuchHost,
    /// Nothing comes back.
    NoAnswer,
    /// Not this user, or not this password.
    Login,
    /// Anything else.
    Other,
}

/// Parts of messages that show what they mean.
const WORDS: [(Refusal, &[&str]); 4] = [
    (Refusal::NobodyThere, &["Connection refused", "No such file or directory"]),
    (Refusal::NoSuchHost, &["failed to lookup address", "Name or service not known", "nodename nor servname"]),
    (Refusal::NoAnswer, &["no answer within", "timed out", "unreachable", "No route to host"]),
    (
        Refusal::Login,
        &["authentication failed", "Access denied", "no pg_hba.conf entry", "role \"", "is not permitted to log in"],
    ),
];

impl Refusal {
    /// What a message of [`crate::error::Error::Connect`] means.
    pub fn of(message: &str) -> Self {
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        WORDS.iter().find(|(_, words)| says(words)).map_or(Self::Other, |(kind, _)| *kind)
    }
}
