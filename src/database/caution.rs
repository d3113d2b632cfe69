//! What is unwise about how a database is named, before anything is sent to it: a password where others can read it, a
//! network that others can read. It returns facts; whether they stop anything is the caller's business.

use std::net::IpAddr;

use kit_runtime::dialect::url::{Ignored, Meaning};
use url::{Host, Url};

use super::{Origin, Target};
use crate::error::{Error, Result};
use crate::project::Settings;

impl Target {
    /// Whether it was given on the command line with a password, which every user of the machine can read there.
    pub fn shows_password(&self) -> bool {
        self.origin == Origin::flag("--database") && self.server().is_some_and(|url| url.password().is_some())
    }

    /// Whether it stands in kit.toml with a password, which goes wherever the project goes.
    pub fn keeps_password(&self, settings: &Settings) -> bool {
        let connection = self.name.as_ref().and_then(|name| settings.connections.get(name));
        connection.is_some_and(|connection| connection.url.is_some())
            && self.server().is_some_and(|url| url.password().is_some())
    }

    /// Whether its file is opened for reading alone.
    pub fn only_reads(&self) -> bool {
        self.file().is_some() && self.secret_url().contains("?mode=ro")
    }

    /// Passes unless `required`, the value of `KIT_REQUIRE_TLS`, asks for more than the URL does.
    ///
    /// # Errors
    /// [`Error::Overheard`].
    pub fn insist_on_encryption(&self, required: Option<&str>) -> Result<()> {
        if required.is_some_and(|value| value != "0") && self.may_be_overheard() {
            return Err(Error::Overheard { database: self.redacted(), parameter: self.tls_parameter() });
        }
        Ok(())
    }

    /// Whether a server elsewhere may be talked to in plain text.
    pub fn may_be_overheard(&self) -> bool {
        let Some(url) = self.server() else { return false };
        !is_here(&url) && !self.dialect.tls().is_some_and(|tls| tls.is_asked_for(&url))
    }

    /// What the URL needs, to be encrypted and to lead to no other server: `sslmode=verify-full`.
    pub fn tls_parameter(&self) -> &'static str {
        self.dialect.tls().map_or("", |tls| tls.strictest)
    }

    /// What is unwise about the URL, as errors to warn with.
    pub fn cautions(&self) -> Vec<Error> {
        let database = || self.redacted();
        let is_heeded = |ignored: &Ignored| match &ignored.meaning {
            Meaning::Schema(schema) => self.schema.as_deref() == Some(schema),
            Meaning::Tls(_) => false,
        };
        let ignored = self.ignored.iter().filter(|ignored| !is_heeded(ignored));
        let mut found: Vec<Error> =
            ignored.map(|ignored| Error::IgnoredParameter { ignored: ignored.clone(), database: database() }).collect();
        if self.may_be_overheard_outside() {
            found.push(Error::Unencrypted { database: database(), parameter: self.tls_parameter() });
        }
        found
    }

    /// The same, where the way leads out of the own network.
    pub fn may_be_overheard_outside(&self) -> bool {
        self.may_be_overheard() && self.server().is_some_and(|url| !is_near(&url))
    }

    /// The URL of a database that is not a file.
    fn server(&self) -> Option<Url> {
        let url = Url::parse(self.secret_url()).ok()?;
        self.file().is_none().then_some(url)
    }
}

/// This machine, or a socket of it.
fn is_here(url: &Url) -> bool {
    if url.query_pairs().any(|(name, _)| name == "socket") {
        return true;
    }
    match address(url) {
        Some(address) => address.is_loopback(),
        None => {
            let host = url.host_str().unwrap_or_default();
            host.is_empty()
                || host == "localhost"
                || host.ends_with(".localhost")
                || host.to_ascii_lowercase().starts_with("%2f")
        }
    }
}

/// A private address, or a name without a dot, which only the own network knows.
fn is_near(url: &Url) -> bool {
    match address(url) {
        Some(IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
        Some(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        None => !url.host_str().unwrap_or_default().contains('.'),
    }
}

fn address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        // In the URLs of databases, hosts are no more than text.
        Host::Domain(name) => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url, "--database", Path::new("/")).unwrap()
    }

    #[test]
    fn what_goes_over_a_network_in_plain_text() {
        for (url, overheard, outside) in [
            ("sqlite://x.sqlite", false, false),
            ("postgres://u:p@localhost/x", false, false),
            ("postgres://u:p@127.0.0.2:5/x", false, false),
            ("postgres://u:p@[::1]/x", false, false),
            ("postgres://u:p@localhost/x?host=/run/postgresql", false, false),
            ("mysql://u:p@db/x", true, false),
            ("mysql://u:p@db/x?socket=/run/socket", false, false),
            ("mysql://u:p@10.0.0.7/x", true, false),
            ("postgres://u:p@[fd00::7]/x", true, false),
            ("postgres://u:p@db.example.com/x", true, true),
            ("postgres://u:p@203.0.113.7/x?sslmode=prefer", true, true),
            ("mysql://u:p@db.example.com/x?ssl-mode=DISABLED", true, true),
            ("postgres://u:p@db.example.com/x?sslmode=require", false, false),
            ("postgres://u:p@db.example.com/x?sslmode=verify-full", false, false),
            ("mysql://u:p@db.example.com/x?ssl-mode=VERIFY_IDENTITY", false, false),
        ] {
            let target = target(url);
            assert_eq!((target.may_be_overheard(), target.may_be_overheard_outside()), (overheard, outside), "{url}");
        }
    }

    #[test]
    fn a_password_on_the_command_line() {
        assert!(target("postgres://u:p@localhost/x").shows_password());
        assert!(!target("postgres://u@localhost/x").shows_password());
        assert!(!Target::parse("postgres://u:p@h/x", "DATABASE_URL", Path::new("/")).unwrap().shows_password());
    }
}
