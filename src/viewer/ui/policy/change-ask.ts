// A change that the page asks the server for. Types only: who makes one need not know how it is sent.

/** One thing to do: where it is posted, and the body without `dry_run` and `etag`. */
export type ChangeAsk = {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
};
