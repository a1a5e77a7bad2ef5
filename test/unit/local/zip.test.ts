/** Zips that are the same bytes whenever their files are. */
import { execFileSync } from "node:child_process";
import { inflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { zip } from "../../../local/build/zip.js";

/** Reads by the directory at the end, as unzip does. */
function unzip(bytes: Buffer): Record<string, string> {
  const end = bytes.length - 22;
  expect(bytes.readUInt32LE(end)).toBe(0x06054b50);
  const files: Record<string, string> = {};
  let at = bytes.readUInt32LE(end + 16);
  for (let index = 0; index < bytes.readUInt16LE(end + 10); index += 1) {
    const [packed, nameLength, offset] = [bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)];
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const start = offset + 30 + bytes.readUInt16LE(offset + 26);
    files[name] = inflateRawSync(bytes.subarray(start, start + packed)).toString("utf8");
    at += 46 + nameLength;
  }
  return files;
}

test("what goes in comes out, names and all", async () => {
  const bytes = await zip([
    { name: "functions/b.js", bytes: Buffer.from("b".repeat(10_000)) },
    { name: "functions/ä.js", bytes: Buffer.alloc(0) },
  ]);

  expect(unzip(bytes)).toEqual({ "functions/b.js": "b".repeat(10_000), "functions/ä.js": "" });
  expect(bytes.length).toBeLessThan(500);
});

test("the order in which files are given, the time and the time zone make no difference", async () => {
  const [a, b] = [
    { name: "a", bytes: Buffer.from("1") },
    { name: "b", bytes: Buffer.from("2") },
  ];
  const first = await zip([a, b]);

  expect((await zip([b, a])).equals(first)).toBe(true);
  for (const zone of ["Pacific/Kiritimati", "America/Los_Angeles"]) expect(zippedIn(zone)).toBe(first.toString("base64"));
});

/** The same two files zipped by a process of its own, later and elsewhere. */
function zippedIn(zone: string): string {
  const module = new URL("../../../local/build/zip.ts", import.meta.url).href;
  const files = `[{ name: "a", bytes: Buffer.from("1") }, { name: "b", bytes: Buffer.from("2") }]`;
  const code = `import(${JSON.stringify(module)}).then(async ({ zip }) => process.stdout.write((await zip(${files})).toString("base64")))`;
  return execFileSync(process.execPath, ["--import", "tsx", "-e", code], { encoding: "utf8", env: { ...process.env, TZ: zone } });
}
