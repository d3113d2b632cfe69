//! Passwords in text that is to be shown. It returns text and knows neither databases nor where it comes from.

/// `text` with the password of every URL in it replaced by `***`, whatever the scheme; also one that is a parameter.
pub fn hide_passwords(text: &str) -> String {
    hide_parameters(&hide_before_hosts(text))
}

/// Replaces the value after `password=`, `sslpassword=`, `pwd=` and the like.
fn hide_parameters(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || "&;'\"`<>".contains(c);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (before, after) = rest.split_at(at + 1);
        clean.push_str(before);
        let name =
            before.trim_end_matches('=').rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let end = after.find(ends).unwrap_or(after.len());
        rest = after;
        if (name.contains("passw") || name == "pwd" || name == "pass") && end > 0 {
            clean.push_str("***");
            rest = after.get(end..).unwrap_or_default();
        }
    }
    clean.push_str(rest);
    clean
}

fn hide_before_hosts(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(":/") {
        let (before, after) = rest.split_at(at + 2);
        clean.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "'\"`<>".contains(c)).unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        match word.rfind('@').map(|at| word.split_at(at)) {
            Some((user, host)) => {
                let slashes = user.len() - user.trim_start_matches('/').len();
                let colon = user.get(slashes..).and_then(|user| user.find(':')).map(|colon| colon + slashes);
                clean.push_str(user.get(..colon.unwrap_or(slashes)).unwrap_or_default());
                clean.push_str(if colon.is_some() { ":***" } else { "***" });
                clean.push_str(host);
            }
            None => clean.push_str(word),
        }
        rest = after;
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_any_text_are_hidden() {
        for (text, expected) in [
            ("unexpected 'postgres://u:hunter2@h/x' found", "unexpected 'postgres://u:***@h/x' found"),
            ("postgre:/u:hunter2@h, pg://u:a@b@h", "postgre:/u:***@h, pg://u:***@h"),
            ("token://hunter2@h/x", "token://***@h/x"),
            ("sqlite://database/app.sqlite", "sqlite://database/app.sqlite"),
            ("see https://example.org/a:b", "see https://example.org/a:b"),
            ("no URL", "no URL"),
            ("postgres:///x?host=/run&password=hunter2&user=u", "postgres:///x?host=/run&password=***&user=u"),
            ("url = \"pg://h/x?sslPassword=hunter2\" # b=c", "url = \"pg://h/x?sslPassword=***\" # b=c"),
            ("jdbc:pg://h/x?user=u;PWD=hunter2;a=b", "jdbc:pg://h/x?user=u;PWD=***;a=b"),
            ("PGPASSWORD=hunter2 kit", "PGPASSWORD=*** kit"),
            ("password= and a=b", "password= and a=b"),
        ] {
            assert_eq!(hide_passwords(text), expected);
        }
    }
}
