// Verifies one recorded request: node verify.js <documentation|library> <secret>, the request as JSON on standard input
// ({"headers": {…}, "body": "…"}). Ends with 0 if the signature is good, with 1 if it isn't.
const { createRequire } = require('module');
const path = require('path');

const [kind, secret] = process.argv.slice(2);
const { headers, body } = JSON.parse(require('fs').readFileSync(0, 'utf8'));

if (kind === 'documentation') {
    const verifyWebhook = require('./documentation.js');
    process.exitCode = verifyWebhook(body, headers['x-rkt-signature'], secret) ? 0 : 1;
} else {
    const tools = path.join(__dirname, '../../.tools/node/');
    const { Webhook, WebhookVerificationError } = createRequire(tools)('standardwebhooks');
    try {
        new Webhook(secret).verify(body, headers);
    } catch (error) {
        if (!(error instanceof WebhookVerificationError)) throw error;
        process.exitCode = 1;
    }
}
