//! Where the server listens, and how it deals with its clients.

use std::net::SocketAddr;

use clap::Args;
use serve::Limits;

use crate::body::Patience;
use crate::cors::Origins;

/// Where the program listens.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Address and port to listen on.
    #[arg(long, env, default_value = "127.0.0.1:3000", value_parser = parse_listen)]
    pub api_listen: SocketAddr,

    /// Connections that are served at a time; more wait.
    #[arg(long, env, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_connections: u32,

    /// Origins whose web pages may call the API (CORS), such as `https://app.example.com`, comma-separated; if empty, none.
    #[arg(long, env, default_value = "")]
    pub cors_origins: Origins,
}

impl ServerArgs {
    /// What the server is to do.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            limits: Limits::usual(self.max_connections as usize),
            patience: Patience::default(),
            origins: self.cors_origins.clone(),
        }
    }
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address and port such as 127.0.0.1:3000 or [::]:3000"))
}

/// How the server is to deal with its clients.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What they can make it hold.
    pub limits: Limits,
    /// How long their bodies may take.
    pub patience: Patience,
    /// Whose web pages may call.
    pub origins: Origins,
}
