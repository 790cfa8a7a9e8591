// A proxy's numbers beside those of the way without it. Pure.

import type { Numbers } from './distribution.ts';

/** Of each percentile that both have. */
export function comparison(direct: Numbers, proxied: Numbers): Numbers {
  const names = [
    'p50Ms',
    'p90Ms',
    'p99Ms',
    'p999Ms',
    'maxMs',
    'failures',
    'latenessP50Ms',
    'latenessP99Ms',
  ];
  const numbers: Numbers = {};
  for (const name of names) {
    const [before, after] = [direct[name], proxied[name]];
    if (before === undefined || after === undefined) continue;
    const title = `${name[0]?.toUpperCase()}${name.slice(1)}`;
    numbers[`direct${title}`] = before;
    if (/^(p\d+|max)Ms$/.test(name))
      numbers[`added${title}`] = Math.round((after - before) * 1000) / 1000;
  }
  return numbers;
}
