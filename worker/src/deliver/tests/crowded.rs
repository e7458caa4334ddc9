//! Many names that lead to one address.

use super::guard::names;
use super::*;

/// Waits until so many connections were made.
async fn until(receiver: &Receiver, connections: usize) {
    let reached = async {
        while (receiver.connections() as usize) < connections {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let reached = tokio::time::timeout(PATIENT, reached).await;
    assert!(
        reached.is_ok(),
        "{} of {connections} connections",
        receiver.connections()
    );
}

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
    until(&receiver, hanging.len()).await;
    let outcome = deliverer.attempt(&lease("one-more".to_owned())).await;
    assert_eq!(outcome.unwrap_err(), NotAttempted::Crowded);
    assert_eq!(receiver.connections(), MOST_AT_ADDRESS, "nothing more was sent");

    // Another account has places of its own, and so has this one once an attempt is over.
    let mut others = lease("others".to_owned());
    let mut endpoint = (*others.endpoint).clone();
    endpoint.account = "org:org_other".parse().unwrap();
    let secret = SigningSecret::parse(SECRET).unwrap();
    endpoint.secret = keyring().seal(&secret, &endpoint.account, &endpoint.id);
    others.endpoint = Arc::new(endpoint);
    let (same, other) = (Arc::clone(&deliverer), others);
    let other = tokio::spawn(async move { same.attempt(&other).await });
    until(&receiver, hanging.len() + 1).await;
    hanging[0].abort();
    while !hanging[0].is_finished() {
        tokio::task::yield_now().await;
    }
    let (same, again) = (Arc::clone(&deliverer), lease("again".to_owned()));
    let again = tokio::spawn(async move { same.attempt(&again).await });
    until(&receiver, hanging.len() + 2).await;
    for task in hanging.iter().chain([&other, &again]) {
        task.abort();
    }
}
