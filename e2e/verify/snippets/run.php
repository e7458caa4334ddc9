<?php
// Runs the verification code for PHP: see run.mjs. Names of headers have capitals, as getallheaders() gives them.

error_reporting(E_ALL);
require __DIR__ . '/../../../dashboard/src/snippets/verify.php';

$verdicts = [];
foreach (json_decode(stream_get_contents(STDIN), true, flags: JSON_THROW_ON_ERROR) as $request) {
    $headers = [];
    foreach ($request['headers'] as $name => $value) {
        $headers[ucwords($name, '-')] = $value;
    }
    $verdicts[] = verifyWebhook($request['body'], $headers, $request['secret']);
}
echo json_encode($verdicts);
