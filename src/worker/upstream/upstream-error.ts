// Why an upstream could not be reached, as client and record are told.

/** A failure with the status and the reason that client and record are given. */
export class UpstreamError extends Error {
  readonly status: 403 | 502 | 504;
  readonly reason: string;
  readonly retryable: boolean;

  constructor(status: 403 | 502 | 504, reason: string, retryable = false) {
    super(reason);
    this.status = status;
    this.reason = reason;
    this.retryable = retryable;
  }
}
