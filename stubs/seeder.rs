use kit_runtime::seeding::prelude::*;

{{ import }}

/// {{ summary }}
pub struct {{ name }};

impl Seeder for {{ name }} {
    async fn run(&self, {{ seeds }}: &Seeds<'_>) -> Result<(), DbErr> {
        {{ body }}
        Ok(())
    }
}
