import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    // No file sees what another left behind.
    isolate: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
