/** Dead letters: list, show, redrive, discard. May read dead letter topics and write their marks, write topics, and invoke the functions of routes. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { deadLetterOperations } from "../lib/http/operations/dead-letter-operations.js";

export const operations = deadLetterOperations;

export const handler = httpApi(operations);
