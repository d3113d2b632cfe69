use kit_runtime::seeding::prelude::*;

{{ imports }}

/// Makes rows of `{{ table }}` up.
pub struct {{ name }};

impl Factory for {{ name }} {
    type Row = {{ module }}::ActiveModel;

    fn definition(&self, {{ faker }}: &mut Faker<'_>) -> {{ module }}::ActiveModel {
        {{ module }}::ActiveModel {
            {{ values }}
            ..Default::default()
        }
    }
    {{ relate }}
}
