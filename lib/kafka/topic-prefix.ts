/**
 * Confines a connection to topics and groups whose names begin with a prefix, whatever the brokers would allow: where their ACLs or IAM do not say so already, this
 * is what keeps the API of one team away from the topics of another. Every request passes through here, so no operation can forget it.
 */
import { RelayError } from "../errors.js";
import type { Connection } from "./connection.js";
import { kafkaErrors } from "./protocol/error-codes.js";
import { metadataApi } from "./protocol/metadata.js";
import type { AnswerOf } from "./protocol/wire.js";

/**
 * The APIs whose requests and answers `namesIn` and `withoutOthers` understand, by key. A request of any other is refused: it may name topics in a way that is not
 * understood here. ACLs (29 to 31), producer ids (22) and versions (18) name no topic that is read or changed.
 */
const understoodKeys: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 29, 30, 31, 32, 33, 35, 37, 42, 43, 44, 45, 46, 47, 69, 77, 89,
]);
/** Their answers list what was not named: all topics (3), a group's offsets (9), all groups (16), all reassignments (46). */
const listingKeys: ReadonlySet<number> = new Set([3, 9, 16, 46]);
/** Electing leaders without naming topics changes all partitions of the cluster. */
const electLeadersKey = 43;
const topicResource = 2;
const groupResource = 32;
const groupKey = 0;

interface Named {
  readonly name?: string;
  readonly groupId?: string;
  readonly type?: number;
  readonly topics?: readonly unknown[] | null;
}

/** What requests of all APIs name their topics and groups by. */
interface NamingArgs extends Named {
  readonly groups?: readonly (string | Named)[];
  readonly resources?: readonly Named[];
  readonly key?: string;
  readonly keys?: readonly string[];
  readonly keyType?: number;
}

/** A connection through which nothing outside the prefix is read, listed or changed. An empty prefix confines nothing. */
export function confineToPrefix(connection: Connection, prefix: string): Connection {
  if (prefix === "") return connection;
  const isInside = (name: string): boolean => name.startsWith(prefix);
  return {
    ...connection,
    request: async (api, args, to, deadline) => {
      if (!understoodKeys.has(api.key)) throw refused(`${api.name} is not available`, prefix);
      if (api.key === metadataApi.key) {
        const { asked, outside } = splitMetadata(args as NamingArgs, isInside);
        const answer = await connection.request(api, asked as typeof args, to, deadline);
        return withOutside(withoutOthers(answer, isInside), outside);
      }
      if (api.key === electLeadersKey && (args as NamingArgs).topics === null)
        throw refused("An election for the whole cluster is not available", prefix);
      const name = namesIn(args as NamingArgs).find((one) => !isInside(one));
      if (name !== undefined) throw refused(`${JSON.stringify(name)} is not accessible`, prefix);
      const answer = await connection.request(api, args, to, deadline);
      return listingKeys.has(api.key) ? withoutOthers(answer, isInside) : answer;
    },
  };
}

function refused(what: string, prefix: string): RelayError {
  return new RelayError("kafka-forbidden", `${what}: this API is confined to topics and groups that begin with ${JSON.stringify(prefix)}.`);
}

/** Topics that a request for metadata names outside the prefix are not asked for. */
function splitMetadata(args: NamingArgs, isInside: (name: string) => boolean) {
  if (args.topics === null || args.topics === undefined) return { asked: args, outside: [] };
  const names = topicNames(args.topics);
  return { asked: { ...args, topics: names.filter(isInside) }, outside: names.filter((name) => !isInside(name)) };
}

/** They are answered as a broker answers for topics that its ACLs hide. */
function withOutside<Answer>(answer: Answer, outside: readonly string[]): Answer {
  if (outside.length === 0) return answer;
  const { topics, ...rest } = answer as AnswerOf<typeof metadataApi>;
  const hidden = outside.map((name) => ({ ...hiddenTopic, name }));
  return { ...rest, topics: [...topics, ...hidden] } as Answer;
}

const hiddenTopic = {
  errorCode: kafkaErrors.TOPIC_AUTHORIZATION_FAILED.code,
  topicId: "",
  isInternal: false,
  partitions: [],
  authorizedOperations: 0,
} as const;

/** Every topic and group that a request names. */
function namesIn({ topics, groupId, groups = [], resources = [], key, keys = [], keyType }: NamingArgs): readonly string[] {
  const coordinated = keyType === groupKey ? [...keys, ...(key === undefined ? [] : [key])] : [];
  return [
    ...topicNames(topics),
    ...(groupId === undefined ? [] : [groupId]),
    ...groups.flatMap((group) => (typeof group === "string" ? [group] : namesIn(group))),
    ...resources.flatMap(({ type, name }) => ((type === topicResource || type === groupResource) && name !== undefined ? [name] : [])),
    ...coordinated,
  ];
}

function topicNames(topics: Named["topics"]): readonly string[] {
  return (topics ?? []).map((topic) => (typeof topic === "string" ? topic : ((topic as Named).name ?? "")));
}

/** A list of everything, without what is outside. */
function withoutOthers<Answer>(answer: Answer, isInside: (name: string) => boolean): Answer {
  const { topics, groups } = answer as { readonly topics?: readonly Named[]; readonly groups?: readonly Named[] };
  return {
    ...answer,
    ...(topics === undefined ? {} : { topics: topics.filter(({ name = "" }) => isInside(name)) }),
    ...(groups === undefined
      ? {}
      : { groups: groups.filter(({ groupId = "" }) => isInside(groupId)).map((group) => withoutOthers(group, isInside)) }),
  };
}
