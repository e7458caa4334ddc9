use super::*;

const NOW: u64 = 1_800_000_000;

struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("webhooksctl-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn collect(&self, environment: &[(&str, &str)]) -> Variables {
        let keys = DevKeys::open(&self.0).unwrap();
        let find = |name: &str| environment.iter().find(|(known, _)| *known == name);
        collect(&keys, NOW, |name| {
            find(name).map(|(_, value)| Ok((*value).to_owned()))
        })
        .unwrap()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn keys_are_made_once_and_the_token_is_renewed() {
    let dir = Dir::new("keys");
    let first = dir.collect(&[]);
    let second = dir.collect(&[]);
    for name in [
        "SERVICE_KEY",
        "SERVICE_KEYS",
        "SECRETS_KEY",
        "CLERK_JWT_KEY",
        "STORE_ID",
    ] {
        assert_eq!(first.get(name), second.get(name), "{name}");
    }
    let keys = DevKeys::open(&dir.0).unwrap();
    let later = keys.session_token(ISSUER, PARTY, NOW + 1).unwrap();
    assert_ne!(first.get("DASHBOARD_TOKEN"), Some(later.as_str()));
}

#[test]
fn what_is_set_wins_the_empty_string_too() {
    let dir = Dir::new("overrides");
    let variables = dir.collect(&[
        ("ALLOW_NETWORKS", ""),
        ("API_LISTEN", "0.0.0.0:8080"),
        ("RETRY_SCHEDULE", "1s,2s"),
        ("SERVICE_KEYS", "other:00"),
        ("CLERK_JWKS_URL", "https://keys.example/jwks.json"),
    ]);
    for (name, value) in [
        ("ALLOW_NETWORKS", Some("")),
        ("API_URL", Some("http://127.0.0.1:8080")),
        ("RETRY_SCHEDULE", Some("1s,2s")),
        ("SERVICE_KEY", Some("")),
        ("DASHBOARD_TOKEN", Some("")),
        ("CLERK_JWT_KEY", None),
        ("ACCOUNT_ID", Some(ACCOUNT)),
        ("LOG_LENGTH", None),
    ] {
        assert_eq!(variables.get(name), value, "{name}");
    }
}

#[test]
fn the_file_is_private_and_complete() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new("file");
    write(&DevEnvArgs {
        data_dir: dir.0.clone(),
    })
    .unwrap();
    let path = dir.0.join("dev.env");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    for name in [
        "API_URL",
        "DASHBOARD_TOKEN",
        "SERVICE_KEY",
        "ACCOUNT_ID",
        "REDIS_URL",
        "SECRETS_KEY",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(&format!("{name}="))),
            "{name}"
        );
    }
}
