//! Debian's Prometheus, which scrapes the programs of a system every second.

use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::system::System;
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use e2e::workspace::tools;
use serde_json::Value;

/// A running Prometheus.
pub(crate) struct Prometheus {
    child: Child,
    caller: Caller,
    dir: TempDir,
}

impl Prometheus {
    /// Starts one that scrapes what runs of a system now, and waits until it has done so twice.
    pub(crate) async fn of(system: &System) -> Self {
        let dir = TempDir::new("prometheus");
        let address = |process: &Process, variable| process.variable(variable).unwrap().to_owned();
        let workers = system
            .workers
            .iter()
            .map(|worker| address(worker, "WORKER_LISTEN"));
        let jobs = [
            ("webhooks-api", vec![address(&system.api, "API_ADMIN_LISTEN")]),
            ("webhooks-worker", workers.collect()),
        ];
        let mut text = "global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n".to_owned();
        for (job, targets) in &jobs {
            writeln!(
                text,
                "  - job_name: {job}\n    static_configs: [{{ targets: {targets:?} }}]"
            )
            .unwrap();
        }
        let config = dir.path().join("prometheus.yml");
        std::fs::write(&config, text).unwrap();
        let listen = format!("127.0.0.1:{}", free_port());
        let child = Command::new(tools("receivers").join("prometheus"))
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                dir.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={listen}"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let caller = Caller::new(&format!("http://{listen}"), None);
        let prometheus = Self { child, caller, dir };
        let scraped = jobs.iter().map(|(_, targets)| targets.len()).sum::<usize>();
        let twice = format!("count(count_over_time(up[30s]) >= 2) == {scraped}");
        prometheus.wait_for(&twice).await;
        prometheus
    }

    /// The series that an expression has now.
    pub(crate) async fn ask(&self, expression: &str) -> Result<Vec<Value>, String> {
        let mut url = reqwest::Url::parse("http://prometheus/api/v1/query").unwrap();
        url.query_pairs_mut().append_pair("query", expression);
        let path = format!("{}?{}", url.path(), url.query().unwrap());
        let request = self.caller.request(reqwest::Method::GET, &path);
        let reply = Caller::try_send(request).await.map_err(|error| {
            let log = std::fs::read_to_string(self.dir.path().join("log"));
            format!("{error}: {}", log.unwrap_or_default())
        })?;
        if reply.status == 503 {
            return Err(reply.text);
        }
        assert_eq!(reply.body["status"], "success", "{expression}: {}", reply.text);
        Ok(reply.body["data"]["result"].as_array().unwrap().clone())
    }

    /// Waits until an expression has a series whose value is a number.
    pub(crate) async fn wait_for(&self, expression: &str) -> Vec<Value> {
        eventually(LONG, expression, async || {
            let found = self.ask(expression).await?;
            check(found.iter().any(is_number), format!("{found:?}"))?;
            Ok(found)
        })
        .await
    }
}

/// Whether the value of a series is a finite number.
fn is_number(series: &Value) -> bool {
    let value = series["value"][1]
        .as_str()
        .and_then(|value| value.parse::<f64>().ok());
    value.is_some_and(f64::is_finite)
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
