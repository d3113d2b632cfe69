//! The type of a field of a model, taken apart.

use syn::{GenericArgument, Ident, PathArguments, Type};

/// The last name of a type's path, and the types in its brackets: `Option` and `String`. `None` if it is no path.
pub(super) fn parts(of: &Type) -> Option<(&Ident, Vec<&Type>)> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(inner) => Some(inner),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    Some((&last.ident, inner))
}
