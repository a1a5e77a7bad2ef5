/** Source: earthquakes that an application writes to a table in its own transactions. */
import { defineSource } from "../../lib/sources/define-source.js";
import { outbox } from "../../lib/sources/outbox.js";
import { source } from "../../lib/sources/source.js";

export const handler = source(
  defineSource({
    name: "quakes-from-outbox",
    // The schedule starts a run every minute, and each run looks again every second, so a quake waits for about a second.
    from: outbox({
      database: "env:QUAKES_DATABASE_URL",
      table: "quakes_outbox",
      order: "seq",
      id: "id",
      key: "id",
      value: "payload",
      pollEveryMs: 1_000,
    }),
    to: { topic: "earthquakes" },
    // The event's id is the row's, so that routes recognise a quake that is written twice.
    envelope: "cloudevents",
  }),
);
