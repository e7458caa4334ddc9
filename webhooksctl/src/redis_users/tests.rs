use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn arguments(flags: &[&str]) -> Arguments {
    Line::parse_from(["redis-passwords"].iter().chain(flags)).arguments
}

#[test]
fn each_user_has_a_password_of_its_own_with_its_hash() {
    let text = new_passwords(&arguments(&[]));
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
    assert_eq!(text.lines().count(), 2 * USERS.len());
    let added = new_passwords(&arguments(&["--operator-write"]));
    let names: Vec<_> = added
        .lines()
        .map(|line| line.split_once('=').unwrap().0)
        .collect();
    assert_eq!(
        names,
        [
            "REDIS_OPERATOR_WRITE_PASSWORD",
            "REDIS_OPERATOR_WRITE_PASSWORD_SHA256"
        ]
    );
}

#[test]
fn several_servers_get_passwords_of_their_own_beside_those() {
    for (flag, wanted) in [("--sentinel", &OF_SENTINEL[..]), ("--cluster", &OF_CLUSTER[..])] {
        let text = new_passwords(&arguments(&[flag]));
        let lines: Vec<_> = text.lines().map(|line| line.split_once('=').unwrap()).collect();
        let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, wanted);
        for (place, (name, password)) in lines.iter().enumerate() {
            assert!(password.len() >= 43, "{name}");
            assert!(
                lines[..place].iter().all(|(_, other)| other != password),
                "{name}"
            );
        }
    }
}
