/** The schemas of one configuration, both ways: its registries are opened once, and share what they keep. Loaded with the first value that has a schema. */
import type { Config } from "../config.js";
import { createSecrets, type ReadSecret } from "../secrets.js";
import { createDeserializer, type Deserializer } from "./deserializer.js";
import { createEncoderOf, type EncoderOf } from "./encoder.js";
import { createGlueRegistry } from "./registry/glue.js";
import { openRegistry } from "./registry/open.js";
import { createSerializer, type Serializer } from "./serializer.js";

export interface Schemas {
  readonly serializer: Serializer;
  readonly deserializer: Deserializer;
  readonly encoderOf: EncoderOf;
  readonly close: () => void;
}

/** Throws `bad-configuration`. */
export function openSchemas(config: Config, secret: ReadSecret = createSecrets()): Schemas {
  const confluent = openRegistry(config, secret);
  const { GLUE_REGISTRY: registryName, AWS_REGION: region } = config;
  const glue = registryName === undefined ? undefined : createGlueRegistry({ registryName, region });
  return {
    serializer: createSerializer(confluent),
    deserializer: createDeserializer({ confluent, glue }),
    encoderOf: createEncoderOf({ confluent, glue }),
    close: () => {
      confluent?.close();
      glue?.close();
    },
  };
}
