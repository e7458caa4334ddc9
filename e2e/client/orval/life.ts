// The life of an endpoint, told through the client that orval makes from openapi/openapi.json; see e2e/tests/client.
import assert from "node:assert/strict";

import {
    FailureCode,
    DisabledReason,
    ErrorCode,
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
} from "./api.js";
import { Receiver } from "./receiver.js";
import { done, eventually, variable } from "./wait.js";

// The client is made for pages that come from where the API is, so its addresses are relative.
const fetchAbsolute = globalThis.fetch;
globalThis.fetch = (address, options) => fetchAbsolute(new URL(String(address), variable("API_URL")), options);

const as = (name: string) => ({ headers: { authorization: `Bearer ${variable(name)}` } });
const [dashboard, backend] = [as("DASHBOARD_TOKEN"), as("SERVICE_KEY")];
const receiver = new Receiver();
await receiver.listen();

/** What an answer contains, if it has this status. */
function body<A extends { status: number; data: unknown }, S extends A["status"]>(
    answer: A,
    status: S,
): Extract<A, { status: S }>["data"] {
    assert.equal(answer.status, status, JSON.stringify(answer.data));
    return answer.data as Extract<A, { status: S }>["data"];
}

const created = body(await createEndpoint({ url: receiver.url, events: ["lead.captured"] }, dashboard), 201);
assert.match(created.secret, /^whsec_/);
assert.deepEqual([created.lastAttempt, created.disabledReason], [null, null]);
const { id } = created;
const list = body(await listEndpoints({}, dashboard), 200);
assert.deepEqual(list.endpoints.map((endpoint) => endpoint.id), [id]);
done("an endpoint was created and listed");

const refused = body(await createEndpoint({ url: "ftp://example.com", events: ["lead.captured"] }, dashboard), 422);
assert.deepEqual([refused.code, refused.field], [ErrorCode.url_scheme_not_allowed, "url"]);
done("a wrong URL was refused with a code that the document has");

const event = { accountId: variable("ACCOUNT_ID"), event: "lead.captured", chatbotId: "bot_1", data: { leadId: "1" } };
assert.equal(body(await pushEvent(event, backend), 202).deliveries, 1);
await receiver.wait(1);
await eventually("the attempt is told", async () => {
    const { lastAttempt } = body(await getEndpoint(id, dashboard), 200);
    return lastAttempt ?? undefined;
});
done("an event was delivered");

receiver.status = 500;
const tested = body(await sendTestEvent(id, { event: "ticket.created" }, dashboard), 200);
assert.deepEqual([tested.succeeded, tested.attempt.error], [false, FailureCode.http_status]);
receiver.status = 200;
const log = body(await listDeliveries(id, { status: "succeeded", limit: 10 }, dashboard), 200);
const detail = body(await getDelivery(id, log.deliveries[0]!.id, dashboard), 200);
assert.equal(detail.attemptLog.length, 1);
const since = new Date(Date.now() - 3_600_000).toISOString();
assert.equal(body(await countReplay(id, { since, status: "succeeded" }, dashboard), 200).matching, 1);
done("a test event failed, and the log tells of both");

const off = body(await changeEndpoint({ id, active: false }, {}, dashboard), 200);
assert.equal(off.disabledReason, DisabledReason.owner);
assert.equal(body(await changeEndpoint({ id, active: true }, {}, dashboard), 200).disabledReason, null);
body(await removeEndpoint({ id }, dashboard), 204);
assert.equal(body(await getEndpoint(id, dashboard), 404).code, ErrorCode.endpoint_not_found);
done("it was removed");

receiver.close();
