/** Reading records by offset, time and cursor. May read topics, and nothing else. */
import { http } from "../lib/http/handler.js";
import { readOperations } from "../lib/http/operations/read-operations.js";

export const operations = readOperations;

export const handler = http(operations);
