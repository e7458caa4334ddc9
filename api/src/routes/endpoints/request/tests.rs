use super::super::change::ChangeEndpoint;
use super::*;
use crate::json::assert_required_is_right;

#[test]
fn what_an_endpoint_must_have_is_told_when_it_is_missing() {
    assert_required_is_right::<CreateEndpoint>();
    assert_required_is_right::<ChangeEndpoint>();
}
