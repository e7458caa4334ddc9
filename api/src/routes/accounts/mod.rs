//! What the backend decides about whole accounts, with a `manage` key. The path names the account.

mod pause;

pub use pause::AccountPauseApi;
