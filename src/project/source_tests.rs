//! Reading projects in temporary folders.

use super::*;

const DERIVED: &str = "#[derive(DeriveMigrationName)]\npub struct Migration;\nimpl MigrationTrait for Migration {}\n";

fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = crate::scaffold::FilePlan::new(folder.path());
    for (path, text) in files {
        plan.create(&folder.path().join(path), (*text).to_owned()).unwrap();
    }
    plan.apply().unwrap();
    let project = Project::find(folder.path()).unwrap();
    (folder, project)
}

fn index(modules: &str, list: &str, more: &str) -> String {
    format!(
        "{modules}\npub struct Steps;\nimpl MigratorTrait for Steps {{\nfn migrations() -> Vec<Box<dyn MigrationTrait>> \
         {{ {list} }}\n{more}\n}}\n"
    )
}

/// Names of the registered, then of the unregistered.
fn names(files: &[(&str, &str)]) -> (Option<Vec<String>>, Vec<String>) {
    let (_folder, project) = project(files);
    let sources = read(&project).unwrap();
    let of = |list: Vec<SourceMigration>| list.into_iter().map(|one| one.name).collect::<Vec<_>>();
    (sources.registered.map(of), of(sources.unregistered))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_list_is_read_in_its_own_order() {
    let text = index(
        "mod m2_b;\nmod m1_a;\n#[path = \"deep/third.rs\"]\nmod m3;\nmod m4_d;\nmod own;\nmod helper;",
        "vec![Box::new(m2_b::Migration), Box::new(self::m1_a::Migration), Box::new(m3::Migration), \
         Box::new(m4_d::Migration), Box::new(own::AddThings),]",
        "",
    );
    let named = "pub struct AddThings;\nimpl MigrationName for AddThings { fn name(&self) -> &str { \"m5_own\" } }";
    let by_hand = "pub struct Migration;\nimpl sea_orm_migration::MigrationName for Migration {\n fn name(&self) -> &str \
                   { sea_orm_migration::util::get_file_stem(file!()) } }";
    let (registered, unregistered) = names(&[
        ("migrations/mod.rs", &text),
        ("migrations/m2_b.rs", DERIVED),
        ("migrations/m1_a.rs", by_hand),
        ("migrations/deep/third.rs", DERIVED),
        ("migrations/m4_d/mod.rs", DERIVED),
        ("migrations/own.rs", named),
        ("migrations/helper.rs", "pub fn help() {}"),
        ("migrations/m6_loose.rs", DERIVED),
        ("migrations/m7_folder/mod.rs", "not rust {"),
    ]);
    assert_eq!(registered, Some(owned(&["m2_b", "m1_a", "third", "mod", "m5_own"])));
    assert_eq!(unregistered, owned(&["m6_loose", "m7_folder"]));
}

#[test]
fn what_only_the_compiler_knows_is_left_to_it() {
    for (modules, list) in [
        ("mod m1_a;", "vec![Box::new(other::Migration)]"),
        ("mod m1_a;", "vec![Box::new(other::m1_a::Migration)]"),
        ("mod m1_a;", "vec![#[cfg(unix)] Box::new(m1_a::Migration)]"),
        ("#[cfg(unix)]\nmod m1_a;", "vec![Box::new(m1_a::Migration)]"),
        ("mod m1_a;", "vec![Box::new(m1_a::Reexported)]"),
        ("mod m1_a;", "let mut v = vec![]; v.push(x); v"),
    ] {
        let text = index(modules, list, "");
        let (registered, unregistered) = names(&[("migrations/mod.rs", &text), ("migrations/m1_a.rs", DERIVED)]);
        assert_eq!((registered, unregistered), (None, Vec::new()), "{list}");
    }
}

#[test]
fn declared_but_not_listed_is_not_registered() {
    let text = index("mod m1_a;\nmod second;", "vec![]", "");
    let (registered, unregistered) =
        names(&[("migrations/mod.rs", &text), ("migrations/m1_a.rs", DERIVED), ("migrations/second.rs", DERIVED)]);
    assert_eq!(registered, Some(Vec::new()));
    assert_eq!(unregistered, owned(&["m1_a", "second"]));
}

#[test]
fn the_ledger_is_read_where_it_is_written_plainly() {
    for (body, table) in [
        ("Alias::new(\"x\").into_iden()", Some("x")),
        ("\"x\".into_iden()", Some("x")),
        ("sea_orm::sea_query::Alias::new(\"x\".to_owned()).into_iden()", Some("x")),
        ("DynIden::from(\"x\")", Some("x")),
        ("Alias::new(std::env::var(\"T\").unwrap()).into_iden()", None),
        ("Ledger::Table.into_iden()", None),
        ("if a() { \"x\".into_iden() } else { \"y\".into_iden() }", None),
    ] {
        let text = index("", "vec![]", &format!("fn migration_table_name() -> DynIden {{ {body} }}"));
        let (_folder, project) = project(&[("migrations/mod.rs", &text)]);
        let sources = read(&project).unwrap();
        assert_eq!(sources.ledger_table.as_deref(), table, "{body}");
        assert_eq!(sources.registered.is_some(), table.is_some(), "{body}");
    }
}

#[test]
fn the_migrator_has_any_name() {
    let text = index("", "vec![]", "").replace("MigratorTrait", "sea_orm_migration::MigratorTraitSelf");
    let (_folder, project) = project(&[("migrations/mod.rs", &format!("\u{feff}{}", text.replace('\n', "\r\n")))]);
    let sources = read(&project).unwrap();
    let migrator = sources.migrator.unwrap();
    assert_eq!((migrator.name.as_str(), migrator.with_self), ("Steps", true));
    assert_eq!(sources.ledger_table.as_deref(), Some(LEDGER));
}

#[test]
fn names_come_after_the_number() {
    for (stem, name) in [
        ("m20260101_000000_create_posts", Some("create_posts")),
        ("m00001_create_posts", Some("create_posts")),
        ("M1_Create", Some("Create")),
        ("m1_2fa", Some("2fa")),
        ("m_x", None),
        ("mod", None),
        ("helper", None),
    ] {
        assert_eq!(name_of_migration(stem), name, "{stem}");
    }
}

#[test]
fn a_deleted_file_leaves_its_name_behind() {
    let text = index("mod m1_a;\nmod m9_gone;", "vec![Box::new(m1_a::Migration), Box::new(m9_gone::Migration)]", "");
    let (registered, _) = names(&[("migrations/mod.rs", &text), ("migrations/m1_a.rs", DERIVED)]);
    assert_eq!(registered, Some(owned(&["m1_a", "m9_gone"])));
}
