// Reads a live stream: server-sent events, whose data the document describes.
import type { components } from "./api.js";

type StreamedAttempt = components["schemas"]["StreamedAttempt"];

/** The attempts that a stream tells of, as they come. */
export async function* attempts(stream: ReadableStream<Uint8Array> | null): AsyncGenerator<StreamedAttempt> {
    const reader = stream!.getReader();
    const decoder = new TextDecoder();
    let unread = "";
    for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        unread += decoder.decode(value, { stream: true });
        const blocks = unread.split("\n\n");
        unread = blocks.pop()!;
        for (const block of blocks) {
            const lines = block.split("\n");
            const data = lines.find((line) => line.startsWith("data: "));
            if (lines.includes("event: attempt") && data) yield JSON.parse(data.slice("data: ".length));
        }
    }
}
