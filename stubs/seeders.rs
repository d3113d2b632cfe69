//! Rows to begin with: `kit db:seed` runs `DatabaseSeeder`.

use kit_runtime::seeding::prelude::*;

/// Calls the others, in the order in which their rows need each other.
pub struct DatabaseSeeder;

impl Seeder for DatabaseSeeder {
    async fn run(&self, _seeds: &Seeds<'_>) -> Result<(), DbErr> {
        Ok(())
    }
}
