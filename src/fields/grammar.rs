//! The grammar: `NAME[signs][:TYPE[signs][:part[signs]]…]`. Signs are `!`, `^` and `?`, in any order, after the name, the
//! type or a part; a part is an argument of the type, a modifier, `default=VALUE` or what a reference does. It returns a
//! [`Field`], or the [`Misfit`] at the first character that is wrong.

use super::modifiers::{self, Modifier, Modifiers};
use super::nearest::{self, Nearest};
use super::reference::ACTIONS;
use super::types::{self, ELEMENTS, Type};
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
    /// Whether `valid` is a selection, and the help of `make:migration` has the rest.
    pub is_selection: bool,
}

/// Longest name of a column, on every database.
const MAX_NAME: usize = 63;

/// Longest text with a limit, on every database.
const MAX_LENGTH: u32 = 16_383;

/// Reads all fields.
///
/// # Errors
/// The first that is wrong, or that has the name of an earlier one.
pub fn parse<S: AsRef<str>>(given: &[S]) -> Result<Vec<Field>, Misfit> {
    let mut fields: Vec<Field> = Vec::new();
    for text in given {
        let field = one(text.as_ref())?;
        if fields.iter().any(|other| other.name.eq_ignore_ascii_case(&field.name)) {
            let reason = format!("another field is called `{}`", field.name);
            return Err(Reader::new(text.as_ref()).fault(0, reason, "another name"));
        }
        fields.push(field);
    }
    Ok(fields)
}

/// Reads one field.
fn one(text: &str) -> Result<Field, Misfit> {
    let mut reader = Reader::new(text);
    let parts = reader.split()?;
    let (first, rest) =
        parts.split_first().map_or((Part { at: 0, text: String::new() }, &[][..]), |(a, b)| (a.clone(), b));
    let name = reader.without_signs(first)?;
    reader.check_name(&name)?;
    let Some((word, rest)) = rest.split_first() else {
        let word = Part { at: name.end(), text: "string".to_owned() };
        return reader.value(name.text, "string", &word, &[]);
    };
    let word = reader.without_signs(word.clone())?;
    match types::named(&word.text) {
        Some("references") => reader.reference(name.text, rest),
        Some(of) => reader.value(name.text, of, &word, rest),
        None => Err(reader.no_type(&word)),
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

    /// Whether it is the beginning of a number, right or not.
    fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'))
    }
}

struct Reader<'a> {
    text: &'a str,
    modifiers: Modifiers,
}

impl Reader<'_> {
    fn new(text: &str) -> Reader<'_> {
        Reader { text, modifiers: Modifiers::default() }
    }

    fn fault(&self, at: usize, reason: impl Into<String>, valid: impl Into<String>) -> Misfit {
        let nearest = Nearest { names: vec![valid.into()], is_selection: false };
        self.fault_with(at, reason, nearest)
    }

    fn fault_with(&self, at: usize, reason: impl Into<String>, valid: Nearest) -> Misfit {
        Misfit {
            field: self.text.to_owned(),
            at,
            reason: reason.into(),
            valid: valid.names,
            is_selection: valid.is_selection,
        }
    }

    fn no_type(&self, word: &Part) -> Misfit {
        if word.text.is_empty() {
            return self.fault_with(word.at, "a type is missing", nearest::types(""));
        }
        let modifier = match word.text.starts_with("default=") {
            true => Some(word.text.as_str()),
            false => nearest::modifier(&word.text),
        };
        if let Some(modifier) = modifier {
            let reason = format!("`{}` is a modifier, not a type: it comes after the type", word.text);
            return self.fault(word.at, reason, format!("string:{modifier}"));
        }
        if let Some(field) = nearest::with_colons(&word.text) {
            return self.fault(word.at, format!("there is no type `{}`", word.text), field);
        }
        self.fault_with(word.at, format!("there is no type `{}`", word.text), nearest::types(&word.text))
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
            Some((open, at)) => Err(self.fault(at, "this quote is not closed", format!("{open} at the end"))),
            None => Ok(parts),
        }
    }

    /// The part without its signs, which are noted.
    fn without_signs(&mut self, mut part: Part) -> Result<Part, Misfit> {
        while let Some(sign) = part.text.chars().next_back() {
            let Some(modifier) = modifiers::of_sign(sign) else { break };
            part.text.pop();
            self.note(modifier, part.end(), &sign.to_string())?;
        }
        Ok(part)
    }

    fn note(&mut self, modifier: Modifier, at: usize, written: &str) -> Result<(), Misfit> {
        match self.modifiers.add(modifier, at, written) {
            Ok(()) => Ok(()),
            Err((at, reason)) => Err(self.fault(at, reason, "nothing here")),
        }
    }

    fn check_name(&self, name: &Part) -> Result<(), Misfit> {
        let valid = "letters, digits and _, then : and a type";
        let wrong = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
        if let Some((at, c)) = name.text.chars().enumerate().find(|(_, c)| wrong(*c)) {
            return Err(self.fault(at, format!("a name cannot contain {c:?}"), valid));
        }
        if !name.text.contains(|c: char| c.is_ascii_alphabetic()) {
            return Err(self.fault(name.end(), "a field begins with its name", valid));
        }
        match name.text.len() > MAX_NAME {
            true => Err(self.fault(MAX_NAME, format!("a name has at most {MAX_NAME} characters"), valid)),
            false => Ok(()),
        }
    }

    /// A field that holds a value of the type `of`, which is written as `word`.
    fn value(&mut self, name: String, of: &'static str, word: &Part, rest: &[Part]) -> Result<Field, Misfit> {
        let mut kind = types::plain(of);
        let mut options = Options::default();
        // Arguments come first; they may be missing where the type is whole without them.
        let wanted = arguments(of);
        let mut taken: Vec<Part> = Vec::new();
        for part in rest {
            let Some(part) = self.option(part, &mut options)? else { continue };
            let room = taken.len() < wanted.len() && !part.text.is_empty();
            let needed = kind.is_none() || !taken.is_empty();
            if room && !options.begun && (needed || part.is_number()) {
                taken.push(part);
                continue;
            }
            if room && part.is_number() {
                let reason = format!("{} comes directly after `{}`", wanted[taken.len()], word.text);
                return Err(self.fault(part.at, reason, format!("{}:{}", word.text, part.text)));
            }
            let argument = wanted.get(taken.len()).filter(|_| !options.begun).copied();
            let indexable = kind.as_ref().is_none_or(|kind| kind.without_index().is_none());
            return Err(self.unknown(&part, &word.text, nearest::options(&part.text, argument, indexable)));
        }
        let whole = taken.is_empty() && kind.is_some();
        if !wanted.is_empty() && !whole {
            kind = Some(self.with_arguments(of, word, &wanted, &taken)?);
        }
        let kind = kind.unwrap_or(Type::Text);
        // As Loco has it: a public identifier, unless modifiers say otherwise.
        let identifies = of == "uuid" && self.modifiers.are_silent_on_values();
        let unique = self.modifiers.has(Modifier::Unique) || identifies;
        let index = self.modifiers.at(Modifier::Index);
        if let Some(why) = kind.without_index().filter(|_| unique || index.is_some()) {
            let at = index.or(self.modifiers.at(Modifier::Unique)).unwrap_or_default();
            let what = if index.is_some() { "have an index" } else { "be unique" };
            return Err(self.fault(at, format!("`{}` cannot {what}: {why}", word.text), "nothing here"));
        }
        let default = match options.default {
            Some((at, text)) => {
                let what =
                    if of == "enum" { "its values".to_owned() } else { format!("the values of `{}`", word.text) };
                let wrong = |valid: String| self.fault(at, format!("`{text}` is not one of {what}"), valid);
                Some(Literal::read(&kind, &text).map_err(wrong)?)
            }
            None => None,
        };
        let required = self.modifiers.has(Modifier::Required) || unique && !self.modifiers.has(Modifier::Nullable);
        Ok(Field { name, kind: Kind::Value(kind), nullable: !required, unique, index: index.is_some(), default })
    }

    /// A field that refers to another table.
    fn reference(&mut self, name: String, rest: &[Part]) -> Result<Field, Misfit> {
        let mut reference = Reference::default();
        let mut options = Options::default();
        let mut nulls = None;
        for part in rest {
            let Some(part) = self.option(part, &mut options)? else { continue };
            let word = part.text.to_ascii_lowercase();
            let action = ACTIONS.iter().find(|(name, _)| *name == word).map(|(_, action)| *action);
            let valid = |named: bool, acts: bool| nearest::of_reference(&part.text, named, acts);
            match action {
                Some(action) if reference.on_delete.is_none() => {
                    reference.on_delete = Some(action);
                    nulls = (action == Action::SetNull).then_some(part.at);
                }
                Some(_) => {
                    return Err(self.fault(part.at, "a reference has one action", "nothing here"));
                }
                None if part.text.is_empty()
                    || reference.third.is_some()
                    || nearest::is_meant_as_option(&part.text) =>
                {
                    let named = reference.third.is_none();
                    return Err(self.unknown(&part, "references", valid(named, reference.on_delete.is_none())));
                }
                None => {
                    if let Some(at) = no_name(&part.text) {
                        let reason = "a table or a column has letters, digits and _ in its name";
                        return Err(self.fault_with(part.at + at, reason, valid(true, reference.on_delete.is_none())));
                    }
                    reference.third = Some(part.text);
                }
            }
        }
        let nullable = self.modifiers.has(Modifier::Nullable);
        if let Some(at) = nulls.filter(|_| !nullable) {
            let valid =
                Nearest { names: vec!["null:set_null".to_owned(), "another action".to_owned()], is_selection: false };
            return Err(self.fault_with(at, "`set_null` needs a column that can be null", valid));
        }
        let default = match options.default {
            Some((at, text)) => {
                let of = Type::Integer { bits: 64, unsigned: false };
                let wrong = |valid: String| self.fault(at, format!("`{text}` is not a key"), valid);
                Some(Literal::read(&of, &text).map_err(wrong)?)
            }
            None => None,
        };
        let unique = self.modifiers.has(Modifier::Unique);
        Ok(Field { name, kind: Kind::Reference(reference), nullable, unique, index: true, default })
    }

    /// Notes a modifier or a default and returns nothing; returns every other part, without its signs.
    fn option(&mut self, part: &Part, options: &mut Options) -> Result<Option<Part>, Misfit> {
        if let Some(value) = part.text.strip_prefix("default=") {
            if options.default.is_some() {
                return Err(self.fault(part.at, "a default is given twice", "nothing here"));
            }
            options.begun = true;
            options.default = Some((part.at + "default=".len(), unquoted(value)));
            return Ok(None);
        }
        let part = self.without_signs(part.clone())?;
        let Some(modifier) = modifiers::of_word(&part.text) else { return Ok(Some(part)) };
        self.note(modifier, part.at, &part.text)?;
        options.begun = true;
        Ok(None)
    }

    /// A part that is no option of the type `of`.
    fn unknown(&self, part: &Part, of: &str, valid: Nearest) -> Misfit {
        let reason = match part.text.is_empty() {
            true => "text is missing after `:`".to_owned(),
            false => format!("`{of}` has no option `{}`", part.text),
        };
        self.fault_with(part.at, reason, valid)
    }

    /// The type with its arguments.
    fn with_arguments(&self, of: &str, word: &Part, wanted: &[&str], taken: &[Part]) -> Result<Type, Misfit> {
        if let Some(missing) = wanted.get(taken.len()) {
            let at = taken.last().unwrap_or(word).end();
            let example = format!(":{}", wanted[taken.len()..].join(":"));
            return Err(self.fault(at, format!("`{}` needs {missing}", word.text), example));
        }
        let number = |place: usize, low: u32, high: u32| {
            let (part, what) = (&taken[place], wanted[place]);
            match part.text.parse::<u32>() {
                Ok(number) if (low..=high).contains(&number) => Ok(number),
                _ => {
                    let valid = format!("a number from {low} to {high}");
                    Err(self.fault(part.at, format!("`{}` is not a {what}", part.text), valid))
                }
            }
        };
        Ok(match (of, taken) {
            ("string", [_]) => Type::String(Some(number(0, 1, MAX_LENGTH)?)),
            ("char", [_]) => Type::Char(number(0, 1, 255)?),
            ("binary_len", [_]) => Type::Binary(number(0, 1, 255)?),
            ("var_binary", [_]) => Type::VarBinary(number(0, 1, MAX_LENGTH)?),
            ("decimal", [_, _]) => {
                let (most, after) = types::DIGITS;
                let precision = number(0, 1, most)?;
                Type::Decimal(precision, number(1, 0, after.min(precision))?)
            }
            ("enum", [values]) => Type::Enum(self.values(values)?),
            (_, [element]) => {
                let found = ELEMENTS.into_iter().find(|name| types::named(&element.text) == Some(name));
                let Some(kind) = found.and_then(types::plain) else {
                    let reason = format!("an array cannot hold `{}`", element.text);
                    return Err(self.fault_with(element.at, reason, nearest::elements(&element.text)));
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
            let valid = "values of letters, digits, _, -, . and space, with commas: draft,live";
            if let Some(place) = value.chars().position(odd) {
                return Err(self.fault(at + place, "this character cannot be part of a value", valid));
            }
            if value.is_empty() || value.trim() != value || value.len() > MAX_NAME {
                let reason = format!("a value has 1 to {MAX_NAME} characters and no space around it");
                return Err(self.fault(at, reason, valid));
            }
            if values.iter().any(|other| other.eq_ignore_ascii_case(value)) {
                return Err(self.fault(at, format!("`{value}` is given twice"), "another value"));
            }
            values.push(value.to_owned());
            at += value.chars().count() + 1;
        }
        Ok(values)
    }
}

/// What follows the arguments of a type.
#[derive(Debug, Default)]
struct Options {
    /// Whether a modifier or a default was given as a word: no argument follows.
    begun: bool,
    /// The default, and where it begins.
    default: Option<(usize, String)>,
}

/// The arguments that a type takes, in their order.
fn arguments(of: &str) -> Vec<&'static str> {
    match of {
        "string" | "char" | "binary_len" | "var_binary" => vec!["LENGTH"],
        "decimal" => vec!["PRECISION", "SCALE"],
        "enum" => vec!["VALUE,VALUE"],
        "array" => vec!["TYPE"],
        _ => Vec::new(),
    }
}

/// Where a text is not the name of a table or a column.
fn no_name(text: &str) -> Option<usize> {
    let wrong = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let letter = text.contains(|c: char| c.is_ascii_alphabetic());
    text.chars().position(wrong).or((!letter).then_some(0))
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
