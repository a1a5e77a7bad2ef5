/** Server-sent events as any server may send them: any line ends, several lines of data, and pieces that end anywhere. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ServerEvent, serverEvents } from "../../../lib/client/server-events.js";

async function eventsIn(pieces: readonly Uint8Array[]): Promise<readonly ServerEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const group of serverEvents(body, 10_000, () => {})) events.push(...group);
  return events.filter(({ name, id, data }) => name !== "" || id !== "" || data !== "");
}

test("whatever the line ends and the pieces, the same events come out", async () => {
  const text = fc.string({ unit: "binary", minLength: 1 }).map((any) => any.replaceAll(/[\r\n\0]/g, "-").trim() || "x");
  const event = fc.record({ name: fc.constantFrom("", "gap"), id: text, data: text });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 6 }), fc.constantFrom("\n", "\r\n"), fc.nat({ max: 20 }), async (events, end, size) => {
      const lines = events.flatMap(({ name, id, data }) => [
        ...(name === "" ? [] : [`event: ${name}`]),
        `id: ${id}`,
        `data:${data}`,
        ": comment",
        "",
      ]);
      const bytes = Buffer.from(lines.map((line) => line + end).join(""));
      const pieces = Array.from({ length: Math.ceil(bytes.length / (size + 1)) }, (_, index) =>
        bytes.subarray(index * (size + 1), (index + 1) * (size + 1)),
      );

      expect(await eventsIn(pieces)).toEqual(events.map((one) => ({ ...one, data: one.data.replace(/^ /, "") })));
    }),
    { numRuns: 60 },
  );
});

test("several lines of data are one text, and an id without data is an event of its own", async () => {
  const events = await eventsIn([Buffer.from("data: one\ndata: two\n\nid: 7\n\nretry: 5\n\n")]);

  expect(events).toEqual([
    { name: "", id: "", data: "one\ntwo" },
    { name: "", id: "7", data: "" },
  ]);
});

test("a response that says nothing for too long is reported", async () => {
  let isSilent = false;
  let close: () => void = () => {};
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      close = () => controller.close();
    },
  });
  const reading = serverEvents(body, 20, () => {
    isSilent = true;
    close();
  });

  expect(await reading.next()).toEqual({ done: true, value: undefined });
  expect(isSilent).toBe(true);
});
