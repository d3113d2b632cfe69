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
    /// The server is starting, stopping, or has no connection to spare.
    NotReady,
    /// Not this user, or not this password.
    Login,
    /// Anything else.
    Other,
}

/// Parts of messages that show what they mean.
const WORDS: [(Refusal, &[&str]); 5] = [
    (
        Refusal::NotReady,
        &[
            "the database system is",
            "not yet accepting connections",
            "too many clients already",
            "Too many connections",
            "Connection reset by peer",
            "Broken pipe",
            "at EOF",
            "unexpected end of file",
        ],
    ),
    (Refusal::NobodyThere, &["Connection refused", "No such file or directory"]),
    (Refusal::NoSuchHost, &["failed to lookup address", "Name or service not known", "nodename nor servname"]),
    (Refusal::NoAnswer, &["no answer within", "timed out", "unreachable", "No route to host"]),
    (
        Refusal::Login,
        &["authentication failed", "Access denied", "no pg_hba.conf entry", "role \"", "is not permitted to log in"],
    ),
];

impl Refusal {
    /// Returns whether the same attempt may succeed later without a change by the user.
    pub fn is_transient(self) -> bool {
        match self {
            Self::NobodyThere | Self::NoSuchHost | Self::NoAnswer | Self::NotReady => true,
            Self::Login | Self::Other => false,
        }
    }

    /// What a message of [`crate::error::Error::Connect`] means.
    pub fn of(message: &str) -> Self {
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        WORDS.iter().find(|(_, words)| says(words)).map_or(Self::Other, |(kind, _)| *kind)
    }
}
