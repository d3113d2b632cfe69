//! Breaks a message into lines at its words.

use textwrap::{Options, WordSplitter};

/// Stands for a space at which no line is broken.
const NO_BREAK: char = '\u{e000}';

/// The text in lines of `width` columns, of which the first begins in `column` and the others are indented to it. Commands
/// in backticks are not broken, so that they can be copied, nor is a text that has lines of its own.
pub(super) fn wrapped(text: &str, column: usize, width: usize) -> String {
    let indent = " ".repeat(column);
    if text.contains('\n') || width == usize::MAX {
        return text.replace('\n', &format!("\n{indent}"));
    }
    let mut in_code = false;
    let whole = text.chars().map(|c| {
        in_code ^= c == '`';
        if in_code && c == ' ' { NO_BREAK } else { c }
    });
    let whole: String = whole.collect();
    let options = Options::new(width.saturating_sub(column).max(20))
        .break_words(false)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(&whole, options).join(&format!("\n{indent}")).replace(NO_BREAK, " ")
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_broken_at_words_and_commands_stay_whole() {
        let text = "run `kit migrate:repair` to see what is in the database and how to go on";
        for width in [40, 60, 80, 200] {
            let lines = wrapped(text, 8, width);
            assert!(
                lines.lines().enumerate().all(|(at, line)| line.len() + if at == 0 { 8 } else { 0 } <= width),
                "{lines}"
            );
            assert!(lines.contains("`kit migrate:repair`"), "{lines}");
            assert_eq!(lines.split_whitespace().collect::<Vec<_>>().join(" "), text);
        }
        assert_eq!(wrapped(text, 8, usize::MAX), text);
        assert_eq!(wrapped("a\nb", 2, 40), "a\n  b");
        // A word that is longer than a line is not cut.
        assert_eq!(wrapped(&format!("see {}", "x".repeat(60)), 2, 40), format!("see\n  {}", "x".repeat(60)));
    }
}
