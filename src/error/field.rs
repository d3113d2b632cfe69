//! How a field that is wrong is shown: its text with a mark under the character, and what would be right there. It gives
//! text and knows no terminal.

use crate::fields::Misfit;

/// Most characters of a field that are shown.
const SHOWN: usize = 40;

/// Where a line of what would be right ends.
const WIDTH: usize = 88;

/// The field with one column a character, cut if it is long, and where the wrong one stands in that.
pub(super) fn shown_field(fault: &Misfit) -> (String, usize) {
    let plain = |c: char| match c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() {
        true => c,
        false => '\u{b7}',
    };
    let all: Vec<char> = fault.field.chars().map(plain).collect();
    if all.len() <= SHOWN {
        return (all.into_iter().collect(), fault.at);
    }
    let start = fault.at.saturating_sub(SHOWN / 2);
    let (front, at) = if start > 0 { ("\u{2026}", fault.at - start + 1) } else { ("", fault.at) };
    let end = if start + SHOWN < all.len() { "\u{2026}" } else { "" };
    let middle: String = all.iter().skip(start).take(SHOWN).collect();
    (format!("{front}{middle}{end}"), at)
}

/// Returns the hint for a field that is wrong: its text, a mark under the character, and what would be right there.
pub(super) fn field_hint(fault: &Misfit) -> String {
    let (field, at) = shown_field(fault);
    let indent = " ".repeat(at);
    let more = match fault.is_selection {
        true => format!("\n{indent}  `kit make:migration --help` lists all"),
        false => String::new(),
    };
    format!("{field}\n{indent}^ {}{more}", lines_of(&fault.valid, at + 2))
}

/// The values with commas, in lines that begin `indent` columns in.
fn lines_of(values: &[String], indent: usize) -> String {
    let mut lines = vec![String::new()];
    for (number, value) in values.iter().enumerate() {
        let text = if number + 1 == values.len() { value.clone() } else { format!("{value},") };
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if !line.is_empty() && indent + line.len() + 1 + text.len() > WIDTH {
            lines.push(text);
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(&text);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// `a`, `b`
pub(super) fn list_of(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
