/** Numbers compared by their decimal value or by their text, and never rounded: what a double cannot hold stays text. */

/** A number of a JSON text as it stood there. */
export class NumberText {
  readonly text: string;
  #decimal: Decimal | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get decimal(): Decimal {
    this.#decimal ??= toDecimal(this.text);
    return this.#decimal;
  }

  /** JSON.stringify has no way to write all digits, and must not round them unseen; `toJsonText` writes them. */
  toJSON(): never {
    throw new TypeError(
      `The number ${this.text.slice(0, 50)} cannot be written here without losing digits; in JSONata, $string() keeps them`,
    );
  }

  toString(): string {
    return this.text;
  }
}

/** Everything a matcher takes for a number. */
export type EventNumber = number | bigint | NumberText;

/** sign * 0.DIGITS * 10^exponent; digits neither begin nor end with a zero, and zero has none. */
interface Decimal {
  readonly sign: -1 | 0 | 1;
  readonly digits: string;
  readonly exponent: number;
}

const zero: Decimal = { sign: 0, digits: "", exponent: 0 };

export function isNumber(value: unknown): value is EventNumber {
  return typeof value === "number" || typeof value === "bigint" || value instanceof NumberText;
}

/** Negative, zero or positive, by exact decimal value. A double counts as the shortest decimal that names it, as JSON writes it. */
export function compareNumbers(left: EventNumber, right: EventNumber): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return compareDecimals(decimalOf(left), decimalOf(right));
}

/** The text that Lambda compares plain numbers by. */
export function numberText(value: EventNumber): string {
  return value instanceof NumberText ? value.text : String(value);
}

/** Longer whole numbers and fractions are written with an exponent. */
const plainDigitsMax = 400;

/**
 * The one text of its value, whatever its spelling: digits with at most a point ("9007199254740993.0", "9.007199254740993e15" and "9007199254740993" are one), so
 * that whole numbers fit columns of whole numbers; with an exponent where that would take more than 400 digits.
 */
export function plainText({ decimal: { sign, digits, exponent } }: NumberText): string {
  if (sign === 0) return "0";
  const minus = sign < 0 ? "-" : "";
  if (Math.max(digits.length, Math.abs(exponent)) > plainDigitsMax) return `${minus}0.${digits}e${exponent}`;
  if (exponent <= 0) return `${minus}0.${"0".repeat(-exponent)}${digits}`;
  if (digits.length <= exponent) return minus + digits.padEnd(exponent, "0");
  return `${minus}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/** A number of JSON as a double where that says exactly the same, else as its text; whole numbers beyond 2^53 stay text, so that they cannot be taken for rounded ones. */
export function toExactNumber(text: string): number | NumberText {
  const double = Number(text);
  // Fifteen digits are in every double.
  if (text.length <= 15 && !/[eE]/.test(text)) return double;
  const kept = new NumberText(text);
  if (!Number.isFinite(double) || (Number.isInteger(double) && !Number.isSafeInteger(double))) return kept;
  return compareDecimals(kept.decimal, toDecimal(String(double))) === 0 ? double : kept;
}

/** Of a double: of the shortest decimal that names it. */
export function decimalOf(value: EventNumber): Decimal {
  return value instanceof NumberText ? value.decimal : toDecimal(String(value));
}

function toDecimal(text: string): Decimal {
  const [, minus, whole = "", fraction = "", power = "0"] = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = whole + fraction;
  const first = all.search(/[1-9]/);
  if (first < 0) return zero;
  let end = all.length;
  while (all[end - 1] === "0") end--;
  return { sign: minus === "-" ? -1 : 1, digits: all.slice(first, end), exponent: whole.length - first + Number(power) };
}

function compareDecimals(left: Decimal, right: Decimal): number {
  if (left.sign !== right.sign) return left.sign - right.sign;
  if (left.exponent !== right.exponent) return left.exponent > right.exponent ? left.sign : -left.sign;
  if (left.digits === right.digits) return 0;
  // Both are read behind "0.": the text order of the digits is the order of the fractions.
  return left.digits > right.digits ? left.sign : -left.sign;
}
