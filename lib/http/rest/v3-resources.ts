/** What every v3 answer has in common: kind, metadata with absolute address and resource name, related links, lists. Pure. */
import * as v from "valibot";

/** Where a cluster's resources are found: addresses for people's clients, resource names (CRN) for their policies. */
export interface Links {
  readonly clusterId: string;
  /** Absolute; `path` begins below the cluster. */
  readonly url: (path: string) => string;
  readonly crn: (path: string) => string;
}

export function linksTo(baseUrl: string, clusterId: string): Links {
  return {
    clusterId,
    url: (path) => `${baseUrl}/v3/clusters/${encodeURIComponent(clusterId)}${path}`,
    crn: (path) => `crn:///kafka=${clusterId}${path}`,
  };
}

/** Names are decoded once on their way in and encoded again here: a group may be called "a/b". */
const encoded = encodeURIComponent;

export const paths = {
  broker: (id: number) => `/brokers/${id}`,
  topic: (topic: string) => `/topics/${encoded(topic)}`,
  partition: (topic: string, partition: number) => `/topics/${encoded(topic)}/partitions/${partition}`,
  replica: (topic: string, partition: number, broker: number) => `/topics/${encoded(topic)}/partitions/${partition}/replicas/${broker}`,
  group: (group: string) => `/consumer-groups/${encoded(group)}`,
  consumer: (group: string, consumer: string) => `/consumer-groups/${encoded(group)}/consumers/${encoded(consumer)}`,
  lag: (group: string, topic: string, partition: number) =>
    `/consumer-groups/${encoded(group)}/lags/${encoded(topic)}/partitions/${partition}`,
} as const;

export const names = {
  broker: (id: number) => `/broker=${id}`,
  topic: (topic: string) => `/topic=${topic}`,
  partition: (topic: string, partition: number) => `/topic=${topic}/partition=${partition}`,
  replica: (topic: string, partition: number, broker: number) => `/topic=${topic}/partition=${partition}/replica=${broker}`,
  group: (group: string) => `/consumer-group=${encoded(group)}`,
  consumer: (group: string, consumer: string) => `/consumer-group=${encoded(group)}/consumer=${encoded(consumer)}`,
} as const;

interface Related {
  readonly related: string;
}

export const relatedTo = (links: Links, path: string): Related => ({ related: links.url(path) });

/** One resource. Without a name of its own (ACLs) `resource_name` is left out. */
export function toResource<const Kind extends string, const Fields extends object>(
  kind: Kind,
  links: Links,
  at: { readonly path: string; readonly name?: string },
  fields: Fields,
) {
  return {
    kind,
    metadata: { self: links.url(at.path), ...(at.name === undefined ? {} : { resource_name: links.crn(at.name) }) },
    ...fields,
  };
}

/** A list. The contract has the member `next` and no paging: it is always null. */
export function toList<const Kind extends string, Item>(kind: Kind, self: string, data: readonly Item[]) {
  return { kind: `${kind}List` as const, metadata: { self, next: null }, data };
}

export const related = v.object({ related: v.string() });

export function resource<const Kind extends string, const Fields extends v.ObjectEntries>(kind: Kind, fields: Fields) {
  return v.object({
    kind: v.literal(kind),
    metadata: v.object({ self: v.string(), resource_name: v.optional(v.string()) }),
    ...fields,
  });
}

export function listOf<const Kind extends string, const Item extends v.GenericSchema>(kind: Kind, item: Item) {
  return v.object({
    kind: v.literal(`${kind}List`),
    metadata: v.object({ self: v.string(), next: v.null() }),
    data: v.array(item),
  });
}

/** A whole number from a path. Any other text names nothing that exists, so its lookup answers 404. */
export const numberInPath = v.pipe(
  v.string(),
  v.transform((text) => (/^\d{1,10}$/.test(text) ? Number(text) : -1)),
);

/** An offset in a body: all its digits, whichever way JSON was read. */
export const offset = v.pipe(
  v.union([v.bigint(), v.pipe(v.number(), v.safeInteger())], "must be a whole number"),
  v.transform((value) => BigInt(value)),
);

/** The longest string of the protocol: a broker closes the connection on a longer one, without an error. */
export const shortText = v.pipe(v.string(), v.maxBytes(32_767, "must have at most 32767 bytes"));

/** As wide as the protocol's numbers. The broker decides which of them are valid. */
export const int32 = v.pipe(v.number(), v.integer(), v.minValue(-2_147_483_648), v.maxValue(2_147_483_647));

/** A list in a body with at least one and at most `max` entries. */
export function someOf<const Item extends v.GenericSchema>(item: Item, max: number) {
  return v.pipe(v.array(item), v.minLength(1, "must not be empty"), v.maxLength(max, `must have at most ${max} entries`));
}

/** Offsets and lags in answers: bigints inside, on the wire JSON numbers with all their digits. */
export const int64 = v.pipe(v.number(), v.integer());

export const flagInQuery = v.pipe(
  v.string(),
  v.transform((text) => text.toLowerCase() === "true"),
);
