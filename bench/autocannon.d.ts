// autocannon ships no types; this is the part of it that the benchmark uses.
declare module 'autocannon' {
  type Options = {
    url: string;
    socketPath?: string;
    connections: number;
    amount: number;
    timeout: number;
    tlsOptions: { servername: string };
    verifyBody: (body: string) => boolean;
    requests: { method: string; path: string; headers: Record<string, string>; body?: string }[];
  };
  type Result = {
    errors: number;
    timeouts: number;
    mismatches: number;
    resets: number;
    statusCodeStats: Record<string, { count: number }>;
  };
  type Run = PromiseLike<Result> & {
    on(
      event: 'response',
      listener: (client: unknown, status: number, bytes: number, ms: number) => void,
    ): void;
    on(event: 'reqError', listener: (error: Error) => void): void;
    stop(): void;
  };
  function autocannon(options: Options): Run;
  export = autocannon;
}
