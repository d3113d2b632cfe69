//! What kit warns of in a URL, and what it says instead of another tool's form.

use kit::error::Error;

use super::SECRET;
use crate::support::Sandbox;

#[test]
fn a_schema_in_the_url_is_ignored_with_a_warning_and_its_setting_ends_it() {
    for name in ["schema", "currentSchema", "search_path"] {
        let url = format!("postgres://u:s3cr3t@localhost/x?{name}=app");
        let run = Sandbox::project().env("DATABASE_URL", &url).kit(&["about"]);
        assert_eq!(run.code, 0, "{run}");
        assert!(run.shows(format!("`{name}`")) && run.shows("DATABASE_SCHEMA=app"), "{run}");
        let heeded = Sandbox::project().env("DATABASE_URL", &url).env("DATABASE_SCHEMA", "app").kit(&["about"]);
        assert_eq!(heeded.stderr, "", "{heeded}");
    }
}

#[test]
fn the_parameter_for_encryption_is_the_one_of_the_database() {
    for (url, parameter) in [
        ("postgres://u:s3cr3t@db.example.com/x", "sslmode=verify-full"),
        ("mysql://u:s3cr3t@db.example.com/x", "ssl-mode=VERIFY_IDENTITY"),
        ("mysql://u:s3cr3t@db.example.com/x?sslMode=REQUIRED", "ssl-mode=VERIFY_IDENTITY"),
        ("postgres:///x?host=db.example.com&user=u&password=s3cr3t", "sslmode=verify-full"),
    ] {
        let sandbox = Sandbox::project().env("DATABASE_URL", url);
        let run = sandbox.kit(&["about"]);
        assert!(run.shows(parameter) && !run.to_string().contains(SECRET), "{url}\n{run}");
        let strict = sandbox.seeing("KIT_REQUIRE_TLS", "1").kit(&["about"]);
        assert!(matches!(strict.error(), Error::Overheard { parameter: named, .. } if *named == parameter), "{strict}");
        // The hint: the parameter in the URL.
        let mark = if url.contains('?') { '&' } else { '?' };
        let followed = sandbox.seeing("DATABASE_URL", &format!("{url}{mark}{parameter}"));
        assert_eq!(followed.env("KIT_REQUIRE_TLS", "1").kit(&["about"]).code, 0, "{url}");
    }
}

#[test]
fn a_url_of_another_tool_is_refused_with_the_form_that_works() {
    for url in [
        "jdbc:postgresql://h/x?user=u&password=s3cr3t",
        "postgresql+asyncpg://u:s3cr3t@h/x",
        "postgres://u:s3cr3t@h1:5432,h2:5432/x",
        "mysql+pymysql://u:s3cr3t@h/x",
        "file:./dev.db",
    ] {
        for sandbox in [
            Sandbox::project().env("DATABASE_URL", url),
            Sandbox::project().file(".env", &format!("DATABASE_URL={url}\n")),
        ] {
            let run = sandbox.kit(&["migrate:status"]);
            let Error::BadUrl { corrected: Some(corrected), .. } = run.error() else { panic!("{run}") };
            assert!(run.hint().contains(corrected) && !run.to_string().contains(SECRET), "{run}");
            let followed = Sandbox::project().env("DATABASE_URL", &corrected.replace("PASSWORD", SECRET));
            assert_eq!(followed.kit(&["about"]).code, 0, "{corrected}");
        }
    }
}
