use super::*;

#[test]
fn each_user_has_a_password_of_its_own_with_its_hash() {
    let text = new_passwords(&Arguments { several: false });
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

#[test]
fn several_servers_get_passwords_of_their_own_beside_those() {
    let text = new_passwords(&Arguments { several: true });
    let lines: Vec<_> = text.lines().map(|line| line.split_once('=').unwrap()).collect();
    let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, OF_SEVERAL);
    for (place, (name, password)) in lines.iter().enumerate() {
        assert!(password.len() >= 43, "{name}");
        assert!(lines[..place].iter().all(|(_, other)| other != password), "{name}");
    }
}
