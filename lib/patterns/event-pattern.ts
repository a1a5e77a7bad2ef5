/** The event pattern language as TypeScript types: an operator that does not exist is a compile error. */

type OperatorName = "exists" | "prefix" | "suffix" | "equals-ignore-case" | "wildcard" | "anything-but" | "numeric" | "cidr";

/** An object with exactly this one operator. */
type Operator<Name extends OperatorName, Operand> = { readonly [name in Name]: Operand } & {
  readonly [name in Exclude<OperatorName, Name>]?: never;
};

type PatternNumber = number | bigint;
type OneOrMany<T> = T | readonly T[];
type IgnoreCase = Operator<"equals-ignore-case", string>;

type NumericRange =
  | readonly ["=" | "<" | "<=" | ">" | ">=", PatternNumber]
  | readonly [">" | ">=", PatternNumber, "<" | "<=", PatternNumber];

/** One member of a value list: it matches by itself, and the list matches where any member does. */
export type PatternMember =
  | string
  | PatternNumber
  | boolean
  | null
  | Operator<"exists", boolean>
  | Operator<"prefix", string | IgnoreCase>
  | Operator<"suffix", string | IgnoreCase>
  | Operator<"equals-ignore-case", string>
  | Operator<"wildcard", string>
  | Operator<"cidr", string>
  | Operator<"numeric", NumericRange>
  | Operator<
      "anything-but",
      | OneOrMany<string>
      | OneOrMany<PatternNumber>
      | Operator<"prefix", OneOrMany<string>>
      | Operator<"suffix", OneOrMany<string>>
      | Operator<"equals-ignore-case", OneOrMany<string>>
      | Operator<"wildcard", OneOrMany<string>>
    >;

/** The branches of `$or`: two or more. */
type PatternBranches = readonly [EventPattern, EventPattern, ...EventPattern[]];

/**
 * Fields joined by and, each a list of members joined by or, or a pattern of what is inside. Branches belong under `$or` alone;
 * elsewhere compilePattern refuses them.
 */
export interface EventPattern {
  readonly [field: string]: readonly PatternMember[] | EventPattern | PatternBranches;
}
