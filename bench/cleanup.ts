// What a benchmark has to undo in the end, whatever became of it.

export type Cleanup = (() => Promise<void>)[];

/** Newest first, one after the other, each once, and the others also where one fails. */
export async function undo(cleanup: Cleanup): Promise<void> {
  for (let step = cleanup.pop(); step !== undefined; step = cleanup.pop()) {
    await step().catch((error: Error) => process.stderr.write(`bench: ${error.message}\n`));
  }
}
