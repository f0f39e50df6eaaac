import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // better-sqlite3 is a native module: worker threads share its state, forks do not.
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    reporters: ['default'],
  },
});
