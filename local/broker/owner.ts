/** Whose the running broker is: the program that started it, or took it over from one that was killed. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityOf, isAlive, type ProcessIdentity } from "../processes/identity.js";

const ownerFile = (dataFolder: string): string => join(dataFolder, "owner.json");

/** The living program it belongs to; undefined: nobody's. */
export function ownerOf(dataFolder: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(readFileSync(ownerFile(dataFolder), "utf8")) as ProcessIdentity;
    return isAlive(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

export function takeOwnership(dataFolder: string): void {
  mkdirSync(dataFolder, { recursive: true });
  writeFileSync(ownerFile(dataFolder), JSON.stringify(identityOf(process.pid)));
}

export function giveUpOwnership(dataFolder: string): void {
  if (ownerOf(dataFolder)?.pid === process.pid) rmSync(ownerFile(dataFolder), { force: true });
}
