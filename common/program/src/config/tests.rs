use super::*;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    urls: UrlArgs,
    #[command(flatten)]
    secrets: SecretsArgs,
    #[command(flatten)]
    log: LogArgs,
}

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn wrong(arguments: &[&str]) -> String {
    one_sentence(&Program::try_parse_from([&["program"], arguments].concat()).unwrap_err())
}

#[test]
fn a_wrong_value_is_refused_in_one_sentence_with_the_variable() {
    for (arguments, sentence) in [
        (
            vec!["--secrets-key", KEY, "--store-budget-bytes", "0"],
            "STORE_BUDGET_BYTES: must be more than zero",
        ),
        (
            vec!["--secrets-key", KEY, "--allow-networks", "10.0.0.0"],
            "ALLOW_NETWORKS: `10.0.0.0` is not a network such as 127.0.0.0/8",
        ),
        (
            vec!["--secrets-key", KEY, "--log-format", "xml"],
            "LOG_FORMAT: must be one of text, json",
        ),
        (vec![], "SECRETS_KEY: must be set; see --help"),
    ] {
        assert_eq!(wrong(&arguments), sentence);
    }
    assert!(wrong(&["--secrets-key", "hunter2"]).starts_with("SECRETS_KEY: must be the base64"));
    assert!(!wrong(&["--secrets-key", "hunter2"]).contains("hunter2"));
}

#[test]
fn an_empty_list_opens_nothing() {
    let program = Program::try_parse_from(["program", "--secrets-key", KEY, "--allow-networks", ""]).unwrap();
    assert!(
        program
            .urls
            .policy()
            .addresses
            .check("127.0.0.1".parse().unwrap())
            .is_err()
    );
}
