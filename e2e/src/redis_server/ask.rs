//! Asks a server without a client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{HARNESS, RedisServer};

impl RedisServer {
    /// Sends one command and gives back the start of the raw answer; for what needs no client.
    ///
    /// # Errors
    ///
    /// When the server can't be reached or doesn't answer within a second.
    pub fn raw(&self, command: &str) -> std::io::Result<String> {
        let timeout = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(&self.address(), timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
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
