use super::*;

#[test]
fn a_subscription_is_a_type_an_account_event_or_all_types() {
    let lead = Subscription::Only(EventType::LEAD_CAPTURED);
    let disabled = Subscription::Account(AccountEvent::EndpointDisabled);
    for subscription in [Subscription::All, lead, disabled] {
        assert_eq!(
            subscription.as_str().parse::<Subscription>().unwrap(),
            subscription
        );
    }
    for bad in ["", "lead.*", " lead.captured", "endpoint.invented", "**"] {
        assert!(bad.parse::<Subscription>().is_err(), "{bad}");
    }
    assert!(Subscription::All.covers(lead) && lead.covers(lead));
    assert!(!Subscription::All.covers(disabled) && !lead.covers(Subscription::All));
}
