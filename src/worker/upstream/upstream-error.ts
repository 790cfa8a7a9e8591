// Why an upstream could not be reached, as client and record are told.

/** What else is known of a failure. */
export type FailureFacts = {
  /** Another address may answer. */
  readonly retryable?: boolean;
  /** The upstream did not process the request, and says so or never got it (RFC 9113 8.7). */
  readonly unprocessed?: boolean;
  /** HTTP/2: the code of the upstream's reset. */
  readonly resetCode?: number;
};

/** A failure with the status and the reason that client and record are given. */
export class UpstreamError extends Error {
  readonly status: 403 | 502 | 504;
  readonly reason: string;
  readonly facts: FailureFacts;

  constructor(status: 403 | 502 | 504, reason: string, facts: FailureFacts = {}) {
    super(reason);
    this.status = status;
    this.reason = reason;
    this.facts = facts;
  }
}
