/** The demo's input: one week of earthquakes published by the USGS, as CloudEvents, and where each must arrive. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Quake {
  readonly id: string;
  readonly properties: {
    readonly mag: number | null;
    readonly place: string;
    readonly time: number;
    readonly type: string;
    readonly dmin: number | null;
  };
}

export interface QuakeEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: string;
  /** The record's key, so that all updates of one quake are in one partition. */
  readonly partitionkey: string;
  readonly data: Quake;
}

/** Ids of this run's quakes, grouped by where they must arrive. */
export interface Expected {
  /** In the topic, by the side from which they come. */
  readonly sent: readonly { readonly what: string; readonly ids: ReadonlySet<string>; readonly mayRepeat: boolean }[];
  readonly strong: ReadonlySet<string>;
  /** Strong quakes that the transform refuses, because no station was near enough to locate them. */
  readonly refused: ReadonlySet<string>;
  readonly inSql: ReadonlySet<string>;
}

/** The package exports only its code; the data file is beside it. */
const dataFile = fileURLToPath(new URL("../data/earthquakes.json", import.meta.resolve("vega-datasets")));

/** One id per quake and run, so that runs are not confused. */
export function quakesOf(run: string): readonly Quake[] {
  const { features } = JSON.parse(readFileSync(dataFile, "utf8")) as { readonly features: readonly Quake[] };
  return features.map((quake) => ({ ...quake, id: `${quake.id}.${run}` }));
}

export function toQuakeEvent(quake: Quake, run: string): QuakeEvent {
  return {
    specversion: "1.0",
    id: quake.id,
    source: `/kafka-relay/demo/${run}`,
    type: "gov.usgs.earthquake",
    time: new Date(quake.properties.time).toISOString(),
    datacontenttype: "application/json",
    partitionkey: quake.id,
    data: quake,
  };
}

interface SideOfQuakes {
  readonly what: string;
  readonly quakes: readonly Quake[];
  readonly mayRepeat: boolean;
}

/** What the three routes of functions/routes must do, implemented independently so that the demo proves something. */
export function expectedOf(quakes: readonly Quake[], sides: readonly SideOfQuakes[]): Expected {
  const ids = (keep: (quake: Quake) => boolean) => new Set(quakes.filter(keep).map(({ id }) => id));
  const isQuakeFrom = (magnitudeMin: number) => (quake: Quake) =>
    quake.properties.type === "earthquake" && (quake.properties.mag ?? Number.NEGATIVE_INFINITY) >= magnitudeMin;
  const isStrong = isQuakeFrom(4);
  return {
    sent: sides.map((side) => ({ what: side.what, ids: new Set(side.quakes.map(({ id }) => id)), mayRepeat: side.mayRepeat })),
    strong: ids((quake) => isStrong(quake) && quake.properties.dmin !== null),
    refused: ids((quake) => isStrong(quake) && quake.properties.dmin === null),
    inSql: ids(isQuakeFrom(2.5)),
  };
}
