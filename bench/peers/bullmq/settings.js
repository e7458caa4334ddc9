'use strict';

// What both programs are set to. The concurrency was tuned on a machine with two cores: more made it no faster.
module.exports = {
    queue: 'deliveries',
    connection: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) },
    serviceKey: process.env.SERVICE_KEY,
    concurrency: Number(process.env.CONCURRENCY || 256),
    connectionsPerOrigin: Number(process.env.CONNECTIONS || 256),
    timeoutMs: 10_000,
    // How long endpoints and secrets may be read from memory.
    cacheMs: 5_000,
    retrySeconds: [5, 30, 180, 900, 3_600, 14_400, 36_000, 72_000, 86_400],
};
