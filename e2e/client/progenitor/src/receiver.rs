//! A customer's server: it answers every request as it was told last.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

pub struct Receiver {
    pub url: String,
    status: Arc<AtomicU16>,
}

impl Receiver {
    /// Listens on any free port until the program ends.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/webhook", listener.local_addr()?);
        let status = Arc::new(AtomicU16::new(200));
        let told = Arc::clone(&status);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&told);
                std::thread::spawn(move || answer(stream, &told));
            }
        });
        Ok(Self { url, status })
    }

    /// What every request is answered from now on.
    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }
}

/// Reads one request, answers it, and closes the connection.
fn answer(stream: TcpStream, status: &AtomicU16) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let status = status.load(Ordering::SeqCst);
    (&stream).write_all(format!("HTTP/1.1 {status} As told\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").as_bytes())
}
