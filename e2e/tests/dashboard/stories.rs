//! The stories. Each is played with a system of its own.

use e2e::system::{Builder, System};

use crate::stage::plays;

/// Pages ask more often than scripts do.
fn system() -> Builder {
    System::builder().env("RATE_LIMIT_DASHBOARD", "0")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_a_verified_test_event_with_six_clicks() {
    plays("newcomer", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_is_accessible_and_fits_light_and_dark_wide_and_narrow() {
    plays("views", failing_soon().start().await).await;
}

/// What a receiver, a URL, a description and an event say is text, wherever it is shown.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_others_write_becomes_part_of_the_page() {
    plays("hostile", failing_soon().start().await).await;
}

/// An endpoint that fails is disabled within seconds.
fn failing_soon() -> Builder {
    system()
        .env("RETRY_SCHEDULE", "100ms,200ms,400ms,1h")
        .env("DISABLE_MIN_SPAN", "0s")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_fails_is_disabled_repaired_and_gets_what_was_parked() {
    plays("life", failing_soon().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_change_one_endpoint_at_once() {
    plays("admins", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_typed_is_lost_while_the_api_is_away() {
    plays("outage", system().start().await).await;
}

mod long {
    //! What takes long.

    use super::{plays, system};

    #[tokio::test(flavor = "multi_thread")]
    async fn lighthouse_has_little_to_say() {
        plays("lighthouse", system().start().await).await;
    }
}
