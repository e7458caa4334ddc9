//! Many names that lead to one address.

use super::guard::names;
use super::*;

#[tokio::test]
async fn names_of_one_address_share_what_an_account_has_there_and_nobody_is_blamed() {
    let receiver = Receiver::start(Answer::Hang).await;
    let port = receiver.address.port();
    let deliverer = Arc::new(deliverer_with(
        PATIENT,
        development(),
        Roots::Only(vec![]),
        names(&[receiver.address]),
    ));
    let lease = |name: String| leased(&format!("http://{name}.example:{port}/"), b"{}");
    let hanging: Vec<_> = (0..MOST_AT_ADDRESS)
        .map(|number| {
            let (deliverer, lease) = (Arc::clone(&deliverer), lease(format!("n{number}")));
            tokio::spawn(async move { deliverer.attempt(&lease).await })
        })
        .collect();
    while (receiver.connections() as usize) < hanging.len() {
        tokio::task::yield_now().await;
    }
    let outcome = deliverer.attempt(&lease("one-more".to_owned())).await;
    assert_eq!(outcome.unwrap_err(), NotAttempted::Crowded);
    assert_eq!(
        (receiver.connections() as usize),
        hanging.len(),
        "nothing was sent"
    );

    // Another account has places of its own, and so has this one once an attempt is over.
    let mut others = lease("others".to_owned());
    let mut endpoint = (*others.endpoint).clone();
    endpoint.account = "org:org_other".parse().unwrap();
    others.endpoint = Arc::new(endpoint);
    let (same, other) = (Arc::clone(&deliverer), others);
    let other = tokio::spawn(async move { same.attempt(&other).await });
    while (receiver.connections() as usize) <= hanging.len() {
        tokio::task::yield_now().await;
    }
    hanging[0].abort();
    while !hanging[0].is_finished() {
        tokio::task::yield_now().await;
    }
    let (same, again) = (Arc::clone(&deliverer), lease("again".to_owned()));
    let again = tokio::spawn(async move { same.attempt(&again).await });
    while (receiver.connections() as usize) < hanging.len() + 2 {
        tokio::task::yield_now().await;
    }
    for task in hanging.iter().chain([&other, &again]) {
        task.abort();
    }
}
