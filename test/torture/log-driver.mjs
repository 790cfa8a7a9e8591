// The writer of the record and nothing else: opens a log, appends records in bursts, says on stdout
// which of them were acknowledged, and ends. Its parent makes the calls that it needs fail.
// Exit codes: 0 all were acknowledged · 1 the log said it must end · 3 none was for too long.

import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openAuditLog } from '../../dist/primary/log/audit-log.js';
import { openCheckpointKey } from '../../dist/primary/log/checkpoint-key.js';
import { recoverLog } from '../../dist/primary/log/log-recovery.js';
import { Meter } from '../../dist/shared/meter.js';
import { PRIMARY_METRICS } from '../../dist/shared/metric-tables.js';

const options = JSON.parse(process.argv[2] ?? '{}');
const { logPath, rotateBytes, audit, bursts, perBurst, bytes, giveUpMs } = options;
const { stateDir, stepMs = [], pauseMs = 0, lastPauseMs = 0, lifts = false } = options;

let steppedMs = 0;
const signer = await openCheckpointKey(stateDir);
const log = openAuditLog({
  hostId: '0'.repeat(32),
  logPath,
  rotateBytes,
  audit,
  recovered: recoverLog({ logPath, rotateBytes, key: signer.key }),
  signer,
  meter: new Meter(PRIMARY_METRICS),
  now: () => Date.now() + steppedMs,
  openFlows: () => [],
  onHealth: (problem) => {
    say(problem === '' ? 'healthy' : `suspended ${problem}`);
    if (problem !== '' && lifts) unlimitFileSize();
  },
  onStuck: () => {},
  onCheckpoint: () => {},
  onMoved: () => {},
  onSealed: () => {},
  onFatal: (error) => end(1, `fatal ${error.message}`),
  ...options.more,
});
say(`open ${log.epoch}`);

// One system call a line, behind the one that wrote the record: the order is the promise.
function say(text) {
  writeSync(1, `${text}\n`);
}

/** The limit was a soft one: what was cut off can be written now. */
function unlimitFileSize() {
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:']);
}

function end(code, text) {
  say(text);
  process.exit(code);
}

/** Appends one burst; resolves when all of it is acknowledged. */
function burst(number) {
  let missing = perBurst;
  return new Promise((resolve) => {
    for (let n = 1; n <= perBurst; n += 1) {
      const id = `${log.epoch}-1-${number * perBurst + n}`;
      const who = '"client":"127.0.0.1","host":"a.test","port":80,"method":"GET"';
      const members = `${who},"url":"http://a.test/${'x'.repeat(bytes)}"`;
      log.append('intent', id, members, () => {
        say(`ack ${id}`);
        missing -= 1;
        if (missing === 0) resolve();
      });
    }
  });
}

for (let number = 0; number < bursts; number += 1) {
  steppedMs += stepMs[number] ?? 0;
  const late = setTimeout(() => end(3, 'gave up'), giveUpMs);
  await burst(number);
  clearTimeout(late);
  if (pauseMs > 0) await pause(pauseMs);
}
if (lastPauseMs > 0) await pause(lastPauseMs);
const problem = await log.close();
end(problem === '' ? 0 : 1, `closed ${problem}`);
