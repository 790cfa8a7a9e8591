// A generator as the body of an answer: it is asked for more when the client has taken what there is,
// and is told when the client has left. Knows nothing of what is sent.

/** `make` gets a function that says whether the client has left. */
export function textStream(
  make: (isOver: () => boolean) => AsyncGenerator<string | Uint8Array>,
): ReadableStream<Uint8Array> {
  let isOver = false;
  const encoder = new TextEncoder();
  const source = make(() => isOver);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await source.next();
      if (done) controller.close();
      else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
    },
    async cancel() {
      isOver = true;
      await source.return(undefined);
    },
  });
}
