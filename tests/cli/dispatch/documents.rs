//! The command lines of the five documents that describe what kit does: guides of Kit, Loco, Runique and of migration
//! patterns. Typed to kit as they are written, without the other tool's name, each runs or leads to the command that does.

use kit::error::{Error, Suggestion};

use crate::support::{Sandbox, Transcript};

/// What is typed, and what kit leads to; nothing where it is kit's command already.
const LINES: [(&str, &str); 44] = [
    // Kit's guide.
    ("make:migration create_users_table", ""),
    ("make:migration create_posts_table", ""),
    ("make:migration add_email_verified_to_users", ""),
    ("make:migration create_order_items_table", ""),
    ("make:migration add_index_to_posts_slug", ""),
    ("make:migration update_users", ""),
    ("make:migration change_table", ""),
    ("make:migration create_categories_table", ""),
    ("make:migration add_category_id_to_posts", ""),
    ("migrate --help", ""),
    ("migrate:status --help", ""),
    ("migrate:rollback --step 3 --help", ""),
    ("migrate:fresh --help", ""),
    ("db:sync --help", ""),
    // Loco's guides.
    ("generate model movies long_title:string user:references", "make:model movies long_title:string user:references"),
    ("generate migration add_users_email", "make:migration add_users_email"),
    ("generate model notes title:string", "make:model notes title:string"),
    ("generate model company name:string user:references", "make:model company name:string user:references"),
    (
        "generate model --link users_votes user:references movie:references vote:int",
        "make:model users_votes user:references movie:references vote:int --link",
    ),
    ("doctor --help", ""),
    (
        "generate model posts title:string! content:text user:references",
        "make:model posts 'title:string!' content:text user:references",
    ),
    ("generate model posts", "make:model posts"),
    ("db migrate", "migrate"),
    ("db entities", "db:sync"),
    ("g migration CreatePosts title:string content:string", "make:migration CreatePosts title:string content:string"),
    ("g migration AddNameAndAgeToUsers name:string age:int", "make:migration AddNameAndAgeToUsers name:string age:int"),
    (
        "g migration RemoveNameAndAgeFromUsers name:string age:int",
        "make:migration RemoveNameAndAgeFromUsers name:string age:int",
    ),
    ("g migration AddUserRefToPosts user:references", "make:migration AddUserRefToPosts user:references"),
    ("g migration CreateJoinTableUsersAndGroups count:int", "make:migration CreateJoinTableUsersAndGroups count:int"),
    ("g migration FixUsersTable", "make:migration FixUsersTable"),
    ("db down", "migrate:rollback"),
    ("db down 2", "migrate:rollback --step 2"),
    (
        "generate model movies long_title:string added_by:references:users director:references",
        "make:model movies long_title:string added_by:references:users director:references",
    ),
    // The guide of migration patterns.
    ("generate scaffold generation_log user:references --api", "make:model generation_log user:references"),
    ("generate migration create_prompt_templates", "make:migration create_prompt_templates"),
    ("db status", "migrate:status"),
    // Runique's.
    ("makemigrations --entities src/entities", "make:migration NAME"),
    ("makemigrations", "make:migration NAME"),
    ("migrate up --migration-dir migration/src", "migrate"),
    ("migrate down --migration-dir migration/src", "migrate:rollback"),
    ("migrate status --migration-dir migration/src", "migrate:status"),
    ("migration down --migrations migration/src", "migrate:rollback"),
    ("migration status --migrations migration/src", "migrate:status"),
    ("migration generate create_posts", "make:migration create_posts"),
];

#[test]
fn every_command_line_of_the_documents_runs_or_leads_to_one_that_does() {
    for (typed, meant) in LINES {
        let sandbox = project(typed);
        let run = kit(&sandbox, typed);
        if meant.is_empty() {
            assert_eq!(run.code, 0, "{typed}: {run}");
            continue;
        }
        let command = match run.error() {
            Error::UnknownCommand { suggestion: Some(Suggestion::Command(command)), .. } => command.clone(),
            other => panic!("{typed}: {other:?}"),
        };
        assert_eq!((command.as_str(), run.code), (meant, 2), "{typed}");
        assert_eq!(sandbox.files(), project(typed).files(), "{typed}");
        // What writes files only is run, the others are asked for their help.
        let (name, _) = command.split_once(' ').unwrap_or((&command, ""));
        let followed = match name {
            "make:model" => format!("{command} --no-run"),
            "make:migration" => command.clone(),
            name => format!("{name} --help"),
        };
        let followed = kit(&sandbox, &followed.replace('\'', ""));
        assert_eq!(followed.code, 0, "{typed}: {followed}");
    }
}

/// A project with the tables that the documents have, but for one that is created.
fn project(typed: &str) -> Sandbox {
    let (sandbox, typed) = (Sandbox::project(), typed.to_lowercase().replace('_', ""));
    for table in ["users", "posts", "groups", "movies"] {
        if ["create", "model "].iter().any(|verb| typed.contains(&format!("{verb}{table}"))) {
            continue;
        }
        let made = sandbox.kit(&["make:migration", &format!("create_{table}_table")]);
        assert_eq!(made.code, 0, "{made}");
    }
    sandbox
}

fn kit(sandbox: &Sandbox, line: &str) -> Transcript {
    let arguments: Vec<&str> = line.split(' ').collect();
    sandbox.kit(&arguments)
}
