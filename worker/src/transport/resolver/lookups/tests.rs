use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::wait::{LONG, check, eventually};
use reqwest::dns::{Addrs, Name, Resolving};
use tokio::sync::Semaphore;

use super::*;

/// Answers once it is allowed to, with as many look-ups as are allowed; names that begin with `no` are unknown.
struct Names {
    begun: AtomicUsize,
    under_way: Arc<AtomicUsize>,
    allowed: Arc<Semaphore>,
}

struct Begun(Arc<AtomicUsize>);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let begun = Begun(Arc::clone(&self.under_way));
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            let _begun = begun;
            allowed.acquire_owned().await?.forget();
            if name.as_str().starts_with("no") {
                return Err(std::io::Error::other("unknown").into());
            }
            let found: SocketAddr = "192.0.2.1:0".parse().unwrap();
            Ok(Box::new(std::iter::once(found)) as Addrs)
        })
    }
}

fn lookups(wait: Duration) -> (Lookups, Arc<Names>) {
    let names = Arc::new(Names {
        begun: AtomicUsize::new(0),
        under_way: Arc::default(),
        allowed: Arc::new(Semaphore::new(0)),
    });
    (Lookups::new(Arc::clone(&names) as _, wait), names)
}

fn account(number: usize) -> Asker {
    Some(format!("org:org_{number}").parse().unwrap())
}

type Asking = tokio::task::JoinHandle<Result<Arc<[IpAddr]>, String>>;

fn ask(lookups: &Lookups, asker: &Asker, name: &str) -> Asking {
    let (lookups, asker, name) = (lookups.clone(), asker.clone(), name.to_owned());
    tokio::spawn(async move {
        let found = lookups.find(&asker, &name).await;
        found.map_err(|error| error.to_string())
    })
}

async fn under_way(names: &Names, expected: usize) {
    eventually(LONG, "the look-ups", async || {
        let count = names.under_way.load(Ordering::SeqCst);
        check(count == expected, format!("{count} under way"))
    })
    .await;
}

#[tokio::test]
async fn a_name_is_looked_up_once_at_a_time_whoever_asks() {
    let (lookups, names) = lookups(LONG);
    let asking: Vec<_> = (0..50)
        .map(|number| ask(&lookups, &account(number), "a.example"))
        .collect();
    under_way(&names, 1).await;
    names.allowed.add_permits(1);
    for asking in asking {
        assert_eq!(asking.await.unwrap().unwrap().len(), 1);
    }
    assert_eq!(names.begun.load(Ordering::SeqCst), 1);
    // What was found is not kept.
    names.allowed.add_permits(1);
    lookups.find(&account(0), "a.example").await.unwrap();
    assert_eq!(names.begun.load(Ordering::SeqCst), 2);
    assert_eq!(format!("{lookups:?}"), "Lookups(0 under way)");
}

#[tokio::test]
async fn a_look_up_goes_on_for_whoever_still_waits_and_is_stopped_after_the_last() {
    let (lookups, names) = lookups(LONG);
    let first = ask(&lookups, &account(1), "a.example");
    under_way(&names, 1).await;
    let second = ask(&lookups, &account(2), "a.example");
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    names.allowed.add_permits(1);
    assert_eq!(second.await.unwrap().unwrap().len(), 1);

    let alone = ask(&lookups, &account(1), "b.example");
    under_way(&names, 1).await;
    alone.abort();
    assert!(alone.await.unwrap_err().is_cancelled());
    under_way(&names, 0).await;
    assert_eq!(format!("{lookups:?}"), "Lookups(0 under way)");
}

#[tokio::test]
async fn an_accounts_names_take_its_share_and_neighbours_begin_at_once() {
    let (lookups, names) = lookups(LONG);
    let greedy = account(0);
    let asking: Vec<_> = (0..300)
        .map(|number| ask(&lookups, &greedy, &format!("{number}.example")))
        .collect();
    under_way(&names, 128).await;
    for number in 1..20 {
        let neighbour = ask(&lookups, &account(number), &format!("neighbour{number}.example"));
        under_way(&names, 129).await;
        neighbour.abort();
        assert!(neighbour.await.unwrap_err().is_cancelled());
        under_way(&names, 128).await;
    }
    // Its other names get their turn as places get free.
    names.allowed.add_permits(300);
    for asking in asking {
        assert_eq!(asking.await.unwrap().unwrap().len(), 1);
    }
    assert_eq!(names.begun.load(Ordering::SeqCst), 300 + 19);
}

#[tokio::test]
async fn those_who_wait_for_one_name_get_it_in_one_turn() {
    let (lookups, names) = lookups(LONG);
    let greedy = account(0);
    let first: Vec<_> = (0..128)
        .map(|number| ask(&lookups, &greedy, &format!("{number}.example")))
        .collect();
    under_way(&names, 128).await;
    let waiting: Vec<_> = (0..40).map(|_| ask(&lookups, &greedy, "late.example")).collect();
    eventually(LONG, "all to wait", async || {
        let count = lookups.desk().waiting.get(&greedy).map_or(0, Vec::len);
        check(count == 40, format!("{count}"))
    })
    .await;
    names.allowed.add_permits(129);
    for asking in first.into_iter().chain(waiting) {
        assert_eq!(asking.await.unwrap().unwrap().len(), 1);
    }
    assert_eq!(names.begun.load(Ordering::SeqCst), 129);
}

#[tokio::test]
async fn a_turn_that_does_not_come_is_our_own_shortage_and_never_remembered() {
    let (lookups, names) = lookups(Duration::from_millis(50));
    let greedy = account(0);
    let _asking: Vec<_> = (0..128)
        .map(|number| ask(&lookups, &greedy, &format!("{number}.example")))
        .collect();
    under_way(&names, 128).await;
    for _ in 0..2 {
        let error = lookups.find(&greedy, "late.example").await.unwrap_err();
        let fault = find::<Fault>(error.as_ref()).unwrap();
        assert_eq!(*fault, Fault::NotAttempted(NotAttempted::Names));
    }
    // For those before it, too.
    names.allowed.add_permits(129);
    assert_eq!(lookups.find(&account(1), "late.example").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_failure_is_shared_and_remembered_but_not_for_our_own_questions() {
    let (lookups, names) = lookups(LONG);
    names.allowed.add_permits(10);
    for number in 0..5 {
        let error = lookups.find(&account(number), "no.example").await.unwrap_err();
        assert_eq!(error.to_string(), "unknown");
    }
    assert_eq!(names.begun.load(Ordering::SeqCst), 1);
    for begun in 2..4 {
        lookups.find(&None, "no.example").await.unwrap_err();
        assert_eq!(names.begun.load(Ordering::SeqCst), begun);
    }
}
