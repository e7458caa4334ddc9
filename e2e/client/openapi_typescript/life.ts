// The whole life of an endpoint, told through the types that openapi-typescript makes from openapi/openapi.json. It must compile
// under `tsc --strict` and run against a real system; see e2e/tests/client.
import assert from "node:assert/strict";

import type { components } from "./api.js";
import { body, refused } from "./expect.js";
import { Receiver } from "./receiver.js";
import { accountId, backend, dashboard } from "./setup.js";
import { attempts } from "./stream.js";
import { done, eventually } from "./wait.js";

const receiver = new Receiver();
await receiver.listen();

/** Pushes an event, as the chatbot backend does; how many endpoints get it. */
async function push(data: Record<string, unknown>): Promise<number> {
    const pushed = await backend.POST("/api/events", {
        body: { accountId, event: "lead.captured", chatbotId: "bot_1", data },
    });
    return body(pushed, 202).deliveries;
}

type Listed = components["schemas"]["ListedEndpoint"];

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
const [{ health: inShort, hours: listedHours, ...listed }, ...rest] = list.endpoints as [Listed, ...Listed[]];
assert.deepEqual([listed, rest], [{ id, ...shown }, []]);
assert.deepEqual([inShort.sampledAttempts, inShort.lastError, listedHours.length], [0, null, 24]);
const detail = body(await dashboard.GET("/api/webhooks-config/{id}", path));
const { health, secretRotation, hours, days } = detail;
assert.deepEqual(detail, { id, ...shown, health, secretRotation, hours, days });
assert.deepEqual([hours.length, days.length], [24, 90]);
assert.deepEqual([health.sampledAttempts, health.topFailure, secretRotation], [0, null, null]);
done("an endpoint was created, and is listed without its secret");

// The compiler knows the document: what isn't in it is an error, and `@ts-expect-error` fails where there is none. Event types are
// an open list, so that only the API knows which there are.
const mistaken = await dashboard.POST("/api/webhooks-config", { body: { url: receiver.url, events: ["lead.lost"] } });
assert.equal(refused(mistaken, "unknown_event").field, "events[0]");
// @ts-expect-error: no such field
assert.equal(list.endpoints[0]?.urll, undefined);
// @ts-expect-error: no such code
assert.ok(mistaken.error?.code !== "unknown_evnt");
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

// Its signatures are right, and what is wrong with others is found.
const headers = Object.fromEntries(Object.entries(first.headers).map(([name, value]) => [name, String(value)]));
const asReceived = { headers, body: first.body };
const verified = body(await dashboard.POST("/api/webhooks-config/{id}/verify", { ...path, body: asReceived }));
assert.deepEqual([verified.valid, verified.findings], [true, []]);
const changed = { headers, body: `${first.body}\n` };
const found = body(await dashboard.POST("/api/webhooks-config/{id}/verify", { ...path, body: changed }));
assert.deepEqual([found.valid, found.findings.map(({ code }) => code)], [false, ["trailing_whitespace"]]);
done("the signature doctor found what was changed");

// A test event of a type of the catalog: it fails, which is told in full and held against nobody.
const { eventTypes } = body(await dashboard.GET("/api/event-types"));
const { name: type, sample } = eventTypes.find(({ name }) => name === "ticket.created")!;
receiver.status = 401;
const tested = body(
    await dashboard.POST("/api/webhooks-config/{id}/test", { ...path, body: { event: "ticket.created" } }),
);
receiver.status = 200;
assert.deepEqual([tested.event, tested.succeeded], [type, false]);
assert.deepEqual([tested.attempt.httpStatus, tested.attempt.responseSnippet], [401, "as it was told"]);
const test = await receiver.wait(2);
assert.equal(test.headers["x-rkt-delivery"], tested.deliveryId);
assert.deepEqual(JSON.parse(test.body).data, sample.data);
const unharmed = body(await dashboard.GET("/api/webhooks-config/{id}", path));
assert.deepEqual([unharmed.consecutiveFailures, unharmed.health.successRate], [0, 1]);
done("a test event was sent, and answered with the attempt");

// A new secret; the one before stays good for a while, in which there is no other rotation.
const rotated = body(
    await dashboard.POST("/api/webhooks-config/{id}/rotate-secret", { ...path, body: { graceHours: 1 } }),
);
assert.notEqual(rotated.secret, secret);
const rotating = body(await dashboard.GET("/api/webhooks-config/{id}", path));
assert.deepEqual(rotating.secretRotation, {
    previousSecretValidUntil: rotated.previousSecretValidUntil,
    legacySignature: "new",
});
refused(await dashboard.POST("/api/webhooks-config/{id}/rotate-secret", path), "rotation_in_progress");
done("the secret was rotated");

// The account at a glance.
const summary = body(await dashboard.GET("/api/webhooks-summary"));
const none = { paused: 0, disabled: 0, off: 0, operatorHolds: 0 };
assert.deepEqual([summary.endpoints, summary.attention], [{ active: 1, ...none }, []]);
assert.equal(summary.hours.length, 24);
assert.equal(
    summary.hours.reduce((sum, { succeeded }) => sum + succeeded, 0),
    1,
);
done("the summary tells of one delivery");

// A delivery that fails three times is exhausted. The stream tells it as it happens, the log why.
const listening = new AbortController();
const heard = attempts(
    body(
        await dashboard.GET("/api/webhooks-config/{id}/deliveries/stream", {
            ...path,
            parseAs: "stream",
            signal: listening.signal,
        }),
    ),
);
receiver.status = 503;
assert.equal(await push({ leadId: "unlucky" }), 1);
const outcomes: string[] = [];
for await (const { outcome } of heard) {
    outcomes.push(outcome);
    if (outcome === "exhausted") break;
}
assert.deepEqual(outcomes, ["retrying", "retrying", "exhausted"]);
listening.abort();
const query = { status: "exhausted", event: "lead.captured", limit: 10 } as const;
const log = body(
    await dashboard.GET("/api/webhooks-config/{id}/deliveries", { params: { path: { id }, query } }),
);
const [failed, ...others] = log.deliveries;
assert.ok(failed && others.length === 0 && log.nextCursor === null);
assert.deepEqual([failed.attempts, failed.httpStatus, failed.error], [3, 503, "http_status"]);
const onePath = { params: { path: { id, deliveryId: failed.id } } };
const one = body(await dashboard.GET("/api/webhooks-config/{id}/deliveries/{deliveryId}", onePath));
assert.deepEqual(
    one.attemptLog.map(({ responseSnippet }) => responseSnippet),
    ["as it was told", "as it was told", "as it was told"],
);
assert.deepEqual((one.payload as { data: unknown }).data, { leadId: "unlucky" });
done("a delivery was exhausted, and the log says why");

// Mended, the receiver gets it again: once by hand, and once with all that was missed.
receiver.status = 200;
const replayed = body(
    await dashboard.POST("/api/webhooks-config/{id}/deliveries/{deliveryId}/replay", onePath),
    202,
);
assert.deepEqual([replayed.replayOf, replayed.status], [failed.id, "pending"]);
const since = new Date(Date.now() - 3_600_000).toISOString();
const missed = body(await dashboard.POST("/api/webhooks-config/{id}/replay/count", { ...path, body: { since } }));
assert.deepEqual([missed.matching, missed.isLowerBound], [1, false]);
const started = body(await dashboard.POST("/api/webhooks-config/{id}/replay", { ...path, body: { since } }), 202);
const replayPath = { params: { path: { id, replayId: started.id } } };
const progress = await eventually("the replay is finished", async () => {
    const replay = body(await dashboard.GET("/api/webhooks-config/{id}/replays/{replayId}", replayPath));
    return replay.state === "finished" && replay.succeeded === replay.made ? replay : undefined;
});
assert.deepEqual([progress.status, progress.made, progress.skipped], ["exhausted", 1, 0]);
const again = await eventually("the replays arrive", async () => {
    const replays = receiver.received.filter(({ headers }) => headers["x-rkt-replay"] === "true");
    return replays.length === 2 ? replays : undefined;
});
assert.ok(again.every(({ headers }) => headers["webhook-id"] === failed.eventId));
done("it was replayed by hand, and with all that was missed");

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
