<?php
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
