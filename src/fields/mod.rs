//! The field language, `title:string:required` on a command line: one grammar and one parser of it. It returns each field
//! as a value, or the character at which it is wrong and what would be right there. It does not know which tables there
//! are, nor what becomes of a field.

mod grammar;
mod literal;
mod modifiers;
mod nearest;
pub mod reference;
mod types;

#[cfg(test)]
mod fields_tests;

pub use grammar::{Misfit, parse};
pub use literal::Literal;
pub use modifiers::{MODIFIERS, Modifier};
pub use reference::{ACTIONS, Reference};
pub use types::{ELEMENTS, Type, WORDS, plain};

/// One field as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, unchanged.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be empty.
    pub nullable: bool,
    /// Whether no two rows may have the same.
    pub unique: bool,
    /// Whether it gets an index.
    pub index: bool,
    /// What rows get that say nothing.
    pub default: Option<Literal>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value.
    Value(Type),
    /// The key of a row of another table.
    Reference(Reference),
}

impl Field {
    /// Whether it refers to another table.
    pub fn is_reference(&self) -> bool {
        matches!(self.kind, Kind::Reference(_))
    }
}
