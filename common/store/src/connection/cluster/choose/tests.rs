use super::*;

fn seen(is_ok: bool, epoch: u64) -> Answer {
    Answer::Seen(View {
        is_ok,
        epoch,
        ranges: Vec::new(),
    })
}

#[test]
fn the_latest_change_counts_where_the_cluster_works() {
    for (answers, known, expected) in [
        (vec![seen(true, 3), seen(true, 4), seen(true, 2)], None, Some(4)),
        (vec![seen(true, 3), seen(false, 9)], Some(3), Some(3)),
        (vec![seen(false, 3), seen(false, 4)], Some(3), Some(4)),
        (vec![Answer::NoCluster, seen(true, 3)], None, Some(3)),
        (vec![seen(true, 3)], Some(4), None),
        (
            vec![seen(true, 1), seen(true, 1), seen(true, 1)],
            Some(4),
            Some(1),
        ),
        (vec![seen(true, 1), seen(true, 1)], Some(4), Some(1)),
        (vec![seen(true, 1), Answer::Failed(String::new())], Some(4), None),
    ] {
        let found = choose(answers.clone(), 3, known).ok().map(|view| view.epoch);
        assert_eq!(found, expected, "{answers:?} {known:?}");
    }
}

#[test]
fn only_if_all_answer_the_settings_are_wrong() {
    let (failed, refused) = (
        Answer::Failed("cut".to_owned()),
        Answer::Refused("NOAUTH".to_owned()),
    );
    let no = Answer::NoCluster;
    assert!(matches!(
        choose(vec![no.clone(), no.clone()], 2, None),
        Err(Lost::Nowhere(_))
    ));
    for (answers, part) in [
        (vec![no.clone()], "in time"),
        (vec![no.clone(), failed.clone()], "another one fails: cut"),
        (
            vec![failed.clone(), refused],
            "no node of the cluster answers: NOAUTH",
        ),
        (
            vec![failed.clone(), failed],
            "no node of the cluster answers: cut",
        ),
        (Vec::new(), "in time"),
    ] {
        match choose(answers.clone(), 2, None) {
            Err(Lost::Meanwhile(reason)) => assert!(reason.contains(part), "{answers:?}: {reason}"),
            found => panic!("{answers:?}: {found:?}"),
        }
    }
}
