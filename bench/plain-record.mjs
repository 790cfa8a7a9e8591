// Where the lines of plain-proxy.mjs go, all of one turn of the event loop in one write. `ownLines`: to a file of the
// worker's own. `linesToPrimary` and `writeLines`: the two ends of the way to a file that only the primary writes.

import { openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Where a worker has its pipe to the primary. */
export const PIPE_FD = 4;
const NEWLINE = 10;
/** A line that is waited for begins with the member `ask`, and no other with this letter. */
const ASKS = 'a'.charCodeAt(0);
const NAME_AT = '{"'.length;

export function ownLines(path) {
  const log = openSync(path, 'a');
  const batch = inTurns((lines) => writeAll(log, Buffer.from(lines.join(''))));
  return {
    write: (line) => batch.push(`${JSON.stringify(line)}\n`),
    end(onEnd) {
      batch.flush();
      onEnd();
    },
  };
}

export function linesToPrimary() {
  const pipe = new Socket({ fd: PIPE_FD });
  const waiting = [];
  const batch = inTurns((lines) => pipe.write(lines.join('')));
  let ended = false;
  pipe.on('data', ({ length }) => {
    for (const onWritten of waiting.splice(0, length)) onWritten();
  });
  const write = (line) => {
    if (!ended) batch.push(`${JSON.stringify(line)}\n`);
  };
  return {
    write,
    /** `onWritten` is called when the primary has written the line. */
    ask(line, onWritten) {
      waiting.push(onWritten);
      write({ ask: line });
    },
    /** The primary closes its end when it has read all. */
    end(onEnd) {
      if (ended) return;
      batch.flush();
      ended = true;
      pipe.once('close', onEnd);
      pipe.end();
    },
  };
}

/** The primary's end: writes what came from all workers in one turn, then says so with a byte for each line that is waited for. */
export function writeLines(path, onFailed) {
  const log = openSync(path, 'a');
  const batch = inTurns((pieces) => {
    writeAll(log, Buffer.concat(pieces.flatMap(({ whole }) => whole)));
    for (const { pipe, asked } of pieces) if (asked > 0) pipe.write(Buffer.alloc(asked));
  });
  return function take(pipe) {
    let rest = [];
    pipe.on('error', onFailed);
    pipe.on('end', batch.flush);
    pipe.on('data', (chunk) => {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        rest.push(chunk);
        return;
      }
      const first = chunk.subarray(0, chunk.indexOf(NEWLINE) + 1);
      const begun = Buffer.concat([...rest, first]);
      const others = chunk.subarray(first.length, end);
      rest = end < chunk.length ? [chunk.subarray(end)] : [];
      batch.push({ pipe, whole: [begun, others], asked: countAsks(begun) + countAsks(others) });
    });
  };
}

function countAsks(lines) {
  let asks = 0;
  for (let at = 0; at < lines.length; at = lines.indexOf(NEWLINE, at) + 1) {
    if (lines[at + NAME_AT] === ASKS) asks += 1;
  }
  return asks;
}

function inTurns(write) {
  let batch = [];
  const flush = () => {
    const written = batch;
    batch = [];
    if (written.length > 0) write(written);
  };
  return {
    flush,
    push(piece) {
      if (batch.push(piece) === 1) setImmediate(flush);
    },
  };
}

function writeAll(fd, bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}
