// What strace wrote of a driver → its calls on files, in order, each with the moment that it began and
// the moment that it was through: between the two, nobody may count on it.

export type Call = {
  readonly name: string;
  /** Paths and strings among the arguments, decoded; of a write the bytes as latin1. */
  readonly strings: readonly string[];
  /** Path of the first argument, where that is a descriptor. */
  readonly path: string;
  /** The last two arguments, where they are numbers: length and place of a write. */
  readonly numbers: readonly number[];
  readonly result: number;
  /** Flags and other words. */
  readonly text: string;
  /** Places in the order of the trace. */
  readonly began: number;
  readonly ended: number;
  /** Seconds since 1970, of its beginning and its end. */
  readonly at: number;
  readonly endedAt: number;
};

/** `-f -y -xx -ttt -T -s` of a whole record: what the trace has to be made with. */
export const TRACE_OPTIONS = ['-y', '-xx', '-ttt', '-T', '-s', '1000000'];

const LINE = /^(\d+) +(\d+\.\d+) (.*)$/;

export function parseTrace(trace: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, { text: string; began: number; at: number }>();
  trace.split('\n').forEach((line, index) => {
    const [, thread = '', time, text = ''] = LINE.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      const start = text.slice(0, -'<unfinished ...>'.length);
      unfinished.set(thread, { text: start, began: index, at: Number(time) });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text);
    const before = resumed === null ? undefined : unfinished.get(thread);
    const whole = resumed === null ? text : (before?.text ?? '') + text.slice(resumed[0].length);
    const call = parseCall(whole);
    if (call === null) return;
    calls.push({
      ...call,
      began: before?.began ?? index,
      ended: index,
      at: before?.at ?? Number(time),
      endedAt:
        Number(time) + (before === undefined ? Number(/<(\d+\.\d+)>$/.exec(whole)?.[1] ?? 0) : 0),
    });
  });
  return calls.sort((a, b) => a.ended - b.ended);
}

function parseCall(text: string): Omit<Call, 'began' | 'ended' | 'at' | 'endedAt'> | null {
  const [, name = '', args = '', result] = /^(\w+)\((.*)\) += (-?\d+)/.exec(text) ?? [];
  if (result === undefined) return null;
  const path = /^(?:\d+|AT_FDCWD)<([^>]*)>/.exec(args)?.[1] ?? '';
  const strings = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => decode(hex));
  const numbers = [...(/(\d+)(?:, (\d+))?$/.exec(args) ?? [])].slice(1).map(Number);
  return { name, strings, path: decode(path), numbers, result: Number(result), text: args };
}

/** `\x61\x62` → `ab`; other text stays. */
function decode(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
