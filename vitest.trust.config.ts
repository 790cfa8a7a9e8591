import { defineConfig } from 'vitest/config';

// `npm run test:trust`: needs root, debootstrap and Debian's archive, so it is no part of `npm test`.
export default defineConfig({
  test: {
    include: ['test/trust/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    bail: 1,
  },
});
