/** Where grants are read from: `s3://<bucket>/<key>`, `dynamodb://<table>/<id>` or `appconfig://<application>/<environment>/<profile>`. Pure. */
import { RelayError } from "../errors.js";

export type GrantsLocation =
  | { readonly kind: "s3"; readonly bucket: string; readonly key: string }
  | { readonly kind: "dynamodb"; readonly table: string; readonly id: string }
  | { readonly kind: "appconfig"; readonly application: string; readonly environment: string; readonly profile: string };

const forms = {
  s3: /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/([^\s*?]{1,1024})$/,
  dynamodb: /^dynamodb:\/\/([A-Za-z0-9_.-]{3,255})\/([^\s*?]{1,200})$/,
  appconfig: /^appconfig:\/\/([a-z0-9]{4,7})\/([a-z0-9]{4,7})\/([a-z0-9]{4,7})$/,
};

export const locationForms = "s3://<bucket>/<key>, dynamodb://<table>/<id> or appconfig://<application id>/<environment id>/<profile id>";

/** Undefined: not one of the forms. */
export function toGrantsLocation(text: string): GrantsLocation | undefined {
  const [, bucket, key] = forms.s3.exec(text) ?? [];
  if (bucket !== undefined && key !== undefined) return { kind: "s3", bucket, key };
  const [, table, id] = forms.dynamodb.exec(text) ?? [];
  if (table !== undefined && id !== undefined) return { kind: "dynamodb", table, id };
  const [, application, environment, profile] = forms.appconfig.exec(text) ?? [];
  if (application === undefined || environment === undefined || profile === undefined) return undefined;
  return { kind: "appconfig", application, environment, profile };
}

/** Throws `bad-configuration` with the forms. */
export function parseGrantsLocation(text: string): GrantsLocation {
  const location = toGrantsLocation(text);
  if (location !== undefined) return location;
  throw new RelayError("bad-configuration", `RELAY_ACCESS_GRANTS_FROM: must be ${locationForms}.`);
}
