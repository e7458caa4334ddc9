// Follows both live streams with clients that others wrote, through a proxy that compresses: each event arrives at once, and after a
// break none is missing and none comes twice.
import { createServer } from "node:http";
import compression from "compression";
import express from "express";
import httpProxy from "http-proxy";
import { EventSourcePolyfill } from "event-source-polyfill";

// fetch-event-source is made for browsers.
globalThis.window = globalThis;
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
const { fetchEventSource } = await import("@microsoft/fetch-event-source");

const { API_URL, DASHBOARD_TOKEN, SERVICE_KEY, ACCOUNT_ID } = process.env;
const bearer = (token) => ({ authorization: `Bearer ${token}`, "content-type": "application/json" });

async function call(token, method, path, body) {
    const reply = await fetch(API_URL + path, { method, headers: bearer(token), body: body && JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply.status === 204 ? undefined : reply.json();
}

async function until(what, holds) {
    for (const end = Date.now() + 20_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) {
        if (Date.now() > end) throw new Error(`waited too long for ${what}: ${JSON.stringify(clients.map((one) => [one.name, one.opened, one.attempts.length]))}`);
    }
}

const receiver = createServer((request, response) => request.resume().on("end", () => response.writeHead(204).end()));
await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${receiver.address().port}/hook`;
const endpoint = await call(DASHBOARD_TOKEN, "POST", "/api/webhooks-config", { url, events: ["*"] });
const push = async () => {
    const event = { accountId: ACCOUNT_ID, event: "lead.captured", chatbotId: "bot_1", data: {} };
    return (await call(SERVICE_KEY, "POST", "/api/events", event)).id;
};

// As Next.js has it for its rewrites: the same module, told to compress whatever it may.
const proxy = httpProxy.createProxyServer({ target: API_URL });
proxy.on("error", (error, request, response) => response.destroy?.());
const app = express();
app.use(compression({ threshold: 0 }));
app.use((request, response) => proxy.web(request, response));
let front = app.listen(0, "127.0.0.1");
await new Promise((resolve) => front.once("listening", resolve));
const port = front.address().port;
const through = (path) => `http://127.0.0.1:${port}${path}`;

const listing = await fetch(through("/api/webhooks-config"), { headers: bearer(DASHBOARD_TOKEN) });
if (listing.headers.get("content-encoding") !== "br" && listing.headers.get("content-encoding") !== "gzip") {
    throw new Error("the proxy does not compress, so it shows nothing");
}
await listing.text();

const clients = [];
function client(name) {
    const one = { name, attempts: [], opened: 0, unreadable: [] };
    clients.push(one);
    const heard = (data) => {
        try {
            const attempt = JSON.parse(data);
            if (attempt.eventId) one.attempts.push(attempt.eventId);
        } catch {
            one.unreadable.push(data);
        }
    };
    return [one, heard];
}

const stop = new AbortController();
for (const path of [`/api/webhooks-config/${endpoint.id}/deliveries/stream`, "/api/webhooks-deliveries/stream"]) {
    const [fetching, heard] = client(`fetch-event-source ${path}`);
    fetchEventSource(through(path), {
        headers: bearer(DASHBOARD_TOKEN),
        signal: stop.signal,
        openWhenHidden: true,
        async onopen(reply) {
            if (!reply.ok) throw new Error(`${reply.status}`);
            fetching.opened += 1;
        },
        onmessage: ({ data }) => heard(data),
        // As its documentation has it, for streams that shall go on.
        onclose() {
            throw new Error("closed");
        },
    });
    const [polyfilled, heardToo] = client(`event-source-polyfill ${path}`);
    const source = new EventSourcePolyfill(through(path), { headers: bearer(DASHBOARD_TOKEN) });
    source.onopen = () => (polyfilled.opened += 1);
    source.onmessage = ({ data }) => heardToo(data);
    for (const name of ["start", "gap", "attempt", "state", "end"]) source.addEventListener(name, ({ data }) => heardToo(data));
    stop.signal.addEventListener("abort", () => source.close());
}
await until("all streams to be open", () => clients.every((one) => one.opened === 1));

const sent = [];
const arrived = () => clients.every((one) => one.attempts.length >= sent.length);
for (let number = 0; number < 5; number += 1) {
    sent.push(await push());
    await until(`event ${number + 1}`, arrived);
}
console.log("✓ each event comes at once, through a proxy that compresses");

front.closeAllConnections();
await new Promise((resolve) => front.close(resolve));
for (let number = 0; number < 3; number += 1) sent.push(await push());
front = app.listen(port, "127.0.0.1");
await until("what came meanwhile", arrived);
sent.push(await push());
await until("what came afterwards", arrived);
for (const one of clients) {
    if (one.unreadable.length > 0) throw new Error(`${one.name} got what doesn't parse: ${JSON.stringify(one.unreadable)}`);
    if (`${[...one.attempts].sort()}` !== `${[...sent].sort()}`) throw new Error(`${one.name}: ${one.attempts}, not ${sent}`);
    if (one.opened < 2) throw new Error(`${one.name} was not interrupted`);
}
console.log("✓ after a break nothing is missing, and nothing comes twice");
stop.abort();
await call(DASHBOARD_TOKEN, "DELETE", `/api/webhooks-config/${endpoint.id}`);
front.closeAllConnections();
front.close();
receiver.closeAllConnections();
receiver.close();
console.log("✓ it was removed");
process.exit(0);
