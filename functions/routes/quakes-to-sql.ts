/** Route: earthquakes into a table, one row a quake, the newest state of each. */
import { relay } from "../../lib/relay/relay.js";
import { defineRoute } from "../../lib/relay/route.js";
import { sql } from "../../lib/targets/sql.js";

export const handler = relay(
  defineRoute({
    name: "quakes-to-sql",
    filter: { value: { properties: { type: ["earthquake"], mag: [{ numeric: [">=", 2.5] }] } } },
    target: sql({
      connection: "env:QUAKES_DATABASE_URL",
      table: "quakes",
      key: ["id"],
      columns: { id: "value.id", magnitude: "value.properties.mag", place: "value.properties.place", time_ms: "value.properties.time" },
      create: { id: "text", magnitude: "double precision", place: "text", time_ms: "bigint" },
    }),
    examples: [
      {
        name: "a blast is not an earthquake",
        input: { value: { id: "c", properties: { mag: 3, type: "quarry blast" } } },
        expected: "filtered",
      },
      {
        name: "a quake is delivered unchanged",
        input: { value: { id: "d", properties: { mag: 3, type: "earthquake" } } },
        expected: { value: { id: "d", properties: { mag: 3, type: "earthquake" } } },
      },
    ],
  }),
);
