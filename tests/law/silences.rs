//! What entities do not say of a schema, each with the reason. It forgets exactly that, before and after, so that
//! all else is compared.

use kit::schema::model::Schema;
use kit_runtime::dialect::Dialect;

/// Something that is forgotten on the way.
pub struct Silence {
    /// What, as the README says it.
    pub what: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Takes it out of a schema.
    pub forget: fn(&mut Schema, Dialect),
}

/// All there is.
pub const SILENCES: &[Silence] = &[];
