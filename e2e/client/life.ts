// The whole life of an endpoint, told through the client that is generated from openapi/openapi.json. It must compile
// under `tsc --strict` and run against a real system; see e2e/tests/client.
import assert from "node:assert/strict";

import { body, done, eventually, refused } from "./expect.js";
import { Receiver } from "./receiver.js";
import { accountId, backend, dashboard } from "./setup.js";

const receiver = new Receiver();
await receiver.listen();

/** Pushes an event, as the chatbot backend does; how many endpoints get it. */
async function push(data: Record<string, unknown>): Promise<number> {
    const pushed = await backend.POST("/api/events", {
        body: { accountId, event: "lead.captured", chatbotId: "bot_1", data },
    });
    return body(pushed, 202).deliveries;
}

// Created, listed, read.
const created = body(
    await dashboard.POST("/api/webhooks-config", {
        body: { url: receiver.url, events: ["lead.captured"], description: "Leads to the CRM" },
    }),
    201,
);
const { id, secret, ...shown } = created;
assert.match(secret, /^whsec_/);
const path = { params: { path: { id } } };
const list = body(await dashboard.GET("/api/webhooks-config"));
assert.deepEqual(list.endpoints, [{ id, ...shown }]);
assert.deepEqual(body(await dashboard.GET("/api/webhooks-config/{id}", path)), { id, ...shown });
done("an endpoint was created, and is listed without its secret");

// The compiler knows the document: what isn't in it is an error, and `@ts-expect-error` fails where there is none.
// @ts-expect-error: not an event type
const mistaken = await dashboard.POST("/api/webhooks-config", { body: { url: receiver.url, events: ["lead.lost"] } });
assert.equal(refused(mistaken, "unknown_event").field, "events[0]");
// @ts-expect-error: no such field
assert.equal(list.endpoints[0]?.urll, undefined);
done("what the document doesn't have is refused by the compiler and by the API");

// An event is delivered.
assert.equal(await push({ leadId: "first" }), 1);
const first = await receiver.wait(1);
assert.equal(JSON.parse(first.body).data.leadId, "first");
await eventually("the attempt is told", async () => {
    const { lastAttempt } = body(await dashboard.GET("/api/webhooks-config/{id}", path));
    return lastAttempt?.succeeded || undefined;
});
done("an event was delivered");

// Switched off, it gets nothing; switched on, it does.
const change = { id, active: false };
assert.equal(body(await dashboard.PATCH("/api/webhooks-config", { body: change })).disabledReason, "owner");
assert.equal(await push({ leadId: "nobody" }), 0);
const on = body(await dashboard.PATCH("/api/webhooks-config", { body: { id, active: true } }));
assert.deepEqual([on.active, on.disabledReason], [true, null]);
done("it was switched off and on");

// Removed.
const removed = await dashboard.DELETE("/api/webhooks-config", { params: { query: { id } } });
body(removed, 204);
refused(await dashboard.GET("/api/webhooks-config/{id}", path), "endpoint_not_found");
done("it was removed");

receiver.close();
