import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // better-sqlite3 is a native module: worker threads share its state, forks do not.
    pool: 'forks',
    // On two cores vitest would use one: most tests wait now and then, for a process to start, a server or a second to pass.
    maxWorkers: 4,
    // A file of tests finds the modules of the one before: none of them keeps anything.
    isolate: false,
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    // A slow or busy machine is no failure; a test that hangs still ends.
    testTimeout: 60_000,
    // It imports JSON without saying so, which Node refuses and vite reads.
    server: { deps: { inline: ['@actions/workflow-parser'] } },
    reporters: ['default'],
  },
});
