/**
 * The mappings of routes: a relay loses nothing as long as its mapping drops nothing. What would drop or reorder records behind its back is refused, before
 * it is deployed and before it is started. Pure.
 */
import type { FunctionNeeds } from "./needs.js";

export interface MappingEvent {
  readonly maximumRetryAttempts?: unknown;
  readonly maximumRecordAgeInSeconds?: unknown;
  readonly bisectBatchOnFunctionError?: unknown;
  readonly onFailureDestination?: unknown;
  readonly functionResponseTypes?: unknown;
  readonly provisionedPollerConfig?: unknown;
  readonly provisionedPollers?: unknown;
  readonly enabled?: unknown;
  readonly schemaRegistryConfig?: unknown;
}

const endless = -1;

/** Why a route must not have such a mapping, one sentence per member. */
export function mappingFaults(functionKey: string, event: MappingEvent): readonly string[] {
  const { maximumRetryAttempts, maximumRecordAgeInSeconds, bisectBatchOnFunctionError, onFailureDestination } = event;
  const fault = (member: string, why: string) =>
    `function ${functionKey}: ${member} ${why}. A route gives records back until they are delivered or dead-lettered, so remove this setting.`;
  return [
    ...(isSet(maximumRetryAttempts) && Number(maximumRetryAttempts) !== endless
      ? [
          fault(
            `maximumRetryAttempts: ${maximumRetryAttempts}`,
            "would drop a batch after that many attempts (only -1, no limit, is possible)",
          ),
        ]
      : []),
    ...(isSet(maximumRecordAgeInSeconds) && Number(maximumRecordAgeInSeconds) !== endless
      ? [fault(`maximumRecordAgeInSeconds: ${maximumRecordAgeInSeconds}`, "would drop records because of their age")]
      : []),
    ...(bisectBatchOnFunctionError === true || bisectBatchOnFunctionError === "true"
      ? [fault("bisectBatchOnFunctionError", "would change the order of records")]
      : []),
    ...(isSet(event.schemaRegistryConfig) && !keepsUndecoded(event)
      ? [
          `function ${functionKey}: schemaRegistryConfig would drop records that AWS cannot decode. A route decodes records itself, so remove this setting and name the registry in the route's variables (docs/schemas.md); or keep such records with onFailureDestination: kafka://<topic>.`,
        ]
      : []),
    ...(isSet(onFailureDestination) && !keepsUndecoded(event)
      ? [fault("onFailureDestination", "would remove records that the route has not settled; the route has its dead letter topic for them")]
      : []),
    ...(takesPartialResponses(event) && !isProvisioned(event)
      ? [
          `function ${functionKey}: functionResponseTypes: AWS supports partial responses to Kafka batches only with provisioned pollers; add provisionedPollerConfig: { minimumPollers, maximumPollers }, or remove functionResponseTypes.`,
        ]
      : []),
  ];
}

/** What the mapping cannot decode never reaches the route; a topic keeps it. */
function keepsUndecoded({ schemaRegistryConfig, onFailureDestination }: MappingEvent): boolean {
  return isSet(schemaRegistryConfig) && typeof onFailureDestination === "string" && onFailureDestination.startsWith("kafka://");
}

/** Two mappings with one group would each get a part of the partitions: a group that does not name its stage may be another stage's as well. */
export function sharedGroupWarnings(needs: readonly FunctionNeeds[], stage: string): readonly string[] {
  return needs.flatMap(({ key, route }) =>
    (route?.groups ?? [])
      .filter((group) => group !== undefined && !group.includes(stage))
      .map(
        (group) =>
          `function ${key}: its group ${group} does not contain the stage ${stage}; make sure that no other stage uses it on this cluster`,
      ),
  );
}

/** Does the mapping accept partial responses? Otherwise the function has to throw, and the whole batch is delivered again. */
export function takesPartialResponses({ functionResponseTypes }: MappingEvent): boolean {
  return [functionResponseTypes].flat().includes("ReportBatchItemFailures");
}

export function isProvisioned({ provisionedPollerConfig, provisionedPollers }: MappingEvent): boolean {
  return isSet(provisionedPollerConfig) || (isSet(provisionedPollers) && provisionedPollers !== false);
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null;
