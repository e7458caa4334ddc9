use domain::api_key::{ApiKeyToken, Scopes};
use store::rates::{Quota, Subject};
use tokio::sync::oneshot;

use super::*;

fn token(account: &str) -> ApiKeyToken {
    ApiKeyToken::generate(&account.parse().unwrap())
}

fn good() -> Option<KeyUse> {
    let quota = Quota {
        subject: Subject::Keys,
        most: 1,
        left: 1,
        ends_in: Duration::ZERO,
    };
    Some(KeyUse::Good(Scopes::default(), None, true, quota))
}

/// Looks a key up.
async fn look_up(
    keys: &LookUps,
    token: &ApiKeyToken,
    asked: impl Future<Output = Asked>,
) -> Result<Option<KeyUse>, StoreError> {
    keys.look_up(token.account(), token.hash(), asked).await
}

type Asked = Result<Option<KeyUse>, StoreError>;

/// A look-up that ends when told to, and says when it began.
fn slow() -> (
    impl Future<Output = Asked>,
    oneshot::Receiver<()>,
    oneshot::Sender<Option<KeyUse>>,
) {
    let (begun, begins) = oneshot::channel();
    let (end, ends) = oneshot::channel();
    let asked = async {
        begun.send(()).unwrap();
        Ok(ends.await.unwrap())
    };
    (asked, begins, end)
}

#[tokio::test]
async fn unknown_keys_of_one_account_wait_for_each_other_and_no_other_account_does() {
    let keys = Arc::new(LookUps::default());
    let (asked, begins, end) = slow();
    let first = tokio::spawn({
        let keys = Arc::clone(&keys);
        async move { look_up(&keys, &token("org:a"), asked).await.unwrap() }
    });
    begins.await.unwrap();
    let (asked, mut begins, second_end) = slow();
    let second = tokio::spawn({
        let keys = Arc::clone(&keys);
        async move { look_up(&keys, &token("org:a"), asked).await.unwrap() }
    });
    let other = look_up(&keys, &token("org:b"), async { Ok(good()) })
        .await
        .unwrap();
    assert!(other.is_some());
    assert!(
        begins.try_recv().is_err(),
        "two keys of an account were looked up at a time"
    );
    end.send(None).unwrap();
    begins.await.unwrap();
    second_end.send(None).unwrap();
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (None, None));
    assert!(keys.accounts().is_empty());
}

#[tokio::test]
async fn a_key_that_was_good_waits_for_nobody_until_it_is_so_no_more() {
    let keys = Arc::new(LookUps::default());
    let known = token("org:a");
    look_up(&keys, &known, async { Ok(good()) }).await.unwrap();
    let (asked, begins, _end) = slow();
    let flood = tokio::spawn({
        let keys = Arc::clone(&keys);
        async move { look_up(&keys, &token("org:a"), asked).await }
    });
    begins.await.unwrap();
    assert!(
        look_up(&keys, &known, async { Ok(good()) })
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(look_up(&keys, &known, async { Ok(None) }).await.unwrap(), None);
    assert!(keys.proven().is_empty(), "it was revoked, and needs its turn");
    flood.abort();
    assert!(flood.await.is_err());
    assert!(keys.accounts().is_empty(), "who goes away leaves no place behind");
}

#[test]
fn no_more_are_remembered_than_may_be() {
    let (keys, now) = (LookUps::default(), Instant::now());
    for number in 0..MOST + 10 {
        keys.remember(number.to_string(), now);
    }
    assert_eq!(keys.proven().len(), MOST);
    keys.remember("new".to_owned(), now + REMEMBERED);
    assert_eq!(keys.proven().len(), 1);
}
