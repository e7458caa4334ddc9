//! What concerns the account as a whole: its keys, its notices and events, many endpoints at once, who may change things, and how the
//! page looks and speaks.

use e2e::system::{Builder, System};

use crate::stage::plays;

/// An endpoint that fails is disabled within seconds.
fn system() -> Builder {
    System::builder()
        .env("RATE_LIMIT_DASHBOARD", "0")
        .env("RETRY_SCHEDULE", "100ms,200ms,400ms,1h")
        .env("DISABLE_MIN_SPAN", "0s")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_shown_once_used_and_revoked() {
    plays("keys", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_one_looks_at_a_notice_leads_to_what_is_broken_and_the_overview_mends_it() {
    plays("notices", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn account_events_are_subscribed_to_sent_and_seen() {
    plays("account-events", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_found_in_the_catalogue_and_subscribed_to() {
    plays("catalogue", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_created_with_everything_that_it_can_have() {
    plays("create", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_no_second_endpoint() {
    plays("lost-answer", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_that_was_chosen_stays_and_little_moves_for_who_wants_that() {
    plays("themes", system().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    plays("keyboard", system().start().await).await;
}

/// Each action is refused in words, and changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_is_told_so() {
    let system = system().api_env("CLERK_WRITE_ROLES", "admin").start().await;
    plays("reader", system).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_german_reads_german() {
    plays("german", system().start().await).await;
}

mod long {
    //! What takes long.

    use super::{plays, system};

    #[tokio::test(flavor = "multi_thread")]
    async fn as_many_endpoints_as_there_may_be_are_searched_and_switched() {
        plays("many-endpoints", system().start().await).await;
    }
}
