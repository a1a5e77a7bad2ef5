/** A reader of records that are streamed: what it has received, as a browser's EventSource would have it. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { until } from "../broker/kafka.js";

interface StreamedEvent {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

export interface EventReader {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
  /** Records alone. */
  readonly records: readonly StreamedEvent[];
  /** All events with data. */
  readonly events: readonly StreamedEvent[];
  /** The text as it came. */
  readonly text: () => string;
  readonly lastId: () => string;
  readonly isOver: () => boolean;
  readonly received: (count: number, limitMs?: number) => Promise<void>;
  readonly over: () => Promise<void>;
  readonly close: () => void;
}

export function openEvents(url: string, topic: string, query = "", headers: Record<string, string> = {}): EventReader {
  const request = httpRequest(`${url}/topics/${topic}/records${query}`, {
    agent: false,
    headers: { accept: "text/event-stream", ...headers },
  });
  const events: StreamedEvent[] = [];
  const records: StreamedEvent[] = [];
  let [all, left, id, isOver] = ["", "", "", false];
  const end = () => (isOver = true);
  request.on("error", end);
  const response = new Promise<IncomingMessage>((resolve, reject) => void request.once("response", resolve).once("error", reject));
  response.then(
    (given) => {
      given.setEncoding("utf8").on("error", end).once("close", end);
      given.on("data", (text: string) => {
        all += text;
        const blocks = (left + text).split("\n\n");
        left = blocks.pop() ?? "";
        for (const block of blocks) {
          const fields = block.split("\n").map((line) => /^([^:]*): ?(.*)$/.exec(line) ?? []);
          const field = (name: string) => fields.find(([, given]) => given === name)?.[2];
          id = field("id") ?? id;
          const data = field("data");
          if (data === undefined) continue;
          const event = { event: field("event") ?? "message", id, data: JSON.parse(data) as Record<string, unknown> };
          events.push(event);
          if (event.event === "message") records.push(event);
        }
      });
    },
    () => {},
  );
  request.end();
  return {
    request,
    response,
    records,
    events,
    text: () => all,
    lastId: () => id,
    isOver: () => isOver,
    received: (count, limitMs = 20_000) => until(() => records.length >= count, limitMs),
    over: () => until(() => isOver),
    close: () => request.destroy(),
  };
}
