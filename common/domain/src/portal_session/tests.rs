use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;

const END: i64 = 1_774_539_000_123;

fn end() -> Timestamp {
    Timestamp::from_millis(END).unwrap()
}

#[test]
fn a_token_names_its_account_its_session_and_its_end() {
    for (account, written) in [("org:org_2abcDEF", "org_2abcDEF"), ("org:a_b.c-d", "org~a_b.c-d")] {
        let account: AccountId = account.parse().unwrap();
        let token = PortalToken::generate(&account);
        let text = token.until(end()).expose_secret().to_owned();
        let digits = text.strip_prefix(&format!("rkp_{written}_")).unwrap();
        let digits = digits.strip_suffix(&format!("_{END}")).unwrap();
        assert_eq!(digits.len(), 48);
        assert_eq!(token.id().as_str(), format!("ps_{}", &digits[..16]));
        let (again, expires) = PortalToken::parse(&text).unwrap();
        assert_eq!(
            (again.account(), again.id(), again.hash(), expires),
            (&account, token.id(), token.hash(), end())
        );
        assert!(!format!("{token:?}").contains(&digits[16..]));
    }
}

#[test]
fn each_token_has_one_spelling() {
    let digits = "0123456789abcdefghjkmnpqrstvwxyz0123456789abcdef";
    assert!(PortalToken::parse(&format!("rkp_org_1_{digits}_{END}")).is_ok());
    for text in [
        format!("rkp_org_1_{digits}_0{END}"),
        format!("rkp_org_1_{digits}_+{END}"),
        format!("rkp_org_1_{digits}_-{END}"),
        format!("rkp_org_1_{digits}_"),
        format!("rkp_org_1_{digits}_99999999999999999999"),
        format!("rkp_org_1_{digits}"),
        format!("rkp_{digits}_{END}"),
        format!("rkp_org:acme_{digits}_{END}"),
        format!("rk_live_org_1_{digits}_{END}"),
        "rkp_".to_owned(),
        "rkp__".to_owned(),
    ] {
        assert!(PortalToken::parse(&text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_as_a_token_or_refused(text in "(rkp_)?[ -~]{0,160}") {
        if let Ok((token, expires)) = PortalToken::parse(&text) {
            let again = token.until(expires);
            prop_assert_eq!(again.expose_secret(), text.as_str());
        }
    }

    #[test]
    fn every_account_can_have_sessions(kind in "(org|user)", id in "[A-Za-z0-9_.-]{1,100}") {
        let account: AccountId = format!("{kind}:{id}").parse().unwrap();
        let token = PortalToken::generate(&account).until(end());
        let (read, _) = PortalToken::parse(token.expose_secret()).unwrap();
        prop_assert_eq!(read.account(), &account);
    }
}
