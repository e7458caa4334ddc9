//! Stories of those who are signed in: by a product that frames the dashboard, by Clerk, by a link.

use e2e::ports::free_port;
use e2e::system::{Builder, System};

use crate::stage::plays;

/// `PUBLISHABLE_KEY` of `e2e/browser/clerk-host.mjs`.
const CLERK: &str = "pk_test_Y2xlcmsuc3RhbmQtaW4uZXhhbXBsZSQ=";

/// A system whose dashboard a product may frame.
fn portal() -> Builder {
    System::builder().api_env("PORTAL_ORIGINS", format!("http://localhost:{}", free_port()))
}

/// A system whose people sign in with Clerk's stand-in.
fn clerk() -> Builder {
    System::builder().api_env("CLERK_PUBLISHABLE_KEY", CLERK)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_shows_the_dashboard_in_its_settings() {
    plays("embed", portal().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_examples_readme_says_is_so() {
    plays("portal-readme", portal().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_is_renewed_and_nothing_that_was_typed_is_lost() {
    plays("renewal", portal().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_changes_nothing_and_learns_why() {
    plays("read-only", portal().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_frames_the_dashboard_or_hands_it_a_session() {
    plays("strangers", portal().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_signs_people_in() {
    plays("clerk", clerk().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_clerks_script_the_page_says_so_and_tries_again() {
    plays("clerk-away", clerk().start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_and_leaves_its_token_nowhere() {
    plays("link", System::start().await).await;
}
