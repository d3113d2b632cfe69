//! What a user should know of a migration before it runs, as far as its source shows: what its `up` deletes, and what a
//! database does not do. The source is read, not run; what a helper of the project's own does is not seen.

use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprMethodCall, ImplItemFn, LitStr};

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
pub fn data_losses(source: &str) -> Vec<DataLoss> {
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

/// Returns the line, from 1, on which `source` drops an index with `Index::drop()` and does not name its table.
pub fn drops_index_without_table(source: &str) -> Option<usize> {
    let mut drops = IndexDrops(None);
    drops.visit_file(&syn::parse_file(source).ok()?);
    drops.0
}

/// The first line that was found.
struct IndexDrops(Option<usize>);

impl<'ast> Visit<'ast> for IndexDrops {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let (mut receiver, mut names_table) = (call.receiver.as_ref(), call.method == "table");
        while let Expr::MethodCall(inner) = receiver {
            names_table |= inner.method == "table";
            receiver = &inner.receiver;
        }
        match receiver {
            Expr::Call(first) if is_index_drop(first) => {
                if !names_table && self.0.is_none() {
                    self.0 = Some(first.paren_token.span.open().start().line);
                }
            }
            _ => visit::visit_expr_method_call(self, call),
        }
    }
}

/// Whether a call is `Index::drop()`.
fn is_index_drop(call: &ExprCall) -> bool {
    let Expr::Path(path) = call.func.as_ref() else { return false };
    let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
    names.next().is_some_and(|name| name == "drop") && names.next().is_some_and(|name| name == "Index")
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
        data_losses(&source).into_iter().map(|loss| (loss.line, loss.what)).collect()
    }

    #[test]
    fn an_index_that_is_dropped_without_its_table_is_found() {
        for (chain, line) in [
            ("Index::drop()\n.name(\"a\")\n.to_owned()", Some(2)),
            ("sea_query::Index::drop().if_exists().name(\"a\").take()", Some(2)),
            ("Index::drop().name(\"a\").table(Posts::Table).to_owned()", None),
            ("Index::create().name(\"a\").to_owned()", None),
            ("Table::drop().table(Posts::Table).to_owned()", None),
        ] {
            let source = format!("async fn down(m: &SchemaManager) {{\nm.drop_index({chain}).await }}");
            assert_eq!(drops_index_without_table(&source), line, "{chain}");
        }
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
