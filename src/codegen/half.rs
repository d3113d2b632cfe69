//! The user's half of an entity, as it is written once.

use super::field_type;
use super::recognise::model;

/// The columns that say when a row was created and last changed, as Rails, Laravel and Loco name them.
const TIMESTAMPS: [&str; 2] = ["created_at", "updated_at"];

/// When the database itself sets a column.
#[derive(Clone, Copy, Debug)]
pub enum Sets {
    /// Never.
    Never,
    /// In an insert that has no value for it.
    OnInsert,
    /// Always: the column is generated.
    Always,
}

/// What the user's half of an entity is made from.
pub struct Half<'a> {
    /// The name of the folder with the generated halves, beside it.
    pub folder: &'a str,
    /// Its module, and that of the generated half.
    pub module: &'a str,
    /// The generated half.
    pub generated: &'a str,
    /// It has the `ActiveModelBehavior`.
    pub behaves: bool,
    /// SeaORM is the one without `async`.
    pub sync: bool,
    /// When the database sets the column of this name.
    pub database_sets: &'a dyn Fn(&str) -> Sets,
}

impl Half<'_> {
    /// Its text.
    pub fn text(&self) -> String {
        let Self { folder, module, .. } = self;
        let saved = if self.behaves { self.assignments() } else { String::new() };
        let mut text = format!(
            "//! Yours: written once, and never again. What comes from the database is in `{folder}/{module}.rs`.\n\n"
        );
        if saved.contains("SystemTime") {
            text += "use std::time::SystemTime;\n\n";
        }
        if !saved.is_empty() {
            text += "use sea_orm::ActiveValue::Set;\n";
        }
        if self.behaves {
            text += "use sea_orm::entity::prelude::*;\n\n";
        }
        text += &format!("pub use super::{folder}::{module}::*;\n");
        if !saved.is_empty() {
            text += &self.before_save(&saved);
        } else if self.behaves {
            text += "\nimpl ActiveModelBehavior for ActiveModel {}\n";
        }
        text + "\nimpl Model {}\n\nimpl Entity {}\n\nimpl ActiveModel {}\n"
    }

    /// A hook that sets timestamps, as Loco's models have it.
    fn before_save(&self, assignments: &str) -> String {
        let (attribute, word) = if self.sync { ("", "") } else { ("#[async_trait::async_trait]\n", "async ") };
        format!(
            "\n{attribute}impl ActiveModelBehavior for ActiveModel {{\n    \
                 /// Sets the timestamps that the database does not set, unless the caller has.\n    \
                 {word}fn before_save<C>(mut self, _: &C, insert: bool) -> Result<Self, DbErr>\n    \
                 where\n        C: ConnectionTrait,\n    {{\n\
                     {assignments}        Ok(self)\n    \
                 }}\n\
             }}\n"
        )
    }

    /// The statements that set them; none if the database sets all.
    fn assignments(&self) -> String {
        let mut text = String::new();
        for column in TIMESTAMPS {
            let Some(now) = now(self.generated, column) else { continue };
            let when = match (column, (self.database_sets)(column)) {
                (_, Sets::Always) | ("created_at", Sets::OnInsert) => continue,
                ("created_at", Sets::Never) => "insert",
                (_, Sets::OnInsert) => "!insert && self.is_changed()",
                (_, Sets::Never) => "(insert || self.is_changed())",
            };
            let before = now.before.map(|before| format!("            {before}\n")).unwrap_or_default();
            let value = now.value;
            text += &format!(
                "        if {when} && !self.{column}.is_set() {{\n{before}            self.{column} = Set({value});\n        }}\n"
            );
        }
        text
    }
}

/// The present time in the type that a column has.
struct Now {
    /// A statement that has to stand before.
    before: Option<&'static str>,
    /// The expression.
    value: String,
}

/// The present time in the type that the column has in the model; `None` if it has none, or it is no time.
fn now(generated: &str, column: &str) -> Option<Now> {
    let file = syn::parse_file(generated).ok()?;
    let field = model(&file)?.fields.iter().find(|field| field.ident.as_ref().is_some_and(|name| name == column))?;
    let (outer, inner) = field_type::parts(&field.ty)?;
    let optional = outer == "Option";
    let name = if optional { field_type::parts(inner.first()?)?.0 } else { outer };
    let (before, value) = match name.to_string().as_str() {
        "DateTimeUtc" | "DateTimeLocal" | "TimeDateTimeWithTimeZone" => (None, "SystemTime::now().into()"),
        "DateTimeWithTimeZone" => (None, "DateTimeUtc::from(SystemTime::now()).into()"),
        "DateTime" => (None, "DateTimeUtc::from(SystemTime::now()).naive_utc()"),
        // Asked once: between two answers the day may end.
        "TimeDateTime" => {
            (Some("let now = TimeDateTimeWithTimeZone::now_utc();"), "TimeDateTime::new(now.date(), now.time())")
        }
        _ => return None,
    };
    Some(Now { before, value: if optional { format!("Some({value})") } else { value.to_owned() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half(fields: &str, behaves: bool, sync: bool, database_sets: Sets) -> String {
        let generated = format!("pub struct Model {{ pub id: i32, {fields} }}");
        let database_sets = |_: &str| database_sets;
        Half {
            folder: "entities",
            module: "posts",
            generated: &generated,
            behaves,
            sync,
            database_sets: &database_sets,
        }
        .text()
    }

    fn with(of: &str) -> String {
        half(&format!("pub updated_at: {of}"), true, false, Sets::OnInsert)
    }

    #[test]
    fn a_row_that_changes_gets_the_time() {
        insta::assert_snapshot!(with("Option<DateTimeWithTimeZone>"), @r"
        //! Yours: written once, and never again. What comes from the database is in `entities/posts.rs`.

        use std::time::SystemTime;

        use sea_orm::ActiveValue::Set;
        use sea_orm::entity::prelude::*;

        pub use super::entities::posts::*;

        #[async_trait::async_trait]
        impl ActiveModelBehavior for ActiveModel {
            /// Sets the timestamps that the database does not set, unless the caller has.
            async fn before_save<C>(mut self, _: &C, insert: bool) -> Result<Self, DbErr>
            where
                C: ConnectionTrait,
            {
                if !insert && self.is_changed() && !self.updated_at.is_set() {
                    self.updated_at = Set(Some(DateTimeUtc::from(SystemTime::now()).into()));
                }
                Ok(self)
            }
        }

        impl Model {}

        impl Entity {}

        impl ActiveModel {}
        ");
    }

    #[test]
    fn the_time_has_the_type_of_the_column() {
        for (of, now) in [
            ("DateTimeUtc", Some("Set(SystemTime::now().into())")),
            ("DateTime", Some("Set(DateTimeUtc::from(SystemTime::now()).naive_utc())")),
            ("Option<TimeDateTimeWithTimeZone>", Some("Set(Some(SystemTime::now().into()))")),
            ("Option<TimeDateTime>", Some("Set(Some(TimeDateTime::new(now.date(), now.time())))")),
            ("String", None),
            ("Option<i64>", None),
        ] {
            let text = with(of);
            assert_eq!(text.contains("before_save"), now.is_some(), "{of}");
            assert!(text.contains(now.unwrap_or("impl ActiveModelBehavior for ActiveModel {}")), "{of}: {text}");
        }
        let none = half("pub updated_at: DateTime", false, false, Sets::OnInsert);
        assert!(!none.contains("before_save") && !none.contains("use sea_orm"), "{none}");
        let sync = half("pub updated_at: DateTime", true, true, Sets::OnInsert);
        assert!(!sync.contains("async") && sync.contains("    fn before_save"), "{sync}");
    }

    #[test]
    fn what_the_database_does_not_set_is_set_on_insert() {
        let both = "pub created_at: DateTimeUtc, pub updated_at: DateTimeUtc";
        let unset = half(both, true, false, Sets::Never);
        assert!(unset.contains("if insert && !self.created_at.is_set()"), "{unset}");
        assert!(unset.contains("if (insert || self.is_changed()) && !self.updated_at.is_set()"), "{unset}");
        let set = half(both, true, false, Sets::OnInsert);
        assert!(!set.contains("created_at") && set.contains("if !insert && self.is_changed()"), "{set}");
        assert!(!half(both, true, false, Sets::Always).contains("before_save"));
    }
}
