/** Holds a route's function entry in serverless.yml to what the relay promises. Pure. */

/** A function of serverless.yml as far as it is about a route. */
export interface RouteFunction {
  readonly key: string;
  /** Without extension: "functions/routes/strong-quakes". */
  readonly file: string;
  readonly triggers: readonly object[];
}

/** By option of the mapping: is it fine, and why not. Each of them drops or reorders records behind the relay's back. */
const rules: readonly { readonly option: string; readonly isFine: (value: unknown) => boolean; readonly why: string }[] = [
  {
    option: "maximumRetryAttempts",
    isFine: (value) => value === -1,
    why: "must be -1 or absent: after so many tries the mapping drops the batch, and the relay has acknowledged nothing of it",
  },
  {
    option: "maximumRecordAgeInSeconds",
    isFine: (value) => value === -1,
    why: "must be -1 or absent: records that wait for their target would be dropped for their age",
  },
  {
    option: "bisectBatchOnFunctionError",
    isFine: (value) => value === false,
    why: "must be absent: halves of a batch are tried apart from each other, and order is lost",
  },
  {
    option: "onFailureDestination",
    isFine: () => false,
    why: "must be absent: with it AWS drops records after ten tries; what fails for good is in the route's dead letter topic",
  },
  {
    option: "destinationConfig",
    isFine: () => false,
    why: "must be absent: with it AWS drops records after ten tries; what fails for good is in the route's dead letter topic",
  },
];

/** What is wrong with how a route is deployed, one sentence each. `file` with its extension. */
export function mappingFaults(file: string, functions: readonly RouteFunction[]): readonly string[] {
  const own = functions.filter((one) => one.file === file.replace(/\.\w+$/, ""));
  const [entry] = own;
  if (entry === undefined) return ["It has no function in serverless.yml, so nothing triggers it."];
  if (own.length > 1)
    return [`It has ${own.length} functions in serverless.yml (${own.map(({ key }) => key).join(", ")}): each would deliver every record.`];
  if (entry.triggers.length === 0) return [`Its function ${entry.key} in serverless.yml has neither an msk nor a kafka event.`];
  return entry.triggers.flatMap((trigger) =>
    rules.flatMap(({ option, isFine, why }) => {
      const value = (trigger as Readonly<Record<string, unknown>>)[option];
      return value === undefined || isFine(value) ? [] : [`${option} of ${entry.key} in serverless.yml ${why}.`];
    }),
  );
}
