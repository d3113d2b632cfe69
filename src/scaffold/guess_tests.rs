//! What names mean, case by case.

use super::*;
use crate::project::settings::Naming;

/// A guess in one line.
fn line(name: &str, scope: Scope<'_>) -> String {
    let Guess { intent, split } = guess(name, scope);
    let of = |columns: &[Column]| {
        let one = |column: &Column| match &column.reference {
            Some(reference) => format!("{}->{}", column.name, reference.table),
            None => column.name.clone(),
        };
        columns.iter().map(one).collect::<Vec<_>>().join(",")
    };
    let called = |index: &Index| index.called(Naming::Underscore);
    let text = match intent {
        Intent::Blank => "blank".to_owned(),
        Intent::Alter { table } => format!("alter {table}"),
        Intent::CreateTable(shape) => format!("create {}({})", shape.table, of(&shape.columns)),
        Intent::DropTable(shape) => format!("drop {}", shape.table),
        Intent::RenameTable { from, to } => format!("rename {from} -> {to}"),
        Intent::JoinTable(shape) => {
            let side = |column: &Column| Some(format!("{}={}", column.name, column.reference.as_ref()?.table));
            let sides: Vec<String> = shape.columns.iter().filter_map(side).collect();
            format!("join {}({})", shape.table, sides.join(","))
        }
        Intent::AddColumns(shape) => format!("add {}({})", shape.table, of(&shape.columns)),
        Intent::RemoveColumns(shape) => format!("remove {}({})", shape.table, of(&shape.columns)),
        Intent::RenameColumn { table, from, to } => format!("rename {table}.{from} -> {to}"),
        Intent::AddIndex(index) => format!("index {}: {}({})", called(&index), index.table, index.columns.join(",")),
        Intent::DropIndex(index) => format!("unindex {}: {}({})", called(&index), index.table, index.columns.join(",")),
    };
    if split { format!("{text} ?") } else { text }
}

fn check(tables: &[&str], table: Option<&str>, cases: &[(&str, &str)]) {
    let tables: BTreeSet<String> = tables.iter().map(|table| (*table).to_owned()).collect();
    for (name, expected) in cases {
        assert_eq!(line(name, Scope { tables: &tables, table }), *expected, "{name}");
    }
}

#[test]
fn tables() {
    check(
        &[],
        None,
        &[
            ("create_posts_table", "create posts(id,created_at,updated_at)"),
            ("create_posts", "create posts(id,created_at,updated_at)"),
            ("create_table_posts", "create posts(id,created_at,updated_at)"),
            ("create_order_items_table", "create order_items(id,created_at,updated_at)"),
            ("create_table_table", "create table(id,created_at,updated_at)"),
            ("create_types", "create types(id,created_at,updated_at)"),
            ("create_type_table", "create type(id,created_at,updated_at)"),
            ("create_view_totals", "blank"),
            ("create_type_mood", "blank"),
            ("create_table", "blank"),
            ("create", "blank"),
            ("create_posts_and_comments_tables", "blank"),
            ("movies", "create movies(id,created_at,updated_at)"),
            ("people", "create people(id,created_at,updated_at)"),
            ("movie", "blank"),
            ("changes", "blank"),
            ("draft_posts", "blank"),
            ("speed_up_queries", "blank"),
            ("drop_posts_table", "drop posts"),
            ("drop_table_posts", "drop posts"),
            ("remove_order_items_table", "drop order_items"),
            ("drop_join_table_users_and_groups", "drop users_groups"),
            ("drop_posts", "blank"),
            ("rename_posts_to_articles", "rename posts -> articles"),
            ("rename_table_posts_to_articles", "rename posts -> articles"),
            ("rename_posts_table_to_articles_table", "rename posts -> articles"),
            ("rename_posts_to_articles_table", "rename posts -> articles"),
            ("create_join_table_users_and_groups", "join users_groups(user_id=users,group_id=groups)"),
            ("create_join_table_users_groups", "join users_groups(user_id=users,group_id=groups)"),
            ("create_join_table_user_and_group", "join users_groups(user_id=users,group_id=groups)"),
            ("create_join_table_users_and_users", "join users_users(user_id=users,other_user_id=users)"),
            (
                "create_join_table_order_items_and_tax_categories_table",
                "join order_items_tax_categories(order_item_id=order_items,tax_category_id=tax_categories)",
            ),
            ("update_posts_table", "alter posts"),
            ("update_posts", "alter posts"),
            ("alter_users", "alter users"),
            ("modify_order_items", "alter order_items ?"),
            ("update_users_timezone", "blank"),
            ("change_table", "blank"),
            ("change_columns", "blank"),
            ("fix_users_table", "blank"),
            ("data_fix_users_timezone_issue_315", "blank"),
            ("seed_countries", "blank"),
            ("initial", "blank"),
        ],
    );
    check(
        &["posts", "equipment"],
        None,
        &[
            ("drop_posts", "drop posts"),
            ("delete_posts", "blank"),
            ("posts", "blank"),
            ("update_equipment", "alter equipment"),
        ],
    );
    check(
        &["order_items", "tags", "person"],
        None,
        &[
            ("create_join_table_order_items_tags", "join order_items_tags(order_item_id=order_items,tag_id=tags)"),
            ("create_join_table_person_and_tags", "join person_tags(person_id=person,tag_id=tags)"),
        ],
    );
}

#[test]
fn columns() {
    check(
        &[],
        None,
        &[
            ("add_email_to_users", "add users(email)"),
            ("add_email_verified_to_users", "add users(email_verified)"),
            ("add_email_verified_to_users_table", "add users(email_verified)"),
            ("add_column_email_to_users", "add users(email)"),
            ("add_first_name_and_last_name_to_users", "add users(first_name,last_name)"),
            ("add_a_and_a_to_users", "add users(a)"),
            ("add_x_to_order_items", "add order_items(x)"),
            ("add_reply_to_to_comments", "add comments(reply_to)"),
            ("add_user_ref_to_posts", "add posts(user_id->users)"),
            ("add_team_lead_reference_to_posts", "add posts(team_lead_id->team_leads)"),
            ("add_category_id_to_posts", "add posts(category_id)"),
            ("remove_user_ref_from_posts", "remove posts(user_id->users)"),
            ("add_timestamps_to_posts", "add posts(created_at,updated_at)"),
            ("add_user_foreign_key_to_posts", "add posts()"),
            ("add_columns_to_users", "add users()"),
            ("add_column_to_users", "add users()"),
            ("add_new_columns_to_users_table", "add users()"),
            ("add_foreign_key_to_users", "add users()"),
            ("add_constraint_to_users", "add users()"),
            ("add_ref_to_posts", "add posts()"),
            ("add_references_to_posts", "add posts()"),
            ("add_to_users", "add users()"),
            ("remove_columns_from_users", "remove users()"),
            ("drop_constraint_from_users", "remove users()"),
            ("add_users_email", "add users(email) ?"),
            ("add_order_items_sku_and_price", "add order_items(sku,price) ?"),
            ("delete_users_email", "remove users(email) ?"),
            ("delete_users_without_email", "blank"),
            ("add_users_table", "blank"),
            ("add_users_and_posts", "blank"),
            ("add_columns_users_email", "add users(email) ?"),
            ("add_first_name", "blank"),
            ("add_view_totals_sum", "blank"),
            ("add_email", "blank"),
            ("add__to_users", "blank"),
            ("remove_email_from_users", "remove users(email)"),
            ("remove_email_from_users_table", "remove users(email)"),
            ("drop_column_email_from_users", "remove users(email)"),
            ("delete_a_and_b_from_users", "remove users(a,b)"),
            ("rename_name_to_full_name_on_users", "rename users.name -> full_name"),
            ("rename_column_name_to_full_name_in_users_table", "rename users.name -> full_name"),
            ("rename_opted_in_to_agreed_on_users", "rename users.opted_in -> agreed"),
            ("rename_column_a_to_b", "blank"),
            ("rename_login_to_signed_in_at", "rename login -> signed_in_at"),
            ("remove_email", "blank"),
        ],
    );
    check(
        &["users", "user_accounts", "user"],
        None,
        &[
            ("add_users_email", "add users(email)"),
            ("delete_users_email", "remove users(email)"),
            ("add_user_accounts_plan", "add user_accounts(plan)"),
            ("add_users", "blank"),
            ("add_user_id_to_posts", "add posts(user_id->user)"),
            ("add_boss_id_to_posts", "add posts(boss_id)"),
        ],
    );
    check(
        &[],
        Some("people"),
        &[
            ("add_email", "add people(email)"),
            ("add_email_to_users", "add people(email)"),
            ("remove_email_and_phone", "remove people(email,phone)"),
            ("rename_a_to_b", "rename people.a -> b"),
            ("rename_people_to_humans", "rename people -> humans"),
            ("create_posts", "alter people"),
            ("whatever", "alter people"),
            ("add_index_to_email", "index idx_people_email: people(email)"),
            ("add_index_to_people_email", "index idx_people_email: people(email)"),
        ],
    );
}

#[test]
fn indexes() {
    check(
        &[],
        None,
        &[
            ("add_index_to_posts_slug", "index idx_posts_slug: posts(slug)"),
            ("add_index_to_posts_slug_and_lang", "index idx_posts_slug_lang: posts(slug,lang)"),
            ("add_unique_index_to_posts_slug", "index ux_posts_slug: posts(slug)"),
            ("create_index_on_posts_slug", "index idx_posts_slug: posts(slug)"),
            ("add_index_on_slug_to_posts", "index idx_posts_slug: posts(slug)"),
            ("add_slug_index_to_order_items", "index idx_order_items_slug: order_items(slug)"),
            ("add_index_to_posts_user_id", "index idx_posts_user_id: posts(user_id) ?"),
            ("remove_index_from_posts_slug", "unindex idx_posts_slug: posts(slug)"),
            ("add_index_to_posts", "index idx_posts: posts()"),
            ("index_users_email", "index idx_users_email: users(email)"),
            ("index_user_email", "index idx_user_email: user(email)"),
            ("index_generation_logs_user_id", "index idx_generation_logs_user_id: generation_logs(user_id) ?"),
            ("index_logs", "index idx_logs: logs()"),
            ("index_everything", "blank"),
            ("add_index_users_email", "index idx_users_email: users(email)"),
            ("create_index_job_queue", "blank"),
            ("add_users_email_index", "index idx_users_email: users(email) ?"),
            ("remove_users_email_unique_index", "unindex ux_users_email: users(email) ?"),
            ("add_index_to_order_items_sku_and_lot", "index idx_order_items_sku_lot: order_items(sku,lot) ?"),
        ],
    );
    check(
        &["order_items", "order", "users"],
        None,
        &[
            ("add_index_to_order_items_sku", "index idx_order_items_sku: order_items(sku)"),
            ("add_index_to_order_total", "index idx_order_total: order(total)"),
            ("add_index_to_order_items", "index idx_order_items: order_items()"),
            ("index_users_email", "index idx_users_email: users(email)"),
            ("index_order_items_table", "index idx_order_items: order_items()"),
        ],
    );
    check(&["index_cards"], None, &[("drop_index_cards", "drop index_cards")]);
    check(
        &[],
        Some("generation_logs"),
        &[
            ("index_logs", "index idx_generation_logs: generation_logs()"),
            ("index_generation_logs", "index idx_generation_logs: generation_logs()"),
            ("index_generation_logs_user_id", "index idx_generation_logs_user_id: generation_logs(user_id)"),
        ],
    );
}

#[test]
fn earlier_migrations_say_which_tables_there_are() {
    let names = ["create_posts", "create_join_table_users_and_groups", "create_old_table", "rename_posts_to_articles"];
    let known = super::tables(names.into_iter().chain(["drop_old_table", "add_x_to_y"]));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    assert_eq!(known, ["articles", "users_groups"]);
}
