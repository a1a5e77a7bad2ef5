/** The types of gateway-event.mjs, for its test. */
import type { IncomingMessage, ServerResponse } from "node:http";

export declare function keep(request: IncomingMessage, response: ServerResponse): void;
export declare function asGatewaySent<Event>(event: Event): Event;
