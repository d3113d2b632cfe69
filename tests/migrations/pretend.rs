//! `--pretend`: what it prints does what a run does, on each database, by the database's own client; and it changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod relations;
mod rows;
mod scripts;
mod undecided;

use crate::sample;
use crate::support::database::Database;
use crate::support::script::{client, contents};
use crate::support::steps;
use crate::support::steps::Op;
use crate::support::text::quotes;
use kit_runtime::dialect::Dialect;
use kit_runtime::sea_orm::{Project, Session, Settings};
use kit_runtime::wire::{Action, Cause, Direction, Down, Event, Failure, Note, Request, Up, Warning};
use kit_runtime::{engine, pretend};
use sea_orm::ActiveValue::NotSet;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, TransactionTrait,
};
use sea_orm_migration::prelude::*;

fn request(action: Action) -> Request {
    steps::request(&[], &[action])
}

/// What a migrator would say.
struct Told {
    statements: Vec<String>,
    script: Vec<String>,
    notes: Vec<Note>,
    warnings: Vec<Warning>,
    outcome: Result<(), Failure>,
}

async fn told<M: MigratorTrait + 'static>(database: &Database, actions: &[Action]) -> Told {
    let session = Session::to_read(Settings::new(database.url())).await.unwrap();
    let mut told =
        Told { statements: Vec::new(), script: Vec::new(), notes: Vec::new(), warnings: Vec::new(), outcome: Ok(()) };
    let mut on_event = |event: Event| match event {
        Event::Statement { sql } => {
            told.script.push(sql.clone());
            told.statements.push(sql);
        }
        Event::Scripted { sql } => told.script.push(sql),
        Event::Noted(note) => told.notes.push(note),
        Event::Warned(warning) => told.warnings.push(warning),
        _ => {}
    };
    let request = request(Action::Pretend { actions: actions.to_vec() });
    let before = contents(database).await;
    let outcome = pretend::run(&request, actions, &Project::of::<M>(), &session, &mut on_event).await;
    assert_eq!(contents(database).await, before, "{:?}: it changed something", database.dialect);
    Told { outcome, ..told }
}

async fn done<M: MigratorTrait + 'static>(database: &Database, action: Action) {
    let outcome = engine::run(&request(action), &Project::of::<M>(), &database.session, &mut |_| ()).await;
    assert_eq!(outcome, Ok(()), "{:?}", database.dialect);
}

fn up() -> Action {
    Action::Up(Up::default())
}

async fn two(dialect: Dialect) -> (Database, Database) {
    match dialect {
        Dialect::Sqlite => (Database::sqlite().await, Database::sqlite().await),
        Dialect::Postgres => (Database::postgres().await, Database::postgres().await),
        Dialect::MySql => (Database::mysql().await, Database::mysql().await),
    }
}

const ALL: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

/// The law: a run on one database, and what was pretended on another, by its client, come to the same.
async fn same<M: MigratorTrait + 'static>(run: &Database, scripted: &Database, action: Action) -> Told {
    let told = told::<M>(scripted, std::slice::from_ref(&action)).await;
    let text: Vec<String> = told.script.iter().map(|sql| scripted.dialect.script(sql)).collect();
    let text = format!("{}\n", text.join("\n"));
    assert_eq!(told.outcome, Ok(()), "{:?}: {text}", run.dialect);
    done::<M>(run, action).await;
    client(scripted, &text);
    assert_eq!(scripted.schema().await, run.schema().await, "{:?}: {text}", run.dialect);
    assert_eq!(contents(scripted).await, contents(run).await, "{:?}: {text}", run.dialect);
    told
}

#[tokio::test]
async fn the_sample_is_scripted_as_it_runs() {
    for dialect in ALL {
        let (run, scripted) = two(dialect).await;
        let told = same::<sample::Migrator>(&run, &scripted, up()).await;
        // Who cannot say `RETURNING` is told the number of each row.
        let expected = if dialect == Dialect::MySql { 1 } else { 0 };
        assert_eq!(told.notes.len(), expected, "{dialect:?}: {:?}", told.notes);
        assert!(told.statements.len() >= 6, "{:?}", told.statements);
    }
}

/// What SeaORM's own entities do, with every type that drivers and literals treat in their own ways.
mod typed {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "typed")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub big: i64,
        pub small: Option<i16>,
        pub yes: bool,
        pub ratio: f64,
        pub price: Decimal,
        pub raw: Vec<u8>,
        pub data: Json,
        pub day: Date,
        pub moment: DateTime,
        pub zoned: Option<DateTimeWithTimeZone>,
        pub uid: Uuid,
        pub note: Option<String>,
        #[sea_orm(column_type = "Text", default_value = "none")]
        pub state: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

struct CreateTyped;

impl MigrationName for CreateTyped {
    fn name(&self) -> &str {
        "m1_typed"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTyped {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let col = |name: &str| ColumnDef::new(Alias::new(name)).not_null().to_owned();
        let table = Table::create()
            .table(Alias::new("typed"))
            .col(col("id").integer().auto_increment().primary_key())
            .col(col("name").string())
            .col(col("big").big_integer())
            .col(ColumnDef::new(Alias::new("small")).small_integer())
            .col(col("yes").boolean())
            .col(col("ratio").double())
            .col(col("price").decimal_len(16, 4))
            .col(col("raw").blob())
            .col(col("data").json())
            .col(col("day").date())
            .col(col("moment").date_time())
            .col(ColumnDef::new(Alias::new("zoned")).timestamp_with_time_zone().null())
            .col(col("uid").uuid())
            .col(ColumnDef::new(Alias::new("note")).text())
            .col(col("state").string().default("none"))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("typed")).to_owned()).await
    }
}

fn row(name: &str) -> typed::ActiveModel {
    typed::ActiveModel {
        id: NotSet,
        name: Set(name.to_owned()),
        big: Set(i64::MAX),
        small: Set(Some(-7)),
        yes: Set(true),
        ratio: Set(2.0),
        price: Set("1234.5000".parse().unwrap()),
        raw: Set(vec![0, 39, 92, 255]),
        data: Set(serde_json::json!({ "it's": ["\\", "a\nb", 1.5, null] })),
        day: Set("2024-02-29".parse().unwrap()),
        moment: Set("2024-02-29T12:34:56".parse().unwrap()),
        zoned: Set(Some("2024-02-29T12:34:56+02:00".parse().unwrap())),
        uid: Set(sea_orm::prelude::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)),
        note: Set(None),
        state: NotSet,
    }
}

struct FillTyped;

impl MigrationName for FillTyped {
    fn name(&self) -> &str {
        "m2_fill"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FillTyped {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let first = row("it's \\ \"quoted\" -- ?; $1 \u{e9}\n\ttab").insert(db).await?;
        assert_eq!((first.ratio, first.state.as_str(), first.note.as_deref()), (2.0, "none", None));
        // Found again, by what was only noted.
        let again = typed::Entity::find_by_id(first.id).one(db).await?.unwrap();
        assert_eq!(again, first);
        let mut changed = again.into_active_model();
        changed.note = Set(Some(format!("number {}", first.id)));
        changed.small = Set(None);
        let changed = changed.update(db).await?;
        assert_eq!((changed.note.as_deref(), changed.small), (Some("number 1"), None));
        let many = [row("b"), row("c"), row("d")];
        typed::Entity::insert_many(many).exec(db).await?;
        assert_eq!(typed::Entity::find().count(db).await?, 4);
        let found =
            typed::Entity::find().filter(typed::Column::Name.is_in(["b", "d"])).order_by_desc(typed::Column::Id);
        let found = found.all(db).await?;
        assert_eq!(found.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["d", "b"]);
        let done = typed::Entity::update_many()
            .col_expr(typed::Column::Big, Expr::col(typed::Column::Id).add(1))
            .filter(typed::Column::Id.gt(1))
            .exec(db)
            .await?;
        assert_eq!(done.rows_affected, 3);
        let sum: Option<(i32, String)> = typed::Entity::find()
            .select_only()
            .column(typed::Column::Id)
            .column(typed::Column::Name)
            .filter(typed::Column::Big.eq(4))
            .into_tuple()
            .one(db)
            .await?;
        assert_eq!(sum, Some((3, "c".to_owned())));
        let gone = typed::Entity::delete_many().filter(typed::Column::Name.eq("c")).exec(db).await?;
        assert_eq!(gone.rows_affected, 1);
        let left: Vec<i32> = typed::Entity::find()
            .select_only()
            .column(typed::Column::Id)
            .order_by_asc(typed::Column::Id)
            .into_tuple()
            .all(db)
            .await?;
        assert_eq!(left, [1, 2, 4]);
        // What it read decides what it writes.
        for one in typed::Entity::find().filter(typed::Column::Id.gte(2)).all(db).await? {
            let mut model = one.clone().into_active_model();
            model.note = Set(Some(format!("{} of {}", one.name, one.uid)));
            model.update(db).await?;
        }
        let transaction = db.begin().await?;
        let mut model = row("in a transaction");
        model.zoned = Set(None);
        model.insert(&transaction).await?;
        transaction.commit().await?;
        let transaction = db.begin().await?;
        row("taken back").insert(&transaction).await?;
        transaction.rollback().await?;
        assert_eq!(typed::Entity::find().count(db).await?, 4);
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for one in typed::Entity::find().all(db).await? {
            one.delete(db).await?;
        }
        Ok(())
    }
}

/// Changes a table that has rows, and looks at what it does.
struct Alter;

impl MigrationName for Alter {
    fn name(&self) -> &str {
        "m3_alter"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Alter {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        assert!(manager.has_table("typed").await? && !manager.has_column("typed", "slug").await?);
        let slug = Table::alter()
            .table(Alias::new("typed"))
            .add_column(ColumnDef::new(Alias::new("slug")).string())
            .to_owned();
        manager.alter_table(slug).await?;
        assert!(manager.has_column("typed", "slug").await?);
        let index =
            Index::create().name("idx_typed_slug").table(Alias::new("typed")).col(Alias::new("slug")).to_owned();
        assert!(!manager.has_index("typed", "idx_typed_slug").await?);
        manager.create_index(index).await?;
        assert!(manager.has_index("typed", "idx_typed_slug").await?);
        // Columns that are not there yet are read and filled.
        let select =
            Query::select().columns(["id", "name", "slug"].map(Alias::new)).from(Alias::new("typed")).to_owned();
        let rows = db.query_all(&select).await?;
        for row in &rows {
            let (id, name) = (row.try_get::<i32>("", "id")?, row.try_get::<String>("", "name")?);
            assert_eq!(row.try_get::<Option<String>>("", "slug")?, None);
            let slug = format!("{}-{id}", name.replace(' ', "-"));
            let update = Query::update()
                .table(Alias::new("typed"))
                .value(Alias::new("slug"), slug)
                .and_where(Expr::col(Alias::new("id")).eq(id))
                .to_owned();
            db.execute(&update).await?;
        }
        let copy = "CREATE TABLE copied (id int PRIMARY KEY, label varchar(200))";
        db.execute_unprepared(copy).await?;
        db.execute_unprepared(
            "INSERT INTO copied (id, label) SELECT id, slug FROM typed WHERE id > 1; UPDATE copied SET id = id + 100",
        )
        .await?;
        let sum = db
            .query_one(
                &Query::select()
                    .expr_as(Func::count(Expr::col(Alias::new("id"))), Alias::new("n"))
                    .from(Alias::new("copied"))
                    .to_owned(),
            )
            .await?
            .unwrap();
        assert_eq!(sum.try_get::<i64>("", "n")?.to_string(), (rows.len() - 1).to_string());
        let rename = Table::rename().table(Alias::new("copied"), Alias::new("moved")).to_owned();
        manager.rename_table(rename).await?;
        assert!(!manager.has_table("copied").await? && manager.has_table("moved").await?);
        assert!(manager.has_column("moved", "label").await?);
        let joined = "SELECT m.label FROM moved m JOIN typed t ON t.id + 100 = m.id WHERE t.name = 'd'";
        let joined =
            db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), joined)).await?.unwrap();
        assert_eq!(joined.try_get::<String>("", "label")?, "d-4");
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Alias::new("moved")).to_owned()).await?;
        manager.drop_index(Index::drop().name("idx_typed_slug").table(Alias::new("typed")).to_owned()).await?;
        manager.alter_table(Table::alter().table(Alias::new("typed")).drop_column(Alias::new("slug")).to_owned()).await
    }
}

struct Typed;

impl MigratorTrait for Typed {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTyped), Box::new(FillTyped), Box::new(Alter)]
    }
}

#[tokio::test]
async fn entities_and_changes_of_rows_are_scripted_as_they_run() {
    for dialect in ALL {
        // All at once on an empty database: every row that is read is one that was only noted.
        let (run, scripted) = two(dialect).await;
        let told = same::<Typed>(&run, &scripted, up()).await;
        assert!(told.notes.iter().all(|note| matches!(note, Note::Given { .. })), "{dialect:?}: {:?}", told.notes);
        assert!(!told.notes.is_empty(), "{dialect:?}");
        // One after the other: the rows are the database's own.
        let (run, scripted) = two(dialect).await;
        for _ in 0..3 {
            let one = || Action::Up(Up { limit: Some(1), ..Up::default() });
            same_and_in::<Typed>(&run, &scripted, one()).await;
        }
        same_and_in::<Typed>(&run, &scripted, Action::Down(Down::Steps(2))).await;
        let redo = Action::Redo(Down::All);
        let redone = told_only::<Typed>(&scripted, redo).await;
        assert_eq!(redone.outcome, Ok(()), "{dialect:?}: {:?}", redone.statements);
    }
}

/// [`same`], after which both are where the run is.
async fn same_and_in<M: MigratorTrait + 'static>(run: &Database, scripted: &Database, action: Action) {
    same::<M>(run, scripted, action).await;
    copy_ledger(run, scripted).await;
}

async fn told_only<M: MigratorTrait + 'static>(database: &Database, action: Action) -> Told {
    told::<M>(database, &[action]).await
}

/// The ledger of one in the other, which only its client has changed.
async fn copy_ledger(from: &Database, to: &Database) {
    let install = Action::Install;
    done::<Typed>(to, install).await;
    let table = |database: &Database| database.dialect.quote("seaql_migrations");
    to.execute(&[&format!("DELETE FROM {}", table(to))]).await;
    for row in from
        .query(&format!(
            "SELECT {}, {} FROM {}",
            from.dialect.text("version"),
            from.dialect.text("applied_at"),
            table(from)
        ))
        .await
    {
        let (name, at) = (row[0].clone().unwrap(), row[1].clone().unwrap());
        to.execute(&[&format!("INSERT INTO {} VALUES ('{name}', {at})", table(to))]).await;
    }
}

async fn steps_told(database: &Database, steps: Vec<steps::Step>, actions: &[Action]) -> Told {
    steps::set(&steps);
    told::<steps::Migrator>(database, actions).await
}

fn step(name: &str, up: &[&str]) -> steps::Step {
    steps::Step::new(name, up.iter().map(|sql| Op::Sql((*sql).to_owned())).collect(), Vec::new())
}

#[tokio::test]
async fn nothing_is_asked_of_the_lock_or_the_tables() {
    for database in Database::all().await {
        // Somebody else is at work, and a migration of theirs has not ended.
        let steps = vec![step("m1", &["CREATE TABLE a (id int)"]), step("m2", &["CREATE TABLE b (id int)"])];
        let other = database.session().await;
        let table = "seaql_migrations";
        let lock = kit_runtime::lock::acquire(&other, table, &Default::default(), &mut |_| ()).await.unwrap();
        let told = steps_told(&database, steps.clone(), &[up()]).await;
        assert_eq!((told.outcome, told.statements.len()), (Ok(()), 2), "{:?}", database.dialect);
        lock.release(&other).await.unwrap();
        assert!(!database.has_table(table).await && !database.has_table("kit_migrations").await);
        // Halfway is refused as for real; at work is said.
        steps::set(&steps[..1]);
        done::<steps::Migrator>(&database, up()).await;
        let running = "UPDATE kit_migrations SET state = 'running'";
        database.execute(&[running, "DELETE FROM seaql_migrations", "DROP TABLE a"]).await;
        let told = steps_told(&database, steps.clone(), &[up()]).await;
        assert_eq!((told.outcome, told.warnings), (Ok(()), vec![Warning::Unfinished { name: "m1".into() }]));
        database.execute(&["UPDATE kit_migrations SET state = 'failed'"]).await;
        let told = steps_told(&database, steps, &[up()]).await;
        assert!(matches!(told.outcome, Err(Failure::Halted { .. })), "{:?}", told.outcome);
    }
}

#[tokio::test]
async fn what_cannot_be_known_is_said_and_the_rest_goes_on() {
    let database = Database::postgres().await;
    database
        .execute(&[
            "CREATE SEQUENCE s",
            "CREATE TABLE real (id serial PRIMARY KEY, n int)",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'INSERT INTO real (n) VALUES (1) RETURNING id'",
        ])
        .await;
    let told = told::<Unknowable>(&database, &[up()]).await;
    let undecided = told.notes.iter().filter(|note| note.is_undecided()).count();
    assert_eq!(told.outcome, Err(Failure::Undecided { count: undecided }), "{:?}", told.statements);
    let notes = &told.notes;
    let effect = |name: &str| notes.iter().any(|note| matches!(note, Note::Effect { function } if function == name));
    assert!(effect("nextval") && effect("pg_advisory_lock"), "{notes:#?}");
    let unanswered =
        |query: &str| notes.iter().any(|note| matches!(note, Note::Unanswered { sql, .. } if sql == query));
    assert!(unanswered("SELECT f()"), "{notes:#?}");
    assert!(notes.contains(&Note::Uncounted { table: "real".to_owned() }), "{notes:#?}");
    assert!(notes.contains(&Note::Catalog), "{notes:#?}");
    let given = |note: &Note| matches!(note, Note::Given { table, assumed } if table == "real" && assumed[0].0 == "id");
    assert!(notes.iter().any(given), "{notes:#?}");
    assert!(told.statements.iter().any(|sql| sql.contains("SELECT nextval('s')")), "{:?}", told.statements);
    assert_eq!(told.statements.last().map(String::as_str), Some("DROP TABLE real"));
}

struct Unknowable;

impl MigrationName for Unknowable {
    fn name(&self) -> &str {
        "m1"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Unknowable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let ask = |sql: &str| sea_orm::Statement::from_string(db.get_database_backend(), sql);
        assert!(db.query_all_raw(ask("SELECT * FROM nowhere")).await.is_err());
        let next = db.query_one_raw(ask("SELECT nextval('s') AS next")).await?.unwrap();
        assert_eq!(next.try_get::<i64>("", "next")?, 1);
        db.query_all_raw(ask("SELECT pg_advisory_lock(7)")).await?;
        assert!(db.query_all_raw(ask("SELECT f()")).await?.is_empty());
        let id = db.query_one_raw(ask("INSERT INTO real (n) VALUES (7) RETURNING id")).await?.unwrap();
        assert_eq!(id.try_get::<i32>("", "id")?, 1);
        db.execute_unprepared("UPDATE real SET n = o.n FROM (SELECT 2 AS n) AS o").await?;
        db.query_all_raw(ask("SELECT tablename FROM pg_catalog.pg_tables WHERE tablename = 'real'")).await?;
        db.execute_unprepared("CREATE TABLE made AS SELECT 1 AS one").await?;
        let made = db.query_one_raw(ask("SELECT one FROM made FOR UPDATE")).await?.unwrap();
        assert_eq!(made.try_get::<i32>("", "one")?, 1);
        db.query_all_raw(ask("SELECT count(*) FROM information_schema.tables")).await?;
        db.execute_unprepared("DROP TABLE real").await?;
        // As it would be.
        assert!(db.query_all_raw(ask("SELECT * FROM real")).await.is_err());
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        // A statement that fails would end a transaction.
        Some(false)
    }
}

impl MigratorTrait for Unknowable {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Unknowable)]
    }
}

#[tokio::test]
async fn a_migration_that_fails_is_said_where_it_fails() {
    for database in Database::all().await {
        let mut failing = step("m2", &["CREATE TABLE b (id int)"]);
        failing.up.push(Op::Fail("not today"));
        let steps = vec![step("m1", &["CREATE TABLE a (id int)"]), failing, step("m3", &[])];
        let told = steps_told(&database, steps, &[up()]).await;
        assert_eq!(told.statements, ["CREATE TABLE a (id int)", "CREATE TABLE b (id int)"]);
        let Err(Failure::Pretended { name, direction, cause, message }) = told.outcome else {
            panic!("{:?}", told.outcome)
        };
        assert_eq!((name.as_str(), direction, cause), ("m2", Direction::Up, Cause::Error));
        assert!(quotes(&message, "not today"), "{message}");
    }
}

/// A migrator of the project's own may be built without it, and then does not even ask for the lock.
#[tokio::test]
async fn who_cannot_pretend_says_so() {
    let database = Database::sqlite().await;
    let pretend = request(Action::Pretend { actions: vec![up()] });
    steps::set(&[step("m1", &["CREATE TABLE a (id int)"])]);
    let outcome = engine::run(&pretend, &Project::of::<steps::Migrator>(), &database.session, &mut |_| ()).await;
    let Err(failure) = outcome else { panic!("it ran") };
    assert!(matches!(failure, Failure::Request { .. }), "{failure:?}");
    assert_eq!(database.tables().await, Vec::<String>::new());
}

#[tokio::test]
async fn routines_are_scripted_for_their_client() {
    let database = Database::mysql().await;
    let other = Database::mysql().await;
    let sql = [
        "CREATE TABLE a (id int PRIMARY KEY, n int)",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN IF NEW.n IS NULL THEN SET NEW.n = 1; END IF; END",
        "CREATE PROCEDURE p() BEGIN DECLARE i int DEFAULT 0; WHILE i < 3 DO INSERT INTO a (id) VALUES (i); SET i = i + 1; END WHILE; END",
        "INSERT INTO a (id) VALUES (9); INSERT INTO a (id, n) VALUES (10, 2)",
    ];
    steps::set(&[step("m1", &sql)]);
    let told = same::<steps::Migrator>(&database, &other, up()).await;
    assert_eq!(told.statements.len(), 5, "{:?}", told.statements);
}
