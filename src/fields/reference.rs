//! References: which column and which table `user:references`, `approver:references:users` and
//! `user:references:approver` mean. It returns both and what had to be decided. Which tables there are is told.

use pluralizer::pluralize;

use crate::schema::model::Action;

/// What stands behind `references`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// A table or a column.
    pub third: Option<String>,
    /// What happens when the other row goes.
    pub on_delete: Option<Action>,
}

/// A reference that is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The column.
    pub column: String,
    /// The table it refers to.
    pub table: String,
    /// A third part was there, and what it is had to be decided.
    pub decided: bool,
}

/// The actions as fields name them.
pub const ACTIONS: [(&str, Action); 5] = [
    ("cascade", Action::Cascade),
    ("set_null", Action::SetNull),
    ("restrict", Action::Restrict),
    ("no_action", Action::NoAction),
    ("set_default", Action::SetDefault),
];

/// Settles a reference of this name. The third part is a table if one of that name is known; else a column, if the name
/// means a known table; else a table if it is a plural; else a column.
pub fn resolve(name: &str, third: Option<&str>, is_table: impl Fn(&str) -> bool) -> Resolved {
    let stem = name.strip_suffix("_id").filter(|stem| !stem.is_empty()).unwrap_or(name);
    let meant = plural_of(stem, &is_table);
    let Some(third) = third else {
        return Resolved { column: format!("{stem}_id"), table: meant, decided: false };
    };
    let plural = pluralize(third, 2, false) == third && pluralize(third, 1, false) != third;
    let third_is_table = is_table(third) || !is_table(&meant) && plural;
    let (column, table) = if third_is_table { (name, third.to_owned()) } else { (third, meant) };
    Resolved { column: column.to_owned(), table, decided: true }
}

/// The table that a singular means: itself if it is one, else its plural.
pub fn plural_of(name: &str, is_table: &impl Fn(&str) -> bool) -> String {
    if is_table(name) { name.to_owned() } else { pluralize(name, 2, false) }
}
