//! Factories: how a row of a table is made up, and how many of them with which changes. It returns rows as the database has
//! them. It knows no table of its own; what a row means is the factory's.

use std::pin::Pin;

use sea_orm_migration::sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, Iterable,
};

use super::{Faker, Seeds};

/// The rows of a table as SeaORM reads them, from the type that it writes them with.
pub type Model<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Model;

/// Makes rows of one table up. Laravel's `Factory`.
pub trait Factory: Sized + Send + Sync {
    /// A row to write: `users::ActiveModel`.
    type Row: ActiveModelTrait + ActiveModelBehavior + Send + Sync;

    /// A row, made up. What is not set gets the database's default, or is [`Factory::relate`]'s.
    fn definition(&self, faker: &mut Faker<'_>) -> Self::Row;

    /// Sets what needs other rows, before the row is written: makes a parent where no state has named one.
    fn relate(&self, _row: &mut Self::Row, _seeds: &Seeds<'_>) -> impl Future<Output = Result<(), DbErr>> + Send {
        std::future::ready(Ok(()))
    }

    /// So many of them.
    fn count(self, rows: usize) -> Batch<Self> {
        Batch { factory: self, rows, changes: Vec::new(), children: Vec::new() }
    }

    /// One of them, changed so.
    fn state(self, change: impl Fn(&mut Self::Row, &mut Faker<'_>) + Send + Sync + 'static) -> Batch<Self> {
        self.count(1).state(change)
    }

    /// One of them, in the database.
    ///
    /// # Errors
    /// The database's.
    fn create(self, seeds: &Seeds<'_>) -> impl Future<Output = Result<Model<Self::Row>, DbErr>> + Send
    where
        Model<Self::Row>: IntoActiveModel<Self::Row> + Send + Sync,
    {
        async move { one(&self.count(1), 0, seeds, &|_| ()).await }
    }
}

/// Rows to make: how many, by which factory, changed how.
pub struct Batch<F: Factory> {
    factory: F,
    rows: usize,
    changes: Vec<Change<F::Row>>,
    children: Vec<Box<dyn Children<Model<F::Row>>>>,
}

type Change<A> = Box<dyn Fn(&mut A, &mut Faker<'_>) + Send + Sync>;

impl<F: Factory> std::fmt::Debug for Batch<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// At most so many values go to a database at once: SQLite takes 32,766.
const VALUES: usize = 30_000;

/// And at most so many rows.
const ROWS: usize = 1_000;

impl<F: Factory> Batch<F> {
    /// So many instead.
    #[must_use]
    pub fn count(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }

    /// With this change, after those before.
    #[must_use]
    pub fn state(mut self, change: impl Fn(&mut F::Row, &mut Faker<'_>) + Send + Sync + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// With these values, one a row, from the first again when they are all given.
    ///
    /// # Panics
    /// When rows are made, if there are none.
    #[must_use]
    pub fn sequence<V: Clone + Send + Sync + 'static>(
        self,
        values: impl Into<Vec<V>>,
        set: impl Fn(&mut F::Row, V) + Send + Sync + 'static,
    ) -> Self {
        let values = values.into();
        self.state(move |row, faker| set(row, values[faker.index() % values.len()].clone()))
    }

    /// With rows of another table for each, which `link` ties to it: `.has(PostFactory.count(3), |post, user| post.user_id =
    /// Set(user.id))`.
    #[must_use]
    pub fn has<G: Factory + 'static>(
        mut self,
        children: Batch<G>,
        link: impl Fn(&mut G::Row, &Model<F::Row>) + Send + Sync + 'static,
    ) -> Self
    where
        Model<F::Row>: Sync,
        Model<G::Row>: IntoActiveModel<G::Row> + Send + Sync,
    {
        self.children.push(Box::new(Linked { children, link }));
        self
    }

    /// The rows, not in the database.
    pub fn make(&self, seeds: &Seeds<'_>) -> Vec<F::Row> {
        (0..self.rows).map(|index| self.row(index, seeds)).collect()
    }

    /// The rows, in the database one by one, as it has them: with its keys and defaults, and with what their
    /// `ActiveModelBehavior` does.
    ///
    /// # Errors
    /// The database's; the rows before are in its transaction.
    pub async fn create(self, seeds: &Seeds<'_>) -> Result<Vec<Model<F::Row>>, DbErr>
    where
        Model<F::Row>: IntoActiveModel<F::Row> + Send + Sync,
    {
        let mut models = Vec::with_capacity(self.rows);
        for index in 0..self.rows {
            models.push(one(&self, index, seeds, &|_| ()).await?);
        }
        Ok(models)
    }

    /// The rows, in the database many at a time: the quick way, which does not say what became of them, and asks no
    /// `ActiveModelBehavior`. Returns how many. Rows that [`Batch::has`] others are made one by one all the same.
    ///
    /// # Errors
    /// The database's.
    pub async fn insert(self, seeds: &Seeds<'_>) -> Result<u64, DbErr>
    where
        Model<F::Row>: IntoActiveModel<F::Row> + Send + Sync,
    {
        if !self.children.is_empty() {
            return Ok(self.create(seeds).await?.len() as u64);
        }
        let mut waiting: Vec<F::Row> = Vec::new();
        let (mut columns, mut rows) = (Vec::new(), 0);
        for index in 0..self.rows {
            let mut row = self.row(index, seeds);
            self.factory.relate(&mut row, seeds).await?;
            // Of rows that set other columns, those that are not set would become NULL instead of their defaults.
            let set = set_columns(&row);
            let full = waiting.len() >= ROWS.min(VALUES / set.len().max(1));
            if full || set != columns {
                rows += many(std::mem::take(&mut waiting), seeds).await?;
                columns = set;
            }
            waiting.push(row);
        }
        Ok(rows + many(waiting, seeds).await?)
    }

    fn row(&self, index: usize, seeds: &Seeds<'_>) -> F::Row {
        seeds.fake_at(index, |faker| {
            let mut row = self.factory.definition(faker);
            self.changes.iter().for_each(|change| change(&mut row, faker));
            row
        })
    }
}

/// Writes the row with this number, with its children, and reads it back.
async fn one<F: Factory>(
    batch: &Batch<F>,
    index: usize,
    seeds: &Seeds<'_>,
    link: &(dyn Fn(&mut F::Row) + Sync),
) -> Result<Model<F::Row>, DbErr>
where
    Model<F::Row>: IntoActiveModel<F::Row> + Send + Sync,
{
    let mut row = batch.row(index, seeds);
    link(&mut row);
    // A parent's factory is another one, whose future would be in this one.
    Box::pin(batch.factory.relate(&mut row, seeds)).await?;
    let model = row.insert(seeds.db()).await?;
    seeds.count(1);
    for children in &batch.children {
        children.create(&model, seeds).await?;
    }
    Ok(model)
}

async fn many<A: ActiveModelTrait>(rows: Vec<A>, seeds: &Seeds<'_>) -> Result<u64, DbErr>
where
    Model<A>: IntoActiveModel<A>,
{
    let count = rows.len() as u64;
    if count > 0 {
        <A::Entity as EntityTrait>::insert_many(rows).exec_without_returning(seeds.db()).await?;
        seeds.count(count);
    }
    Ok(count)
}

/// Which of its columns a row sets, by their order.
fn set_columns<A: ActiveModelTrait>(row: &A) -> Vec<usize> {
    let columns = <A::Entity as EntityTrait>::Column::iter().enumerate();
    columns.filter(|(_, column)| !row.get(*column).is_not_set()).map(|(at, _)| at).collect()
}

type Made<'a> = Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

/// Rows of another table that come with each row of this one.
trait Children<M>: Send + Sync {
    fn create<'a>(&'a self, parent: &'a M, seeds: &'a Seeds<'_>) -> Made<'a>;
}

struct Linked<G: Factory, L> {
    children: Batch<G>,
    link: L,
}

impl<M, G, L> Children<M> for Linked<G, L>
where
    M: Sync,
    G: Factory,
    L: Fn(&mut G::Row, &M) + Send + Sync,
    Model<G::Row>: IntoActiveModel<G::Row> + Send + Sync,
{
    fn create<'a>(&'a self, parent: &'a M, seeds: &'a Seeds<'_>) -> Made<'a> {
        Box::pin(async move {
            for index in 0..self.children.rows {
                one(&self.children, index, seeds, &|row| (self.link)(row, parent)).await?;
            }
            Ok(())
        })
    }
}
