//! The grammar: `NAME[marks][:TYPE[marks][:part[marks]]…]`. Marks are `!`, `^` and `?`, in any order, behind the name,
//! the type or a part; a part is what the type takes, `index`, `default=VALUE` or what a reference does. It returns a
//! [`Field`], or the [`Misfit`] at the first character that is wrong.

use super::reference::ACTIONS;
use super::types::{self, ELEMENTS, Type, WORDS};
use super::{Field, Kind, Literal, Reference};
use crate::schema::model::Action;

/// What is wrong with a field, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The field as given.
    pub field: String,
    /// The character at which it is wrong, from 0.
    pub at: usize,
    /// Why.
    pub reason: String,
    /// What would be right there.
    pub valid: Vec<String>,
}

/// Longest name of a column, on every database.
const NAME: usize = 63;

/// Longest text with a limit, on every database.
const LENGTH: u32 = 16_383;

/// Reads all fields.
///
/// # Errors
/// The first that is wrong, or that has the name of an earlier one.
pub fn parse<S: AsRef<str>>(given: &[S]) -> Result<Vec<Field>, Misfit> {
    let mut fields: Vec<Field> = Vec::new();
    for text in given {
        let field = one(text.as_ref())?;
        if fields.iter().any(|other| other.name.eq_ignore_ascii_case(&field.name)) {
            let reason = format!("there is a field `{}` already", field.name);
            return Err(Misfit { field: text.as_ref().to_owned(), at: 0, reason, valid: one_of(&["another name"]) });
        }
        fields.push(field);
    }
    Ok(fields)
}

/// Reads one field.
fn one(text: &str) -> Result<Field, Misfit> {
    let mut reader = Reader { text, marks: Marks::default() };
    let parts = reader.split()?;
    let (first, rest) =
        parts.split_first().map_or((Part { at: 0, text: String::new() }, &[][..]), |(a, b)| (a.clone(), b));
    let name = reader.marked(first)?;
    reader.check_name(&name)?;
    let Some((word, rest)) = rest.split_first() else { return reader.value(name.text, "string", Part::default(), &[]) };
    let word = reader.marked(word.clone())?;
    let Some(of) = types::named(&word.text) else {
        let reason = match word.text.is_empty() {
            true => "a type is missing".to_owned(),
            false => format!("there is no type `{}`", word.text),
        };
        return Err(reader.fault(word.at, reason, nearest(&word.text)));
    };
    match of {
        "references" => reader.reference(name.text, rest),
        _ => reader.value(name.text, of, word, rest),
    }
}

/// A piece between colons, and where it begins.
#[derive(Clone, Debug, Default)]
struct Part {
    at: usize,
    text: String,
}

impl Part {
    fn end(&self) -> usize {
        self.at + self.text.chars().count()
    }
}

/// Where each mark stands that was given.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    required: Option<usize>,
    unique: Option<usize>,
    nullable: Option<usize>,
}

struct Reader<'a> {
    text: &'a str,
    marks: Marks,
}

impl Reader<'_> {
    fn fault(&self, at: usize, reason: impl Into<String>, valid: Vec<String>) -> Misfit {
        Misfit { field: self.text.to_owned(), at, reason: reason.into(), valid }
    }

    /// The pieces between colons; those within the quotes of a default do not count.
    fn split(&self) -> Result<Vec<Part>, Misfit> {
        let mut parts = vec![Part::default()];
        let mut quote: Option<(char, usize)> = None;
        for (at, c) in self.text.chars().enumerate() {
            let last = parts.len() - 1;
            let part = &mut parts[last];
            match quote {
                Some((open, _)) if c == open => quote = None,
                None if matches!(c, '\'' | '"') && part.text.starts_with("default=") => quote = Some((c, at)),
                None if c == ':' => {
                    parts.push(Part { at: at + 1, text: String::new() });
                    continue;
                }
                _ => {}
            }
            part.text.push(c);
        }
        match quote {
            Some((open, at)) => {
                Err(self.fault(at, "this quote is not closed", one_of(&[&format!("{open} at the end")])))
            }
            None => Ok(parts),
        }
    }

    /// The part without its marks, which are noted.
    fn marked(&mut self, mut part: Part) -> Result<Part, Misfit> {
        while let Some(mark) = part.text.chars().next_back().filter(|c| matches!(c, '!' | '^' | '?')) {
            part.text.pop();
            let at = part.end();
            let place = match mark {
                '!' => &mut self.marks.required,
                '^' => &mut self.marks.unique,
                _ => &mut self.marks.nullable,
            };
            *place = Some(place.map_or(at, |other| other.min(at)));
        }
        if let (Some(required), Some(nullable)) = (self.marks.required, self.marks.nullable) {
            let reason = "`!` is required and `?` may be empty: it cannot be both";
            return Err(self.fault(required.max(nullable), reason, one_of(&["one of the two"])));
        }
        Ok(part)
    }

    fn check_name(&self, name: &Part) -> Result<(), Misfit> {
        let valid = || one_of(&["letters, digits and _, then : and a type"]);
        let wrong = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        if let Some((at, c)) = name.text.chars().enumerate().find(|(_, c)| wrong(*c)) {
            return Err(self.fault(at, format!("a name has no {c:?}"), valid()));
        }
        if !name.text.contains(|c: char| c.is_ascii_alphabetic()) {
            return Err(self.fault(name.end(), "a field begins with its name", valid()));
        }
        match name.text.len() > NAME {
            true => Err(self.fault(NAME, format!("a name has at most {NAME} characters"), valid())),
            false => Ok(()),
        }
    }

    /// A field that holds a value of the type `of`.
    fn value(&mut self, name: String, of: &'static str, word: Part, rest: &[Part]) -> Result<Field, Misfit> {
        let bare = |marks: Marks| marks.required.is_none() && marks.unique.is_none() && marks.nullable.is_none();
        let mut rest = rest.iter();
        let mut kind = types::plain(of);
        let mut options = Options::default();
        // What the type takes comes first; it may be missing where the type is whole without it.
        let wanted = arguments(of);
        let mut taken: Vec<Part> = Vec::new();
        for part in rest.by_ref() {
            let is_default = part.text.starts_with("default=");
            let part = if is_default { part.clone() } else { self.marked(part.clone())? };
            if taken.len() < wanted.len()
                && !options.given()
                && !is_default
                && part.text != "index"
                && !part.text.is_empty()
            {
                taken.push(part);
                continue;
            }
            let mut valid: Vec<&str> = wanted.get(taken.len()..).unwrap_or_default().iter().take(1).copied().collect();
            valid.extend(["index", "default=VALUE"]);
            self.option(&part, &mut options, &valid)?;
        }
        let whole = taken.is_empty() && kind.is_some();
        if !wanted.is_empty() && !whole {
            kind = Some(self.with_arguments(of, &wanted, &taken, word.end())?);
        }
        let kind = kind.unwrap_or(Type::Text);
        // As Loco has it: a public identifier, unless marks say otherwise.
        let identifies = of == "uuid" && bare(self.marks);
        let unique = self.marks.unique.is_some() || identifies;
        let at = options.index.or(self.marks.unique).unwrap_or_default();
        if let Some(why) = kind.without_index().filter(|_| unique || options.index.is_some()) {
            let said = if options.index.is_some() { "have an index" } else { "be unique" };
            return Err(self.fault(at, format!("`{of}` cannot {said}: {why}"), one_of(&["nothing here"])));
        }
        let default = match options.default {
            Some((at, text)) => {
                let what = if of == "enum" { "none of its values".to_owned() } else { format!("no {of}") };
                let wrong = |valid: String| self.fault(at, format!("`{text}` is {what}"), vec![valid]);
                Some(Literal::read(&kind, &text).map_err(wrong)?)
            }
            None => None,
        };
        let required = self.marks.required.is_some() || unique && self.marks.nullable.is_none();
        Ok(Field {
            name,
            kind: Kind::Value(kind),
            nullable: !required,
            unique,
            index: options.index.is_some(),
            default,
        })
    }

    /// A field that refers to another table.
    fn reference(&mut self, name: String, rest: &[Part]) -> Result<Field, Misfit> {
        let actions: Vec<&str> = ACTIONS.iter().map(|(word, _)| *word).collect();
        let mut reference = Reference::default();
        let mut options = Options::default();
        let mut nulls = None;
        for part in rest {
            let is_default = part.text.starts_with("default=");
            let part = if is_default { part.clone() } else { self.marked(part.clone())? };
            let action =
                ACTIONS.iter().find(|(word, _)| *word == part.text.to_ascii_lowercase()).map(|(_, action)| *action);
            match action {
                Some(action) if reference.on_delete.is_none() => {
                    reference.on_delete = Some(action);
                    nulls = (action == Action::SetNull).then_some(part.at);
                }
                None if reference.third.is_none() && !options.given() && part.text != "index" && !is_default => {
                    if part.text.is_empty() {
                        let valid = one_of(&[&["a table", "a column"], actions.as_slice()].concat());
                        return Err(self.fault(part.at, "something is missing", valid));
                    }
                    let of = Part { at: part.at, text: part.text.clone() };
                    self.check_part(&of)?;
                    reference.third = Some(part.text);
                }
                _ => {
                    let mut valid = if reference.on_delete.is_none() { actions.clone() } else { Vec::new() };
                    valid.push("default=VALUE");
                    if part.text == "index" {
                        // It has one anyway.
                        options.index = Some(part.at);
                        continue;
                    }
                    self.option(&part, &mut options, &valid)?;
                }
            }
        }
        let nullable = self.marks.nullable.is_some();
        if let Some(at) = nulls.filter(|_| !nullable) {
            let reason = "it cannot become empty: it is required";
            return Err(self.fault(at, reason, one_of(&["references? in front", "another action"])));
        }
        let default = match options.default {
            Some((at, text)) => {
                let of = Type::Integer { bits: 64, unsigned: false };
                let wrong = |valid: String| self.fault(at, format!("`{text}` is no key"), vec![valid]);
                Some(Literal::read(&of, &text).map_err(wrong)?)
            }
            None => None,
        };
        let unique = self.marks.unique.is_some();
        Ok(Field { name, kind: Kind::Reference(reference), nullable, unique, index: true, default })
    }

    fn check_part(&self, part: &Part) -> Result<(), Misfit> {
        let wrong = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        let letter = part.text.contains(|c: char| c.is_ascii_alphabetic());
        let at = part.text.chars().position(wrong).or((!letter).then_some(0));
        match at {
            Some(at) => {
                let mut valid = vec!["a table", "a column"];
                valid.extend(ACTIONS.iter().map(|(word, _)| *word));
                Err(self.fault(part.at + at, "this is no name", one_of(&valid)))
            }
            None => Ok(()),
        }
    }

    /// `index` or `default=VALUE`.
    fn option(&self, part: &Part, options: &mut Options, valid: &[&str]) -> Result<(), Misfit> {
        if let Some(value) = part.text.strip_prefix("default=") {
            if options.default.is_some() {
                return Err(self.fault(part.at, "there is a default already", one_of(&["nothing here"])));
            }
            options.default = Some((part.at + "default=".len(), unquoted(value)));
            return Ok(());
        }
        if part.text == "index" && valid.contains(&"index") {
            options.index = Some(part.at);
            return Ok(());
        }
        let reason = match part.text.is_empty() {
            true => "something is missing".to_owned(),
            false => format!("`{}` means nothing here", part.text),
        };
        Err(self.fault(part.at, reason, one_of(valid)))
    }

    /// The type with what stands behind it.
    fn with_arguments(&self, of: &str, wanted: &[&str], taken: &[Part], end: usize) -> Result<Type, Misfit> {
        if let Some(missing) = wanted.get(taken.len()) {
            let at = taken.last().map_or(end, Part::end);
            let example = format!(":{}", wanted[taken.len()..].join(":"));
            return Err(self.fault(at, format!("`{of}` needs {missing}"), vec![example]));
        }
        let number = |place: usize, low: u32, high: u32| {
            let (part, what) = (&taken[place], wanted[place]);
            match part.text.parse::<u32>() {
                Ok(number) if (low..=high).contains(&number) => Ok(number),
                _ => {
                    let valid = vec![format!("a number from {low} to {high}")];
                    Err(self.fault(part.at, format!("`{}` is no {what}", part.text), valid))
                }
            }
        };
        Ok(match (of, taken) {
            ("string", [_]) => Type::String(Some(number(0, 1, LENGTH)?)),
            ("char", [_]) => Type::Char(number(0, 1, 255)?),
            ("binary_len", [_]) => Type::Binary(number(0, 1, 255)?),
            ("var_binary", [_]) => Type::VarBinary(number(0, 1, LENGTH)?),
            ("decimal", [_, _]) => {
                let (most, behind) = types::DIGITS;
                let precision = number(0, 1, most)?;
                Type::Decimal(precision, number(1, 0, behind.min(precision))?)
            }
            ("enum", [values]) => Type::Enum(self.values(values)?),
            (_, [element]) => {
                let found = ELEMENTS.into_iter().find(|name| types::named(&element.text) == Some(name));
                let Some(kind) = found.and_then(types::plain) else {
                    let reason = format!("an array holds no `{}`", element.text);
                    return Err(self.fault(element.at, reason, one_of(&ELEMENTS)));
                };
                Type::Array(Box::new(kind))
            }
            _ => Type::Text,
        })
    }

    /// The values of an enum.
    fn values(&self, part: &Part) -> Result<Vec<String>, Misfit> {
        let mut values: Vec<String> = Vec::new();
        let mut at = part.at;
        for value in part.text.split(',') {
            let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '));
            let valid = || one_of(&["values of letters, digits, _, -, . and space, with commas: draft,live"]);
            if let Some(place) = value.chars().position(odd) {
                return Err(self.fault(at + place, "this cannot stand in a value", valid()));
            }
            if value.is_empty() || value.trim() != value || value.len() > NAME {
                return Err(self.fault(at, "this is no value", valid()));
            }
            if values.iter().any(|other| other.eq_ignore_ascii_case(value)) {
                return Err(self.fault(at, format!("`{value}` is there already"), one_of(&["another value"])));
            }
            values.push(value.to_owned());
            at += value.chars().count() + 1;
        }
        Ok(values)
    }
}

/// What stands behind what the type takes, and where.
#[derive(Debug, Default)]
struct Options {
    index: Option<usize>,
    default: Option<(usize, String)>,
}

impl Options {
    fn given(&self) -> bool {
        self.index.is_some() || self.default.is_some()
    }
}

/// What a type takes, in its order.
fn arguments(of: &str) -> Vec<&'static str> {
    match of {
        "string" | "char" | "binary_len" | "var_binary" => vec!["LENGTH"],
        "decimal" => vec!["PRECISION", "SCALE"],
        "enum" => vec!["VALUE,VALUE"],
        "array" => vec!["TYPE"],
        _ => Vec::new(),
    }
}

/// The text between quotes, in which a doubled quote is one; any other as it is.
fn unquoted(text: &str) -> String {
    for quote in ['\'', '"'] {
        let inside = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inside) = inside {
            return inside.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    text.to_owned()
}

fn one_of(valid: &[&str]) -> Vec<String> {
    valid.iter().map(|one| (*one).to_owned()).collect()
}

/// All types, those first that come near to `word`.
fn nearest(word: &str) -> Vec<String> {
    let word = word.to_ascii_lowercase();
    let mut names: Vec<(bool, &str)> = WORDS
        .iter()
        .map(|(name, others)| {
            let near = |one: &str| !word.is_empty() && strsim::jaro_winkler(&word, one) > 0.85;
            (!(near(name) || others.iter().any(|other| near(other))), *name)
        })
        .collect();
    names.sort_by_key(|(far, _)| *far);
    names.into_iter().map(|(_, name)| name.to_owned()).collect()
}
