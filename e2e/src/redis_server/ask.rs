//! Asks a server over a plain socket, without a client library.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::{HARNESS, RedisServer};

/// How long each step may take.
const WITHIN: Duration = Duration::from_secs(1);

impl RedisServer {
    /// Sends one command, and returns the start of the raw answer.
    ///
    /// # Errors
    ///
    /// When the server can't be reached or doesn't answer within a second.
    pub fn raw(&self, command: &str) -> std::io::Result<String> {
        if self.place.is_elsewhere() {
            let stream = UnixStream::connect(self.socket())?;
            stream.set_read_timeout(Some(WITHIN))?;
            stream.set_write_timeout(Some(WITHIN))?;
            return self.ask_on(stream, command);
        }
        let stream = TcpStream::connect_timeout(&self.address(), WITHIN)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        self.ask_on(stream, command)
    }

    fn ask_on(&self, mut stream: impl Read + Write, command: &str) -> std::io::Result<String> {
        if self.users.is_some() {
            let login = format!("AUTH {HARNESS} {}\r\n", self.password(HARNESS));
            stream.write_all(login.as_bytes())?;
            let mut welcome = [0; 5];
            stream.read_exact(&mut welcome)?;
            if welcome != *b"+OK\r\n" {
                return Err(std::io::Error::other("the harness may not log in"));
            }
        }
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }
}
