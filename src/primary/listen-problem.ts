// Why a port could not be listened on, in one line with the setting that mends it. Pure.

export type ListenFailure = {
  readonly host: string;
  readonly port: number;
  /** Names of the two settings that say where to listen. */
  readonly settings: { readonly host: string; readonly port: string };
  /** `EADDRINUSE`, and what the system said. */
  readonly code: string;
  readonly message: string;
};

export function listenProblem({ host, port, settings, code, message }: ListenFailure): string {
  return `Cannot listen on ${host}:${port} (${code}): ${cause()}`;

  function cause(): string {
    switch (code) {
      case 'EADDRINUSE':
        return `another program uses this port; set ${settings.port} to a free port`;
      case 'EACCES':
        return `ports below 1024 are for root; set ${settings.port} to a higher one`;
      case 'EADDRNOTAVAIL':
        return `this machine has no such address; set ${settings.host} to one of its own`;
      default:
        return `${message}; see ${settings.host} and ${settings.port}`;
    }
  }
}
