import { generateLog } from './log-generator.ts';
export async function main(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const r = await generateLog({
    dir: args[0]!,
    records: Number(args[1]),
    seed: 1,
    segmentBytes: 128 * 1024 * 1024,
  });
  console.log(r, r.bytes / 1e3 / (performance.now() - started), 'MB/s');
  return 0;
}
