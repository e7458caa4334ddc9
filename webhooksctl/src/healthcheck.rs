//! A health check for containers, which have no `curl`.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;

const TIMEOUT: Duration = Duration::from_secs(4);

/// How long to wait for the rest of a bad answer.
const REST_TIMEOUT: Duration = Duration::from_millis(200);

/// The arguments of `healthcheck`.
#[derive(Debug, Args)]
pub(crate) struct HealthcheckArgs {
    /// The URL, with `http://`.
    url: String,
}

/// Succeeds when the URL answers 200 in time.
pub(crate) fn ask(arguments: &HealthcheckArgs) -> anyhow::Result<()> {
    let url = &arguments.url;
    let rest = url
        .strip_prefix("http://")
        .context("the URL must start with http://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host_and_port = if host.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let addresses = host_and_port
        .to_socket_addrs()
        .with_context(|| format!("{host_and_port} is no address"))?;
    for address in addresses {
        if let Ok(stream) = TcpStream::connect_timeout(&address, TIMEOUT) {
            let answer = get(stream, host, path).with_context(|| format!("no answer from {url}"))?;
            ensure!(is_ok(&answer), "{url} answered: {answer}");
            return Ok(());
        }
    }
    bail!("cannot connect to {host_and_port}")
}

fn is_ok(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.0 200 ")
}

/// Sends a GET and returns the start of the answer. A bad answer says why, so as much of it as comes in time.
fn get(mut stream: TcpStream, host: &str, path: &str) -> std::io::Result<String> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while answer.len() < 4096 {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if answer.is_empty() => return Err(error),
            Err(_) => break,
        }
        if is_ok(&String::from_utf8_lossy(&answer)) {
            break;
        }
        stream.set_read_timeout(Some(REST_TIMEOUT))?;
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests;
