//! Whether the user may do what migrations do: create and change tables, and write the ledger's.

use std::path::Path;

use kit_runtime::sea_orm::Session;

use super::cache::can_write;
use super::{Finding, connection, dialect};
use crate::database::Target;
use crate::error::Advice;

const NAME: &str = "permissions";

/// Looks at the user's, or at those of the file. `false` if nothing more can be seen.
pub async fn look(target: &Target, session: &Session, ledger: &str) -> (Vec<Finding>, bool) {
    if let Some(file) = target.file() {
        return (vec![of_file(target, &file)], true);
    }
    let database = target.database_name().unwrap_or_default();
    match dialect::permissions(session, &database, ledger).await {
        Ok(lacks) if lacks.is_empty() => (vec![Finding::ok(NAME, "to create tables and to write the ledger")], true),
        Ok(lacks) => {
            let sees = !lacks.iter().any(|lack| lack.is_blind);
            let finding =
                |lack: dialect::Lack| Finding::fail(NAME, lack.what, Advice::Execute { statement: lack.mend });
            (lacks.into_iter().map(finding).collect(), sees)
        }
        Err(error) => (vec![connection::failed(NAME, target, &error)], true),
    }
}

fn of_file(target: &Target, file: &Path) -> Finding {
    let folder = file.parent().unwrap_or(Path::new("."));
    if target.only_reads() {
        return Finding::fail(NAME, "the URL opens the file to read: mode=ro", Advice::OpenToWrite);
    }
    for path in [file, folder] {
        if !can_write(path) {
            let found = format!("{} cannot be written", path.display());
            return Finding::fail(NAME, found, Advice::Own { path: path.to_owned() });
        }
    }
    Finding::ok(NAME, "to write the file and its folder")
}
