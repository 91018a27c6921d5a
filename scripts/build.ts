import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { repositoryRoot } from './report-faults.ts'

// A file that was renamed must not stay in the package under its old name.
rmSync(`${repositoryRoot}/dist`, { recursive: true, force: true })
const { status } = spawnSync('tsc', ['--project', 'tsconfig.build.json'], {
  cwd: repositoryRoot,
  // `npm pack --json` owns standard output.
  stdio: ['ignore', 2, 2],
  shell: process.platform === 'win32',
})
process.exitCode = status ?? 1
