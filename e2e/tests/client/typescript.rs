//! Clients in TypeScript.

use crate::story;
use crate::workshop::Workshop;

const COMPILER: &str = "node_modules/typescript/bin/tsc";

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_life_of_an_endpoint_runs_through_the_types_of_openapi_typescript() {
    let workshop = Workshop::with("client", "openapi_typescript");
    workshop.node(&[
        "node_modules/openapi-typescript/bin/cli.js",
        "openapi.json",
        "--output",
        "api.ts",
    ]);
    workshop.node(&[COMPILER, "--strict", "--project", "."]);
    story::runs(move |variables| workshop.run("node", &["out/life.js"], variables)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_endpoint_runs_through_the_client_of_hey_api() {
    let workshop = Workshop::with("client", "hey_api");
    workshop.node(&["node_modules/@hey-api/openapi-ts/bin/run.js"]);
    // Its own code isn't as strict as ours about fields that are absent.
    let lenient = ["--exactOptionalPropertyTypes", "false"];
    workshop.node(&[&[COMPILER, "--strict", "--project", "."], &lenient[..]].concat());
    story::runs(move |variables| workshop.run("node", &["out/life.js"], variables)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_endpoint_runs_through_the_client_of_orval() {
    let workshop = Workshop::with("client", "orval");
    let from = ["--input", "./openapi.json", "--output", "./api.ts"];
    let orval = ["node_modules/orval/dist/bin/orval.js", "--client", "fetch"];
    workshop.node(&[&orval[..], &from[..]].concat());
    workshop.node(&[COMPILER, "--strict", "--project", "."]);
    story::runs(move |variables| workshop.run("node", &["out/life.js"], variables)).await;
}
