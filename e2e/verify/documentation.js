// The public documentation's example, word for word. signatures.rs asserts that it accepts what we send.
const crypto = require('crypto');
function verifyWebhook(body, signature, secret) {
const expected = crypto
.createHmac('sha256', secret)
.update(body)
.digest('hex');
return signature === expected;
}

module.exports = verifyWebhook;
