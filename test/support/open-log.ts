// The log by leash's own writer, with a key of the test's own, recovered and opened as at a start.

import { generateKeyPairSync, sign } from 'node:crypto';
import { type AuditLog, type AuditLogDeps, openAuditLog } from '../../src/primary/log/audit-log.ts';
import { recoverLog } from '../../src/primary/log/log-recovery.ts';
import type { Signer } from '../../src/primary/log/segment-writer.ts';
import { Meter } from '../../src/shared/meter.ts';
import { PRIMARY_METRICS } from '../../src/shared/metric-tables.ts';

export const TEST_HOST = '0123456789abcdef'.repeat(2);

/** A key of its own for each call. */
export function makeSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
  return { key, sign: (bytes) => sign(null, bytes, privateKey).toString('hex') };
}

const testSigner = makeSigner();

/** Opens the log at `logPath`; what the test does not care about has a default. */
export function openLog(logPath: string, changes: Partial<AuditLogDeps> = {}): AuditLog {
  const { signer = testSigner, rotateBytes = 1024 * 1024 } = changes;
  return openAuditLog({
    logPath,
    rotateBytes,
    audit: 'accepted',
    recovered: changes.recovered ?? recoverLog({ logPath, rotateBytes, key: signer.key }),
    hostId: TEST_HOST,
    signer,
    meter: new Meter(PRIMARY_METRICS),
    now: () => 1_700_000_000_000,
    openFlows: () => [],
    onHealth(problem) {
      if (problem !== '') throw new Error(problem);
    },
    onStuck() {},
    onCheckpoint() {},
    onMoved() {},
    onSealed() {},
    onFatal(error) {
      throw error;
    },
    ...changes,
  });
}
