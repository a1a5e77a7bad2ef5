/**
 * The mappings of routes: a relay loses nothing as long as its mapping drops nothing. What would drop or reorder records behind its back is refused, before
 * it is deployed and before it is started. Pure.
 */
export interface MappingEvent {
  readonly maximumRetryAttempts?: unknown;
  readonly maximumRecordAgeInSeconds?: unknown;
  readonly bisectBatchOnFunctionError?: unknown;
  readonly onFailureDestination?: unknown;
  readonly functionResponseTypes?: unknown;
  readonly provisionedPollerConfig?: unknown;
  readonly provisionedPollers?: unknown;
  readonly enabled?: unknown;
}

const endless = -1;

/** Why a route may not have such a mapping, one sentence a member. */
export function mappingFaults(functionKey: string, event: MappingEvent): readonly string[] {
  const { maximumRetryAttempts, maximumRecordAgeInSeconds, bisectBatchOnFunctionError, onFailureDestination } = event;
  const fault = (member: string, why: string) =>
    `function ${functionKey}: ${member} ${why}. A route gives records back until they are delivered or dead-lettered; leave it out.`;
  return [
    ...(isSet(maximumRetryAttempts) && Number(maximumRetryAttempts) !== endless
      ? [
          fault(
            `maximumRetryAttempts: ${maximumRetryAttempts}`,
            "would drop a batch after so many attempts (only -1, without end, will do)",
          ),
        ]
      : []),
    ...(isSet(maximumRecordAgeInSeconds) && Number(maximumRecordAgeInSeconds) !== endless
      ? [fault(`maximumRecordAgeInSeconds: ${maximumRecordAgeInSeconds}`, "would drop records for their age")]
      : []),
    ...(bisectBatchOnFunctionError === true || bisectBatchOnFunctionError === "true"
      ? [fault("bisectBatchOnFunctionError", "would take records out of their order")]
      : []),
    ...(isSet(onFailureDestination)
      ? [fault("onFailureDestination", "would take records away that the route has not settled; its dead letter topic is for that")]
      : []),
    ...(takesPartialResponses(event) && !isProvisioned(event)
      ? [
          `function ${functionKey}: functionResponseTypes: AWS takes partial responses of Kafka batches from provisioned pollers alone; add provisionedPollerConfig: { minimumPollers, maximumPollers }, or leave functionResponseTypes out.`,
        ]
      : []),
  ];
}

/** Does the mapping understand which records a function gives back? Without, the function has to throw, and the whole batch comes again. */
export function takesPartialResponses({ functionResponseTypes }: MappingEvent): boolean {
  return [functionResponseTypes].flat().includes("ReportBatchItemFailures");
}

export function isProvisioned({ provisionedPollerConfig, provisionedPollers }: MappingEvent): boolean {
  return isSet(provisionedPollerConfig) || (isSet(provisionedPollers) && provisionedPollers !== false);
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;
