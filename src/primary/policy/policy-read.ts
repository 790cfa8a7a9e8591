// Reads one policy file whole, or says why not. Knows file handles, nothing of what is in the file.
//
// Invariant: where root reads, a link is followed only if root made it; the viewer may write the folder.
// Invariant: never the half of a file: what changed while it was read does not count as read.

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../shared/error-code.ts';
import { LIMITS } from '../../shared/limits.ts';

/** What a file was when we looked; equal text means the same content. '' = there is no file. */
export type Fingerprint = string;

export type FileContent =
  | { readonly kind: 'text'; readonly text: string; readonly sha256: string }
  | { readonly kind: 'unreadable'; readonly message: string }
  /** Written to while we read: look again. */
  | { readonly kind: 'changed' };

/** Fingerprint of a file, symlinks followed. What cannot be looked at has its error as fingerprint. */
export async function readFingerprint(dir: string, name: string): Promise<Fingerprint> {
  try {
    return fingerprintOf(await stat(join(dir, name), { bigint: true }));
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? '' : code;
  }
}

/** Inode of a fingerprint: the same one means edited in place, another one means replaced. */
export function inodeOf(fingerprint: Fingerprint): string {
  return fingerprint.slice(0, fingerprint.indexOf(' '));
}

/** The content that belongs to this fingerprint. */
export async function readContent(
  dir: string,
  name: string,
  fingerprint: Fingerprint,
): Promise<FileContent> {
  let handle: FileHandle | undefined;
  try {
    handle = await openFile(join(dir, name));
    if (handle === undefined) return unreadable('it is a link that root did not make');
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) return unreadable('it is not a regular file');
    if (before.size > LIMITS.policyFileBytes) {
      return unreadable(
        `it must be at most ${LIMITS.policyFileBytes} bytes, it has ${before.size}`,
      );
    }
    const bytes = await readUpTo(handle, Number(before.size) + 1);
    const after = fingerprintOf(await handle.stat({ bigint: true }));
    if (after !== fingerprint || BigInt(bytes.length) !== before.size) return { kind: 'changed' };
    return decode(bytes);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? { kind: 'changed' } : unreadable(codeOf(error));
  } finally {
    await handle?.close();
  }
}

/**
 * Undefined: a link that may lead root to a file that is not for whoever made it. One of root's own stays
 * what it is: the folder is sticky.
 */
async function openFile(path: string): Promise<FileHandle | undefined> {
  // Without O_NONBLOCK a named pipe in the place of the file would hold us for ever.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  if (process.geteuid?.() !== 0) return open(path, flags);
  try {
    return await open(path, flags | constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) !== 'ELOOP') throw error;
  }
  return (await lstat(path)).uid === 0 ? open(path, flags) : undefined;
}

function decode(bytes: Buffer): FileContent {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), sha256 };
  } catch {
    return unreadable('it is not UTF-8');
  }
}

async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await handle.read(buffer, length, limit - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

type Stat = { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint };

/** ctime too: it shows an edit whose mtime was set back, and a change of rights. */
function fingerprintOf({ ino, size, mtimeNs, ctimeNs }: Stat): Fingerprint {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function unreadable(message: string): FileContent {
  return { kind: 'unreadable', message: `Cannot read policy file: ${message}` };
}
