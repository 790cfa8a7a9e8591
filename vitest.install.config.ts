import { defineConfig } from 'vitest/config';

// Apart from the others: it downloads Debian and packages, as root, and takes half an hour.
export default defineConfig({
  test: {
    include: ['test/install/**/*.test.ts'],
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    bail: 1,
  },
});
