/** Reads the document with the grants from S3, DynamoDB or AWS AppConfig. The SDK is loaded with the first read. */
import { RelayError } from "../errors.js";
import { installed } from "../installed.js";
import type { GrantsLocation } from "./location.js";

interface GrantsDocument {
  readonly text: string;
  /** By which the next read asks whether there is another; undefined where the store has no versions. */
  readonly version: string | undefined;
}

/** Undefined: the document is still the one of that version. Throws `grants-unavailable` and `bad-configuration`. */
export type ReadGrants = (version: string | undefined) => Promise<GrantsDocument | undefined>;

const timeoutMs = 3_000;
const attemptsMax = 2;
const grantsBytesMax = 1_000_000;
/** AppConfig's own lower limit. */
const pollSecondsMin = 15;
/** The attribute of the item in DynamoDB, and its partition key. */
const itemAttribute = "grants";
const itemKey = "id";

/** @param place as messages name it. */
export function createGrantsReader(location: GrantsLocation, place: string): ReadGrants {
  switch (location.kind) {
    case "s3":
      return (version) => translated(place, () => fromS3(location, place, version));
    case "dynamodb":
      return (version) => translated(place, () => fromDynamoDb(location, place, version));
    case "appconfig": {
      const read = appConfigSession(location, place);
      return (version) => translated(place, () => read(version));
    }
  }
}

async function fromS3({ bucket: Bucket, key: Key }: Extract<GrantsLocation, { kind: "s3" }>, place: string, version: string | undefined) {
  const { S3Client, GetObjectCommand } = await installed("@aws-sdk/client-s3", () => import("@aws-sdk/client-s3"));
  const client = new S3Client({ maxAttempts: attemptsMax, followRegionRedirects: true });
  try {
    const command = new GetObjectCommand({ Bucket, Key, ...(version === undefined ? {} : { IfNoneMatch: version }) });
    const { Body, ContentLength = 0, ETag } = await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
    assertSize(ContentLength, place);
    return { text: (await Body?.transformToString()) ?? "", version: ETag };
  } catch (thrown) {
    if ((thrown as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode === 304) return undefined;
    throw thrown;
  } finally {
    client.destroy();
  }
}

async function fromDynamoDb(
  { table, id }: Extract<GrantsLocation, { kind: "dynamodb" }>,
  place: string,
  version: string | undefined,
): Promise<GrantsDocument | undefined> {
  const { DynamoDBClient, GetItemCommand } = await installed("@aws-sdk/client-dynamodb", () => import("@aws-sdk/client-dynamodb"));
  const client = new DynamoDBClient({ maxAttempts: attemptsMax });
  try {
    const command = new GetItemCommand({ TableName: table, Key: { [itemKey]: { S: id } }, ConsistentRead: true });
    const { Item } = await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
    const text = Item?.[itemAttribute]?.S;
    if (text === undefined)
      throw new RelayError(
        "bad-configuration",
        `${place} ${Item === undefined ? "does not exist" : `has no attribute ${JSON.stringify(itemAttribute)} with text`}. The item must have the key ${JSON.stringify(itemKey)} and the grants as JSON in ${JSON.stringify(itemAttribute)}.`,
      );
    // An item has no version of its own, and at most 400 KB.
    return text === version ? undefined : { text, version: text };
  } finally {
    client.destroy();
  }
}

/** AppConfig answers with a token for the next question, and with nothing as long as the configuration is the same: the last one is kept for a caller who refused it. */
function appConfigSession({ application, environment, profile }: Extract<GrantsLocation, { kind: "appconfig" }>, place: string) {
  let token: string | undefined;
  let notBeforeMs = 0;
  let last: GrantsDocument | undefined;
  const unlessKnown = (version: string | undefined) => (last?.version === version ? undefined : last);
  return async (version: string | undefined): Promise<GrantsDocument | undefined> => {
    if (token !== undefined && Date.now() < notBeforeMs) return unlessKnown(version);
    const { AppConfigDataClient, GetLatestConfigurationCommand, StartConfigurationSessionCommand } = await installed(
      "@aws-sdk/client-appconfigdata",
      () => import("@aws-sdk/client-appconfigdata"),
    );
    const client = new AppConfigDataClient({ maxAttempts: attemptsMax });
    const abortSignal = AbortSignal.timeout(timeoutMs);
    try {
      token ??= (
        await client.send(
          new StartConfigurationSessionCommand({
            ApplicationIdentifier: application,
            EnvironmentIdentifier: environment,
            ConfigurationProfileIdentifier: profile,
            RequiredMinimumPollIntervalInSeconds: pollSecondsMin,
          }),
          { abortSignal },
        )
      ).InitialConfigurationToken;
      const { Configuration, NextPollConfigurationToken } = await client.send(
        new GetLatestConfigurationCommand({ ConfigurationToken: token }),
        { abortSignal },
      );
      token = NextPollConfigurationToken;
      notBeforeMs = Date.now() + pollSecondsMin * 1_000;
      if (last === undefined || (Configuration !== undefined && Configuration.length > 0)) {
        assertSize(Configuration?.length ?? 0, place);
        last = { text: Buffer.from(Configuration ?? []).toString("utf8"), version: NextPollConfigurationToken };
      }
      return unlessKnown(version);
    } catch (thrown) {
      // A token is valid once, and for a day: after any failure, a new session.
      token = undefined;
      throw thrown;
    } finally {
      client.destroy();
    }
  };
}

function assertSize(bytes: number, place: string): void {
  if (bytes > grantsBytesMax) throw new RelayError("bad-configuration", `${place} has ${bytes} bytes; grants may have ${grantsBytesMax}.`);
}

/** What only a change of the configuration repairs. */
const ours = /^(NoSuchKey|NoSuchBucket|AccessDenied|AccessDeniedException|ResourceNotFoundException|Forbidden|NotFound)$/;

async function translated<T>(place: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof RelayError) throw thrown;
    const name = thrown instanceof Error ? thrown.name : "";
    if (ours.test(name)) throw new RelayError("bad-configuration", `${place} cannot be read: ${name}.`, { cause: thrown });
    throw new RelayError("grants-unavailable", `${place} could not be read: ${name}.`, { cause: thrown });
  }
}
