/** Server-sent events from a response, in the groups in which they arrive (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation). */

export interface ServerEvent {
  /** "": an event without a name. */
  readonly name: string;
  /** "": none. An id counts also where there is no data. */
  readonly id: string;
  readonly data: string;
}

/** Ends with the response. `onSilence` is called if nothing arrives for `silenceMaxMs`: it should break the connection. */
export async function* serverEvents(
  body: ReadableStream<Uint8Array>,
  silenceMaxMs: number,
  onSilence: () => void,
): AsyncGenerator<readonly ServerEvent[], void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let left = "";
  try {
    for (;;) {
      const timer = setTimeout(onSilence, silenceMaxMs);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      const blocks = (left + decoder.decode(value, { stream: true })).split(/\r\n\r\n|\n\n|\r\r/);
      left = blocks.pop() ?? "";
      if (blocks.length > 0) yield blocks.map(toEvent);
    }
  } finally {
    // A reader that stops early closes the connection.
    await reader.cancel().catch(() => {});
  }
}

function toEvent(block: string): ServerEvent {
  let [name, id] = ["", ""];
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const at = line.indexOf(":");
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(line[at + 1] === " " ? at + 2 : at + 1);
    if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "event") name = value;
  }
  return { name, id, data: data.join("\n") };
}
