use super::*;

#[test]
fn a_password_is_not_printed() {
    let url = parse_redis_url("redis://user:hunter2@host:6379").unwrap();
    assert!(!format!("{url} {url:?}").contains("hunter2"));
    assert_eq!(url.to_string(), "redis://user:…@host:6379");
    for (text, shown) in [
        ("redis://host", "redis://host"),
        ("rediss://:hunter2@host:1/2", "rediss://:…@host:1/2"),
        ("redis://[::1]:6379/", "redis://[::1]:6379/"),
    ] {
        assert_eq!(parse_redis_url(text).unwrap().to_string(), shown);
    }
    for bad in ["rediss://host/#insecure", "redis://host?password=hunter2"] {
        assert!(!parse_redis_url(bad).unwrap_err().contains("hunter2"));
    }
}
