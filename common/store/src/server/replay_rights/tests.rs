use super::*;

#[test]
fn one_command_that_it_may_not_run_is_enough() {
    let answers = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(judge(&answers(&["OK", "OK"])), None);
    let refusal = judge(&answers(&["OK", "no permissions to run 'hset'", "no to others"])).unwrap();
    assert!(
        refusal.contains("'hset'") && refusal.contains(WANTED) && !refusal.contains("others"),
        "{refusal}"
    );
}
