use super::*;

fn reply(status: u16, body: &'static str) -> Result<Reply, String> {
    Ok(Reply {
        status,
        body: body.into(),
    })
}

#[test]
fn only_what_was_refused_is_sent_again() {
    let mut pushed = Pushed::new();
    let body = r#"{"results":[{"status":202,"deliveries":2},{"status":503,"error":{"code":"unavailable"}}]}"#;
    assert_eq!(refused(&mut pushed, vec![7, 8, 9], 0, reply(202, body)), [8, 9]);
    assert_eq!((pushed.accepted, pushed.deliveries), (1, 2));
    assert_eq!(pushed.refused["unavailable"], 1);
    assert_eq!(pushed.refused["no result"], 1);
    assert_eq!(refused(&mut pushed, vec![8, 9], 0, reply(500, "oops")), [8, 9]);
    assert_eq!(refused(&mut pushed, vec![8], 0, Err("gone".to_owned())), [8]);
    assert_eq!(
        (
            pushed.accepted,
            pushed.refused["500: oops"],
            pushed.refused["gone"]
        ),
        (1, 2, 1)
    );
}
