'use strict';

// Endpoints, a hash for each account, read at most once in a while.
const settings = require('./settings');

const key = (account) => `account:${account}:endpoints`;

class Endpoints {
    #redis;
    #cache = new Map();

    constructor(redis) {
        this.#redis = redis;
    }

    async add(account, endpoint) {
        await this.#redis.hset(key(account), endpoint.id, JSON.stringify(endpoint));
        this.#cache.delete(account);
    }

    /** The endpoints of an account by id. */
    of(account) {
        const now = Date.now();
        const known = this.#cache.get(account);
        if (known && known.until > now) {
            return known.endpoints;
        }
        // Those who ask meanwhile wait for the same answer.
        const endpoints = this.#read(account);
        this.#cache.set(account, { endpoints, until: now + settings.cacheMs });
        endpoints.catch(() => this.#cache.delete(account));
        return endpoints;
    }

    async #read(account) {
        const stored = await this.#redis.hgetall(key(account));
        return new Map(Object.entries(stored).map(([id, text]) => [id, JSON.parse(text)]));
    }
}

module.exports = { Endpoints };
