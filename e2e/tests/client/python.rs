//! A client in Python.

use crate::story;
use crate::workshop::Workshop;

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_an_endpoint_runs_through_the_client_of_openapi_python_client() {
    let workshop = Workshop::with("openapi-python", "openapi_python_client");
    let generate = [
        "-m",
        "openapi_python_client",
        "generate",
        "--path",
        "openapi.json",
    ];
    let into = ["--output-path", "api", "--meta", "none"];
    let strictly = ["--config", "config.yaml", "--fail-on-warning"];
    workshop.python(&[&generate[..], &into, &strictly].concat(), &Vec::new());
    story::runs(move |variables| workshop.python(&["life.py"], variables)).await;
}
