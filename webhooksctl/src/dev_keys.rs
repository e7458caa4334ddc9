//! The keys of development, each in a file of the data directory. The first start makes them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use store::identity::StoreId;

use crate::keys::{new_secrets_key, new_service_key};
use crate::variables::write_private;

/// The id of the development service key.
pub(crate) const SERVICE_KEY_ID: &str = "dev";

/// The organisation that the development token stands for.
const ORGANISATION: &str = "org_dev";

/// Its account.
pub(crate) const ACCOUNT: &str = "org:org_dev";

const TOKEN_DAYS: u64 = 30;

/// Where the keys are.
#[derive(Debug)]
pub(crate) struct DevKeys {
    dir: PathBuf,
}

impl DevKeys {
    /// The keys in `<data>/keys`.
    pub(crate) fn open(data: &Path) -> anyhow::Result<Self> {
        let dir = data.join("keys");
        fs::create_dir_all(&dir).with_context(|| format!("cannot make the directory {}", dir.display()))?;
        Ok(Self { dir })
    }

    /// The file of the public key that the API checks session tokens with.
    pub(crate) fn public_key_file(&self) -> anyhow::Result<PathBuf> {
        self.private_key()?;
        let path = self.dir.join("session.pub.pem");
        Ok(path.canonicalize()?)
    }

    /// A session token like Clerk's, for 30 days.
    pub(crate) fn session_token(&self, issuer: &str, party: &str, now: u64) -> anyhow::Result<String> {
        let mut claims: Value = json!({
            "v": 2, "iss": issuer, "sub": "user_dev", "sid": "sess_dev", "sts": "active",
            "o": {"id": ORGANISATION, "slg": "dev", "rol": "admin"}, "jti": format!("{now:x}"),
            "iat": now, "nbf": now, "exp": now + TOKEN_DAYS * 24 * 60 * 60,
        });
        if !party.is_empty() {
            claims["azp"] = json!(party);
        }
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some("ins_dev".to_owned());
        Ok(jsonwebtoken::encode(&header, &claims, &self.private_key()?)?)
    }

    /// The service key.
    pub(crate) fn service_key(&self) -> anyhow::Result<String> {
        self.kept("service.key", || new_service_key(SERVICE_KEY_ID))
    }

    /// The key that seals signing secrets.
    pub(crate) fn secrets_key(&self) -> anyhow::Result<String> {
        self.kept("secrets.key", new_secrets_key)
    }

    /// The identity of the store.
    pub(crate) fn store_id(&self) -> anyhow::Result<String> {
        self.kept("store.id", || StoreId::random().to_string())
    }

    /// The private key. Makes it, and the file of the public one, if it isn't there.
    fn private_key(&self) -> anyhow::Result<EncodingKey> {
        let private_path = self.dir.join("session.pem");
        if !private_path.exists() {
            let pair = KeyPair::generate(KeySize::Rsa2048).context("cannot make an RSA key")?;
            let private: Pkcs8V1Der<'_> = pair.as_der().context("cannot encode the RSA key")?;
            let public: PublicKeyX509Der<'_> =
                pair.public_key().as_der().context("cannot encode the RSA key")?;
            // The private one last: where it is, the public one is.
            write_private(
                &self.dir.join("session.pub.pem"),
                &pem("PUBLIC KEY", public.as_ref()),
            )?;
            write_private(&private_path, &pem("PRIVATE KEY", private.as_ref()))?;
        }
        let text =
            fs::read(&private_path).with_context(|| format!("cannot read {}", private_path.display()))?;
        EncodingKey::from_rsa_pem(&text).with_context(|| format!("{} is no RSA key", private_path.display()))
    }

    /// The content of a file, which `make` fills the first time.
    fn kept(&self, name: &str, make: impl FnOnce() -> String) -> anyhow::Result<String> {
        let path = self.dir.join(name);
        if !path.exists() {
            write_private(&path, &format!("{}\n", make()))?;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.trim_end().to_owned())
    }
}

/// DER as PEM (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    format!("{pem}\n-----END {label}-----\n")
}
