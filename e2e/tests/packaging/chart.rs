//! The Helm chart: what it renders is what Kubernetes knows, starts our programs with variables that they read, and gives them no rights.
//!
//! Rendered by Go's templates and sprig's functions, which Helm is made of, and compared with Kubernetes' schemas of several versions. Neither Helm
//! itself nor a cluster has seen it.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use e2e::process::Process;
use e2e::temp_dir::TempDir;
use e2e::workspace::{root, tools};
use serde_json::{Value, json};

/// The oldest version that the chart says it needs, and later ones.
const VERSIONS: [&str; 4] = ["1.25", "1.29", "1.33", "1.37"];

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Renders the chart with these values.
fn render(values: &Value) -> Result<String, String> {
    let dir = TempDir::new("chart");
    let file = dir.path().join("values.yaml");
    // JSON is YAML.
    std::fs::write(&file, values.to_string()).unwrap();
    let output = run(Command::new("go")
        .args(["run", "render.go"])
        .arg(root().join("ops/helm/webhooks"))
        .args([file.to_str().unwrap(), "prod", "chat"])
        .current_dir(root().join("e2e/chart"))
        // With Debian's packages of the libraries.
        .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("GOFLAGS", "")])
        .env("GOCACHE", dir.path().join("cache")));
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// What it renders, by kind and name, once Kubernetes has nothing to say of it.
fn manifests(values: &Value) -> BTreeMap<String, Value> {
    let dir = TempDir::new("manifests");
    let file = dir.path().join("manifests.yaml");
    std::fs::write(&file, render(values).unwrap()).unwrap();
    let output = run(Command::new("python3")
        .arg(root().join("e2e/chart/validate.py"))
        .arg(&file)
        .args(VERSIONS)
        .env("PYTHONPATH", tools("chart")));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    all.into_iter()
        .map(|one| {
            let kind = one["kind"].as_str().unwrap();
            let name = one["metadata"]["name"].as_str().unwrap();
            (format!("{kind} {name}"), one)
        })
        .collect()
}

/// As somebody would who sets all that there is.
fn everything() -> Value {
    json!({
        "storeId": "st_0123456789",
        "image": {"repository": "registry.example.com/webhooks", "tag": "1.2.3"},
        "imagePullSecrets": [{"name": "registry"}],
        "env": {"STORE_BUDGET_BYTES": 1_073_741_824_u64, "ALLOW_HTTP": false, "HEADER_PREFIX": "X-Acme"},
        "api": {
            "env": {"CLERK_ISSUER": "https://acme.example.com", "CLERK_JWT_KEY": "@/etc/webhooks/CLERK_JWT_KEY"},
            "ingress": {"enabled": true, "className": "nginx", "annotations": {"example.com/a": "b"}},
            "pod": {"nodeSelector": {"disk": "fast"}, "tolerations": [{"operator": "Exists"}]},
        },
        "secretFiles": {"api": ["SECRETS_KEY", "SERVICE_KEYS", "CLERK_JWT_KEY"], "worker": ["SECRETS_KEY", "redis-ca.pem"]},
        "worker": {"autoscaling": {"enabled": true}, "pod": {"priorityClassName": "high"}},
        "networkPolicy": {"redis": {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [6379, 26379]}},
    })
}

fn container(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]
}

fn variables(container: &Value) -> BTreeMap<&str, Option<&str>> {
    let all = container["env"].as_array().unwrap();
    let entries = all
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["value"].as_str()));
    let found: BTreeMap<_, _> = entries.collect();
    assert_eq!(found.len(), all.len(), "a variable stands twice: {all:?}");
    found
}

#[test]
fn kubernetes_knows_what_it_renders() {
    let few = manifests(&json!({"storeId": "st_0123456789"}));
    let kinds: Vec<_> = few.keys().map(String::as_str).collect();
    let least = [
        "Deployment prod-api",
        "Deployment prod-worker",
        "Job prod-store-accept",
        "NetworkPolicy prod-api",
        "NetworkPolicy prod-worker",
        "PodDisruptionBudget prod-api",
        "PodDisruptionBudget prod-worker",
        "Service prod-api",
    ];
    assert_eq!(kinds, least);
    assert_eq!(few["Deployment prod-worker"]["spec"]["replicas"], 2);
    let all = manifests(&everything());
    let more: Vec<_> = all.keys().filter(|kind| !few.contains_key(*kind)).collect();
    assert_eq!(more, ["HorizontalPodAutoscaler prod-worker", "Ingress prod-api"]);
    // Else each upgrade would take back what the autoscaler did.
    assert_eq!(all["Deployment prod-worker"]["spec"]["replicas"], Value::Null);
    let error = render(&json!({})).unwrap_err();
    assert!(
        error.contains("storeId: a line of `webhooksctl store id`"),
        "{error}"
    );
}

#[test]
fn programs_read_the_variables_and_secrets_come_from_the_secret() {
    let all = manifests(&everything());
    for (part, program) in [("api", "webhooks-api"), ("worker", "webhooks-worker")] {
        let container = container(&all[&format!("Deployment prod-{part}")]);
        assert_eq!(container["command"], json!([program]));
        assert_eq!(container["image"], "registry.example.com/webhooks:1.2.3");
        let help = String::from_utf8(Process::run(program, &["--help"], &[]).stdout).unwrap();
        let variables = variables(container);
        for name in variables.keys() {
            assert!(help.contains(&format!("[env: {name}")), "{program} has no {name}");
        }
        // Not as 1.073741824e+09.
        assert_eq!(variables["STORE_BUDGET_BYTES"], Some("1073741824"));
        assert_eq!(variables["ALLOW_HTTP"], Some("false"));
        assert_eq!(variables["REDIS_URL"], None);
        assert_eq!(variables["SECRETS_KEY"], Some("@/etc/webhooks/SECRETS_KEY"));
    }
    // No program sees more of the Secret than it needs, nor the other's way to Redis.
    for (kind, files) in [
        (
            "Deployment prod-api",
            &["SECRETS_KEY", "SERVICE_KEYS", "CLERK_JWT_KEY"][..],
        ),
        ("Deployment prod-worker", &["SECRETS_KEY", "redis-ca.pem"]),
        ("Job prod-store-accept", &["SECRETS_KEY", "redis-ca.pem"]),
    ] {
        let pod = &all[kind]["spec"]["template"]["spec"];
        let items: Vec<_> = files
            .iter()
            .map(|file| json!({"key": file, "path": file}))
            .collect();
        assert_eq!(pod["volumes"][0]["secret"]["items"], json!(items), "{kind}");
        assert_eq!(
            pod["containers"][0]["volumeMounts"][0]["mountPath"],
            "/etc/webhooks"
        );
    }
    // What decides about a new store is what the programs will have.
    let accept = container(&all["Job prod-store-accept"]);
    assert_eq!(variables(accept)["HEADER_PREFIX"], Some("X-Acme"));
}

#[test]
fn pods_have_no_rights_and_time_to_end() {
    let all = manifests(&everything());
    for kind in [
        "Deployment prod-api",
        "Deployment prod-worker",
        "Job prod-store-accept",
    ] {
        let pod = &all[kind]["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false, "{kind}");
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{kind}");
        let context = &pod["containers"][0]["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true, "{kind}");
        assert_eq!(context["allowPrivilegeEscalation"], false, "{kind}");
        assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{kind}");
        assert!(pod["containers"][0]["resources"]["limits"]["memory"].is_string());
    }
    let api = &all["Deployment prod-api"]["spec"]["template"]["spec"];
    let drain = variables(&api["containers"][0])["DRAIN_DELAY"].unwrap();
    let drain: u64 = drain.strip_suffix('s').unwrap().parse().unwrap();
    assert!(api["terminationGracePeriodSeconds"].as_u64().unwrap() >= drain + 10);
    // Balancers have noticed before it ends.
    let probe = &api["containers"][0]["readinessProbe"];
    let noticed = probe["periodSeconds"].as_u64().unwrap() * probe["failureThreshold"].as_u64().unwrap();
    assert!(noticed < drain, "{noticed} s of {drain}");
}

/// What the autoscaler goes by is what the page on operations tells to set up.
#[test]
fn the_autoscaler_goes_by_what_the_page_says() {
    let all = manifests(&everything());
    let page = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let metrics = all["HorizontalPodAutoscaler prod-worker"]["spec"]["metrics"].clone();
    let names: Vec<_> = metrics.as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 2);
    for metric in names {
        let name = metric["external"]["metric"]["name"].as_str().unwrap();
        assert!(page.contains(&format!("name: {{ as: {name} }}")), "{name}");
    }
}
