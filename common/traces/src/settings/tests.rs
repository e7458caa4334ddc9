use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    traces: TracesArgs,
}

fn args(flags: &[&str]) -> Result<TracesArgs, String> {
    let parsed = Program::try_parse_from([&["program"], flags].concat());
    parsed
        .map(|program| program.traces)
        .map_err(|error| program::config::one_sentence(&error))
}

fn settings(flags: &[&str]) -> Option<Settings> {
    args(flags).unwrap().settings("webhooks-api", "1.2.3")
}

#[test]
fn without_an_address_nothing_is_exported() {
    assert!(settings(&[]).is_none());
    assert!(settings(&["--otel-exporter-otlp-endpoint", ""]).is_none());
    assert!(
        settings(&[
            "--otel-exporter-otlp-endpoint",
            "http://a",
            "--otel-sdk-disabled",
            "true"
        ])
        .is_none()
    );
}

#[test]
fn the_address_for_spans_follows_from_the_one_for_everything() {
    for (given, url) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://a.example/otlp/", "https://a.example/otlp/v1/traces"),
    ] {
        let settings = settings(&["--otel-exporter-otlp-endpoint", given]).unwrap();
        assert_eq!(settings.url.as_str(), url);
    }
    let whole = [
        "--otel-exporter-otlp-endpoint",
        "http://a",
        "--otel-exporter-otlp-traces-endpoint",
        "http://b/c",
    ];
    assert_eq!(settings(&whole).unwrap().url.as_str(), "http://b/c");
}

#[test]
fn the_program_has_its_name_unless_another_is_given() {
    let name = |flags: &[&str]| {
        let flags = [&["--otel-exporter-otlp-endpoint", "http://a"], flags].concat();
        settings(&flags).unwrap().resource
    };
    let version = ("service.version".to_owned(), "1.2.3".to_owned());
    let named = |text: &str| vec![(SERVICE_NAME.to_owned(), text.to_owned()), version.clone()];
    assert_eq!(name(&[]), named("webhooks-api"));
    assert_eq!(
        name(&["--otel-resource-attributes", "service.name=a"]),
        named("a")
    );
    let both = name(&[
        "--otel-resource-attributes",
        "service.name=a, team=x%20y",
        "--otel-service-name",
        "b",
    ]);
    assert_eq!(both[..2], named("b"));
    assert_eq!(both[2..], [("team".to_owned(), "x y".to_owned())]);
}

#[test]
fn wrong_values_are_told_with_the_variable_and_no_secret() {
    for (flag, value, sentence) in [
        (
            "--otel-exporter-otlp-endpoint",
            "127.0.0.1:4318",
            "OTEL_EXPORTER_OTLP_ENDPOINT: must be an address",
        ),
        (
            "--otel-exporter-otlp-headers",
            "hunter2",
            "OTEL_EXPORTER_OTLP_HEADERS: must be name=value",
        ),
        (
            "--otel-exporter-otlp-headers",
            "a=hunter2%0a",
            "OTEL_EXPORTER_OTLP_HEADERS: has a name or a value",
        ),
        (
            "--otel-exporter-otlp-protocol",
            "grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf",
        ),
        (
            "--otel-exporter-otlp-timeout",
            "0",
            "OTEL_EXPORTER_OTLP_TIMEOUT: 0 is not in 1..=60000",
        ),
        (
            "--otel-resource-attributes",
            "a=%zz",
            "OTEL_RESOURCE_ATTRIBUTES: must be name=value",
        ),
        (
            "--otel-traces-sampler",
            "some",
            "OTEL_TRACES_SAMPLER: must be one of always_on",
        ),
        (
            "--otel-traces-sampler-arg",
            "1.5",
            "OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1",
        ),
    ] {
        let said = args(&[flag, value]).unwrap_err();
        assert!(said.starts_with(sentence) && !said.contains("hunter2"), "{said}");
    }
    let headers = args(&["--otel-exporter-otlp-headers", "api-key=hunter2"]).unwrap();
    assert!(!format!("{headers:?}").contains("hunter2"));
}
