//! Real servers: those of `.tools`, which `scripts/test` puts there, and those that came with Python and Node.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use e2e::ports::free_port;
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, eventually};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;

/// A server that runs until the test kills or drops it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: String,
    words: Vec<String>,
    environment: Vec<(String, String)>,
    port: u16,
    dir: TempDir,
    child: Option<Child>,
}

impl Server {
    /// gunicorn, with these options beside where it listens; each request takes `handler` seconds.
    pub(super) async fn gunicorn(options: &[&str], handler: f32) -> Self {
        let server = Self::new("gunicorn", handler);
        let bind = format!("127.0.0.1:{}", server.port);
        let mut words = vec![
            "python3",
            "-m",
            "gunicorn",
            "--bind",
            &bind,
            "--no-control-socket",
        ];
        words.extend(options);
        words.push("app:app");
        server.run(&words).await
    }

    /// waitress.
    pub(super) async fn waitress(handler: f32) -> Self {
        let server = Self::new("waitress", handler);
        let listen = format!("--listen=127.0.0.1:{}", server.port);
        server
            .run(&["python3", "-m", "waitress", &listen, "app:app"])
            .await
    }

    /// Python's `http.server`.
    pub(super) async fn http_server(handler: f32) -> Self {
        let server = Self::new("http.server", handler);
        let port = server.port.to_string();
        server.run(&["python3", "one_at_a_time.py", &port]).await
    }

    /// PHP's built-in server.
    pub(super) async fn php(handler: f32) -> Self {
        let server = Self::new("php -S", handler);
        let (program, listen) = (tool("receivers/php"), format!("127.0.0.1:{}", server.port));
        server
            .run(&[program.to_str().unwrap(), "-n", "-q", "-S", &listen, "index.php"])
            .await
    }

    /// Node's HTTP server.
    pub(super) async fn node(handler: f32) -> Self {
        let server = Self::new("node", handler);
        let port = server.port.to_string();
        server.run(&["node", "server.js", &port]).await
    }

    /// A receiver on Python's `ssl`, with this certificate and key, that never says goodbye.
    pub(super) async fn abrupt_tls([certificate, key]: &[PathBuf; 2]) -> Self {
        let server = Self::new("ssl", 0.0);
        let port = server.port.to_string();
        let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
        server
            .run(&["python3", "abrupt_tls.py", &port, certificate, key])
            .await
    }

    /// nginx, with what `http` and `server` say; `listen` is what follows the address there. What it answers with a 200 arrived.
    pub(super) async fn nginx(http: &str, listen: &str, server: &str) -> Self {
        let nginx = Self::new("nginx", 0.0);
        let (dir, port) = (nginx.dir.path().to_str().unwrap(), nginx.port);
        let arrivals = nginx.arrivals_file();
        let text = format!(
            "daemon off; master_process on; worker_processes 2; pid {dir}/pid; error_log stderr;
             events {{ worker_connections 1024; }}
             http {{
               map $status $arrived {{ 200 1; default 0; }}
               log_format delivery '$http_x_rkt_delivery';
               access_log {} delivery if=$arrived;
               client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
               uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
               {http}
               server {{ listen 127.0.0.1:{port} {listen}; {server} }}
             }}",
            arrivals.display()
        );
        let file = nginx.dir.path().join("nginx.conf");
        std::fs::write(&file, text).unwrap();
        let program = tool("receivers/nginx");
        let words = [
            program.to_str().unwrap(),
            "-e",
            "stderr",
            "-c",
            file.to_str().unwrap(),
        ];
        nginx.run(&words).await
    }

    fn new(name: &str, handler: f32) -> Self {
        let dir = TempDir::new("receiver");
        let environment = [
            ("PYTHONPATH", tool("receivers-python").display().to_string()),
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("HANDLER", handler.to_string()),
            ("ARRIVALS", dir.path().join("arrivals").display().to_string()),
        ];
        Self {
            name: name.to_owned(),
            words: Vec::new(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            port: free_port(),
            dir,
            child: None,
        }
    }

    async fn run(mut self, words: &[&str]) -> Self {
        self.words = words.iter().map(|word| (*word).to_owned()).collect();
        self.start().await;
        self
    }

    /// Starts it again after [`Self::kill`].
    pub(super) async fn start(&mut self) {
        let log = self.dir.path().join("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let child = Command::new(&self.words[0])
            .args(&self.words[1..])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("receivers"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", self.words));
        self.child = Some(child);
        let address = self.address();
        eventually(LONG, &self.name.clone(), async || {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("{} ended with {status}: {}", self.name, self.log());
            }
            let connected = TcpStream::connect(address).await;
            connected.map(drop).map_err(|error| error.to_string())
        })
        .await;
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The deliveries that have arrived, each as often as it came.
    pub(super) fn arrivals(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.arrivals_file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn arrivals_file(&self) -> PathBuf {
        self.dir.path().join("arrivals")
    }

    /// What it printed.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Sends a signal to the server alone, not to the processes that it started.
    pub(super) fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).unwrap();
    }

    /// Kills it with all its processes. They stay in the group of the test, so that they end when a test is ended from outside.
    pub(super) fn kill(&mut self) {
        let workers = children(self.id());
        self.signal(Signal::KILL);
        self.child.take().unwrap().wait().unwrap();
        for worker in workers {
            // Some end by themselves once their server is gone.
            let _ended_already = kill_process(worker, Signal::KILL);
        }
    }

    fn id(&self) -> Pid {
        Pid::from_child(self.child.as_ref().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail = &log[log.char_indices().nth_back(2000).map_or(0, |(index, _)| index)..];
            eprintln!("---- the end of the log of {}\n{tail}", self.name);
        }
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// The processes that a process has started.
fn children(id: Pid) -> Vec<Pid> {
    let id = id.as_raw_pid();
    let ids = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    ids.split_whitespace()
        .filter_map(|id| Pid::from_raw(id.parse().ok()?))
        .collect()
}

/// Something that `scripts/test` installs.
fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools").join(name);
    assert!(
        path.exists(),
        "{} is missing: run ./scripts/test servers::",
        path.display()
    );
    path
}
