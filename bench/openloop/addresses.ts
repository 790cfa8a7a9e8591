// Loopback addresses, one for each simulated client. Pure.

const FIRST_NETWORK = 1;
const NETWORKS = 250;
const HOSTS = 250;

/** The n-th of 62,500 addresses 127.1.x.y, x and y from 1; from there on it starts again. */
export function clientAddress(n: number): string {
  const index = n % (NETWORKS * HOSTS);
  return `127.${FIRST_NETWORK}.${Math.floor(index / HOSTS) + 1}.${(index % HOSTS) + 1}`;
}
