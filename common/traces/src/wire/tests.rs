use super::Message;

fn written(write: impl FnOnce(&mut Message)) -> Vec<u8> {
    let mut message = Message::default();
    write(&mut message);
    message.finish()
}

/// The examples of protobuf's own description of the format.
#[test]
fn fields_are_written_as_the_format_describes_them() {
    assert_eq!(written(|message| message.number(1, 150)), [0x08, 0x96, 0x01]);
    assert_eq!(
        written(|message| message.text(2, "testing")),
        [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]
    );
    assert_eq!(
        written(|message| message.message(3, |inner| inner.number(1, 150))),
        [0x1a, 0x03, 0x08, 0x96, 0x01]
    );
}

#[test]
fn numbers_have_their_widths_and_defaults_are_left_out() {
    assert_eq!(
        written(|message| message.fixed64(7, 1)),
        [0x39, 1, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        written(|message| message.fixed32(16, 1)),
        [0x85, 0x01, 1, 0, 0, 0]
    );
    assert_eq!(written(|message| message.number(1, u64::MAX)).len(), 11);
    assert!(written(|message| message.number(1, 0)).is_empty());
    assert!(written(|message| message.text(1, "")).is_empty());
    assert_eq!(written(|message| message.choice(3, 0)), [0x18, 0]);
}
