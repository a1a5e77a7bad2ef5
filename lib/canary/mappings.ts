/**
 * The state of mappings, which Lambda shows to those who ask for it and in no metric (https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html): a
 * mapping that is disabled, or whose last attempt met a problem, relays nothing.
 */
import { type Deadline, within } from "../deadline.js";
import { RelayError } from "../errors.js";
import { installed } from "../installed.js";

interface NamedMapping {
  /** The key of the route's function. */
  readonly route: string;
  readonly uuid: string;
}

interface MappingState {
  readonly State?: string | undefined;
  readonly LastProcessingResult?: string | undefined;
}

export type AskMapping = (uuid: string, deadline: Deadline) => Promise<MappingState>;

/** `strongQuakes=<uuid> quakesToSql=<uuid>` */
export function readNamedMappings(text: string | undefined): readonly NamedMapping[] {
  return (text ?? "")
    .split(" ")
    .filter((pair) => pair.includes("="))
    .map((pair) => ({ route: pair.slice(0, pair.indexOf("=")), uuid: pair.slice(pair.indexOf("=") + 1) }));
}

/** Lambda's control plane accepts 15 calls per second and account for other than Invoke and a few (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const asksAtOnceMax = 5;

/** By route: why its mapping does not run. Rejects where Lambda does not answer. */
export async function problemsOf(
  mappings: readonly NamedMapping[],
  ask: AskMapping,
  deadline: Deadline,
): Promise<Readonly<Record<string, string>>> {
  const problems: [string, string][] = [];
  for (let first = 0; first < mappings.length; first += asksAtOnceMax) {
    const some = mappings.slice(first, first + asksAtOnceMax);
    const states = await Promise.all(some.map(({ uuid }) => within(deadline, ask(uuid, deadline), tooLate)));
    for (const [index, { route }] of some.entries()) {
      const problem = problemOf(states[index] ?? {});
      if (problem !== undefined) problems.push([route, problem]);
    }
  }
  return Object.fromEntries(problems);
}

const tooLate = (): never => {
  throw new RelayError(
    "deadline-exceeded",
    "Lambda's API did not answer in time. Is there a way to it from the subnets (NAT, or an interface endpoint)?",
  );
};

const running = ["Enabled", "Creating", "Enabling", "Updating"];

/** A mapping that is being made or changed is not stopped. */
function problemOf({ State = "unknown", LastProcessingResult = "" }: MappingState): string | undefined {
  if (!running.includes(State)) return `its state is ${State}`;
  return /^PROBLEM/i.test(LastProcessingResult) ? LastProcessingResult : undefined;
}

export const askLambda: AskMapping = async (UUID, deadline) => {
  const { LambdaClient, GetEventSourceMappingCommand } = await installed("@aws-sdk/client-lambda", () => import("@aws-sdk/client-lambda"));
  const client = new LambdaClient({ maxAttempts: 2 });
  try {
    return await client.send(new GetEventSourceMappingCommand({ UUID }), {
      abortSignal: AbortSignal.timeout(Math.max(1, deadline.leftMs())),
    });
  } finally {
    client.destroy();
  }
};
