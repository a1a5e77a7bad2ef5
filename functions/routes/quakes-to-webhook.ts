/** Route: every strong earthquake is one signed call to a webhook; quakes of different places go side by side. */
import { relay } from "../../lib/relay/relay.js";
import { defineRoute } from "../../lib/relay/route.js";
import { webhook } from "../../lib/targets/webhook.js";

export const handler = relay(
  defineRoute({
    name: "quakes-to-webhook",
    order: "key",
    target: webhook({ url: "env:QUAKES_WEBHOOK_URL", secrets: ["env:QUAKES_WEBHOOK_SECRET"] }),
  }),
);
