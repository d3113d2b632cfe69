//! The schema of a database: a [`model`] of it, its text form, and [`read`], which fills the model with a handful
//! of queries, however many tables there are. It knows nothing of entities, migrations and the terminal.

mod dialect;
pub mod model;
mod text;
mod types;

use kit_runtime::connection::{Connection, Error};

use model::Schema;

/// Reads the connection's current schema, whole.
///
/// # Errors
/// Those of the database; a schema that cannot be read is never an empty one.
pub async fn read(session: &impl Connection) -> Result<Schema, Error> {
    let mut schema = dialect::read(session).await?;
    schema.sort();
    Ok(schema)
}
