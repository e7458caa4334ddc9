use super::*;

#[test]
fn a_secret_is_shown_in_answers_only() {
    let secret = SigningSecret::generate();
    let shown = SecretText::from(&secret);
    assert_eq!(serde_json::to_value(&shown).unwrap(), secret.expose());
    assert!(!format!("{shown:?}").contains(&secret.expose()["whsec_".len()..]));
}
