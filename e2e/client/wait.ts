// What every story needs, whichever generator made its client.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

/** Looks again and again until there is what is looked for; gives up after half a minute. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + 30_000;
    for (;;) {
        const found = await look();
        if (found !== undefined) return found;
        assert.ok(Date.now() < deadline, `it did not come to pass: ${what}`);
        await delay(20);
    }
}

/** Tells how far the story has come. */
export function done(sentence: string): void {
    console.log(`✓ ${sentence}`);
}

/** A variable of the environment; ends the program if it isn't set. */
export function variable(name: string): string {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
}
