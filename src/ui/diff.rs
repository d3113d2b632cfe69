//! Differences: of a file that would change, and of two schemas.

use kit_runtime::snapshot::Change;
use similar::{ChangeTag, TextDiff};

use super::{Ui, Verbosity, printable, style};

/// Lines shown around a change in a long definition.
const CONTEXT: usize = 2;

impl Ui {
    /// What changes in a file, as `diff -u` and `git apply` write it; `before` is nothing for a new one.
    pub fn diff(&self, path: &str, before: Option<&str>, after: &str) {
        let old = before.map_or_else(|| "/dev/null".to_owned(), |_| format!("a/{path}"));
        let new = if after.is_empty() { "/dev/null".to_owned() } else { format!("b/{path}") };
        let diff = TextDiff::from_lines(before.unwrap_or_default(), after);
        for line in diff.unified_diff().header(&old, &new).to_string().lines() {
            let shown = line.split('\t').map(printable).collect::<Vec<_>>().join("\t");
            self.answer(match line.as_bytes() {
                [b'+', ..] => style::added(&shown),
                [b'-', ..] => style::removed(&shown),
                [b'@', ..] => style::name(&shown),
                _ => shown,
            });
        }
    }

    /// Prints the differences of two schemas, object by object: lines with `-` are only in the first, with `+` only in the second.
    pub fn changes(&self, changes: &[Change]) {
        if self.verbosity.get() == Verbosity::Quiet {
            return;
        }
        for change in changes {
            let whole = |sign: char, object: &str, definition: &[String]| {
                self.changed(sign, object);
                definition.iter().for_each(|line| self.changed(sign, &format!("    {line}")));
            };
            match change {
                Change::Removed { object, definition } => whole('-', object, definition),
                Change::Added { object, definition } => whole('+', object, definition),
                Change::Altered { object, before, after } => {
                    self.changed(' ', object);
                    self.lines(before, after);
                }
            }
        }
    }

    /// The lines of a definition that differ, with a few around them.
    fn lines(&self, before: &[String], after: &[String]) {
        let (before, after): (Vec<&str>, Vec<&str>) =
            (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
        let diff = TextDiff::from_slices(&before, &after);
        for (place, hunk) in diff.grouped_ops(CONTEXT).iter().enumerate() {
            if place > 0 {
                self.changed(' ', "    ...");
            }
            for line in hunk.iter().flat_map(|op| diff.iter_changes(op)) {
                let sign = match line.tag() {
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                    ChangeTag::Equal => ' ',
                };
                self.changed(sign, &format!("    {}", line.value()));
            }
        }
    }

    fn changed(&self, sign: char, text: &str) {
        let line = format!("      {sign} {}", printable(text));
        self.answer(match sign {
            '+' => style::added(&line),
            '-' => style::removed(&line),
            _ => line,
        });
    }
}
