//! What was probably meant by a word that the field language does not have: by its spelling, and by the names that other
//! tools have for the same thing. It returns few names, the nearest first, and knows no grammar.

use super::modifiers::MODIFIERS;
use super::reference::ACTIONS;
use super::types::{self, ELEMENTS, WORDS};

/// Names to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nearest {
    /// The nearest first.
    pub names: Vec<String>,
    /// Whether there are more.
    pub is_selection: bool,
}

/// Most names that come near to a word.
const MAX_NEAR: usize = 3;

/// Most names in all.
const MAX_NAMES: usize = 6;

/// The types that most columns have.
const COMMON: [&str; 6] = ["string", "text", "int", "bool", "tstz", "references"];

/// Names of types in databases, languages and other tools, as [`folded`] returns them.
const TYPES_ELSEWHERE: [(&str, &[&str]); 24] = [
    ("string", &["str", "nvarchar", "varchar2", "charactervarying", "email", "url", "slug"]),
    ("text", &["longtext", "mediumtext", "tinytext", "clob", "ntext"]),
    ("char", &["character", "bpchar", "nchar"]),
    ("int", &["int4", "int32", "serial", "serial4", "mediumint", "number"]),
    ("big_int", &["int8", "int64", "long", "bigserial", "serial8", "isize"]),
    ("small_int", &["int2", "int16", "short", "smallserial"]),
    ("tiny_int", &["byte"]),
    ("unsigned", &["uint", "uint32", "unsignedint", "unsignedinteger"]),
    ("big_unsigned", &["uint64", "usize", "unsignedbigint", "unsignedbiginteger"]),
    ("small_unsigned", &["uint16", "unsignedsmallint", "unsignedsmallinteger"]),
    ("tiny_unsigned", &["uint8", "unsignedtinyint", "unsignedtinyinteger"]),
    ("float", &["float4", "float32", "real"]),
    ("double", &["float8", "float64", "doubleprecision"]),
    ("decimal", &["dec", "bigdecimal", "fixed"]),
    ("money", &["currency", "smallmoney"]),
    ("bool", &["bit", "flag"]),
    ("date_time", &["naivedatetime", "datetime2"]),
    ("ts", &["timestampwithouttimezone"]),
    ("tstz", &["datetimetz", "datetimeutc", "datetimewithtimezone", "datetimeoffset", "timestamptzutc"]),
    ("uuid", &["guid", "uniqueidentifier"]),
    ("json", &["object", "map", "hash", "dict"]),
    ("blob", &["bytea", "bytes", "longblob", "mediumblob", "tinyblob"]),
    ("array", &["list", "vec"]),
    (
        "references",
        &["fk", "foreign", "foreignkey", "foreignid", "ref", "refs", "relation", "manytoone", "onetoone", "hasone"],
    ),
];

/// Names of a primary key, which is no type of a field.
const KEYS: [&str; 7] = ["pk", "primary", "primarykey", "autoincrement", "increments", "bigincrements", "identity"];

/// Names of modifiers in databases and other tools, folded.
const MODIFIERS_ELSEWHERE: [(&str, &[&str]); 4] = [
    ("required", &["notnull", "nonnull", "notnullable", "mandatory", "presence", "nullfalse", "nullablefalse"]),
    ("unique", &["uniq", "uniqueness", "uniquekey", "uniqueindex", "uniquetrue"]),
    ("null", &["optional", "nil", "none", "blank", "allownull", "nulltrue", "nullabletrue"]),
    ("index", &["indexed", "idx", "key", "dbindex", "indextrue"]),
];

/// Names of what follows a type, folded.
const OPTIONS_ELSEWHERE: [(&str, &[&str]); 4] = [
    ("default=VALUE", &["default", "defaultvalue", "defaultto"]),
    ("LENGTH", &["len", "length", "size", "limit", "max", "maxlength"]),
    ("PRECISION", &["precision", "digits", "scale"]),
    ("VALUE,VALUE", &["values"]),
];

/// Names of what happens to a reference, folded.
const ACTIONS_ELSEWHERE: [(&str, &[&str]); 5] = [
    ("cascade", &["ondeletecascade", "deletecascade", "cascadeondelete", "destroy"]),
    ("set_null", &["nullify", "ondeletesetnull", "deletesetnull", "nullondelete"]),
    ("restrict", &["protect", "ondeleterestrict", "restrictondelete"]),
    ("no_action", &["donothing", "ondeletenoaction"]),
    ("set_default", &["ondeletesetdefault"]),
];

/// Returns the types that come near to `word`; if there are none, those that most columns have.
pub(super) fn types(word: &str) -> Nearest {
    if KEYS.contains(&folded(word).as_str()) {
        let key = "nothing: every table has the key `id`; the field id:uuid or id:big_int gives it another type";
        return Nearest { names: vec![key.to_owned()], is_selection: false };
    }
    let own = WORDS.iter().flat_map(|(name, others)| {
        std::iter::once((*name, *name)).chain(others.iter().map(move |other| (*name, *other)))
    });
    let mut names = near(word, own.chain(elsewhere(&TYPES_ELSEWHERE)));
    if names.is_empty() {
        names = COMMON.to_vec();
    }
    Nearest { names: owned(&names), is_selection: true }
}

/// Returns how kit writes a type that is written with brackets, such as `varchar(20)`, `decimal{10,2}` and `string[]`.
pub(super) fn with_colons(word: &str) -> Option<String> {
    if let Some(element) = word.strip_suffix("[]") {
        return types::named(element).filter(|name| ELEMENTS.contains(name)).map(|name| format!("array:{name}"));
    }
    let (name, arguments) = word.split_once(['(', '{'])?;
    let arguments = arguments.trim_end_matches([')', '}']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ',' | ' ' | '-' | '_');
    let of = types::named(name).filter(|_| !arguments.is_empty() && arguments.chars().all(plain))?;
    let arguments = arguments.split(',').map(str::trim).collect::<Vec<_>>();
    Some(format!("{name}:{}", arguments.join(if of == "enum" { "," } else { ":" })))
}

/// Returns what an array can hold, the nearest first.
pub(super) fn elements(word: &str) -> Nearest {
    let near = types(word).names;
    let (mut names, others): (Vec<&str>, Vec<&str>) =
        ELEMENTS.into_iter().partition(|name| near.iter().any(|near| near == name));
    names.extend(others);
    Nearest { names: owned(&names), is_selection: false }
}

/// Returns the modifier that `word` is or means elsewhere.
pub(super) fn modifier(word: &str) -> Option<&'static str> {
    let folded = folded(word);
    let own = MODIFIERS.iter().map(|(name, _)| (*name, *name));
    own.chain(elsewhere(&MODIFIERS_ELSEWHERE)).find(|(_, other)| *other == folded).map(|(name, _)| name)
}

/// Returns what can follow a type, the nearest to `word` first: its next argument, modifiers and a default.
pub(super) fn options(word: &str, argument: Option<&'static str>, indexable: bool) -> Nearest {
    let mut all: Vec<&'static str> = argument.into_iter().collect();
    all.extend(["required", "unique", "null", "index", "default=VALUE"]);
    all.retain(|name| indexable || !matches!(*name, "unique" | "index"));
    selected(word, &all)
}

/// Returns what can follow `references`, the nearest to `word` first.
pub(super) fn of_reference(word: &str, named: bool, acts: bool) -> Nearest {
    let mut all = Vec::new();
    if named {
        all.extend(["a table", "a column"]);
    }
    if acts {
        all.extend(ACTIONS.iter().map(|(name, _)| *name));
    }
    all.extend(["null", "unique", "required", "default=VALUE"]);
    selected(word, &all)
}

/// Whether a part of a reference is no name of a table or a column, but an option that is misspelt or of another tool.
pub(super) fn is_meant_as_option(word: &str) -> bool {
    let folded = folded(word);
    let own = || MODIFIERS.iter().map(|(name, _)| *name).chain(ACTIONS.iter().map(|(name, _)| *name));
    let elsewhere = || elsewhere(&MODIFIERS_ELSEWHERE).chain(elsewhere(&ACTIONS_ELSEWHERE)).map(|(_, other)| other);
    let long = folded.len() >= 6;
    // Tables have plural names, which may be the word and one letter.
    let misspelt = |name: &str| {
        let name = self::folded(name);
        folded == name || long && folded != format!("{name}s") && strsim::osa_distance(&folded, &name) <= 1
    };
    word.contains(['=', '(']) || own().any(misspelt) || long && elsewhere().any(|other| other == folded)
}

/// The names of `all` that come near to `word`, then the others, but not more than fit.
fn selected(word: &str, all: &[&'static str]) -> Nearest {
    let own = all.iter().map(|name| (*name, *name));
    let others = [&MODIFIERS_ELSEWHERE[..], &OPTIONS_ELSEWHERE[..], &ACTIONS_ELSEWHERE[..]];
    let others = others.into_iter().flat_map(elsewhere);
    let mut names = near(word, own.chain(others.filter(|(name, _)| all.contains(name))));
    let rest: Vec<&str> = all.iter().filter(|name| !names.contains(name)).copied().collect();
    names.extend(rest);
    let is_selection = names.len() > MAX_NAMES;
    names.truncate(MAX_NAMES);
    Nearest { names: owned(&names), is_selection }
}

/// The names, each with how it may be spelled, of which a spelling comes near to `word`.
fn near(word: &str, spellings: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<&'static str> {
    let (whole, key) = (folded(word), folded(word.split(['=', '(']).next().unwrap_or(word)));
    if key.is_empty() {
        return Vec::new();
    }
    let distance = |spelling: &str| {
        let spelling = folded(spelling);
        let far = strsim::osa_distance(&key, &spelling);
        let limit = (key.len() / 3).max(1);
        if whole == spelling { Some(0) } else { (far <= limit && far < spelling.len()).then_some(far + 1) }
    };
    let mut found: Vec<(usize, &str)> =
        spellings.filter_map(|(name, spelling)| Some((distance(spelling)?, name))).collect();
    found.sort_by_key(|(distance, _)| *distance);
    // A name that is right is the answer.
    if found.first().is_some_and(|(distance, _)| *distance == 0) {
        found.retain(|(distance, _)| *distance == 0);
    }
    let mut names: Vec<&str> = Vec::new();
    for (_, name) in found {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(MAX_NEAR);
    names
}

fn elsewhere(
    table: &'static [(&'static str, &'static [&'static str])],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.iter().flat_map(|(name, others)| others.iter().map(move |other| (*name, *other)))
}

/// In lower case, letters and digits only: `Not Null` and `not_null` are `notnull`.
fn folded(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_tools_are_not_names_of_kit() {
        for (name, others) in TYPES_ELSEWHERE {
            assert!(WORDS.iter().any(|(word, _)| *word == name), "{name}");
            for other in others {
                assert_eq!(super::super::types::named(other), None, "{other}");
                assert_eq!(types(other).names[0], name, "{other}");
                assert_eq!(folded(other), *other);
            }
        }
        for (name, others) in MODIFIERS_ELSEWHERE {
            for other in others {
                assert_eq!(modifier(other), Some(name), "{other}");
                assert_eq!(options(other, None, true).names[0], name, "{other}");
            }
        }
    }

    #[test]
    fn few_names_are_shown() {
        let words = WORDS.iter().flat_map(|(name, others)| std::iter::once(name).chain(*others));
        for word in words {
            for misspelt in [&word[1..], &format!("{word}x"), &word.replace(['i', 'o'], "q"), ""] {
                let names = types(misspelt).names;
                assert!((1..=MAX_NAMES).contains(&names.len()), "{misspelt}: {names:?}");
            }
        }
    }
}
