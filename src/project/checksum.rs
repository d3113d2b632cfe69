//! The checksum of a migration's source, which the journal keeps, so that a later change is noticed.

use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use sha2::{Digest, Sha256};

use super::included;

/// Returns the SHA-256, in hexadecimal, of what the compiler reads of a migration's source: its tokens, without comments.
/// Formatting it is no change. Line ends are LF, also within strings; a source that is not Rust counts as text.
pub fn checksum(source: &str) -> String {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source).replace("\r\n", "\n");
    let read = text.parse::<TokenStream>().map_or(text, |tokens| without_docs(tokens).to_string());
    hex(Sha256::digest(read.as_bytes()))
}

/// Returns [`checksum`] of the source in `file`; if it includes other files, `+` and their SHA-256 follow.
pub fn checksum_with_included(source: &str, file: &Path) -> String {
    let own = checksum(source);
    let included = included::files(source, file);
    if included.is_empty() {
        return own;
    }
    let mut hasher = Sha256::new();
    for file in included {
        let content = file.content.unwrap_or_else(|| "missing".into());
        let content = if file.is_source { checksum(&String::from_utf8_lossy(&content)).into() } else { content };
        hasher.update(content.len().to_le_bytes());
        hasher.update(content);
    }
    format!("{own}+{}", hex(hasher.finalize()))
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tokens without doc comments, which are attributes to the compiler, and without a comma that only rustfmt cares about.
fn without_docs(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        if let TokenTree::Group(group) = token {
            let is_doc = group.delimiter() == Delimiter::Bracket
                && group.stream().into_iter().next().is_some_and(|token| token.to_string() == "doc");
            if is_doc {
                while kept.last().is_some_and(|token| matches!(token.to_string().as_str(), "#" | "!")) {
                    kept.pop();
                }
                continue;
            }
            let mut inner: Vec<TokenTree> = without_docs(group.stream()).into_iter().collect();
            // `(x,)` is another thing than `(x)`, but where it belongs to a name.
            let is_tuple = group.delimiter() == Delimiter::Parenthesis && commas(&inner) == 1;
            if (!is_tuple || is_named(&kept)) && inner.last().is_some_and(|token| token.to_string() == ",") {
                inner.pop();
            }
            kept.push(TokenTree::Group(Group::new(group.delimiter(), inner.into_iter().collect())));
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}

/// Whether what comes next in brackets are the arguments of something: a name stands before it, or the end of its generics.
fn is_named(before: &[TokenTree]) -> bool {
    const WORDS: [&str; 9] = ["return", "in", "match", "if", "while", "let", "mut", "ref", "move"];
    match before {
        [.., TokenTree::Punct(dash), TokenTree::Punct(end)] if end.as_char() == '>' => {
            !matches!(dash.as_char(), '-' | '=')
        }
        [.., TokenTree::Punct(end)] => matches!(end.as_char(), '>' | '!'),
        [.., TokenTree::Ident(word)] => !WORDS.contains(&word.to_string().as_str()),
        _ => false,
    }
}

fn commas(tokens: &[TokenTree]) -> usize {
    tokens.iter().filter(|token| token.to_string() == ",").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_does_not_read_is_no_change() {
        let source = "use a::b;\n/// Doc.\nfn f(x: u8) -> (u8,) {\n    // why\n    g(x, 'y', \"a\\nb\")\n}\n";
        for same in [
            "\u{feff}use a::b;\r\nfn f(x: u8) -> (u8,) {\r\ng(x, 'y', \"a\\nb\") }",
            "#![doc = \"x\"] use a :: b; fn f(\n    x: u8,\n) -> (u8,) { g(x, 'y', \"a\\nb\",) } /* end */",
        ] {
            assert_eq!(checksum(source), checksum(same), "{same}");
        }
        for other in [
            source.replace("u8,)", "u8)"),
            source.replace("'y'", "'z'"),
            source.replace("a\\nb", "a\\n b"),
            source.replace("g(x", "#[cfg(x)] g(x"),
        ] {
            assert_ne!(checksum(source), checksum(&other), "{other}");
        }
    }

    #[test]
    fn what_is_no_rust_is_text() {
        assert_eq!(checksum("(\n"), checksum("\u{feff}(\r\n"));
        assert_ne!(checksum("(\n"), checksum("("));
        assert_eq!(checksum(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
