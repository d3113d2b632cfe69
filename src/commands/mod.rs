//! One file a command: its arguments and their help, a call or two into the rooms below, and how the
//! answer looks. A command holds no logic that another one could want.

pub mod about;
pub mod list;
pub mod make_migration;
pub mod stub_publish;
