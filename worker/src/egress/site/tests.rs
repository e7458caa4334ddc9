use super::Site;

#[test]
fn names_that_one_owner_can_make_count_once() {
    for (one, other, are_same) in [
        ("a.example.com", "b.c.example.com", true),
        ("Example.com.", "example.com", true),
        ("example.com", "example.org", false),
        ("one.co.uk", "two.co.uk", false),
        ("a.one.co.uk", "b.one.co.uk", true),
        // Customers of a platform whose suffix is on the list are apart.
        ("one.github.io", "two.github.io", false),
        ("127.0.0.1", "127.0.0.2", false),
        ("[2001:db8::1]", "[2001:db8::ffff:2]", true),
        ("[2001:db8::1]", "[2001:db8:0:1::1]", false),
        ("localhost", "localhost", true),
    ] {
        assert_eq!(Site::of(one) == Site::of(other), are_same, "{one} and {other}");
    }
}
