//! Where the server listens, and how it deals with its clients.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use program::config::Span;
use serve::Limits;

use super::dashboard::{PortalOrigins, PublishableKey};
use crate::body::Patience;
use crate::cors::Origins;

/// Where the program listens.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Address and port to listen on.
    #[arg(long, env, default_value = "127.0.0.1:3000", value_parser = parse_listen)]
    pub api_listen: SocketAddr,

    /// Address and port for `/metrics`, which must not be public; a host name stands for whichever of its addresses is this machine's.
    /// If it isn't set: 127.0.0.1:3002, or no metrics where that is taken.
    #[arg(long, env, value_parser = parse_admin_listen)]
    pub api_admin_listen: Option<String>,

    /// Connections that are served at a time; more wait. One of eight is kept for requests with a service key, and an account has as
    /// many at most.
    #[arg(long, env, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_connections: u32,

    /// How long a connection may be idle between two requests. Longer than what is in front keeps its own, so that it isn't we who close
    /// a connection that a request is coming on.
    #[arg(long, env, default_value = "75s", value_parser = parse_idle)]
    pub api_idle_timeout: Span,

    /// How long the program serves on after it was asked to stop, before it refuses connections: longer than what balances the load needs
    /// to see that `/readyz` answers 503. A second signal ends that at once.
    #[arg(long, env, default_value = "0s", value_parser = parse_delay)]
    pub drain_delay: Span,

    /// Origins whose web pages may call the API (CORS), such as `https://app.example.com`, comma-separated; if empty, none.
    #[arg(long, env, default_value = "")]
    pub cors_origins: Origins,

    /// Origins whose web pages may show `/dashboard/embed` in a frame, such as `https://app.example.com`, comma-separated; if empty, none.
    /// With `https`, unless it is this machine or ALLOW_HTTP is set.
    #[arg(long, env, default_value = "")]
    pub portal_origins: PortalOrigins,
}

impl ServerArgs {
    /// The settings that follow, with Clerk's publishable key if there is one. Only with `allow_http` may a page that came in the clear,
    /// where anybody on its way could change it, frame ours.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable.
    pub fn settings(&self, publishable_key: Option<&str>, allow_http: bool) -> Result<Settings, String> {
        let publishable_key = publishable_key
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(str::parse::<PublishableKey>)
            .transpose();
        self.portal_origins
            .check_scheme(allow_http)
            .map_err(|reason| format!("PORTAL_ORIGINS: {reason}"))?;
        Ok(Settings {
            limits: Limits {
                idle: self.api_idle_timeout.0,
                ..Limits::usual(self.max_connections as usize).shared_by_accounts()
            },
            patience: Patience::default(),
            origins: self.cors_origins.clone(),
            publishable_key: publishable_key.map_err(|reason| format!("CLERK_PUBLISHABLE_KEY: {reason}"))?,
            portal_origins: self.portal_origins.clone(),
        })
    }
}

fn parse_idle(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span.0 < Duration::from_secs(1) {
        return Err("must be at least 1s".to_owned());
    }
    Ok(span)
}

/// Whoever waits longer than that for a program to end kills it.
fn parse_delay(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span.0 > Duration::from_secs(600) {
        return Err("must be at most 10m".to_owned());
    }
    Ok(span)
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address and port such as 127.0.0.1:3000 or [::]:3000"))
}

/// What the system has to resolve is checked when the program listens.
fn parse_admin_listen(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').and_then(|(host, port)| {
        let is_host = !host.is_empty() && (!host.contains(':') || host.starts_with('['));
        port.parse::<u16>().ok().filter(|_| is_host)
    });
    port.map(|_| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not an address and port such as 127.0.0.1:3002 or [::1]:3002"))
}

/// How the server deals with its clients.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What its connections may hold.
    pub limits: Limits,
    /// How long bodies may take.
    pub patience: Patience,
    /// Whose web pages may call.
    pub origins: Origins,
    /// With which instance of Clerk people sign in to the dashboard.
    pub publishable_key: Option<PublishableKey>,
    /// Whose web pages may frame a part of it.
    pub portal_origins: PortalOrigins,
}
