/** The media types of records that are streamed. */

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export const eventsType = "text/event-stream";
/** A JSON object per line (https://github.com/ndjson/ndjson-spec). */
export const linesType = "application/x-ndjson";
export type StreamType = typeof eventsType | typeof linesType;
