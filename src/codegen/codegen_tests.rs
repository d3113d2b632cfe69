use super::*;
use crate::schema::model::{Cast, Column, ForeignKey, Key, Kind, Required};

fn column(name: &str, kind: Kind) -> Column {
    Column {
        name: name.to_owned(),
        type_name: String::new(),
        kind,
        cast: None,
        nullable: false,
        default: None,
        identity: None,
        generated: None,
        collation: None,
        comment: None,
    }
}

fn table(name: &str, columns: Vec<Column>) -> Table {
    let key = Key { name: None, columns: columns.iter().take(1).map(|column| column.name.clone()).collect() };
    Table { name: name.to_owned(), columns, primary_key: Some(key), ..Table::default() }
}

fn int() -> Kind {
    Kind::Integer { bits: 32, unsigned: false }
}

fn references(column: &str, table: &str) -> ForeignKey {
    ForeignKey {
        name: None,
        columns: vec![column.to_owned()],
        schema: None,
        table: table.to_owned(),
        references: vec!["id".to_owned()],
        on_delete: Default::default(),
        on_update: Default::default(),
    }
}

fn all(schema: &Schema, format: EntityFormat) -> Entities {
    generate(schema, &Options { format, ..Options::default() }, |_| true).unwrap()
}

const FORMATS: [EntityFormat; 4] =
    [EntityFormat::Compact, EntityFormat::Expanded, EntityFormat::Frontend, EntityFormat::Dense];

#[test]
fn names_of_the_database_are_only_ever_strings() {
    let odd = [
        "x\"y",
        "a`b",
        "new\nline",
        "semi; drop table plain; --",
        "back\\slash",
        "{brace}",
        "$1",
        "?",
        "self",
        "Self",
        "\"] fn evil() {} #[x = \"",
        "*/ fn evil() {} /*",
        "a-b",
        "a_b",
        "2fa",
        "uni_é",
        "",
    ];
    let values = odd.iter().filter(|value| !value.eq_ignore_ascii_case("self")).map(|value| (*value).to_owned());
    let values = Kind::Enum { schema: None, name: Some("x\"; fn evil() {}".to_owned()), values: values.collect() };
    let columns = || odd.iter().map(|name| column(name, int()));
    let mut schema = Schema { name: Some("my \"app\"".to_owned()), ..Schema::default() };
    for name in odd {
        let mut one = table(name, columns().chain([column("mood", values.clone())]).collect());
        one.comment = Some("first\n*/ fn evil() {}\u{202e}\n```\nfn evil() {}".to_owned());
        one.columns[0].comment = Some("\" fn evil() {}".to_owned());
        schema.tables.push(one);
    }
    for format in FORMATS {
        let entities = all(&schema, format);
        assert_eq!(entities.tables.len(), odd.len());
        for (name, (_, content)) in &entities.tables {
            let file = syn::parse_file(content).unwrap();
            assert!(!file.items.iter().any(|item| matches!(item, syn::Item::Fn(_))), "{content}");
            if format != EntityFormat::Frontend {
                assert!(content.contains(&format!("{name:?}")) || name.contains('\n'), "{name:?}\n{content}");
            }
            assert!(!content.contains('\u{202e}') && !content.contains("```"), "{content}");
        }
    }
    let enums = &all(&schema, EntityFormat::Compact).shared["sea_orm_active_enums.rs"];
    for value in ["\"2fa\"", "\"a-b\"", "\"a_b\"", "\"x\\\"y\"", "string_value = \"\""] {
        assert!(enums.contains(value), "{value}\n{enums}");
    }
}

#[test]
fn both_sides_of_two_keys_to_one_table_are_named_after_their_columns() {
    let users = table("users", vec![column("id", int())]);
    let mut posts = table("posts", vec![column("id", int()), column("author_id", int()), column("editor", int())]);
    posts.foreign_keys = vec![references("author_id", "users"), references("editor", "users")];
    let schema = Schema { tables: vec![posts, users], is_default: true, ..Schema::default() };
    let has = |format, table: &str, texts: &[&str]| {
        let content = &all(&schema, format).tables[table].1;
        for text in texts {
            assert!(content.contains(text), "{text}\n{content}");
        }
    };
    for format in [EntityFormat::Compact, EntityFormat::Expanded] {
        has(format, "posts", &["    Author,", "    Editor,"]);
        has(format, "users", &["PostsByAuthor", "super::posts::Relation::Editor.def().rev()"]);
    }
    has(EntityFormat::Dense, "posts", &["pub author: BelongsTo", "relation_enum = \"Editor\"", "editor_relation"]);
    has(EntityFormat::Dense, "users", &["pub posts_by_author: HasMany", "via_rel = \"Author\""]);
}

#[test]
fn one_row_is_promised_only_where_every_row_is_unique() {
    let users = table("users", vec![column("id", int())]);
    let profile = |predicate: Option<&str>| {
        let mut profile = table("profile", vec![column("id", int()), column("user_id", int())]);
        profile.foreign_keys = vec![references("user_id", "users")];
        profile.indexes = vec![crate::schema::model::Index {
            name: "ux".to_owned(),
            unique: true,
            method: None,
            parts: vec![crate::schema::model::Part {
                what: crate::schema::model::What::Column("user_id".to_owned()),
                descending: false,
                nulls: None,
                length: None,
                operators: None,
            }],
            include: Vec::new(),
            predicate: predicate.map(str::to_owned),
        }];
        Schema { tables: vec![profile, users.clone()], is_default: true, ..Schema::default() }
    };
    let side = |schema: &Schema, format| all(schema, format).tables["users"].1.clone();
    for (format, one, many) in [
        (EntityFormat::Compact, "has_one = \"super::profile::Entity\"", "has_many = \"super::profile::Entity\""),
        (EntityFormat::Expanded, "Entity::has_one", "Entity::has_many"),
        (EntityFormat::Dense, "pub profile: HasOne", "pub profiles: HasMany"),
    ] {
        assert!(side(&profile(None), format).contains(one));
        assert!(side(&profile(Some("active")), format).contains(many));
    }
}

#[test]
fn a_keyword_that_is_unique_has_another_name_where_functions_find_by_it() {
    let mut posts = table("posts", vec![column("id", int()), column("type", int())]);
    posts.uniques = vec![Key { name: None, columns: vec!["type".to_owned()] }];
    let schema = Schema { tables: vec![posts], is_default: true, ..Schema::default() };
    assert!(all(&schema, EntityFormat::Compact).tables["posts"].1.contains("pub r#type: i32"));
    let dense = &all(&schema, EntityFormat::Dense).tables["posts"].1;
    assert!(dense.contains("pub type_column: i32") && dense.contains("column_name = \"type\""), "{dense}");
}

#[test]
fn enums_that_cannot_be_derived_are_texts() {
    let values = || vec!["ok".to_owned(), "Ok".to_owned()];
    let mut named = column("named", Kind::Enum { schema: None, name: Some("mood".to_owned()), values: values() });
    named.cast = Some(Cast { read: "text".to_owned(), write: Some("mood".to_owned()), required: Required::No });
    let own = column("own", Kind::Enum { schema: None, name: None, values: values() });
    let table = table("posts", vec![column("id", int()), named, own]);
    let schema = Schema { tables: vec![table], is_default: true, ..Schema::default() };
    let entities = all(&schema, EntityFormat::Compact);
    let content = &entities.tables["posts"].1;
    assert!(content.contains("save_as = \"mood\"") && content.contains("pub named: String"), "{content}");
    assert!(content.contains("pub own: String"), "{content}");
    assert!(!entities.shared.contains_key("sea_orm_active_enums.rs"));
}

#[test]
fn tables_without_a_key_are_left_out_and_named() {
    let mut keyless = table("logs", vec![column("line", Kind::Text)]);
    keyless.primary_key = None;
    let mut posts = table("posts", vec![column("id", int()), column("log", int())]);
    posts.foreign_keys = vec![references("log", "logs"), references("log", "elsewhere")];
    let schema = Schema { tables: vec![keyless, posts], is_default: true, ..Schema::default() };
    for format in FORMATS {
        let entities = all(&schema, format);
        assert_eq!(entities.keyless, ["logs"]);
        assert!(!entities.tables["posts"].1.contains("logs"));
    }
}

#[test]
fn options_that_are_no_rust_are_refused() {
    for options in [
        Options { model_extra_derives: vec!["a b".to_owned()], ..Options::default() },
        Options { enum_extra_attributes: vec!["serde(".to_owned()], ..Options::default() },
    ] {
        assert!(matches!(generate(&Schema::default(), &options, |_| true), Err(Error::Codegen { .. })));
    }
}

/// What SeaORM 1 has no word for, or derives in another way.
#[test]
fn entities_for_seaorm_1_have_nothing_that_only_2_has() {
    let kind = Kind::Enum {
        schema: None,
        name: Some("mood".to_owned()),
        values: vec!["value".to_owned(), "other".to_owned()],
    };
    let table = table("posts", vec![column("id", int()), column("uni_\u{e9}", kind)]);
    let schema = Schema { tables: vec![table], ..Schema::default() };
    let of = |release| {
        let options = Options { release, format: EntityFormat::Expanded, ..Options::default() };
        let entities = generate(&schema, &options, |_| true).unwrap();
        entities.shared["sea_orm_active_enums.rs"].clone()
    };
    assert!(of(Major::Two).contains("rs_type = \"Enum\""));
    assert!(of(Major::One).contains("rs_type = \"String\"") && !of(Major::One).contains("    Value,"));
}
