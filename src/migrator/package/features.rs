//! The features of SeaORM that a package turns on, and the line of its Cargo.toml that turns on more.

use std::collections::BTreeSet;

use toml_edit::{Array, Item, Table, TableLike, Value, value};

use super::{MIGRATION, Package, table_of};
use crate::project::manifest::{ORM, SYNC, dependency_on};
use crate::project::sea_orm::{Major, features};

impl Package {
    /// The features of SeaORM that the package turns on in a release, implied ones included; `None` if it does not depend on
    /// SeaORM.
    pub fn sea_orm_features(&self, release: Major) -> Option<BTreeSet<String>> {
        let dependencies = self.manifest.get("dependencies")?.as_table_like()?;
        let mut found = None;
        for name in ORM.into_iter().chain([MIGRATION]) {
            let Some((key, dependency)) = dependency_on(dependencies, name) else { continue };
            let resolved = table_of(Some(&self.resolved(key, dependency)));
            let on = found.get_or_insert_with(BTreeSet::new);
            let listed = resolved.get("features").and_then(Value::as_array).into_iter().flatten();
            on.extend(listed.filter_map(Value::as_str).map(str::to_owned));
            on.extend(self.features_passed_to(key));
            let named = resolved.get("default-features").and_then(Value::as_bool) != Some(false);
            match (name, release) {
                (MIGRATION, Major::One) => on.extend([features::MACROS.to_owned()]),
                // sea-orm-migration 2 depends on SeaORM with its defaults, whatever a package says.
                (MIGRATION, Major::Two) => on.extend(features::DEFAULT.map(str::to_owned)),
                _ if named => on.extend(features::DEFAULT.map(str::to_owned)),
                _ => {}
            }
        }
        let mut found = found?;
        let implied = features::IMPLIED.iter().filter(|(feature, _)| found.contains(*feature));
        let implied: Vec<String> = implied.map(|(_, implied)| (*implied).to_owned()).collect();
        found.extend(implied);
        Some(found)
    }

    /// Whether its SeaORM is the one without `async`.
    pub fn is_sync(&self) -> bool {
        let dependencies = self.manifest.get("dependencies").and_then(Item::as_table_like);
        dependencies.is_some_and(|dependencies| dependency_on(dependencies, SYNC).is_some())
    }

    /// The line of Cargo.toml with which the package depends on SeaORM and turns on these features, too.
    pub fn line_with(&self, features: &BTreeSet<&'static str>) -> Option<String> {
        let dependencies = self.manifest.get("dependencies")?.as_table_like()?;
        let (key, dependency) = ORM.into_iter().find_map(|name| dependency_on(dependencies, name))?;
        let mut table = table_of(Some(dependency));
        let mut all = table.get("features").and_then(Value::as_array).cloned().unwrap_or_else(Array::new);
        all.extend(features.iter().copied());
        all.fmt();
        table.insert("features", Value::Array(all));
        let mut line = Table::new();
        line[key] = value(table);
        Some(line.to_string().trim_end().to_owned())
    }

    /// What the package's own `[features]` pass on: `"sea-orm/with-uuid"`.
    fn features_passed_to(&self, key: &str) -> Vec<String> {
        let own = self.manifest.get("features").and_then(Item::as_table_like).into_iter().flat_map(TableLike::iter);
        let values = own.filter_map(|(_, list)| list.as_array()).flatten().filter_map(Value::as_str);
        let passed = values.filter_map(|one| {
            let (dependency, feature) = one.split_once('/')?;
            (dependency.trim_end_matches('?') == key).then(|| feature.to_owned())
        });
        passed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_files::write;

    fn of(text: &str) -> (Option<BTreeSet<String>>, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "Cargo.toml", text);
        let package = Package::of(&folder.path().join("src/entities/mod.rs")).unwrap();
        (package.sea_orm_features(Major::Two), package.line_with(&BTreeSet::from(["with-uuid", "postgres-array"])))
    }

    #[test]
    fn features_are_those_that_cargo_turns_on() {
        let package = "[package]\nname = \"x\"\n";
        let (features, _) = of(package);
        assert_eq!(features, None);
        for (dependency, has, lacks, line) in [
            (
                "sea-orm = \"1.1\"",
                "with-uuid",
                "postgres-array",
                "sea-orm = { version = \"1.1\", features = [\"postgres-array\", \"with-uuid\"] }",
            ),
            (
                "[dependencies.sea-orm]\nversion = \"2.0\" # newest\ndefault-features = false\nfeatures = [\n  \"sqlx-postgres\",\n]",
                "postgres-array",
                "with-uuid",
                "sea-orm = { version = \"2.0\", default-features = false, features = [\"sqlx-postgres\", \"postgres-array\", \"with-uuid\"] }",
            ),
            (
                "orm = { package = \"sea-orm-sync\", version = \"2.0\" }",
                "macros",
                "postgres-array",
                "orm = { package = \"sea-orm-sync\", version = \"2.0\", features = [\"postgres-array\", \"with-uuid\"] }",
            ),
            (
                "sea-orm = { version = \"2.0\", default-features = false }\n[features]\ndefault = [\"sea-orm/with-json\"]",
                "with-json",
                "macros",
                "sea-orm = { version = \"2.0\", default-features = false, features = [\"postgres-array\", \"with-uuid\"] }",
            ),
            (
                "sea-orm = { version = \"2.0\", default-features = false }\nsea-orm-migration = { version = \"2.0\", default-features = false }",
                "with-uuid",
                "postgres-array",
                "sea-orm = { version = \"2.0\", default-features = false, features = [\"postgres-array\", \"with-uuid\"] }",
            ),
        ] {
            let (features, with) = of(&format!("{package}[dependencies]\n{dependency}\n"));
            let features = features.unwrap();
            assert!(features.contains(has) && !features.contains(lacks), "{dependency}: {features:?}");
            assert_eq!(with.as_deref(), Some(line));
        }
    }
}
