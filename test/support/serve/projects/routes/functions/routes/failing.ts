/** Delivers to an address where nobody listens. */
import { relay } from "../../../../../../../lib/relay/relay.js";
import { defineRoute } from "../../../../../../../lib/relay/route.js";
import { webhook } from "../../../../../../../lib/targets/webhook.js";

export const handler = relay(
  defineRoute({
    name: "failing",
    target: webhook({ url: "http://127.0.0.1:9/nowhere", allowPrivate: true }),
    retry: { attemptsMax: 2, firstDelayMs: 10, deadlineMs: 1_000 },
  }),
);
