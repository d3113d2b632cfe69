//! On a terminal, no line is wider than the terminal, whatever its width.

use crate::support::Sandbox;

#[test]
fn no_line_is_wider_than_the_terminal() {
    let project = Sandbox::project().env("DATABASE_URL", "sqlite://database/app.sqlite");
    assert_eq!(project.kit(&["make:migration", "create_posts_table", "title:string"]).code, 0);
    for columns in [60, 80, 200] {
        let project = project.seeing("KIT_CACHE_DIR", "/nowhere").columns(columns);
        for line in [
            "",
            "list make",
            "about",
            "doctor",
            "migrate:status",
            "migrate --hlep",
            "make:migration x a:strng",
            "db:seed",
            "make:migration create_posts_table",
            "statsu",
        ] {
            let arguments: Vec<&str> = line.split_whitespace().collect();
            let run = project.kit(&arguments);
            for text in run.stdout.lines().chain(run.stderr.lines()) {
                // A path or a URL is one word, which is never broken.
                let is_one_word = text.split_whitespace().any(|word| word.len() + 12 > columns);
                assert!(text.chars().count() <= columns || is_one_word, "kit {line}, {columns}: {text}\n{run}");
            }
        }
    }
}

/// A row that does not fit has its value in a line of its own.
#[test]
fn rows_that_are_too_wide_take_two_lines() {
    let long = format!("create_{}_table", "posts".repeat(6));
    let project = Sandbox::project().env("DATABASE_URL", &format!("sqlite://{long}.sqlite")).columns(60);
    let run = project.kit(&["about"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.lines().any(|line| line.starts_with("    sqlite://") && line.ends_with(".sqlite")), "{run}");
}
