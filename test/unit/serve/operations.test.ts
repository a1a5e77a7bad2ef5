/** The server serves what the functions serve between them. */
import { expect, test } from "vitest";
import { operations as acls } from "../../../functions/acls.js";
import { operations as cluster } from "../../../functions/cluster.js";
import { operations as deadLetters } from "../../../functions/dead-letters.js";
import { operations as groups } from "../../../functions/groups.js";
import { operations as produce } from "../../../functions/produce.js";
import { operations as records } from "../../../functions/records.js";
import { operations as service } from "../../../functions/service.js";
import { operations as topics } from "../../../functions/topics.js";
import { allOperations } from "../../../local/serve/operations.js";

test("serve has every operation that a deployed function has", () => {
  const deployed = { ...acls, ...cluster, ...deadLetters, ...groups, ...produce, ...records, ...service, ...topics };

  for (const key of Object.keys(deployed)) expect(allOperations[key], key).toBe(deployed[key as keyof typeof deployed]);
});
