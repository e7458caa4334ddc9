'use strict';

// Jobs of requests that come at the same time are added together: while one call is under way, the next one gathers.
class Bulk {
    #queue;
    #waiting = [];
    #busy = false;

    constructor(queue) {
        this.#queue = queue;
    }

    add(jobs) {
        return new Promise((resolve, reject) => {
            this.#waiting.push({ jobs, resolve, reject });
            if (!this.#busy) {
                this.#flush();
            }
        });
    }

    async #flush() {
        this.#busy = true;
        while (this.#waiting.length > 0) {
            const batch = this.#waiting;
            this.#waiting = [];
            try {
                await this.#queue.addBulk(batch.flatMap((request) => request.jobs));
                batch.forEach((request) => request.resolve());
            } catch (error) {
                batch.forEach((request) => request.reject(error));
            }
        }
        this.#busy = false;
    }
}

module.exports = { Bulk };
