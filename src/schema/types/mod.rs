//! One file a database: the table of its types, with what each means and how SeaORM reads and writes its values. The Rust
//! type of each is decided once for all of them, in `codegen`.

pub(super) mod mysql;
pub(super) mod postgres;
pub(super) mod sqlite;

/// `varchar(20)` is `varchar`, `[20]`, nothing; `int(11) unsigned` has a rest.
fn take_apart(type_name: &str) -> (String, Vec<u32>, String) {
    let lower = type_name.trim().to_lowercase();
    let Some((name, rest)) = lower.split_once('(') else {
        return (lower, Vec::new(), String::new());
    };
    let (arguments, rest) = rest.split_once(')').unwrap_or((rest, ""));
    let numbers = arguments.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    (name.trim().to_owned(), numbers, rest.trim().to_owned())
}

/// Precision and scale, as far as they are given.
fn precision(numbers: &[u32]) -> Option<(u32, u32)> {
    match numbers {
        [precision, scale, ..] => Some((*precision, *scale)),
        [precision] => Some((*precision, 0)),
        [] => None,
    }
}
