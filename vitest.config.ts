import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    // Needs a package that npm ci does not bring: npm run test:onnx.
    exclude: [...configDefaults.exclude, 'src/encoders/onnx-model.test.ts'],
    // No file sees what another left behind.
    isolate: true,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
