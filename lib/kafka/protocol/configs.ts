/** The messages about configurations of topics, brokers and the cluster. */
import { array, bool, defineApi, int8, int16, int32, nullableArray, nullableString, since, string, struct } from "./wire.js";

export const describeConfigsApi = defineApi({
  name: "DescribeConfigs",
  key: 32,
  versions: [1, 4],
  flexibleFrom: 4,
  request: struct({
    resources: array(struct({ type: int8, name: string, keys: nullableArray(string) })),
    includeSynonyms: bool,
    includeDocumentation: since(3, bool, false),
  }),
  answer: struct({
    throttleMs: int32,
    resources: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        type: int8,
        name: string,
        configs: array(
          struct({
            name: string,
            value: nullableString,
            isReadOnly: bool,
            source: int8,
            isSensitive: bool,
            synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
            type: since(3, int8, 0),
            documentation: since(3, nullableString, null),
          }),
        ),
      }),
    ),
  }),
});

const alteredResources = struct({
  throttleMs: int32,
  resources: array(struct({ errorCode: int16, errorMessage: nullableString, type: int8, name: string })),
});

/** Changes what is named and leaves the rest (KIP-339). */
export const incrementalAlterConfigsApi = defineApi({
  name: "IncrementalAlterConfigs",
  key: 44,
  versions: [0, 1],
  flexibleFrom: 1,
  request: struct({
    resources: array(
      struct({ type: int8, name: string, configs: array(struct({ name: string, operation: int8, value: nullableString })) }),
    ),
    validateOnly: bool,
  }),
  answer: alteredResources,
});

/** Replaces the whole set: for brokers that know no better (before 2.3). */
export const alterConfigsApi = defineApi({
  name: "AlterConfigs",
  key: 33,
  versions: [0, 1],
  request: struct({
    resources: array(struct({ type: int8, name: string, configs: array(struct({ name: string, value: nullableString })) })),
    validateOnly: bool,
  }),
  answer: alteredResources,
});
