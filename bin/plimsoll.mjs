#!/usr/bin/env node
// Plain JavaScript that Node 20 can run: it starts the command line with a Node that can run the rest.
// A clone runs TypeScript from src/ with the pinned Node; an installed package runs dist/ with the Node at hand.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = `${root}src/cli/main.ts`
const emitted = `${root}dist/src/cli/main.js`
const major = Number(process.versions.node.split('.')[0])

if (!existsSync(source)) {
  if (major < 24) {
    process.stderr.write(
      `plimsoll needs Node 24 or newer; this is ${process.version}. Install a newer Node and run it again.\n`,
    )
    process.exit(1)
  }
  await import(emitted)
} else {
  const setup = spawnSync(process.execPath, [`${root}scripts/setup.mjs`], { stdio: ['ignore', 2, 2] })
  if (setup.status !== 0) process.exit(setup.status ?? 1)
  if (major >= 24) {
    await import(source)
  } else {
    // The channel tells the child when this process dies in any way, so that nothing is left running.
    const child = spawn(`${root}node_modules/node/bin/node`, [source, ...process.argv.slice(2)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.on('error', error => {
      process.stderr.write(`plimsoll: the pinned Node could not be started: ${error.message}\n`)
      process.exit(1)
    })
    child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
  }
}
