//! Fields on real databases: every type, nullable, required and unique, is created, inserted, read through the entity
//! and gone again; references, link tables, and removals that come back where there are rows. One project, one migrator.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "cargo inherits the environment of the test")]
#![allow(clippy::print_stderr, reason = "says which numbers were drawn")]

mod helpers;
mod random;

use std::path::Path;

use crate::support::Sandbox;
use crate::support::database::Database;
use crate::support::projects::{On, kit_cache};
use crate::support::random_numbers::Random;
use crate::support::{self, projects, random_numbers};
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Cause, Failure};

/// Each type, as it is written, and a value of it in Rust. What cannot be unique says so.
const TYPES: [(&str, &str, bool); 31] = [
    ("string", "\"Ada\".into()", true),
    ("string:20", "\"Ada\".into()", true),
    ("text", "\"long\".into()", false),
    ("char:3", "\"abc\".into()", true),
    ("int", "-5", true),
    ("big_int", "5_000_000_000", true),
    ("small_int", "300", true),
    ("tiny_int", "5", true),
    ("unsigned", "5", true),
    ("big_unsigned", "5", true),
    ("small_unsigned", "5", true),
    ("tiny_unsigned", "5", true),
    ("float", "1.5", true),
    ("double", "1.25", true),
    ("decimal", "\"12.5\".parse().unwrap()", true),
    ("decimal:10:2", "\"12.50\".parse().unwrap()", true),
    ("money", "\"9.99\".parse().unwrap()", true),
    ("bool", "true", false),
    ("date", "\"2026-01-31\".parse().unwrap()", true),
    ("time", "\"12:30:00\".parse().unwrap()", true),
    ("date_time", "At::at()", true),
    ("ts", "At::at()", true),
    ("tstz", "At::at()", true),
    ("uuid?", "Key::key(1)", true),
    ("uuid_col", "Key::key(2)", true),
    ("json", "\"{\\\"a\\\": 1}\".parse().unwrap()", false),
    ("jsonb", "\"{\\\"a\\\": 1}\".parse().unwrap()", false),
    ("blob", "vec![1, 2, 255]", false),
    ("binary_len:3", "vec![1, 2, 255]", true),
    ("var_binary:9", "vec![1, 2, 255]", true),
    ("enum:draft,live", "Pick::pick()", true),
];

/// What only one database has.
const ARRAYS: [(&str, &str); 6] = [
    ("array:string", "vec![\"a\".into()]"),
    ("array:int", "vec![1, 2]"),
    ("array:big_int", "vec![1, 2]"),
    ("array:float", "vec![1.5]"),
    ("array:double", "vec![1.5]"),
    ("array:bool", "vec![true]"),
];

/// `string:20` is `a_string_20`; marks are none of the name.
fn column(written: &str) -> String {
    let plain: String = written.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("a_{}", plain.trim_end_matches('_'))
}

/// The field of this type with a mark.
fn field(written: &str, mark: &str) -> String {
    let bare = written.trim_end_matches('?');
    let mark = if mark.is_empty() && written.ends_with('?') { "?" } else { mark };
    format!("{}:{bare}{mark}", column(written))
}

/// A project that stays, and begins without migrations.
fn project(name: &str) -> Sandbox {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    for gone in ["src", "migrations"] {
        let _ = std::fs::remove_dir_all(folder.join(gone));
    }
    Sandbox::at(&folder)
        .env("KIT_CACHE_DIR", &kit_cache().display().to_string())
        .env("DATABASE_URL", "sqlite://nowhere.sqlite")
        .file("Cargo.toml", &projects::migrating_manifest("fields"))
        .file("Cargo.lock", include_str!("../../Cargo.lock"))
        .file("src/main.rs", "fn main() {}\n")
        .file("migrations/mod.rs", support::EMPTY_INDEX)
}

/// Kit writes this migration; what it says of it.
fn make(sandbox: &Sandbox, command: &str, fields: &[String]) -> String {
    let words = command.split(' ').map(str::to_owned).chain(fields.iter().cloned());
    let arguments: Vec<String> = words.collect();
    let transcript = std::thread::scope(|scope| scope.spawn(|| sandbox.kit(&arguments)).join().unwrap());
    assert_eq!(transcript.code, 0, "{arguments:?}\n{transcript}");
    transcript.stderr
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_type_lives_on_every_database() {
    let sandbox = project("fields");
    let all = |mark: &str| -> Vec<String> { TYPES.iter().map(|(written, ..)| field(written, mark)).collect() };
    make(&sandbox, "make:model nullable_kind --no-run", &all(""));
    make(&sandbox, "make:model required_kind --no-run --no-timestamps", &all("!"));
    let unique = TYPES.iter().filter(|(.., unique)| *unique);
    let unique: Vec<String> = unique.map(|(written, ..)| field(written, "^")).collect();
    make(&sandbox, "make:model unique_kind --no-run --soft-deletes", &unique);
    make(&sandbox, "make:model user --no-run", &words("name:string!"));
    make(&sandbox, "make:model movies --no-run", &words("title:string"));
    let link = "user:references movie:references vote:int";
    make(&sandbox, "make:model --no-run --link users_votes", &words(link));
    make(&sandbox, "make:model account --no-run", &words("id:uuid label:string"));
    make(&sandbox, "make:model session --no-run", &words("account:references at:ts!:default=now"));
    let arrays: Vec<String> = ARRAYS.iter().map(|(written, _)| field(written, "!")).collect();
    make(&sandbox, "make:model list --no-run", &arrays);

    let (mut modules, mut calls, mut urls) = (String::new(), String::new(), Vec::new());
    let databases = Database::all().await;
    for database in &databases {
        let kit = On::new(&sandbox, database);
        let initial = database.schema().await;
        if database.dialect == Dialect::Postgres {
            kit.ok(&["migrate"]);
        } else {
            let said = kit.fails(&["migrate"]);
            assert!(said.shows("`a_array_string`"), "{said}");
            assert!(matches!(said.failure(), Failure::Migration { cause: Cause::Error, .. }), "{said}");
        }
        let there = database.schema().await;
        kit.ok(&["migrate:reset", "--force"]);
        assert_eq!(database.schema().await, initial, "{:?}", database.dialect);
        let up = kit.kit(&["migrate"]);
        assert_eq!(up.code == 0, database.dialect == Dialect::Postgres, "{up}");
        assert_eq!(database.schema().await, there, "{:?}", database.dialect);

        let name = format!("{:?}", database.dialect).to_lowercase();
        let folder = format!("src/{name}");
        kit.ok(&["db:sync", "--skip-migrations", "--output-dir", &folder]);
        let lists = database.dialect == Dialect::Postgres;
        let (list, call) = match lists {
            true => ("types_of_lists!();", format!("    {name}::lists(database).await.unwrap();\n")),
            false => ("", String::new()),
        };
        // Without enums they are texts.
        let of = |mark: &str| format!("{mark}KindsAEnumDraftLive");
        let enums = match database.dialect {
            Dialect::Sqlite => String::new(),
            _ => format!("enums!({} {} {});", of("Nullable"), of("Required"), of("Unique")),
        };
        modules += &format!(
            "mod {name} {{\n    use super::*;\n    #[path = \"../{name}/mod.rs\"]\n    pub mod entities;\n    \
             types!(nullable_kinds, Some, true);\n    types!(required_kinds, core::convert::identity, true);\n    \
             unique_types!();\n    lives!();\n    {list}\n    {enums}\n}}\n"
        );
        calls += &format!("    let database = &connect(\"URL_{name}\").await;\n");
        for call in ["nullable_kinds", "required_kinds", "unique_kinds", "lives"] {
            calls += &format!("    {name}::{call}(database).await.unwrap();\n");
        }
        calls += &call;
        urls.push((format!("URL_{name}"), database.url().to_owned()));
    }
    let columns = |wrap: &str, only: bool| -> String {
        let types = TYPES.iter().filter(|(.., unique)| *unique || !only);
        types.map(|(written, value, _)| format!("{}: Set({wrap}({value})), ", column(written))).collect()
    };
    let lists: String = ARRAYS.iter().map(|(written, value)| format!("{}: Set({value}), ", column(written))).collect();
    let lists = format!(
        "macro_rules! types_of_lists {{\n    () => {{\n        pub async fn lists(database: &DatabaseConnection) -> Result<(), DbErr> {{\n            \
         use entities::lists;\n            let row = lists::ActiveModel {{ {lists} ..Default::default() }};\n            \
         let inserted = row.insert(database).await?;\n            \
         assert_eq!(lists::Entity::find_by_id(inserted.id).one(database).await?.unwrap(), inserted);\n            Ok(())\n        }}\n    }};\n}}\n"
    );
    let program = include_str!("fields/program.rs.txt")
        .replace("{{columns}}", &columns("$wrap", false))
        .replace("{{unique}}", &columns("", true))
        .replace("{{modules}}", &format!("{lists}\n{modules}"))
        .replace("{{calls}}", &calls);
    sandbox.write("src/main.rs", &program);
    let mut program = projects::cargo(&sandbox, &["run", "--quiet", "--message-format", "short"]);
    assert_eq!(projects::complaint(program.envs(urls)), None);
    for database in &databases {
        On::new(&sandbox, database).ok(&["migrate:reset", "--force"]);
        assert_eq!(database.schema().await, "");
    }
}

/// What is removed comes back where there are rows, and what refers to them stays.
#[tokio::test]
async fn removed_columns_come_back_where_there_are_rows() {
    let sandbox = project("removals");
    make(&sandbox, "make:migration create_users", &words("name:string!"));
    make(
        &sandbox,
        "make:migration create_posts",
        &words(
            "title:string! slug:string:80^ body:text! n:int! price:decimal! open:bool! status:enum!:draft,live doc:json! \
             at:ts user:references? approver:references?:users rank:int:index --index title,n",
        ),
    );
    make(&sandbox, "make:migration create_comments", &words("post:references"));
    make(&sandbox, "make:migration create_notes", &words("label:string^ state:enum:on,off user:references"));
    make(&sandbox, "make:migration create_join_table_users_and_posts", &words("count:int"));
    // Up with rows, each, and down again, each.
    let steps = [
        ("RemoveUserRefFromPosts", "user:references?"),
        ("remove_approver_from_posts", "approver:references?:users"),
        ("RemoveTitleAndOthersFromPosts", "body:text! price:decimal! open:bool! doc:json! at:ts"),
        ("remove_slug_from_posts", "slug:string:80^"),
        ("remove_rank_from_posts", "rank:int:index"),
        ("remove_status_from_posts", "status:enum!:draft,live"),
        ("AddKindAndOthersToPosts", "kind:enum!:a,b:default=a code:string:9^? size:int!:default=1:index note"),
        ("AddEditorRefToPosts", "editor:references?:users:restrict"),
        ("add_owner_ref_to_posts", "user:references?:owner_id"),
        ("rename_note_to_remark_on_posts", ""),
        ("rename_comments_to_remarks", ""),
        ("add_index_to_posts_remark", ""),
        ("remove_index_from_posts_remark", ""),
        ("drop_notes_table", "label:string^ state:enum:on,off user:references"),
    ];
    for (name, fields) in steps {
        make(&sandbox, &format!("make:migration {name}"), &words(fields));
    }
    for database in Database::all().await {
        let kit = On::new(&sandbox, &database);
        kit.ok(&["migrate", "--to", "create_join_table_users_and_posts"]);
        database
            .execute(&[
                "INSERT INTO users (id, name) VALUES (1, 'Ada')",
                "INSERT INTO posts (id, title, slug, body, n, price, open, status, doc, user_id, approver) \
                 VALUES (1, 'One', 'one', 'b', 1, 2.5, true, 'live', '{}', 1, 1)",
                "INSERT INTO comments (id, post_id) VALUES (1, 1)",
                "INSERT INTO users_posts (user_id, post_id, count) VALUES (1, 1, 3)",
            ])
            .await;
        let rows = async || {
            let remarks = database.has_table("remarks").await;
            let comments = if remarks { "remarks" } else { "comments" };
            (
                database.value("(SELECT COUNT(*) FROM posts)").await,
                database.value(&format!("(SELECT COUNT(*) FROM {comments})")).await,
            )
        };
        let expected = (Some("1".to_owned()), Some("1".to_owned()));
        // What comes back required has a default now, and stands last.
        let plain = async || {
            let schema = database.schema_in_any_order().await;
            schema.lines().map(without_default).collect::<Vec<_>>().join("\n")
        };
        let mut before = Vec::new();
        for (name, _) in steps {
            before.push((name, plain().await));
            kit.ok(&["migrate", "--limit", "1"]);
            assert_eq!(rows().await, expected, "{:?}: {name}", database.dialect);
        }
        let there = plain().await;
        for (name, schema) in before.into_iter().rev() {
            kit.ok(&["migrate:rollback", "--force"]);
            assert_eq!(plain().await, schema, "{:?}: {name}", database.dialect);
            assert_eq!(rows().await, expected, "{:?}: {name}", database.dialect);
        }
        kit.ok(&["migrate"]);
        assert_eq!(plain().await, there, "{:?}", database.dialect);
        kit.ok(&["migrate:reset", "--force"]);
        assert_eq!(database.schema().await, "");
    }
}

/// What the database says of tables goes before what is usual: types, keys, names. Nothing is built for it.
#[tokio::test]
async fn what_is_in_the_database_is_known() {
    for database in Database::all().await {
        let key = match database.dialect {
            Dialect::Sqlite => "uuid_text",
            Dialect::Postgres => "uuid",
            Dialect::MySql => "binary(16)",
        };
        let index = format!("CREATE UNIQUE INDEX {} ON posts (slug)", database.dialect.quote("odd-index"));
        database
            .execute(&[
                &format!("CREATE TABLE staff (nr {key} NOT NULL PRIMARY KEY)"),
                &format!(
                    "CREATE TABLE posts (id int PRIMARY KEY, slug varchar(50) NOT NULL, staff_id {key}, \
                     CONSTRAINT odd_key FOREIGN KEY (staff_id) REFERENCES staff (nr) ON DELETE RESTRICT)"
                ),
                &index,
            ])
            .await;
        let sandbox = Sandbox::project();
        let shown = |arguments: &[&str]| On::new(&sandbox, &database).ok(&[arguments, &["--dry-run"]].concat());
        let slug = shown(&["make:migration", "remove_slug_from_posts"]);
        for part in [".name(\"odd-index\")", ".string_len(50)", ".not_null()", ".default(\"\")", ".unique()"] {
            assert!(slug.shows(part), "{:?}: {part}: {}", database.dialect, slug.stdout);
        }
        let index = shown(&["make:migration", "remove_index_from_posts_slug"]);
        assert!(index.shows(".name(\"odd-index\")"), "{:?}: {}", database.dialect, index.stdout);
        let staff = shown(&["make:migration", "RemoveStaffRefFromPosts"]);
        // SQLite does not say the names of keys.
        let name = if database.dialect == Dialect::Sqlite { "fk_posts_staff_id" } else { "odd_key" };
        for part in [&format!(".name(\"{name}\")"), "ForeignKeyAction::Restrict", ".to(Staff::Table, Staff::Nr)"] {
            assert!(staff.shows(part), "{:?}: {part}: {}", database.dialect, staff.stdout);
        }
        let notes = shown(&["make:migration", "create_notes", "staff:references"]);
        let of = if database.dialect == Dialect::MySql { ".binary_len(16)" } else { ".uuid()" };
        for part in [of, ".to(Staff::Table, Staff::Nr)"] {
            assert!(notes.shows(part), "{:?}: {part}: {}", database.dialect, notes.stdout);
        }
    }
}

/// A line of a schema, without the default of a column.
fn without_default(line: &str) -> String {
    let Some(at) = line.to_lowercase().find(" default ") else { return line.to_owned() };
    let rest = &line[at + 1..];
    let end = [" primary key", " identity", " CHECK "].iter().find_map(|next| rest.find(next)).unwrap_or(rest.len());
    format!("{}{}", &line[..at], &rest[end..])
}

/// Random field lists: the schema says what they say, and nothing of it stays.
#[tokio::test]
async fn the_schema_is_as_the_fields_say() {
    let seed = random_numbers::seed();
    let sandbox = project("random");
    let mut random = Random::new(seed);
    let mut tables = Vec::new();
    for number in 0..12 {
        let table = random.table(number, &tables);
        let before: Vec<String> = table.created.iter().map(|field| field.written.clone()).collect();
        make(&sandbox, &format!("make:migration create_{}", table.name), &[before, table.flags.clone()].concat());
        let added: Vec<String> = table.added.iter().map(|field| field.written.clone()).collect();
        if !added.is_empty() {
            make(&sandbox, &format!("make:migration add_more_to_{}", table.name), &added);
        }
        tables.push(table);
    }
    for database in Database::all().await {
        let kit = On::new(&sandbox, &database);
        kit.ok(&["migrate"]);
        let there = database.schema().await;
        let schema = kit::schema::read(&database.session).await.unwrap();
        for table in &tables {
            let (expected, found) = (table.expected(database.dialect), table.found(&schema));
            assert_eq!(found, expected, "KIT_SEED={seed} {:?}: {}\n{schema}", database.dialect, table.name);
        }
        kit.ok(&["migrate:reset", "--force"]);
        assert_eq!(database.schema().await, "", "KIT_SEED={seed}");
        kit.ok(&["migrate"]);
        assert_eq!(database.schema().await, there, "KIT_SEED={seed}");
    }
}
