// A customer's server: it records what it gets, and answers as it was told last.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

import { eventually } from "./wait.js";

/** A request as it came. */
export interface Received {
    headers: IncomingHttpHeaders;
    body: string;
}

/** A receiver on this machine. */
export class Receiver {
    /** What every request is answered from now on. */
    status = 200;
    /** All requests so far. */
    readonly received: Received[] = [];

    readonly #server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
            this.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString("utf8") });
            response.writeHead(this.status, { "content-type": "text/plain" }).end("as it was told");
        });
    });

    /** Starts to listen, on any free port. */
    async listen(): Promise<void> {
        this.#server.listen(0, "127.0.0.1");
        await once(this.#server, "listening");
    }

    /** Where it listens. */
    get url(): string {
        return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/webhook`;
    }

    /** Waits until it has got `count` requests, and gives back the last of them. */
    async wait(count: number): Promise<Received> {
        return eventually(`request ${count}`, async () => this.received[count - 1]);
    }

    /** Stops listening and cuts all connections. */
    close(): void {
        this.#server.closeAllConnections();
        this.#server.close();
    }
}
