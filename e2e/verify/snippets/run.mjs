// Runs the verification code for Node: requests as JSON on standard input, whether each is genuine on standard output.
import { readFileSync } from 'node:fs';

import { verifyWebhook } from '../../../dashboard/src/snippets/verify.mjs';

const requests = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(requests.map(({ body, headers, secret }) => verifyWebhook(Buffer.from(body), headers, secret))));
