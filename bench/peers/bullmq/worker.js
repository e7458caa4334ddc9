'use strict';

// Takes jobs out of the queue, signs them and sends them.
const { createHmac } = require('crypto');
const http = require('http');

const { Worker } = require('bullmq');
const { Redis } = require('ioredis');
const { Agent } = require('undici');

const { Endpoints } = require('./endpoints');
const settings = require('./settings');

const endpoints = new Endpoints(new Redis(settings.connection));
const agent = new Agent({
    connections: settings.connectionsPerOrigin,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    connect: { timeout: settings.timeoutMs },
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
});

function headers(endpoint, job) {
    const { id, body } = job.data;
    const timestamp = Math.floor(Date.now() / 1000).toString();
    const standard = createHmac('sha256', Buffer.from(endpoint.secret.slice('whsec_'.length), 'base64'))
        .update(`${id}.${timestamp}.${body}`)
        .digest('base64');
    return {
        'content-type': 'application/json',
        'x-rkt-signature': createHmac('sha256', endpoint.secret).update(body).digest('hex'),
        'x-rkt-event': job.name,
        'x-rkt-delivery': job.id,
        'x-rkt-attempt': String(job.attemptsMade + 1),
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${standard}`,
    };
}

async function deliver(job) {
    const endpoint = (await endpoints.of(job.data.account)).get(job.data.endpoint);
    if (!endpoint) {
        return;
    }
    const { origin, pathname, search } = new URL(endpoint.url);
    const response = await agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: headers(endpoint, job),
        body: job.data.body,
    });
    await response.body.dump({ limit: 64 * 1024 });
    if (response.statusCode < 200 || response.statusCode > 299) {
        throw new Error(`answered with ${response.statusCode}`);
    }
}

const worker = new Worker(settings.queue, deliver, {
    connection: settings.connection,
    concurrency: settings.concurrency,
    settings: {
        backoffStrategy: (attempts) => settings.retrySeconds[Math.min(attempts, settings.retrySeconds.length) - 1] * 1000,
    },
});
worker.on('error', (error) => console.error(error.message));

// Says that it is alive, as an orchestrator would ask it.
const health = http.createServer((request, response) => response.end('ok'));
worker.waitUntilReady().then(() => health.listen(0, '127.0.0.1', () => {
    const { address, port } = health.address();
    console.log(`${address}:${port}`);
}));
