/** JSON objects by a table of their members: the same table reads an object with the scanner and describes it as a schema. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import type { JsonScanner } from "../../json/scanner.js";

/** One member of an object that is read into a `Draft`. */
export interface MemberRow<Draft> {
  readonly name: string;
  /** How the API's description shows it; absent: it is accepted, but not described. */
  readonly schema?: v.GenericSchema;
  /** Another name that is accepted in its place. */
  readonly alias?: string;
  /** Reads the value, which the scanner has not touched yet. */
  readonly read: (scanner: JsonScanner, draft: Draft, place: BodyPlace) => void;
}

/** The schema of an object with these members and no others. */
export function describeObject(members: readonly MemberRow<never>[]): v.GenericSchema {
  return v.strictObject(Object.fromEntries(members.flatMap(({ name, schema }) => (schema === undefined ? [] : [[name, schema]]))));
}

/**
 * Reads the object that comes next, into `draft`. Refuses a member that the table does not have (`unprocessable`) and one that is given twice (`bad-request`),
 * because it is unclear which value was meant.
 */
export function readObject<Draft>(scanner: JsonScanner, members: readonly MemberRow<Draft>[], draft: Draft, place: BodyPlace): void {
  if (!scanner.enter("object")) return;
  let seen = 0;
  do {
    scanner.readName();
    const index = indexOf(scanner, members);
    const member = members[index];
    if (member === undefined) throw place.unknownMember(scanner.name(), members);
    const bit = 1 << index;
    if ((seen & bit) !== 0) throw place.fault(`${JSON.stringify(scanner.name())} is given twice`);
    seen |= bit;
    place.enter(member.name);
    member.read(scanner, draft, place);
    place.leave();
  } while (scanner.hasMore("object"));
}

function indexOf(scanner: JsonScanner, members: readonly MemberRow<never>[]): number {
  for (let index = 0; index < members.length; index++) {
    const { name, alias } = members[index] as MemberRow<never>;
    if (scanner.nameIs(name) || (alias !== undefined && scanner.nameIs(alias))) return index;
  }
  return -1;
}

/** Where in a body the reader is. It is put into words only when something is wrong there. */
export class BodyPlace {
  /** Which record of the body. */
  index = 0;
  readonly #nameOf: (index: number) => string;
  readonly #steps: (string | number)[] = [];
  #depth = 0;

  /** `nameOf`: what the outermost place is called, by its index. */
  constructor(nameOf: (index: number) => string) {
    this.#nameOf = nameOf;
  }

  enter(step: string | number): void {
    this.#steps[this.#depth++] = step;
  }

  leave(): void {
    this.#depth--;
  }

  /** Goes to a record from wherever the reader was. */
  begin(index: number): void {
    this.index = index;
    this.#depth = 0;
  }

  /** What is wrong here: 400. */
  fault(what: string): RelayError {
    return new RelayError("bad-request", `${this}: ${what}.`);
  }

  /** A member that the contract does not have: 422. */
  unknownMember(name: string, members: readonly MemberRow<never>[]): RelayError {
    const known = members.filter(({ schema }) => schema !== undefined).map((member) => JSON.stringify(member.name));
    const list =
      known.length < 2 ? `the only member is ${known[0]}` : `its members are ${known.slice(0, -1).join(", ")} and ${known.at(-1)}`;
    return new RelayError("unprocessable", `${this}: ${JSON.stringify(name.slice(0, nameLengthMax))} is unknown; ${list}.`);
  }

  toString(): string {
    const steps = this.#steps.slice(0, this.#depth);
    return this.#nameOf(this.index) + steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
  }
}

const nameLengthMax = 80;

export const bodyPlace = (): BodyPlace => new BodyPlace(() => "The body");
