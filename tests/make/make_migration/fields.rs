//! Fields on the command line: what is written, what is said, what is refused; and every command line of the documents
//! that the field language comes from.

use kit::error::Error;

use crate::support::{EMPTY_INDEX, Sandbox, assert_error};

/// Commands that run before, and the command line of the document.
type Line = (&'static [&'static str], &'static str);

/// Loco's guides to models and migrations, its patterns guide, and kit's own guide, with kit's commands for theirs.
const DOCUMENTS: [Line; 46] = [
    (&["make:model users"], "make:model posts title:string! content:text user:references"),
    (&[], "make:model posts"),
    (&[], "make:model posts title:string! content:text"),
    (&[], "make:model note approved_by:references:users"),
    (&[], "make:migration CreatePosts title:string content:string"),
    (&[], "make:migration AddNameAndAgeToUsers name:string age:int"),
    (&[], "make:migration RemoveNameAndAgeFromUsers name:string age:int"),
    (&[], "make:migration AddUserRefToPosts user:references"),
    (&[], "make:migration CreateJoinTableUsersAndGroups count:int"),
    (&[], "make:migration FixUsersTable"),
    (&["make:model users"], "make:model movies long_title:string added_by:references:users director:references"),
    (&[], "make:model company name:string user:references"),
    (&[], "make:model movies title:string"),
    (
        &["make:model user", "make:model movies title:string"],
        "make:model --link users_votes user:references movie:references vote:int",
    ),
    (&[], "make:model movies long_title:string user:references"),
    (&["make:model users"], "make:migration add_users_email"),
    (&["make:model users"], "make:migration add_users_email email:string^"),
    (&["make:model users"], "make:migration index_users_email"),
    (&["make:model users"], "make:migration delete_users_email"),
    (&[], "make:migration movies title:string"),
    (&[], "make:migration data_fix_users_timezone_issue_315"),
    (&[], "make:migration add_vote_id_to_movies"),
    (&[], "make:model notes title:string"),
    (&[], "make:model generation_log user:references"),
    (&[], "make:migration create_prompt_templates"),
    (&[], "make:migration create_users_table"),
    (&[], "make:migration create_posts_table"),
    (&[], "make:migration add_email_verified_to_users"),
    (&[], "make:migration create_order_items_table"),
    (&[], "make:migration add_index_to_posts_slug"),
    (&[], "make:migration update_users"),
    (&[], "make:migration change_table"),
    (&[], "make:migration create_categories_table"),
    (&["make:migration create_categories_table"], "make:migration add_category_id_to_posts"),
    (&[], "make:migration movies"),
    (&[], "make:migration create_table_users"),
    (&[], "make:migration add_users_email"),
    (&[], "make:migration index_users_email"),
    (&[], "make:migration alter_users"),
    (&[], "make:migration delete_users_email"),
    (&[], "make:migration AddColumnsToUsers name:string age:int"),
    (&[], "make:migration AddColumnToUsers age:int"),
    (&[], "make:migration RemoveColumnsFromUsers name:string age:int"),
    (&["make:model users"], "make:migration AddRefToPosts user:references"),
    (&["make:model users"], "make:migration AddForeignKeyToPosts user:references"),
    (&[], "make:migration AddConstraintToUsers"),
];

fn words(line: &str) -> Vec<&str> {
    // Models are run elsewhere.
    let run = if line.starts_with("make:model") { Some("--no-run") } else { None };
    line.split(' ').chain(run).collect()
}

#[test]
fn every_command_line_of_the_documents_works() {
    let mut made = Vec::new();
    for (before, line) in DOCUMENTS {
        let sandbox = Sandbox::project();
        for line in before {
            assert_eq!(sandbox.kit(&words(line)).code, 0, "{line}");
        }
        let transcript = sandbox.kit(&words(line));
        assert_eq!(transcript.code, 0, "{line}: {transcript}");
        assert!(sandbox.read(&format!("migrations/{}", file(&sandbox))).contains("async fn down"), "{line}");
        made.push(format!("{line}\n{}", transcript.stderr.lines().next().unwrap_or_default()));
    }
    insta::assert_snapshot!("command_lines_of_the_documents", made.join("\n"));
}

/// The newest migration.
fn file(sandbox: &Sandbox) -> String {
    let files = sandbox.files();
    let migrations = files.iter().filter_map(|file| file.strip_prefix("migrations/m2"));
    format!("m2{}", migrations.max().unwrap())
}

#[test]
fn what_is_wrong_is_pointed_at_and_nothing_is_written() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "body:text", "title:strng!"]), @"
    --- stderr ---
      ERROR  `title:strng!`, character 7: there is no type `strng`
      hint: title:strng!
                  ^ string
                    `kit make:migration --help` lists all
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:model", "post", "status:enum:a,b:default=c"]), @"
    --- stderr ---
      ERROR  `status:enum:a,b:default=c`, character 25: `c` is not one of its values
      hint: status:enum:a,b:default=c
                                    ^ a, b
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "user:references:setnull"]), @"
    --- stderr ---
      ERROR  `user:references:setnull`, character 17: `references` has no option `setnull`
      hint: user:references:setnull
                            ^ set_null, a table, a column, cascade, restrict, no_action
                              `kit make:migration --help` lists all
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "bio:text!:null"]), @"
    --- stderr ---
      ERROR  `bio:text!:null`, character 11: `null` contradicts `!`: a column is either required or nullable
      hint: bio:text!:null
                      ^ nothing here
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "add_things", "a:int", "b"]), @"
    --- stderr ---
      ERROR  the name does not say which table `a`, `b` are in
      hint: say it in the name (add_email_to_users, create_users), or with --table=TABLE or --create=TABLE
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "rename_a_to_b", "a:int"]), @"
    --- stderr ---
      ERROR  a migration that renames something takes no fields
      hint: leave them out, or make a migration of its own for them; the columns of an index are --index A,B or --unique A,B
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "a:int", "--unique", "a,b"]), @"
    --- stderr ---
      ERROR  --unique does not take `b`: it takes id, a, created_at, updated_at
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "a:text", "--index", "a"]), @"
    --- stderr ---
      ERROR  --index does not take `a`: it takes columns of types that an index can be over
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "user:references", "user_id:int"]), @"
    --- stderr ---
      ERROR  `user_id` cannot be a column of it: there are two of that name
      hint: leave it out, or call it something else
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "id:date"]), @"
    --- stderr ---
      ERROR  `id` cannot be a column of it: the key is int, big_int, unsigned, big_unsigned, uuid or string
      hint: leave it out, or call it something else
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "add_id_to_posts", "id:int"]), @"
    --- stderr ---
      ERROR  `id` cannot be a column of it: it is the key of a table that is there
      hint: leave it out, or call it something else
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:model", "--link", "votes", "user:references?", "movie:references"]), @"
    --- stderr ---
      ERROR  --link does not take `user movie`: it takes two references that are required: user:references movie:references
    --- exit 2 ---
    ");
    for field in ["", ":", "a:b:c", "\u{202e}x:int", "a\nb", "x:int:default=\u{1b}[31m", &"x".repeat(500), "x:enum:\0"]
    {
        let refused = sandbox.kit(&["make:migration", "create_posts", "--", field]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{field:?}: {refused}");
        assert!(!refused.stderr.contains(['\u{1b}', '\u{202e}', '\0']), "{refused}");
        assert!(refused.stderr.lines().all(|line| line.chars().count() < 120), "{refused}");
    }
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
    assert_eq!(sandbox.read("migrations/mod.rs"), EMPTY_INDEX);
}

/// A default may say anything: in the file it is a text, and the file is Rust.
#[test]
fn a_default_is_never_code() {
    for hostile in ["\"); evil(); (\"", "\\", "{}", "{0}", "*/", "#]", "'", "\"#", "${x}", "\\u{41}"] {
        let sandbox = Sandbox::project();
        let field = format!("title:string:default='{}'", hostile.replace('\'', "''"));
        let said = sandbox.kit(&["make:migration", "create_posts", "--", &field]);
        assert_eq!(said.code, 0, "{said}");
        let text = sandbox.read("migrations/m20260102_030405_create_posts.rs");
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let tokens = quote::ToTokens::to_token_stream(&file).to_string();
        assert!(tokens.contains(&format!("{hostile:?}")), "{hostile}\n{text}");
    }
}

#[test]
fn what_is_decided_is_said() {
    let sandbox = Sandbox::project();
    let fields = ["title", "editor:references?:users", "user:references:owner", "created_at:tstz!"];
    let arguments = ["make:migration", "create_posts"].into_iter().chain(fields).collect::<Vec<_>>();
    insta::assert_snapshot!(sandbox.kit(&arguments), @"
    migrations/m20260102_030405_create_posts.rs
    --- stderr ---
      INFO  Created a migration that creates table `posts`

      INFO  `editor` refers to a row of `users`
      INFO  `owner` refers to a row of `users`
      INFO  `created_at` comes with the table: yours is left out
      WARN  there is no table `users`: `editor` refers to it
      hint: run `kit migrate:delete --force m20260102_030405_create_posts`, then `kit make:model user`, then this command again
    --- exit 0 ---
    ");
    let added = ["make:migration", "add_x_to_posts", "n:int!", "boss:references"];
    insta::assert_snapshot!(sandbox.kit(&added), @"
    migrations/m20260102_030406_add_x_to_posts.rs
    --- stderr ---
      INFO  Created a migration that adds `n`, `boss_id` to `posts`

      WARN  there is no table `bosses`: `boss_id` refers to it
      hint: run `kit migrate:delete --force m20260102_030406_add_x_to_posts`, then `kit make:model boss`, then this command again
      WARN  `n`, `boss_id` are required and without a default: this fails where `posts` has rows (`null` lets it be empty, `default=VALUE` gives one)
    --- exit 0 ---
    ");
    let removed = ["make:migration", "remove_x_from_posts", "n:int!", "at:date!"];
    insta::assert_snapshot!(sandbox.kit(&removed), @"
    migrations/m20260102_030407_remove_x_from_posts.rs
    --- stderr ---
      INFO  Created a migration that removes `n`, `at` from `posts`

      WARN  table `posts` has no column `at`; its columns are created_at, editor, id, n, owner, title, updated_at
      hint: run `kit migrate:delete --force m20260102_030407_remove_x_from_posts`, then name one of these columns
      WARN  `at` is required, and rows would have nothing: `down` fails where `posts` has rows
    --- exit 0 ---
    ");
}

/// The words and the signs of modifiers make the same migration.
#[test]
fn modifiers_as_words_and_as_signs_are_the_same() {
    let made = |fields: &[&str]| {
        let sandbox = Sandbox::project();
        let arguments: Vec<&str> = ["make:migration", "create_posts"].iter().chain(fields).copied().collect();
        let transcript = sandbox.kit(&arguments);
        assert_eq!(transcript.code, 0, "{transcript}");
        sandbox.read("migrations/m20260102_030405_create_posts.rs")
    };
    let words =
        ["title:string:20:required", "slug:string:unique", "code:int:null:unique", "user:references:null:users"];
    let signs = ["title:string!:20", "slug^", "code:int^?", "user?:references:users"];
    assert_eq!(made(&words), made(&signs));
}

/// Options without fields go with what the name says.
#[test]
fn options_need_no_fields() {
    let sandbox = Sandbox::project();
    for (line, named) in [
        ("add_a_and_b_to_posts --unique a,b", "`a`, `b`"),
        ("speed_up --table posts --index user_id,created_at", "`idx_posts_user_id_created_at`"),
        ("hide_posts --table posts --soft-deletes", "`deleted_at`"),
        ("create_tags --soft-deletes --no-timestamps", "`tags`"),
    ] {
        let transcript = sandbox.kit(&words(&format!("make:migration {line}")));
        assert!(transcript.code == 0 && transcript.shows(named), "{line}: {transcript}");
    }
    assert!(sandbox.read("migrations/m20260102_030405_add_a_and_b_to_posts.rs").contains(".name(\"ux_posts_a_b\")"));
    let tags = sandbox.read("migrations/m20260102_030408_create_tags.rs");
    assert!(tags.contains("Tags::DeletedAt") && !tags.contains("CreatedAt"), "{tags}");
}

/// Keys are those of the tables referred to, as migrations and entities say them.
#[test]
fn a_reference_has_the_type_of_the_key_it_refers_to() {
    let entity = "use sea_orm::entity::prelude::*;\n\n#[sea_orm::model]\n#[derive(Clone, Debug, PartialEq, DeriveEntityModel, Eq)]\n\
                  #[sea_orm(table_name = \"teams\")]\npub struct Model {\n    #[sea_orm(primary_key)]\n    pub nr: i64,\n}\n";
    let sandbox = Sandbox::project().file("src/models/entities/teams.rs", entity);
    assert_eq!(sandbox.kit(&["make:migration", "create_users", "id:uuid"]).code, 0);
    let made = sandbox.kit(&[
        "make:migration",
        "create_posts",
        "user:references",
        "team:references?",
        "parent:references?:posts",
    ]);
    assert_eq!(made.code, 0, "{made}");
    assert!(made.hides("WARN"), "nothing was assumed: {made}");
    let text = sandbox.read("migrations/m20260102_030406_create_posts.rs");
    for part in [
        ".col(ColumnDef::new(Posts::UserId).uuid().not_null())",
        ".col(ColumnDef::new(Posts::TeamId).big_integer().null())",
        ".col(ColumnDef::new(Posts::Parent).integer().null())",
        ".to(Teams::Table, Teams::Nr)",
        ".to(Posts::Table, Posts::Id)",
        ".on_delete(ForeignKeyAction::SetNull)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn names_of_indexes_and_keys_may_have_dashes() {
    let sandbox = Sandbox::project().file("kit.toml", "naming = \"dash\"\n");
    let fields = ["user:references", "product:string^", "--index", "user,product"];
    let arguments = ["make:migration", "create_logs"].into_iter().chain(fields).collect::<Vec<_>>();
    assert_eq!(sandbox.kit(&arguments).code, 0);
    let text = sandbox.read("migrations/m20260102_030405_create_logs.rs");
    for name in ["fk-logs-user_id-to-users", "idx-logs-user_id", "ux-logs-product", "idx-logs-user_id-product"] {
        assert!(text.contains(&format!(".name(\"{name}\")")), "{name}: {text}");
    }
    sandbox.write("kit.toml", "naming = \"camel\"\n");
    let refused = sandbox.kit(&["make:migration", "create_more"]);
    assert_eq!(refused.code, 1, "{refused}");
    assert_error!(refused, Error::Config { origin, .. } if origin.ends_with("kit.toml line 1"));
}
