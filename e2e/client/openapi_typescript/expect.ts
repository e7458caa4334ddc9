// What the story asserts with. Everything throws, because that ends the program and fails the test.
import assert from "node:assert/strict";

import type { components } from "./api.js";

type Problem = components["schemas"]["Problem"];

/** What openapi-fetch answers. */
interface Answer<T> {
    data?: T;
    error?: Problem;
    response: Response;
}

const call = ({ response }: Answer<unknown>) => `${response.url} answered ${response.status}`;

/** What an answer contains, if the call was not refused and has this status. */
export function body<T>(answer: Answer<T>, status = 200): T {
    assert.equal(answer.error, undefined, `${call(answer)}: ${JSON.stringify(answer.error)}`);
    assert.equal(answer.response.status, status, call(answer));
    return answer.data as T;
}

/** The problem that a call was refused with, if it has this code. */
export function refused(answer: Answer<unknown>, code: Problem["code"]): Problem {
    assert.ok(answer.error, `${call(answer)} and was expected to be refused with ${code}`);
    assert.equal(answer.error.code, code, answer.error.detail);
    assert.equal(answer.error.status, answer.response.status, call(answer));
    return answer.error;
}
