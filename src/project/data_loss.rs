//! What a migration's `up` deletes, as far as its source shows: calls that drop a table or a column or delete rows, of
//! SeaORM, sea-query and kit's helpers, and the same words in SQL. The source is read, not run; a helper of the
//! project's own that deletes something is not seen.

use syn::visit::{self, Visit};
use syn::{ExprCall, ExprMethodCall, ImplItemFn, LitStr};

/// Something that deletes data.
#[derive(Debug, PartialEq, Eq)]
pub struct DataLoss {
    /// Line of the file, from 1.
    pub line: usize,
    /// The call or the words of SQL: `drop_column`, `DROP TABLE`.
    pub what: String,
}

/// Methods and functions that delete data.
const CALLS: [&str; 6] = ["drop_table", "drop_column", "remove_column", "truncate_table", "delete_from", "delete_many"];

/// The same in SQL, each word separated by white space.
const WORDS: [&[&str]; 5] =
    [&["drop", "table"], &["drop", "column"], &["drop", "schema"], &["truncate"], &["delete", "from"]];

/// Returns what the `up` in `source` deletes, by line; nothing if it is no Rust.
pub fn of(source: &str) -> Vec<DataLoss> {
    let Ok(file) = syn::parse_file(source) else { return Vec::new() };
    let mut reader = Reader::default();
    reader.visit_file(&file);
    reader.found
}

/// Returns the line, from 1, on which `source` has a foreign key set its column's default.
pub fn sets_default(source: &str) -> Option<usize> {
    let sets = |line: &str| {
        let lower = line.to_lowercase();
        line.contains("ForeignKeyAction::SetDefault")
            || ["on delete set default", "on update set default"].iter().any(|words| lower.contains(words))
    };
    source.lines().position(sets).map(|at| at + 1)
}

#[derive(Default)]
struct Reader {
    in_up: bool,
    found: Vec<DataLoss>,
}

impl Reader {
    fn call(&mut self, name: &syn::Ident) {
        if self.in_up && CALLS.iter().any(|call| name == call) {
            self.found.push(DataLoss { line: name.span().start().line, what: name.to_string() });
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.in_up = function.sig.ident == "up";
        visit::visit_impl_item_fn(self, function);
        self.in_up = false;
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        self.call(&call.method);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let syn::Expr::Path(path) = call.func.as_ref()
            && let Some(last) = path.path.segments.last()
        {
            let is_query = path.path.segments.iter().rev().nth(1).is_some_and(|segment| segment.ident == "Query");
            if self.in_up && is_query && last.ident == "delete" {
                self.found.push(DataLoss { line: last.ident.span().start().line, what: "Query::delete".to_owned() });
            }
            self.call(&last.ident);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        if !self.in_up {
            return;
        }
        let text = literal.value().to_lowercase();
        let words: Vec<&str> =
            text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
        let found = WORDS.iter().find(|wanted| words.windows(wanted.len()).any(|window| window == **wanted));
        if let Some(wanted) = found {
            let what = wanted.join(" ").to_uppercase();
            self.found.push(DataLoss { line: literal.span().start().line, what });
        }
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        // `format!("DROP TABLE {name}")`: the texts in it are tokens.
        for token in found.tokens.clone() {
            if let proc_macro2::TokenTree::Literal(literal) = token
                && let syn::Lit::Str(text) = syn::Lit::new(literal)
            {
                self.visit_lit_str(&text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(up: &str) -> Vec<(usize, String)> {
        let source = format!(
            "impl MigrationTrait for Migration {{\nasync fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {{\n{up}\n}}\n\
             async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {{ m.drop_table(x).await }} }}"
        );
        of(&source).into_iter().map(|loss| (loss.line, loss.what)).collect()
    }

    #[test]
    fn what_deletes_data_is_found_in_every_form_and_nothing_else_is() {
        for (up, what) in [
            ("m.drop_table(Table::drop().table(Posts::Table).to_owned()).await", "drop_table"),
            (
                "m.alter_table(Table::alter().table(Posts::Table).drop_column(Posts::Body).to_owned()).await",
                "drop_column",
            ),
            ("remove_column(m, \"posts\", \"body\").await", "remove_column"),
            ("kit_runtime::schema::drop_table(m, \"posts\").await", "drop_table"),
            ("m.truncate_table(Table::truncate().table(Posts::Table).to_owned()).await", "truncate_table"),
            ("db.execute_unprepared(\"alter table posts\n drop column body\").await", "DROP COLUMN"),
            ("db.execute_unprepared(&format!(\"DELETE FROM {table}\")).await", "DELETE FROM"),
            ("db.execute(Query::delete().from_table(Posts::Table).to_owned()).await", "Query::delete"),
        ] {
            let found: Vec<String> = found(up).into_iter().map(|(_, what)| what).collect();
            assert_eq!(found, [what], "{up}");
        }
        for up in [
            "m.create_table(Table::create().table(Posts::Table).to_owned()).await",
            "db.execute_unprepared(\"ALTER TABLE posts DROP CONSTRAINT a, ALTER COLUMN b DROP NOT NULL\").await",
            "m.drop_index(Index::drop().name(\"a\").to_owned()).await",
        ] {
            assert_eq!(found(up), [], "{up}");
        }
        assert_eq!(found("let a = 1;\nm.drop_table(x).await"), [(4, "drop_table".to_owned())]);
    }
}
