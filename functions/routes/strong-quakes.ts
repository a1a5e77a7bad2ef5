/** Route: earthquakes of magnitude 4 or more, in short form, into a topic of their own. */
import { relay } from "../../lib/relay/relay.js";
import { defineRoute } from "../../lib/relay/route.js";
import { topic } from "../../lib/targets/topic.js";

/** A GeoJSON feature as the USGS publishes it (https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php). */
interface Quake {
  readonly id: string;
  readonly properties: { readonly mag: number; readonly place: string; readonly time: number; readonly dmin: number | null };
  readonly geometry: { readonly coordinates: readonly [longitude: number, latitude: number, depthKm: number] };
}

export const handler = relay(
  defineRoute<Quake>({
    name: "strong-quakes",
    filter: { value: { properties: { mag: [{ numeric: [">=", 4] }], type: ["earthquake"] } } },
    transform: ({ value: { id, properties, geometry } }) => {
      if (properties.dmin === null) throw new Error("dmin is missing: no station was near enough to place this quake");
      const [longitude, latitude, depthKm] = geometry.coordinates;
      // No headers are named, so the event's own are kept: a consumer recognises a repeated quake by its id.
      return {
        key: id,
        value: {
          id,
          magnitude: properties.mag,
          place: properties.place,
          time: new Date(properties.time).toISOString(),
          longitude,
          latitude,
          depthKm,
        },
      };
    },
    target: topic({ topic: "strong-earthquakes" }),
    examples: [
      {
        name: "a strong quake is delivered in short form",
        input: {
          key: "us1000cfiy",
          value: {
            id: "us1000cfiy",
            properties: { mag: 5.1, place: "Hualien City, Taiwan", time: 1517966773840, type: "earthquake", dmin: 0.4 },
            geometry: { type: "Point", coordinates: [121.7, 24.1, 10] },
          },
        },
        expected: {
          key: "us1000cfiy",
          value: {
            id: "us1000cfiy",
            magnitude: 5.1,
            place: "Hualien City, Taiwan",
            time: "2018-02-07T01:26:13.840Z",
            longitude: 121.7,
            latitude: 24.1,
            depthKm: 10,
          },
        },
      },
      { name: "a weak quake is filtered", input: { value: { id: "a", properties: { mag: 2, type: "earthquake" } } }, expected: "filtered" },
      {
        name: "a quake without a nearby station is refused",
        input: { value: { id: "b", properties: { mag: 6, type: "earthquake", dmin: null }, geometry: { coordinates: [0, 0, 0] } } },
        expected: "refused",
      },
    ],
  }),
);
