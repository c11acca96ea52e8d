// Elasticsearch's own types, closed where they let any member pass: what we send has no other settings and sorts in no other way.
// Opened where they are wrong: null gives a setting its default back, says the reference of PUT /{index}/_settings, and the server's
// own list of settings (IndexScopedSettings) has one of merges that they leave to « any other ».
import type { estypes } from "@elastic/elasticsearch";

type ByField = { [field: string]: estypes.SortOrder } & { _script?: never };
type ByScript = { _script: estypes.ScriptSort };
type Settings = Omit<estypes.IndicesIndexSettingsKeys, "refresh_interval"> & {
  refresh_interval?: estypes.Duration | null;
  "merge.policy.expunge_deletes_allowed"?: number;
};
type Fewer = {
  settings?: Settings;
  sort?: (ByField | ByScript)[];
};

type Open<Request> = keyof Fewer & keyof Request;
export type Closed<Request> = Request extends unknown
  ? [Open<Request>] extends [never]
    ? Request
    : Omit<Request, Open<Request>> & Pick<Fewer, Open<Request>>
  : never;
export type { estypes };
