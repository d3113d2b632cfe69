//! How a field can go on after its last colon: types, what an array holds, tables, actions, modifiers and defaults. What
//! is offered is read by the parser of fields first, so that nothing is offered that it refuses.

use crate::fields::{self, ACTIONS, ELEMENTS, Field, Kind, MODIFIERS, Modifier, Type, WORDS};

/// Returns what the field `typed` can become, each with a line about it. A value that has to go on ends in `:` or `=`.
pub fn continuations(typed: &str, tables: impl FnOnce() -> Vec<String>) -> Vec<(String, Option<String>)> {
    let Some((head, last)) = typed.rsplit_once(':') else { return Vec::new() };
    if !head.contains(':') {
        return if fields::parse(&[head]).is_ok() { types(head, last) } else { Vec::new() };
    }
    let mut words = Vec::new();
    if head.split_once(':').is_some_and(|(_, of)| of.trim_end_matches(['!', '^', '?']).eq_ignore_ascii_case("array")) {
        words.extend(ELEMENTS.map(str::to_owned));
    } else if let Ok([field]) = fields::parse(&[head]).as_deref() {
        words = modifiers(field, last);
        words.extend(defaults(field));
        if field.is_reference() {
            words.extend(ACTIONS.iter().map(|(name, _)| (*name).to_owned()));
            words.extend(tables());
        }
    }
    words.retain(|word| word.starts_with(last));
    let whole = words.into_iter().map(|word| format!("{head}:{word}"));
    whole.filter(|field| field.ends_with('=') || fields::parse(&[field]).is_ok()).map(|field| (field, None)).collect()
}

/// The types that begin with `last`; their other names only where no type does.
fn types(head: &str, last: &str) -> Vec<(String, Option<String>)> {
    let last = last.to_ascii_lowercase();
    let whole = |of: &str, name: &str| {
        let more = if fields::plain(of).is_none() && of != "references" { ":" } else { "" };
        format!("{head}:{name}{more}")
    };
    let own = WORDS.iter().filter(|(name, _)| name.starts_with(&last));
    let own: Vec<_> = own
        .map(|(name, others)| (whole(name, name), (!others.is_empty()).then(|| format!("also {}", others.join(", ")))))
        .collect();
    if !own.is_empty() {
        return own;
    }
    let others = WORDS.iter().flat_map(|(name, others)| others.iter().map(move |other| (*name, *other)));
    let others = others.filter(|(_, other)| other.starts_with(&last));
    others.map(|(name, other)| (whole(name, other), Some(format!("the same as {name}")))).collect()
}

/// Each modifier once, in the word that begins with `last`.
fn modifiers(field: &Field, last: &str) -> Vec<String> {
    let mut offered: Vec<Modifier> = Vec::new();
    let mut words = Vec::new();
    for (word, modifier) in MODIFIERS {
        // A reference is required and has an index without them.
        let given = field.is_reference() && matches!(modifier, Modifier::Required | Modifier::Index);
        if word.starts_with(last) && !given && !offered.contains(&modifier) {
            offered.push(modifier);
            words.push(word.to_owned());
        }
    }
    words
}

/// The defaults that the field can have, or `default=` where they cannot be listed.
fn defaults(field: &Field) -> Vec<String> {
    if field.default.is_some() {
        return Vec::new();
    }
    let values: Vec<String> = match &field.kind {
        Kind::Value(Type::Boolean) => vec!["true".to_owned(), "false".to_owned()],
        Kind::Value(Type::DateTime | Type::Timestamp | Type::TimestampWithTimeZone) => vec!["now".to_owned()],
        Kind::Value(Type::Enum(values)) => values.clone(),
        Kind::Value(Type::Uuid | Type::Blob | Type::Binary(_) | Type::VarBinary(_) | Type::Array(_)) => {
            return Vec::new();
        }
        _ => vec![String::new()],
    };
    values.into_iter().map(|value| format!("default={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(typed: &str) -> Vec<String> {
        let found = continuations(typed, || vec!["users".to_owned(), "posts".to_owned()]);
        let cut = typed.rfind(':').map_or(0, |at| at + 1);
        found.into_iter().map(|(value, _)| value[cut..].to_owned()).collect()
    }

    #[test]
    fn types_and_modifiers_are_offered() {
        let cases: [(&str, &[&str]); 18] = [
            ("title", &[]),
            ("title:str", &["string"]),
            ("title:STR", &["string"]),
            ("title!:ti", &["tiny_int", "tiny_unsigned", "time"]),
            ("title:varc", &["varchar"]),
            ("title:var", &["var_binary:"]),
            ("status:en", &["enum:"]),
            ("tags:array:b", &["big_int", "bool"]),
            ("status:enum:", &[]),
            ("title:string:", &["required", "unique", "null", "index", "default="]),
            ("title:string:20:required:", &["unique", "index", "default="]),
            ("title:string!:nu", &[]),
            ("title:string:nulla", &["nullable"]),
            ("body:text:", &["required", "null", "default="]),
            ("open:bool:default=", &["default=true", "default=false"]),
            ("s:enum:a,b:de", &["default=a", "default=b"]),
            (
                "user:references:",
                &["unique", "null", "default=", "cascade", "restrict", "no_action", "set_default", "users", "posts"],
            ),
            ("user:references:users:null:s", &["set_null", "set_default"]),
        ];
        for (typed, expected) in cases {
            assert_eq!(offered(typed), expected, "{typed}");
        }
        assert_eq!(offered("title:").len(), WORDS.len());
    }
}
