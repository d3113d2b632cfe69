//! Rust identifiers for names of tables and columns: the `enum Posts { Table, Title }` that SeaORM's
//! statements are written with. It returns source text that compiles whatever the names are, and knows
//! nothing of what the statements do.

use std::collections::BTreeSet;

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Names that a generated file uses itself, or that somebody who edits it would miss: an enum of that
/// name would shadow them.
const TAKEN: &[&str] = &[
    // Rust's prelude.
    "AsMut",
    "AsRef",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Drop",
    "Eq",
    "Err",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "Future",
    "Hash",
    "Into",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "Result",
    "Self",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
    // SeaORM's.
    "Alias",
    "Case",
    "Column",
    "ColumnDef",
    "ColumnRef",
    "ColumnSpec",
    "ColumnType",
    "Cond",
    "Condition",
    "ConnectionTrait",
    "DbErr",
    "DeriveIden",
    "DeriveMigrationName",
    "DynIden",
    "Expr",
    "ExprTrait",
    "ForeignKey",
    "ForeignKeyAction",
    "Func",
    "Function",
    "Iden",
    "IdenStatic",
    "Index",
    "IndexOrder",
    "IndexType",
    "IntoIden",
    "JoinType",
    "Keyword",
    "Migration",
    "MigrationName",
    "MigrationTrait",
    "MigratorTrait",
    "Order",
    "Query",
    "Quote",
    "Returning",
    "SchemaManager",
    "SchemaManagerConnection",
    "Table",
    "TableRef",
    "Value",
    "Values",
    "Window",
    "IntoSchemaManagerConnection",
];

/// The enums of one file.
#[derive(Debug, Default)]
pub struct Enums {
    enums: Vec<Enum>,
}

#[derive(Debug)]
struct Enum {
    table: String,
    ident: String,
    columns: Vec<(String, String)>,
}

impl Enums {
    /// The path of a table, `Posts::Table`; its enum is made when it is first asked for.
    pub fn table(&mut self, table: &str) -> String {
        format!("{}::Table", self.of(table).ident)
    }

    /// The path of a column, `Posts::Title`; its variant is made when it is first asked for.
    pub fn column(&mut self, table: &str, column: &str) -> String {
        let of = self.of(table);
        let variant = match of.columns.iter().find(|(name, _)| name == column) {
            Some((_, variant)) => variant.clone(),
            None => {
                let used: BTreeSet<&str> = ["Table", "Self"]
                    .into_iter()
                    .chain(of.columns.iter().map(|(_, variant)| variant.as_str()))
                    .collect();
                let variant = free(column, "Column", &used);
                of.columns.push((column.to_owned(), variant.clone()));
                variant
            }
        };
        format!("{}::{variant}", of.ident)
    }

    /// Source of all of them, in the order they were asked for, an empty line between two.
    pub fn source(&self) -> String {
        let enums: Vec<String> = self.enums.iter().map(Enum::source).collect();
        enums.join("\n\n")
    }

    fn of(&mut self, table: &str) -> &mut Enum {
        let index = match self.enums.iter().position(|one| one.table == table) {
            Some(index) => index,
            None => {
                let used: BTreeSet<&str> =
                    TAKEN.iter().copied().chain(self.enums.iter().map(|one| one.ident.as_str())).collect();
                let ident = free(table, "Table", &used);
                self.enums.push(Enum { table: table.to_owned(), ident, columns: Vec::new() });
                self.enums.len() - 1
            }
        };
        &mut self.enums[index]
    }
}

impl Enum {
    fn source(&self) -> String {
        let mut lines = vec!["#[derive(DeriveIden)]".to_owned(), format!("enum {} {{", self.ident)];
        let variants = std::iter::once((&self.table, "Table", self.ident.to_snake_case()))
            .chain(self.columns.iter().map(|(name, variant)| (name, variant.as_str(), variant.to_snake_case())));
        for (name, variant, derived) in variants {
            if *name != derived {
                lines.push(format!("    #[sea_orm(iden = {name:?})]"));
            }
            lines.push(format!("    {variant},"));
        }
        lines.push("}".to_owned());
        lines.join("\n")
    }
}

/// CamelCase of `name`; with `suffix` where that is taken or no identifier, with a number where that is too.
fn free(name: &str, suffix: &str, used: &BTreeSet<&str>) -> String {
    let camel = name.to_upper_camel_case();
    let starts_well = camel.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts_well && !used.contains(camel.as_str()) {
        return camel;
    }
    let base = if starts_well { format!("{camel}{suffix}") } else { format!("{suffix}{camel}") };
    let numbered = (2..).map(|number| format!("{base}{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|ident| !used.contains(ident.as_str())).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_need_no_attribute() {
        let mut enums = Enums::default();
        assert_eq!(enums.table("order_items"), "OrderItems::Table");
        assert_eq!(enums.column("order_items", "unit_price"), "OrderItems::UnitPrice");
        assert_eq!(enums.column("order_items", "unit_price"), "OrderItems::UnitPrice");
        assert_eq!(enums.source(), "#[derive(DeriveIden)]\nenum OrderItems {\n    Table,\n    UnitPrice,\n}");
    }

    #[test]
    fn odd_names_keep_their_spelling_in_the_database() {
        for (table, column, path) in [
            ("table", "table", "TableTable::TableColumn"),
            ("self", "self", "SelfTable::SelfColumn"),
            ("type", "type", "Type::Type"),
            ("result", "option", "ResultTable::Option"),
            ("2fa_codes", "2fa", "Table2faCodes::Column2fa"),
            ("Users", "userId", "Users::UserId"),
            ("_private", "_x", "Private::X"),
            ("line_1", "a_1", "Line1::A1"),
        ] {
            let mut enums = Enums::default();
            assert_eq!(enums.column(table, column), path);
            let file = syn::parse_file(&enums.source()).unwrap();
            let [syn::Item::Enum(item)] = file.items.as_slice() else { panic!("{}", enums.source()) };
            for (variant, name) in item.variants.iter().zip([table, column]) {
                let given = variant.attrs.iter().find_map(|attribute| {
                    let mut given = None;
                    attribute
                        .parse_nested_meta(|meta| {
                            given = Some(meta.value()?.parse::<syn::LitStr>()?.value());
                            Ok(())
                        })
                        .unwrap();
                    given
                });
                let ident = if variant.ident == "Table" { &item.ident } else { &variant.ident };
                assert_eq!(given.unwrap_or(ident.to_string().to_snake_case()), name);
            }
        }
    }

    #[test]
    fn names_that_look_alike_in_camel_case_stay_apart() {
        let mut enums = Enums::default();
        assert_eq!(enums.column("t", "a1"), "T::A1");
        assert_eq!(enums.column("t", "a_1"), "T::A1Column");
        assert_eq!(enums.table("x1"), "X1::Table");
        assert_eq!(enums.table("x_1"), "X1Table::Table");
    }
}
