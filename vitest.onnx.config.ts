import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/encoders/onnx-model.test.ts'],
    // Tells why tests were skipped.
    reporters: ['verbose'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
