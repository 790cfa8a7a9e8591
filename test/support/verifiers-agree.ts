// How far docs/verify.py may differ from `leashctl verify` about the same log. The page names the first
// line that does not follow the one before it. `leashctl` reads one more line, which tells whether that
// line or the one before it is not as it was written, or whether a file is missing between them. So the
// page is at the same record or one behind it, in the same file or the next one that is there; and two
// lines that changed places are to it a gap (MISSING), which only the next line tells from damage.

type Place = { outcome: string; seq: number; segment: number; byte: number };

/** null: they agree; otherwise what is wrong with what the page says. `ours`, `theirs`: their output. */
export function disagreement(ours: string, theirs: string): string | null {
  const [at, page] = [placeIn(ours), placeIn(theirs)];
  if (at === null || page === null) return 'one of them names no place';
  const isWordFine =
    page.outcome === at.outcome || (page.outcome === 'MISSING' && at.outcome === 'DAMAGED');
  if (!isWordFine) return `${page.outcome}, not ${at.outcome}`;
  if (page.seq !== at.seq && page.seq !== at.seq + 1) return `seq ${page.seq}, not ${at.seq}`;
  if (page.segment === at.segment) {
    const isSame = page.byte === at.byte;
    const isBehind = page.byte > at.byte && page.seq > at.seq;
    return isSame || isBehind ? null : `byte ${page.byte}, not ${at.byte}`;
  }
  const isNext = page.segment > at.segment && page.byte === 0;
  return isNext ? null : `segment ${page.segment}, not ${at.segment}`;
}

function placeIn(output: string): Place | null {
  const found = /^(\S+) seq (\d+) egress\.(\d+\.jsonl(?:\.gz)?|checkpoints) byte (\d+):/.exec(
    output,
  );
  if (found === null) return null;
  const [, outcome = '', seq, file = '', byte] = found;
  const segment = file === 'checkpoints' ? 0 : Number.parseInt(file, 10);
  return { outcome, seq: Number(seq), segment, byte: Number(byte) };
}
