use super::*;

#[tokio::test]
async fn it_answers_what_the_work_returned_and_outlives_a_panic() {
    assert_eq!(run(|| 7).await, Some(7));
    let panicked: Option<()> = run(|| panic!("an examination that panics")).await;
    assert_eq!(panicked, None);
    assert_eq!(run(|| 8).await, Some(8));
}

/// The field `nice` of a thread, the 19th of its `stat` (proc(5)).
#[cfg(target_os = "linux")]
fn niceness() -> i32 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, behind_name) = stat.rsplit_once(") ").unwrap();
    behind_name.split(' ').nth(16).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_gives_way_to_every_other_thread() {
    let before = niceness();
    assert_eq!(run(niceness).await, Some(LOWEST));
    assert_eq!(niceness(), before);
}

#[tokio::test]
async fn an_examination_rests_for_three_times_as_long_as_it_works() {
    let (worked, took) = run(|| {
        let began = std::time::Instant::now();
        let clock = clock();
        let first = clock();
        let mut worked = Duration::ZERO;
        while worked < Duration::from_millis(20) {
            worked = clock() - first;
        }
        (worked, began.elapsed())
    })
    .await
    .unwrap();
    // The last slice may be followed by no rest.
    assert!(
        took >= worked + (worked - SLICE * 2) * REST / 2,
        "{worked:?} of {took:?}"
    );
}
