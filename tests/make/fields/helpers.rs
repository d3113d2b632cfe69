//! `statements = "helpers"`: kit writes each migration in both forms, and both make the same schema on every database, up,
//! down and up again. The builders are asked for the columns that the helpers' tables have by themselves.

use super::*;

/// What the helpers' tables have: a `BIGINT` key, and timestamps with a time zone.
const KEY: &str = "id:big_int";
const STAMPS: &str = "--no-timestamps created_at:tstz!:default=now updated_at:tstz!:default=now";

/// Command lines after those with every type; `KEY` and `STAMPS` where a table has columns that the fields do not name.
const LINES: [&str; 22] = [
    "make:migration create_users name:string! email:string:120^ KEY STAMPS",
    "make:migration create_teams label:string:index --soft-deletes KEY STAMPS",
    "make:migration create_posts title:string! body:text!:default=none user:references team:references? \
     editor:references?:users count:big_int!:default=5000000000 price:decimal:10:2:default=1.25 public:bool!:default=true \
     at:ts:default=now --unique title,user --index count,price KEY STAMPS",
    "make:migration create_topics topic:references? title:string:default=x KEY STAMPS",
    "make:migration create_notes text:string --no-timestamps KEY",
    "make:migration create_devices id:uuid label:string --no-timestamps",
    "make:migration create_readings device:references value:double! KEY STAMPS",
    "make:migration create_join_table_users_and_teams role:string STAMPS",
    "make:migration create_join_table_posts_and_devices STAMPS",
    "make:migration add_rank_to_posts rank:int:index slug:string:80^ reviewer:references?:users score:float!:default=0.5",
    "make:migration add_phone_and_city_to_users",
    "make:migration add_index_to_users_name",
    "make:migration rename_city_to_town_on_users",
    "make:migration rename_notes_to_remarks",
    "make:migration remove_index_from_users_name",
    "make:migration remove_rank_from_posts rank:int:index reviewer:references?:users score:float!",
    "make:migration remove_town_from_users",
    "make:migration drop_topics_table topic:references? title:string:default=x KEY STAMPS",
    "make:migration drop_remarks_table text:string --no-timestamps KEY",
    "make:migration add_team_to_readings team:references? --index team,value",
    "make:migration create_counters id:int hits:int! --no-timestamps",
    "make:migration create_lists tags:array:string! counts:array:big_int KEY STAMPS",
];

/// Everything in the schema, a line each, in any order of columns.
async fn lines(database: &Database) -> Vec<String> {
    let text = kit::schema::read(&database.session).await.unwrap().to_string();
    let mut table = String::new();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if !line.starts_with(' ') {
            line.clone_into(&mut table);
        }
        // A helper's reference that may be NULL has no action for a changed key.
        let line = line.replace("on delete set null on update cascade", "on delete set null on update no action");
        // The helpers keep the name of an enum: with the check on SQLite, in a comment on MySQL and MariaDB.
        let name = table.trim_start_matches("table ").trim_matches('"');
        let line = line.replace(&format!("check \"{name}_a_enum_draft_live\" "), "check ");
        let line = line.split_once(" comment \"").map_or(line.as_str(), |(line, _)| line);
        lines.push(format!("{table}: {line}"));
    }
    lines.sort();
    lines
}

#[tokio::test]
async fn both_forms_of_a_migration_make_the_same_schema() {
    let all = |mark: &str| -> Vec<String> { TYPES.iter().map(|(written, ..)| field(written, mark)).collect() };
    let unique: Vec<String> = TYPES.iter().filter(|(.., unique)| *unique).map(|(one, ..)| field(one, "^")).collect();
    let projects = ["builders", "helpers"].map(|form| {
        let sandbox = project(&format!("fields_{form}")).file("kit.toml", &format!("statements = \"{form}\"\n"));
        let own = |line: &str| -> Vec<String> {
            let is_builders = form == "builders";
            let own = |word: &str| match word {
                "KEY" => words(if is_builders { KEY } else { "" }),
                "STAMPS" => words(if is_builders { STAMPS } else { "" }),
                word => vec![word.to_owned()],
            };
            line.split_whitespace().flat_map(own).collect()
        };
        let mut said = String::new();
        for (table, fields) in [("nullable", all("")), ("required", all("!")), ("uniques", unique.clone())] {
            said += &make(&sandbox, &format!("make:migration create_{table}"), &[own("KEY STAMPS"), fields].concat());
        }
        for line in LINES {
            let (command, rest) = line.split_once(' ').unwrap();
            said += &make(&sandbox, command, &own(rest));
        }
        for file in sandbox.files().iter().filter(|file| file.starts_with("migrations/m2") && form == "helpers") {
            let mut rustfmt = std::process::Command::new("rustfmt");
            let checked = rustfmt
                .args(["--check", "--edition", "2024", "--config", "max_width=100,use_small_heuristics=Default"])
                .arg(sandbox.root().join(file))
                .output()
                .unwrap();
            assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
        }
        // The fields ask for a key that the helpers do not make.
        assert_eq!(said.matches("builders").count(), usize::from(form == "helpers"), "{said}");
        sandbox
    });
    for number in 0..3 {
        let mut made = Vec::new();
        for sandbox in &projects {
            let database = Database::all().await.swap_remove(number);
            let kit = On::new(sandbox, &database);
            // Only PostgreSQL has arrays: the last migration fails elsewhere, in both forms.
            let up = || match database.dialect {
                Dialect::Postgres => kit.ok(&["migrate"]),
                _ => kit.fails(&["migrate"]),
            };
            up();
            let applied = lines(&database).await;
            kit.ok(&["migrate:reset", "--force"]);
            assert_eq!(database.schema().await, "", "{:?}", database.dialect);
            up();
            assert_eq!(lines(&database).await, applied, "{:?}", database.dialect);
            made.push(applied);
        }
        let [builders, helpers] = made.as_slice() else { panic!() };
        let missing: Vec<&String> = builders.iter().filter(|line| !helpers.contains(line)).collect();
        let more: Vec<&String> = helpers.iter().filter(|line| !builders.contains(line)).collect();
        assert_eq!((missing, more), (Vec::new(), Vec::new()));
    }
}
