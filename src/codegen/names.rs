//! Names of modules, fields, enums and variants for what stands in a schema. Every name it returns is an
//! identifier, keeps its form in snake and in camel case, and is the only one of its kind; the database's own
//! name is put back as a string afterwards. It knows nothing of what is generated.

use std::collections::BTreeSet;

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::project::sea_orm::Major;

/// Modules that a folder of entities has anyway, and names that mean something to a file system.
const MODULES: &[&str] = &[
    "mod",
    "lib",
    "main",
    "prelude",
    "entities",
    "sea_orm_active_enums",
    "con",
    "prn",
    "aux",
    "nul",
    "com1",
    "com2",
    "com3",
    "com4",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
];

/// Types that generated files use, or that their own derives do.
const TYPES: &[&str] = &[
    "ActiveEnum",
    "ActiveModel",
    "ActiveModelBehavior",
    "ActiveModelTrait",
    "Box",
    "Clone",
    "Column",
    "ColumnTrait",
    "ColumnType",
    "ColumnTypeTrait",
    "Copy",
    "Date",
    "DateTime",
    "DateTimeUtc",
    "DateTimeWithTimeZone",
    "DbErr",
    "Debug",
    "Decimal",
    "DeriveActiveEnum",
    "DeriveEntityModel",
    "DeriveRelation",
    "Entity",
    "EntityName",
    "EntityTrait",
    "Enum",
    "EnumIter",
    "Eq",
    "Err",
    "Iden",
    "IdenStatic",
    "IpNetwork",
    "Iterable",
    "Json",
    "Linked",
    "Model",
    "ModelTrait",
    "None",
    "Ok",
    "Option",
    "PartialEq",
    "PgVector",
    "PrimaryKey",
    "PrimaryKeyTrait",
    "Related",
    "Relation",
    "RelationDef",
    "RelationTrait",
    "Result",
    "Select",
    "Self",
    "Send",
    "Serialize",
    "Deserialize",
    "Some",
    "String",
    "Sync",
    "Time",
    "TimeDate",
    "TimeDateTime",
    "TimeDateTimeWithTimeZone",
    "TimeTime",
    "Uuid",
    "Value",
    "Vec",
];

/// Names of one kind, each given once.
#[derive(Debug)]
pub(super) struct Names {
    kind: &'static str,
    reserved: &'static [&'static str],
    taken: BTreeSet<String>,
    /// Without letters beyond ASCII: a file cannot be a module of another name, a variant is checked by codegen, and SeaORM 1
    /// derives other variants from fields with them.
    is_ascii: bool,
}

impl Names {
    pub(super) fn modules() -> Self {
        Self { kind: "table", reserved: MODULES, taken: BTreeSet::new(), is_ascii: true }
    }

    /// `Column::EntityName` and, of a primary key, `PrimaryKey::Column` would each be two things.
    pub(super) fn fields(release: Major) -> Self {
        let taken = ["EntityName", "Column"].map(str::to_owned);
        Self { kind: "column", reserved: &[], taken: BTreeSet::from(taken), is_ascii: release == Major::One }
    }

    /// Names of unique keys, which SeaORM makes functions of, as it does of these fields.
    pub(super) fn keys<'a>(fields: impl Iterator<Item = &'a String>) -> Self {
        let taken = fields.map(|field| field.to_upper_camel_case()).collect();
        Self { kind: "key", reserved: &[], taken, is_ascii: false }
    }

    pub(super) fn enums() -> Self {
        Self {
            kind: "enum",
            reserved: &[],
            taken: TYPES.iter().map(|name| (*name).to_owned()).collect(),
            is_ascii: false,
        }
    }

    /// `Self::Value` would be two things in what SeaORM 1 derives.
    pub(super) fn variants(release: Major) -> Self {
        let reserved = ["Self", "Value"].into_iter().take(if release == Major::One { 2 } else { 1 });
        Self { kind: "value", reserved: &[], taken: reserved.map(str::to_owned).collect(), is_ascii: true }
    }

    /// A name in snake case for what the database calls `original`. Its camel case is free as well.
    pub(super) fn take(&mut self, original: &str) -> String {
        let plain = if self.is_ascii { ascii(original) } else { snake(original) };
        let plain = match plain.chars().next() {
            None => self.kind.to_owned(),
            Some(first) if !first.is_ascii_alphabetic() && !first.is_alphabetic() => format!("{}_{plain}", self.kind),
            Some(_) => plain,
        };
        let with_kind = format!("{plain}_{}", self.kind);
        let numbered = (2..).map(|number| format!("{plain}_{}_{number}", self.kind));
        let name =
            [plain.clone(), with_kind].into_iter().chain(numbered).find(|name| self.is_free(name)).unwrap_or_default();
        self.taken.extend(self.types(&name));
        name
    }

    /// The same, and never a keyword.
    pub(super) fn take_plain(&mut self, original: &str) -> String {
        let name = snake(original);
        let is_keyword = !name.is_empty() && !is_identifier(&name) && is_raw(&name);
        self.take(&if is_keyword { format!("{name}_{}", self.kind) } else { original.to_owned() })
    }

    /// What is named after it: SeaORM derives two more types for an enum.
    fn types(&self, name: &str) -> Vec<String> {
        let ends: &[&str] = if self.kind == "enum" { &["", "Enum", "Variant"] } else { &[""] };
        ends.iter().map(|end| format!("{}{end}", self.camel(name))).collect()
    }

    /// The name in camel case, as codegen makes it: of a variant, twice.
    pub(super) fn camel(&self, name: &str) -> String {
        let camel = name.to_upper_camel_case();
        if self.kind == "value" { camel.to_upper_camel_case() } else { camel }
    }

    fn is_free(&self, name: &str) -> bool {
        let field = self.kind == "column";
        !self.types(name).iter().any(|name| self.taken.contains(name))
            && name.to_snake_case() == name
            && !self.reserved.contains(&name)
            && (is_identifier(name) || field && is_raw(name))
            && is_identifier(&self.camel(name))
    }
}

/// Letters, digits and single `_`; what no identifier may hold is left out.
fn snake(original: &str) -> String {
    let name = original.to_snake_case();
    let stem = |name: &str| syn::parse_str::<syn::Ident>(&format!("x{name}")).is_ok();
    if stem(&name) {
        return name;
    }
    ascii(original)
}

fn ascii(original: &str) -> String {
    let ascii: String = original.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    ascii.to_snake_case()
}

fn is_identifier(name: &str) -> bool {
    // A keyword since the edition of 2024, which the parser lets pass.
    name != "gen" && name != "union" && name != "macro" && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// Keywords that may be written with `r#`, and that codegen writes so.
fn is_raw(name: &str) -> bool {
    !matches!(name, "gen" | "self" | "super" | "crate" | "_")
        && syn::parse_str::<syn::Ident>(&format!("r#{name}")).is_ok()
}

/// Whether SeaORM can derive an enum with these values: it makes a type with a variant for each, named after the value.
pub(super) fn is_derivable(values: &[String]) -> bool {
    let mut variants = BTreeSet::new();
    values.iter().all(|value| {
        let variant = variant(value);
        syn::parse_str::<syn::Ident>(&variant).is_ok() && variants.insert(variant)
    })
}

/// What `DeriveActiveEnum` of SeaORM 2.0 makes of a value.
fn variant(value: &str) -> String {
    if value.is_empty() {
        return "__Empty".to_owned();
    }
    let fits = |place: usize, c: char| {
        let text = if place == 0 { c.to_string() } else { format!("x{c}") };
        !matches!(c, '_' | ' ') && syn::parse_str::<syn::Ident>(&text).is_ok_and(|ident| ident == text)
    };
    let kept = |(place, c): (usize, char)| if fits(place, c) { c.to_string() } else { format!("{:#X}", u32::from(c)) };
    let variant = value.chars().enumerate().map(kept).collect::<String>().to_upper_camel_case();
    if variant.starts_with(char::is_numeric) { format!("_{variant}") } else { variant }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_an_identifier_and_the_only_one() {
        let originals = [
            "plain",
            "Plain",
            "pl-ain",
            "pl_ain",
            "self",
            "Self",
            "super",
            "crate",
            "type",
            "gen",
            "2fa",
            "_x",
            "__x",
            "x",
            "",
            "🦀",
            "uni_é",
            "日本",
            "a1",
            "a_1",
            "a__1",
            "mod",
            "prelude",
            "new\nline",
            "\"; fn f() {}",
            "Option",
            "column",
            "Ⅷ",
            "x²",
        ];
        let none = Vec::new();
        let keys = Names::keys(none.iter());
        for mut names in
            [Names::modules(), Names::fields(Major::Two), Names::enums(), Names::variants(Major::Two), keys]
        {
            let mut camels = BTreeSet::new();
            for original in originals {
                let name = names.take(original);
                assert_eq!(name.to_snake_case(), name, "{original:?}");
                let camel = names.camel(&name);
                assert!(is_identifier(&camel), "{original:?} {camel}");
                assert!(is_identifier(&name) || names.kind == "column" && is_raw(&name), "{original:?} {name}");
                assert!(camels.insert(camel), "{original:?} {name}");
            }
        }
    }

    #[test]
    fn enums_leave_room_for_the_types_that_are_derived_with_them() {
        let mut names = Names::enums();
        assert_eq!(
            ["mood", "mood_enum", "a_variant", "a"].map(|name| names.take(name)),
            ["mood", "mood_enum_enum", "a_variant", "a_enum"]
        );
    }

    #[test]
    fn values_that_are_one_variant_or_none_cannot_be_derived() {
        let is = |values: &[&str]| is_derivable(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        assert!(is(&[
            "draft",
            "in review",
            "2fa",
            "",
            "a-b",
            "a_b",
            "a b",
            "x\"y",
            "\u{e9}",
            "\u{1f980}",
            "type",
            "PG-13"
        ]));
        for values in [&["self"][..], &["Self"], &["ok", "Ok"]] {
            assert!(!is(values), "{values:?}");
        }
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        let mut names = Names::fields(Major::Two);
        for name in ["id", "user_id", "type", "created_at", "line_1"] {
            assert_eq!(names.take(name), name);
        }
        assert_eq!(names.take("userName"), "user_name");
        assert_eq!(names.take("2fa"), "column_2fa");
        let mut modules = Names::modules();
        assert_eq!(
            ["type", "self", "users", "Users"].map(|name| modules.take(name)),
            ["type_table", "self_table", "users", "users_table"]
        );
    }
}
