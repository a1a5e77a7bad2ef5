/** Consumer groups and how far they are behind; deleting them and moving their offsets. Has the privileges on groups, and reads topics' ends. */
import { http } from "../lib/http/handler.js";
import { groupOffsetOperations } from "../lib/http/operations/group-offset-operations.js";
import { groupOperations } from "../lib/http/operations/group-operations.js";

export const operations = { ...groupOperations, ...groupOffsetOperations };

export const handler = http(operations);
