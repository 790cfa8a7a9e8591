// Why programs have no place in scenarios, where several have the same reason.

/** Other ways of recording: what they cost, `1k` says. */
export const SEE_1K = { 'leash-relaxed': 'see 1k', 'leash-durable': 'see 1k' };
/** The way without a proxy is measured beside each. */
export const NO_DIRECT = { direct: 'is what is added to' };

/** Both programs of node:http alone. */
export function plainNodes(why: string): Record<string, string> {
  return { node: why, 'node-accepted': why };
}
