// What the window that allows or blocks is opened with. Types only.

/** What is to be allowed or blocked: of a row, or of a group of the backlog. */
export type ManageTarget = {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly agent: string;
  readonly url: string;
  readonly reason: string;
  /** What was decided: a class of rows. */
  readonly class: string;
  /** What is suggested: this path with this method; empty: all of the host. */
  readonly prefix: string;
};
