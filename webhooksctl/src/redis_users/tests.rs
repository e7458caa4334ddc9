use super::*;

#[test]
fn each_user_has_a_password_of_its_own_with_its_hash() {
    let text = new_passwords();
    let value = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap().to_owned()
    };
    let mut passwords = Vec::new();
    for user in USERS {
        let password = value(&format!("REDIS_{user}_PASSWORD"));
        let hash = value(&format!("REDIS_{user}_PASSWORD_SHA256"));
        assert_eq!(hash, hex::encode(Sha256::digest(&password)));
        assert!(password.len() >= 43 && !passwords.contains(&password));
        passwords.push(password);
    }
}
