/** Reading records by offset, time and cursor. May read topics, and nothing else. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { readOperations } from "../lib/http/operations/read-operations.js";

export const operations = readOperations;

export const handler = httpApi(operations);
