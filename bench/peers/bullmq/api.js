'use strict';

// Takes events, and puts a job for each endpoint that wants one into the queue.
const { randomBytes, randomUUID, timingSafeEqual } = require('crypto');

const { Queue } = require('bullmq');
const fastify = require('fastify');
const { Redis } = require('ioredis');

const { Bulk } = require('./bulk');
const { Endpoints } = require('./endpoints');
const settings = require('./settings');

const app = fastify({ logger: false, bodyLimit: 512 * 1024 });
const redis = new Redis({ ...settings.connection, enableAutoPipelining: true });
const endpoints = new Endpoints(redis);
const queue = new Queue(settings.queue, {
    connection: settings.connection,
    defaultJobOptions: {
        attempts: settings.retrySeconds.length + 1,
        backoff: { type: 'schedule' },
        removeOnComplete: true,
        removeOnFail: { age: 14 * 24 * 3600 },
    },
});
const bulk = new Bulk(queue);
const expected = Buffer.from(`Bearer ${settings.serviceKey}`);

app.addHook('onRequest', async (request, reply) => {
    const given = Buffer.from(request.headers.authorization || '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        return reply.code(401).send({ error: 'unauthorized' });
    }
});

const text = { type: 'string', minLength: 1, maxLength: 200 };

app.post('/api/endpoints', {
    schema: {
        body: {
            type: 'object',
            required: ['accountId', 'url', 'events'],
            properties: {
                accountId: text,
                url: { type: 'string', format: 'uri' },
                events: { type: 'array', items: text },
                chatbotId: { type: ['string', 'null'] },
            },
        },
    },
}, async (request, reply) => {
    const { accountId, url, events, chatbotId } = request.body;
    const endpoint = {
        id: `ep_${randomUUID()}`,
        url,
        events,
        chatbotId: chatbotId || null,
        secret: `whsec_${randomBytes(32).toString('base64')}`,
    };
    await endpoints.add(accountId, endpoint);
    return reply.code(201).send(endpoint);
});

app.post('/api/events', {
    schema: {
        body: {
            type: 'object',
            required: ['accountId', 'event', 'chatbotId', 'data'],
            properties: {
                accountId: text,
                event: text,
                chatbotId: text,
                timestamp: { type: 'string', format: 'date-time' },
                data: { type: 'object' },
            },
        },
        response: {
            202: {
                type: 'object',
                properties: { id: { type: 'string' }, deliveries: { type: 'integer' } },
            },
        },
    },
}, async (request, reply) => {
    const { accountId, event, chatbotId, timestamp, data } = request.body;
    const id = `evt_${randomUUID()}`;
    // Built once: what is signed is what is sent.
    const body = JSON.stringify({ event, chatbotId, timestamp: timestamp || new Date().toISOString(), data });
    const jobs = [];
    for (const endpoint of (await endpoints.of(accountId)).values()) {
        const wanted = endpoint.events.includes('*') || endpoint.events.includes(event);
        if (wanted && (endpoint.chatbotId === null || endpoint.chatbotId === chatbotId)) {
            jobs.push({ name: event, data: { id, account: accountId, endpoint: endpoint.id, body } });
        }
    }
    if (jobs.length > 0) {
        await bulk.add(jobs);
    }
    return reply.code(202).send({ id, deliveries: jobs.length });
});

app.listen({ host: '127.0.0.1', port: 0 }).then(() => {
    const { address, port } = app.server.address();
    console.log(`${address}:${port}`);
});
