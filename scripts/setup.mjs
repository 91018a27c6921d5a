// Plain JavaScript that Node 20 can run: installs the dependencies of a fresh clone, once, and again when the lock file changed.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const node = `${root}node_modules/node/bin/node`
const stamp = `${root}node_modules/.plimsoll-lock`
const lock = readFileSync(`${root}package-lock.json`, 'utf8')

const installed = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(node)

if (!installed()) {
  process.stderr.write('plimsoll: installing dependencies (once per clone) ...\n')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(npm, ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (result.status !== 0) {
    process.stderr.write('plimsoll: `npm ci` failed; its messages are above.\n')
    process.exit(1)
  }
  if (!existsSync(node)) {
    process.stderr.write(
      'plimsoll: the pinned Node is missing because install scripts are switched off. ' +
        'Run `npm ci --ignore-scripts=false` (the npm package `node` brings its binary from the registry in its install script).\n',
    )
    process.exit(1)
  }
  writeFileSync(stamp, lock)
}
