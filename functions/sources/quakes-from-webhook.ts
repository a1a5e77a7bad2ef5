/** Source: earthquakes that a station reports by signed webhooks, one each. */
import { defineSource } from "../../lib/sources/define-source.js";
import { source } from "../../lib/sources/source.js";
import { standardWebhooks } from "../../lib/sources/webhook/schemes.js";
import { webhooks } from "../../lib/sources/webhook.js";

/** A GeoJSON feature as the USGS publishes it (https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php). */
interface Quake {
  readonly id: string;
}

export const handler = source(
  defineSource<Quake>({
    name: "quakes-from-webhook",
    from: webhooks({ verify: standardWebhooks({ secrets: ["env:QUAKES_WEBHOOK_SECRET"] }) }),
    to: { topic: "earthquakes" },
    // The event's id is the webhook's, so that routes recognise a quake that is written twice.
    envelope: "cloudevents",
    transform: ({ value }) => ({ key: value.id }),
    examples: [
      {
        name: "a quake has its id as key",
        input: { value: { id: "us1000cfiy", properties: { mag: 5.1 } } },
        expected: { key: "us1000cfiy", value: { id: "us1000cfiy", properties: { mag: 5.1 } } },
      },
    ],
  }),
);
