/** Values of options in route files and request bodies, with messages that say what would be right. */
import * as v from "valibot";

export const text = v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"));
export const flag = v.boolean("must be true or false");
export const whole = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
};
export const oneOf = <const Names extends readonly string[]>(...names: Names) =>
  v.picklist(names, `must be one of ${names.map((name) => JSON.stringify(name)).join(", ")}`);
/** Text with names that are separated by commas. */
export const nameList = v.pipe(
  v.string(),
  v.transform((list) =>
    list
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  ),
);
