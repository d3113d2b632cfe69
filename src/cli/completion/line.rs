//! A command line as bash hands it over. bash breaks words where other shells do not (`:`, `=`, `@`) and replaces
//! only the last piece, so kit splits the line itself and returns candidates cut to that piece and quoted for it.
//! It knows nothing of what is completed.

use super::Candidate;
use crate::cli::dispatch::is_short_for;

/// A line up to the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Unquoted; the last one is where the cursor stands.
    pub words: Vec<String>,
    /// The beginning of the last word that stays, whatever replaces the rest.
    kept: String,
    /// The quote that is open where the replacement begins.
    quote: Option<char>,
}

impl Line {
    /// Splits `line`, of which bash is going to replace the end `replaced`.
    pub fn new(line: &str, replaced: &str) -> Self {
        let (mut kept, quote) = split(line.strip_suffix(replaced).unwrap_or(line));
        Self { words: split(line).0, kept: kept.pop().unwrap_or_default(), quote }
    }

    /// The candidates as bash has to insert them.
    pub fn replacements(&self, candidates: &[Candidate]) -> Vec<String> {
        let typed = self.words.last().map_or("", String::as_str);
        let typed = typed.strip_prefix(&self.kept).unwrap_or(typed);
        let mut values: Vec<&str> = Vec::new();
        for value in candidates.iter().filter_map(|candidate| self.cut(&candidate.value)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        // readline replaces what was typed with what several candidates have in common, even by nothing.
        if values.len() > 1 && !values.iter().all(|value| value.starts_with(typed)) {
            return Vec::new();
        }
        values.into_iter().filter_map(|value| self.quoted(value)).collect()
    }

    /// `migrate:fresh` without what stays: `fresh` after `migrate:`, and after `m:` as well, which is short for it.
    fn cut<'a>(&self, value: &'a str) -> Option<&'a str> {
        if let Some(rest) = value.strip_prefix(&self.kept) {
            return Some(rest);
        }
        let short = self.kept.strip_suffix(':')?;
        let (position, _) = value.match_indices(':').nth(short.matches(':').count())?;
        is_short_for(short, &value[..position]).then(|| &value[position + 1..])
    }

    fn quoted(&self, value: &str) -> Option<String> {
        let escape = |special: &dyn Fn(usize, char) -> bool| {
            let mut quoted = String::with_capacity(value.len());
            for (position, c) in value.char_indices() {
                if special(position, c) {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
            quoted
        };
        match self.quote {
            // There is no way to write a single quote inside single quotes.
            Some('\'') => (!value.contains('\'')).then(|| value.to_owned()),
            Some(_) => Some(escape(&|_, c| matches!(c, '"' | '\\' | '$' | '`'))),
            None => Some(escape(&|position, c| {
                let home = c == '~' && position == 0;
                !(home || c.is_alphanumeric() || !c.is_ascii() || "_-./:=@%+,".contains(c))
            })),
        }
    }
}

/// The words of a line, and the quote that is open at its end. There is always a last word, if an empty one.
fn split(line: &str) -> (Vec<String>, Option<char>) {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n') => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), _) if c == open => quote = None,
            (None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some('"'), '\\') => match characters.next() {
                Some(next @ ('"' | '\\' | '$' | '`')) => word.get_or_insert_default().push(next),
                next => word.get_or_insert_default().extend(std::iter::once('\\').chain(next)),
            },
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.push(word.unwrap_or_default());
    (words, quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(line: &str, replaced: &str, values: &[&str]) -> Vec<String> {
        let candidates: Vec<Candidate> =
            values.iter().map(|value| Candidate { value: (*value).to_owned(), help: String::new() }).collect();
        Line::new(line, replaced).replacements(&candidates)
    }

    #[test]
    fn words_are_unquoted_as_bash_does() {
        let words = |line| Line::new(line, "").words;
        assert_eq!(words("kit migrate:f"), ["kit", "migrate:f"]);
        assert_eq!(words("kit about "), ["kit", "about", ""]);
        assert_eq!(
            words(r#"kit --project my\ app "a 'b' \" \x" 'c "d"'é x"#),
            ["kit", "--project", "my app", r#"a 'b' " \x"#, r#"c "d"é"#, "x"]
        );
        assert_eq!(words("kit 'open quote"), ["kit", "open quote"]);
        assert_eq!(words(r"kit end\"), ["kit", "end"]);
    }

    #[test]
    fn only_the_piece_after_a_break_is_replaced() {
        let values = ["migrate:fresh"];
        assert_eq!(offered("kit mig", "mig", &values), ["migrate:fresh"]);
        assert_eq!(offered("kit migrate:", "", &values), ["fresh"]);
        assert_eq!(offered("kit migrate:f", "f", &values), ["fresh"]);
        assert_eq!(offered("kit --database=ma", "ma", &["--database=main"]), ["main"]);
    }

    #[test]
    fn a_short_form_is_completed_after_its_last_colon() {
        assert_eq!(offered("kit m:f", "f", &["migrate:fresh"]), ["fresh"]);
        assert_eq!(offered("kit m:s", "s", &["migrate:status", "model:show"]), ["status", "show"]);
        // A shell that does not break at colons gets the whole name.
        assert_eq!(offered("kit m:f", "m:f", &["migrate:fresh"]), ["migrate:fresh"]);
    }

    #[test]
    fn what_was_typed_is_never_shortened() {
        assert_eq!(offered("kit x --to posts", "posts", &["m1_posts"]), ["m1_posts"]);
        assert_eq!(offered("kit x --to posts", "posts", &["m1_posts", "m2_posts"]), Vec::<String>::new());
    }

    #[test]
    fn special_characters_are_quoted_for_the_open_quote() {
        let folder = ["it's $5/"];
        assert_eq!(offered("kit --project it", "it", &folder), [r"it\'s\ \$5/"]);
        assert_eq!(offered("kit --project \"it", "it", &folder), [r"it's \$5/"]);
        assert_eq!(offered("kit --project 'it", "it", &folder), Vec::<String>::new());
        assert_eq!(offered("kit --project ~/", "~/", &["~/a b/"]), [r"~/a\ b/"]);
    }
}
