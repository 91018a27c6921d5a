// The longer proofs, for before a release: guarantees by Monte Carlo at full size, a hundred kills, and every speed.
//   npm run verify
import { spawnSync } from 'node:child_process'
import { repositoryRoot } from './report-faults.ts'

const proofs = [
  'src/routing/certify',
  'src/routing/price/one-sided-world.test.ts',
  'src/routing/price/complaint-watch.test.ts',
  'src/routing/policies/plimsoll-promise.test.ts',
  'src/routing/policies/plimsoll-infeasible.test.ts',
  'src/learner/replay-log.test.ts',
  'test/crash.test.ts',
]
const steps: readonly (readonly string[])[] = [
  ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout=900000', ...proofs],
  ['bench/decide.ts'],
  ['bench/learn.ts'],
  ['bench/store.ts'],
  ['bench/overhead.ts'],
]

const failed = steps.filter(args => {
  process.stdout.write(`\n> node ${args.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, args, {
    cwd: repositoryRoot,
    stdio: 'inherit',
    env: { ...process.env, PLIMSOLL_PROOF: 'full' },
  })
  return status !== 0
})
for (const args of failed) process.stderr.write(`failed: node ${args.join(' ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
