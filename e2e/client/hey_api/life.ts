// The life of an endpoint, told through the client that hey-api makes from openapi/openapi.json; see e2e/tests/client.
import assert from "node:assert/strict";

import { createClient } from "./api/client/index.js";
import {
    changeEndpoint,
    countReplay,
    createEndpoint,
    getDelivery,
    getEndpoint,
    listDeliveries,
    listEndpoints,
    pushEvent,
    removeEndpoint,
    sendTestEvent,
} from "./api/index.js";
import type { FailureCode, ErrorCode, EventName } from "./api/index.js";
import { Receiver } from "./receiver.js";
import { done, eventually, variable } from "./wait.js";

const clientWith = (token: string) => createClient({ baseUrl: variable("API_URL"), auth: token });
const dashboard = { client: clientWith(variable("DASHBOARD_TOKEN")), throwOnError: true } as const;
const backend = { client: clientWith(variable("SERVICE_KEY")), throwOnError: true } as const;
const receiver = new Receiver();
await receiver.listen();

const event: EventName = "lead.captured";
const { data: created } = await createEndpoint({ ...dashboard, body: { url: receiver.url, events: [event] } });
assert.match(created.secret, /^whsec_/);
assert.deepEqual([created.lastAttempt, created.disabledReason], [null, null]);
const path = { id: created.id };
const { data: list } = await listEndpoints(dashboard);
assert.deepEqual(list.endpoints.map(({ id }) => id), [created.id]);
done("an endpoint was created and listed");

const { client } = dashboard;
const refused = await createEndpoint({ client, body: { url: "ftp://example.com", events: [event] } });
const code: ErrorCode = "url_scheme_not_allowed";
assert.deepEqual([refused.error?.code, refused.error?.field], [code, "url"]);
done("a wrong URL was refused with a code that the document has");

const push = { accountId: variable("ACCOUNT_ID"), event, chatbotId: "bot_1", data: { leadId: "first" } };
const { data: accepted } = await pushEvent({ ...backend, body: push, headers: { "Idempotency-Key": "first" } });
assert.equal(accepted.deliveries, 1);
await receiver.wait(1);
const attempt = await eventually("the attempt is told", async () => {
    const { data } = await getEndpoint({ ...dashboard, path });
    return data.lastAttempt ?? undefined;
});
assert.deepEqual([attempt.succeeded, attempt.error], [true, null]);
done("an event was delivered");

receiver.status = 500;
const { data: tested } = await sendTestEvent({ ...dashboard, path, body: { event: "ticket.created" } });
const error: FailureCode = "http_status";
assert.deepEqual([tested.succeeded, tested.attempt.error], [false, error]);
receiver.status = 200;
const { data: log } = await listDeliveries({ ...dashboard, path, query: { status: "succeeded", limit: 10 } });
const delivery = log.deliveries[0]!;
const { data: detail } = await getDelivery({ ...dashboard, path: { ...path, deliveryId: delivery.id } });
assert.equal(detail.attemptLog.length, 1);
const since = new Date(Date.now() - 3_600_000).toISOString();
const { data: count } = await countReplay({ ...dashboard, path, body: { since, status: "succeeded" } });
assert.equal(count.matching, 1);
done("a test event failed, and the log tells of both");

const { data: off } = await changeEndpoint({ ...dashboard, body: { id: created.id, active: false } });
assert.deepEqual([off.state, off.disabledReason], ["off", "owner"]);
const { data: on } = await changeEndpoint({ ...dashboard, body: { id: created.id, active: true } });
assert.deepEqual([on.state, on.disabledReason], ["active", null]);
await removeEndpoint({ ...dashboard, query: { id: created.id } });
const gone = await getEndpoint({ client, path });
assert.equal(gone.error?.code, "endpoint_not_found");
done("it was removed");

receiver.close();
