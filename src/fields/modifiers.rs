//! The modifiers of a field: the words `required`, `unique`, `null` and `index`, and the signs `!`, `^` and `?` for the
//! first three. It returns which are given and where, or why two of them cannot be given together.

/// What a field can be, whatever its type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// It cannot be null.
    Required,
    /// No two rows have the same value; required as well, unless the field is nullable.
    Unique,
    /// It can be null.
    Nullable,
    /// It has an index.
    Index,
}

/// Every modifier as a word, in the order in which they are shown.
pub const MODIFIERS: [(&str, Modifier); 5] = [
    ("required", Modifier::Required),
    ("unique", Modifier::Unique),
    ("null", Modifier::Nullable),
    ("nullable", Modifier::Nullable),
    ("index", Modifier::Index),
];

/// Returns the modifier that this sign stands for.
pub(super) fn of_sign(sign: char) -> Option<Modifier> {
    match sign {
        '!' => Some(Modifier::Required),
        '^' => Some(Modifier::Unique),
        '?' => Some(Modifier::Nullable),
        _ => None,
    }
}

/// Returns the modifier of this name.
pub(super) fn of_word(word: &str) -> Option<Modifier> {
    MODIFIERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, modifier)| *modifier)
}

/// The modifiers of a field, with where each is written and how.
#[derive(Clone, Debug, Default)]
pub(super) struct Modifiers(Vec<(Modifier, usize, String)>);

impl Modifiers {
    /// Adds one.
    ///
    /// # Errors
    /// The character of the later of two that cannot be given together, and why.
    pub(super) fn add(&mut self, modifier: Modifier, at: usize, written: &str) -> Result<(), (usize, String)> {
        let excludes = |other: Modifier| {
            use Modifier::{Nullable, Required};
            other == modifier || matches!((other, modifier), (Required, Nullable) | (Nullable, Required))
        };
        if let Some((other, place, earlier)) = self.0.iter().find(|(other, ..)| excludes(*other)) {
            let (first, second) = if *place < at { (earlier.as_str(), written) } else { (written, earlier.as_str()) };
            let reason = match *other == modifier {
                false => format!("`{second}` contradicts `{first}`: a column is either required or nullable"),
                true if first == second => format!("`{second}` is given twice"),
                true => format!("`{second}` repeats `{first}`"),
            };
            return Err((at.max(*place), reason));
        }
        self.0.push((modifier, at, written.to_owned()));
        Ok(())
    }

    pub(super) fn at(&self, modifier: Modifier) -> Option<usize> {
        self.0.iter().find(|(other, ..)| *other == modifier).map(|(_, at, _)| *at)
    }

    pub(super) fn has(&self, modifier: Modifier) -> bool {
        self.at(modifier).is_some()
    }

    /// Whether none of them says which values are allowed.
    pub(super) fn are_silent_on_values(&self) -> bool {
        self.0.iter().all(|(modifier, ..)| *modifier == Modifier::Index)
    }
}
