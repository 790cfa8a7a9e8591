// Bytes as lines of a hex dump: offset, sixteen bytes, and what of them is printable. Pure.

const WIDTH = 16;

/** Base64 → hex dump of the first `limitBytes` bytes. */
export function hexDump(base64: string, limitBytes: number): string {
  const bytes = atob(base64.slice(0, Math.ceil(limitBytes / 3) * 4)).slice(0, limitBytes);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const row = bytes.slice(at, at + WIDTH);
    const hex = Array.from(row, (char) => char.charCodeAt(0).toString(16).padStart(2, '0'));
    const left = hex.slice(0, 8).join(' ').padEnd(23);
    const right = hex.slice(8).join(' ').padEnd(23);
    const printable = row.replace(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${left}  ${right}  ${printable}`);
  }
  return lines.join('\n');
}
