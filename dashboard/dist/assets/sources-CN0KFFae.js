const e=`package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

// Verify says whether a webhook is genuine, and at most 5 minutes old.
// The body is as it came, not parsed: io.ReadAll(request.Body).
func Verify(body []byte, headers http.Header, secret string) bool {
	id, timestamp := headers.Get("webhook-id"), headers.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	// While a secret is being replaced there are two signatures.
	for _, signature := range strings.Fields(headers.Get("webhook-signature")) {
		if hmac.Equal([]byte(signature), []byte(expected)) {
			return true
		}
	}
	return false
}
`,n=`// Whether a webhook is genuine, and at most 5 minutes old.
// body: as it came, not parsed. In Express: express.raw({ type: '*/*' })
import { createHmac, timingSafeEqual } from 'node:crypto';

const TOLERANCE = 5 * 60; // seconds

export function verifyWebhook(body, headers, secret) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (age > TOLERANCE) return false;

  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const mac = createHmac('sha256', key).update(\`\${id}.\${timestamp}.\`);
  const expected = Buffer.from('v1,' + mac.update(body).digest('base64'));

  // While a secret is being replaced there are two signatures.
  const signatures = (headers['webhook-signature'] ?? '').split(' ');
  return signatures.some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
`,t=`<?php
// Whether a webhook is genuine, and at most 5 minutes old.
// $body: as it came, not parsed: file_get_contents('php://input')
// $headers: getallheaders()

function verifyWebhook(string $body, array $headers, string $secret): bool
{
    $headers = array_change_key_case($headers, CASE_LOWER);
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    $signatures = $headers['webhook-signature'] ?? '';

    $tolerance = 5 * 60; // seconds
    if (abs(time() - (int) $timestamp) > $tolerance) {
        return false;
    }

    $key = base64_decode(str_replace('whsec_', '', $secret));
    $mac = hash_hmac('sha256', "$id.$timestamp.$body", $key, true);
    $expected = 'v1,' . base64_encode($mac);

    // While a secret is being replaced there are two signatures.
    foreach (explode(' ', $signatures) as $signature) {
        if (hash_equals($expected, $signature)) {
            return true;
        }
    }
    return false;
}
`,s=`# Whether a webhook is genuine, and at most 5 minutes old.
# body: as it came, not parsed. In Flask: request.get_data(),
# in Django: request.body, in FastAPI: await request.body()
import base64
import hmac
import time

TOLERANCE = 5 * 60  # seconds


def verify_webhook(body: bytes, headers, secret: str) -> bool:
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")

    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    mac = hmac.digest(key, signed, "sha256")
    expected = b"v1," + base64.b64encode(mac)

    # While a secret is being replaced there are two signatures.
    for signature in signatures.split(" "):
        if hmac.compare_digest(expected, signature.encode()):
            return abs(time.time() - int(timestamp)) <= TOLERANCE
    return False
`,a=`# Whether a webhook is genuine, and at most 5 minutes old.
# body: as it came, not parsed. In Rails: request.raw_post,
# with request.headers
require "openssl"

TOLERANCE = 5 * 60 # seconds

def verify_webhook(body, headers, secret)
  id = headers["webhook-id"]
  timestamp = headers["webhook-timestamp"]
  return false if (Time.now.to_i - timestamp.to_i).abs > TOLERANCE

  key = secret.delete_prefix("whsec_").unpack1("m")
  mac = OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.#{body}")
  expected = "v1,#{[mac].pack("m0")}"

  # While a secret is being replaced there are two signatures.
  headers["webhook-signature"].to_s.split.any? do |signature|
    OpenSSL.secure_compare(signature, expected)
  end
end
`,r=`//! Whether a webhook is genuine, and at most 5 minutes old.
//! With the crates base64 0.22, hmac 0.13, http 1 and sha2 0.11.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

const TOLERANCE: u64 = 5 * 60; // seconds

/// \`body\`: as it came, not parsed. In axum: \`body: Bytes\`
pub fn verify_webhook(body: &[u8], headers: &HeaderMap, secret: &str) -> bool {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let id = header("webhook-id").unwrap_or_default();
    let timestamp = header("webhook-timestamp").unwrap_or_default();
    let signatures = header("webhook-signature").unwrap_or_default();
    let sent: u64 = timestamp.parse().unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    if now.map_or(0, |now| now.as_secs()).abs_diff(sent) > TOLERANCE {
        return false;
    }
    let key = STANDARD.decode(secret.trim_start_matches("whsec_"));
    let Some(mac) = key.ok().and_then(|key| Hmac::<Sha256>::new_from_slice(&key).ok()) else {
        return false;
    };
    let mac = mac.chain_update(format!("{id}.{timestamp}.")).chain_update(body);
    // While a secret is being replaced there are two signatures.
    signatures.split(' ').any(|signature| {
        let given = STANDARD.decode(signature.strip_prefix("v1,").unwrap_or_default());
        given.is_ok_and(|given| mac.clone().verify_slice(&given).is_ok())
    })
}
`,i={node:n,python:s,php:t,go:e,ruby:a,rust:r};export{i as default};
