// The two clients: the dashboard's and the chatbot backend's. Both are openapi-fetch over the generated types; nothing
// here knows a path or a field. The variables are those of `data/dev.env`, so this runs against `scripts/run` too.
import createClient from "openapi-fetch";

import type { paths } from "./api.js";
import { variable } from "./wait.js";

const clientWith = (token: string) =>
    createClient<paths>({ baseUrl: variable("API_URL"), headers: { authorization: `Bearer ${token}` } });

/** A user of the account, with a session token. */
export const dashboard = clientWith(variable("DASHBOARD_TOKEN"));

/** The chatbot backend, with its service key. */
export const backend = clientWith(variable("SERVICE_KEY"));

/** The account that events are pushed to, and that the dashboard's user belongs to. */
export const accountId = variable("ACCOUNT_ID");
