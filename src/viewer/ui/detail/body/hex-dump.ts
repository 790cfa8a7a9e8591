// Bytes as lines of a hex dump: offset, sixteen bytes, and what of them is printable. Pure.

const WIDTH = 16;

/** A body → its first bytes, a character of 0 to 255 each. */
export function bytesOf(text: string, encoding: 'utf8' | 'base64', limitBytes: number): string {
  if (encoding === 'base64') {
    return atob(text.slice(0, Math.ceil(limitBytes / 3) * 4)).slice(0, limitBytes);
  }
  const bytes = new TextEncoder().encode(text.slice(0, limitBytes)).subarray(0, limitBytes);
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** Bytes (a character each) → hex dump. */
export function hexDump(bytes: string): string {
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
