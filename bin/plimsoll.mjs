#!/usr/bin/env node
// Plain JavaScript that Node 20 can run: it starts the command line with a Node that can run the rest.
// A clone runs TypeScript from src/ with the pinned Node, an installed package runs dist/ with the Node at hand.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const oldestMajor = 24
const source = new URL('../src/cli/main.ts', import.meta.url)
const emitted = new URL('../dist/src/cli/main.js', import.meta.url)
const compileCache = fileURLToPath(new URL('../node_modules/.cache/plimsoll', import.meta.url))
const runsHere = Number(process.versions.node.split('.')[0]) >= oldestMajor

if (existsSync(source)) await runClone()
else if (runsHere) await import(emitted.href)
else
  refuse(
    `plimsoll needs Node ${oldestMajor} or newer; this is ${process.version}. Install a newer Node and run it again.`,
  )

async function runClone() {
  const { missingNode, pinnedNodePath, pinnedNodeVersion, setUp } = await import('../scripts/setup.mjs')
  try {
    setUp()
  } catch (error) {
    return refuse(error.message)
  }
  keepCompiled()
  const missing = missingNode()
  if (missing && !runsHere) return refuse(missing)
  if (missing || process.versions.node === pinnedNodeVersion()) return import(source.href)
  return runWith(pinnedNodePath())
}

// Keeps what the sources compile to. Without it every process loads a TypeScript compiler for each of its threads: 40 MiB and
// half a second, whatever the command.
function keepCompiled() {
  process.env.NODE_COMPILE_CACHE ??= compileCache
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
}

function runWith(node) {
  // A terminal sends Ctrl-C to both processes by itself; passed on as well, it would count twice. Anything else that signals
  // whole groups must meet this process alone, which passes the signal on once.
  const interactive = process.stdin.isTTY === true
  const child = spawn(node, [fileURLToPath(source), ...process.argv.slice(2)], {
    // The channel tells the child when this process dies in any way, so that nothing is left running.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: !interactive,
  })
  process.on('SIGINT', () => interactive || child.kill('SIGINT'))
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => refuse(`plimsoll: the pinned Node could not be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
}
