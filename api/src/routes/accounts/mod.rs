//! What the backend decides about whole accounts, with a `manage` key. The path names the account.

mod erasure;

mod limits;

mod pause;

pub use erasure::AccountErasureApi;
pub use limits::AccountLimitsApi;
pub use pause::AccountPauseApi;
