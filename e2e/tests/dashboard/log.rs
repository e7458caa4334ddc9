//! What somebody does with an endpoint's log: understands a failure, gets what was missed, finds out why a signature is refused.

use e2e::system::{Builder, System};

use crate::stage::plays;

/// Pages ask more often than scripts do; what fails is given up at once, and disables nothing.
fn system() -> Builder {
    System::builder()
        .env("RATE_LIMIT_DASHBOARD", "0")
        .env("RETRY_SCHEDULE", "100ms,200ms")
        .env("DISABLE_MIN_SPAN", "1h")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_understands_a_failure() {
    plays("failure", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_needs_no_mouse() {
    plays("log-keys", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_sent_again_one_some_or_all() {
    plays("missed", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_broke_a_signature() {
    plays("doctor", system().start().await).await;
}

mod long {
    //! What takes long.

    use super::{plays, system};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_log_of_very_many_lines_stays_usable() {
        plays("long-log", system().start().await).await;
    }
}
