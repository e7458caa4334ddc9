//! Portal sessions: they end by themselves, make room for each other, and go with their account.
//!
//! Proves (security): Portal sessions

use domain::api_key::Right;
use domain::clock::Timestamp;
use domain::id::AccountId;
use domain::portal_session::{LIFETIME, PortalToken};
use store::portal_sessions::SessionUse;
use store::{StoreError, rates::Subject};

use crate::fixture::{Fixture, account};

fn other() -> AccountId {
    "org:org_2".parse().unwrap()
}

/// A session of an account, and when it expires.
async fn made(fixture: &Fixture, of: &AccountId, most: u32) -> (PortalToken, Timestamp) {
    let token = PortalToken::generate(of);
    let made = fixture.store.create_portal_session(&token, Right::Write, most);
    let expires = made.await.unwrap();
    (token, expires)
}

async fn used(fixture: &Fixture, (token, expires): &(PortalToken, Timestamp)) -> Option<SessionUse> {
    let used = fixture.store.use_portal_session(token, *expires, 0);
    used.await.unwrap()
}

fn is_good(used: Option<SessionUse>) -> bool {
    matches!(used, Some(SessionUse::Good(..)))
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(ms).unwrap()).unwrap()
}

#[tokio::test]
async fn a_session_ends_by_itself_and_nothing_of_it_is_kept_but_a_hash() {
    let fixture = Fixture::new().await;
    let session = made(&fixture, &account(), 10).await;
    let Some(SessionUse::Good(right, is_allowed, quota)) = used(&fixture, &session).await else {
        panic!("it is good");
    };
    assert_eq!(
        (right, is_allowed, quota.subject),
        (Right::Write, true, Subject::Portal)
    );
    // Repeated, as after an answer that was lost: it is the same session, and what it may do is what was asked for first.
    let again = fixture.store.create_portal_session(&session.0, Right::Read, 10);
    assert_eq!(again.await.unwrap(), session.1);
    assert_eq!(
        fixture.sorted("account:org:org_1:portal").await,
        [session.0.id().as_str()]
    );
    let key = format!("portal:{}", session.0.id());
    let lifetime = i64::try_from(LIFETIME.as_millis()).unwrap();
    for key in [key.as_str(), "account:org:org_1:portal"] {
        let ttl = fixture.ttl(key).await;
        assert!(ttl > lifetime - 60_000 && ttl <= lifetime, "{key}: {ttl}");
    }
    fixture.assert_sound().await;
    // A moment before its end, and at its end by the clock of scripts, whether or not Redis has let go of it.
    fixture.pass(LIFETIME - std::time::Duration::from_secs(60)).await;
    assert!(is_good(used(&fixture, &session).await));
    fixture.pass(LIFETIME).await;
    assert_eq!(used(&fixture, &session).await, Some(SessionUse::Expired));
    let full = format!("wh:{{0}}:{key}");
    let () = fixture.command(redis::cmd("DEL").arg(full)).await;
    assert_eq!(used(&fixture, &session).await, Some(SessionUse::Expired));
}

#[tokio::test]
async fn what_is_not_exactly_the_token_is_unknown_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let (token, expires) = made(&fixture, &account(), 10).await;
    let before = fixture.keys().await;
    // Another end, later or sooner; and a token that was made up.
    for wrong in [
        (token.clone(), at(expires.as_millis() + 1)),
        (token.clone(), at(expires.as_millis() - 1)),
        (PortalToken::generate(&account()), expires),
    ] {
        assert_eq!(used(&fixture, &wrong).await, None, "{wrong:?}");
    }
    assert_eq!(fixture.keys().await, before);
    assert!(is_good(used(&fixture, &(token, expires)).await));
}

#[tokio::test]
async fn the_session_that_expires_first_makes_room() {
    let fixture = Fixture::new().await;
    let theirs = made(&fixture, &other(), 3).await;
    let mut sessions = Vec::new();
    for number in 0..5 {
        fixture.pass(std::time::Duration::from_secs(number + 1)).await;
        sessions.push(made(&fixture, &account(), 3).await);
    }
    let mut good = Vec::new();
    for session in &sessions {
        good.push(is_good(used(&fixture, session).await));
        let (id, is_good) = (session.0.id(), good[good.len() - 1]);
        let has = fixture.store.has_portal_session(&account(), id).await;
        assert_eq!(has.unwrap(), is_good);
    }
    assert_eq!(good, [false, false, true, true, true]);
    assert_eq!(
        fixture
            .keys()
            .await
            .iter()
            .filter(|key| key.starts_with("portal:"))
            .count(),
        4
    );
    assert!(is_good(used(&fixture, &theirs).await));
    // Those that have expired go first, even where Redis has yet to let go of them.
    fixture.pass(LIFETIME * 2).await;
    let last = made(&fixture, &account(), 3).await;
    assert_eq!(
        fixture.sorted("account:org:org_1:portal").await,
        [last.0.id().as_str()]
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_session_is_revoked_once() {
    let fixture = Fixture::new().await;
    let session = made(&fixture, &account(), 10).await;
    let id = session.0.id();
    assert_eq!(
        fixture.store.portal_session_account(id).await.unwrap(),
        Some(account())
    );
    assert!(
        !fixture
            .store
            .revoke_portal_session(&other(), PortalToken::generate(&other()).id())
            .await
            .unwrap()
    );
    assert!(fixture.store.revoke_portal_session(&account(), id).await.unwrap());
    assert_eq!(used(&fixture, &session).await, None);
    assert!(!fixture.store.has_portal_session(&account(), id).await.unwrap());
    assert_eq!(fixture.store.portal_session_account(id).await.unwrap(), None);
    assert!(!fixture.store.revoke_portal_session(&account(), id).await.unwrap());
}

/// Workers of the release before know nothing of `portal:…`, and remove all that bears the account's name.
#[tokio::test]
async fn sessions_go_with_their_account_whoever_erases_it() {
    let fixture = Fixture::new().await;
    let session = made(&fixture, &account(), 10).await;
    let theirs = made(&fixture, &other(), 10).await;
    fixture.store.erase_account(&account()).await.unwrap();
    let refused = fixture.store.use_portal_session(&session.0, session.1, 0).await;
    assert!(matches!(refused, Err(StoreError::BeingErased(_))), "{refused:?}");
    let token = PortalToken::generate(&account());
    let refused = fixture.store.create_portal_session(&token, Right::Read, 10).await;
    assert!(matches!(refused, Err(StoreError::BeingErased(_))), "{refused:?}");
    crate::account_erasing::upkeep(&fixture).await;
    assert_eq!(used(&fixture, &session).await, None);
    assert_eq!(
        fixture
            .store
            .portal_session_account(session.0.id())
            .await
            .unwrap(),
        None
    );
    assert!(is_good(used(&fixture, &theirs).await));

    let full = "wh:{0}:account:org:org_2:portal";
    let () = fixture.command(redis::cmd("DEL").arg(full)).await;
    assert_eq!(used(&fixture, &theirs).await, None);
}

/// Something else overwrote what is kept of it: it is unknown, and can be made anew.
#[tokio::test]
async fn what_something_else_has_overwritten_is_no_session() {
    let fixture = Fixture::new().await;
    let session = made(&fixture, &account(), 10).await;
    let key = format!("wh:{{0}}:portal:{}", session.0.id());
    for write in [
        redis::cmd("DEL").arg(&key),
        redis::cmd("RPUSH").arg(&key).arg("x"),
        redis::cmd("DEL").arg("wh:{0}:account:org:org_1:portal"),
        redis::cmd("SET").arg("wh:{0}:account:org:org_1:portal").arg("x"),
    ] {
        let _: redis::Value = fixture.command(write).await;
    }
    assert_eq!(
        fixture
            .store
            .portal_session_account(session.0.id())
            .await
            .unwrap(),
        None
    );
    assert!(
        !fixture
            .store
            .has_portal_session(&account(), session.0.id())
            .await
            .unwrap()
    );
    assert_eq!(used(&fixture, &session).await, None);
    let anew = made(&fixture, &account(), 10).await;
    assert!(is_good(used(&fixture, &anew).await));
}
