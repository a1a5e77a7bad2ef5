/** The warning about a limit of open files that is lower than the connections that may be open. */
import { expect, test } from "vitest";
import { openFilesMax, openFilesWarning } from "../../../local/serve/open-files.js";

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95877                95877                processes
Max open files            ${soft.padEnd(21)}unlimited            files
`;

test("the limit of open files is the one in force", () => {
  expect(openFilesMax(limits("1024"))).toBe(1_024);
});

test("no limit is known where there is none, or where the system does not say", () => {
  expect([openFilesMax(limits("unlimited")), openFilesMax("")]).toEqual([undefined, undefined]);
});

test("a limit below the connections that may be open is named with both ways out, and any other is not", () => {
  expect(openFilesWarning(20_000, 1_024)).toBe(
    "This process may open 1024 files, which is less than the 20000 connections of RELAY_SERVE_CONNECTIONS_MAX. Raise the limit (ulimit -n), or lower RELAY_SERVE_CONNECTIONS_MAX.",
  );
  expect([openFilesWarning(20_000, 20_000), openFilesWarning(20_000, undefined)]).toEqual([undefined, undefined]);
});
