// Plain JavaScript that Node 20 can run: installs the dependencies of a fresh clone, and again when the lock file changed.
// An installation is built in a folder of its own and moved into place whole. So an interrupted one leaves nothing
// half-done behind, and of two that run at once the first to finish is kept and the other is thrown away.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const windows = process.platform === 'win32'
/** The oldest Node that can run the source where the pinned one does not exist. */
export const oldestNodeMajor = 24
const stagingPrefix = '.setup-'
const stagingLifetimeMs = 3_600_000

/** The pinned Node's program below a root, whether or not it is installed. */
export function pinnedNodePath(root = repository) {
  return join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node')
}

/** Version of the pinned Node, without a `v`. */
export function pinnedNodeVersion(root = repository) {
  return readJson(join(root, 'package.json')).devDependencies.node
}

/** True when every package that the lock file asks of this platform is there, whole. */
export function isInstalled(root = repository) {
  let installed
  try {
    // npm writes this file last: where it is missing, an installation was interrupted.
    installed = readJson(join(root, 'node_modules/.package-lock.json')).packages
  } catch {
    return false
  }
  const wanted = readJson(join(root, 'package-lock.json')).packages
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (!path.startsWith('node_modules/')) return true
    const found = installed[path]
    if (!found) return optional === true
    return found.version === version && existsSync(join(root, path, 'package.json'))
  })
}

/** Installs what is missing. Throws an error whose message can be shown as it is. */
export function setUp(root = repository) {
  if (isInstalled(root)) return
  process.stderr.write('plimsoll: installing dependencies (once per clone) ...\n')
  removeAbandoned(root)
  const staging = mkdtempSync(join(root, stagingPrefix))
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
      if (existsSync(join(root, file))) cpSync(join(root, file), join(staging, file))
    }
    install(staging)
    putInPlace(root, staging)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** One sentence when the pinned Node is absent, `null` when it is there. */
export function missingNode(root = repository) {
  if (existsSync(pinnedNodePath(root))) return null
  return (
    `plimsoll: Node ${pinnedNodeVersion(root)} is not installed: the npm package \`node\` brings it by an install script, and ` +
    'install scripts are switched off (ignore-scripts), or there is no Node for this platform. ' +
    `Run \`npm rebuild node --ignore-scripts=false\`, or run Plimsoll with Node ${oldestNodeMajor} or newer.`
  )
}

function install(folder) {
  const npm = spawnSync(
    windows ? 'npm.cmd' : 'npm',
    [
      'ci',
      // Whatever the user's own configuration says: the tools are development and optional dependencies,
      // and the Node that runs npm is not the one that runs them.
      '--include=dev',
      '--include=optional',
      '--engine-strict=false',
      '--no-fund',
      '--no-audit',
      '--loglevel=error',
    ],
    { cwd: folder, stdio: ['ignore', 2, 2], shell: windows },
  )
  if (npm.error) {
    throw new Error(
      `plimsoll: npm could not be started (${npm.error.message}). Install npm, which comes with Node.`,
    )
  }
  if (npm.status !== 0) {
    throw new Error(
      'plimsoll: `npm ci` failed; its messages are above. Nothing was changed: put right what it names and run the same command again.',
    )
  }
}

function putInPlace(root, staging) {
  const target = join(root, 'node_modules')
  // Another run may have finished while this one was installing.
  if (isInstalled(root)) return
  if (existsSync(target)) renameSync(target, join(staging, 'replaced'))
  try {
    renameSync(join(staging, 'node_modules'), target)
  } catch (error) {
    if (!isInstalled(root))
      throw new Error(`plimsoll: node_modules could not be moved into place: ${error.message}`)
  }
}

/** Removes what runs that were killed have left. Younger folders may belong to a run that is still at work. */
function removeAbandoned(root) {
  for (const name of readdirSync(root)) {
    if (!name.startsWith(stagingPrefix)) continue
    const path = join(root, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY)
    if (age > stagingLifetimeMs) rmSync(path, { recursive: true, force: true })
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

// The launcher imports this file; npm's scripts run it.
if (/setup\.mjs$/.test(process.argv[1] ?? '')) {
  try {
    setUp()
    const missing = missingNode()
    if (missing && Number(process.versions.node.split('.')[0]) < oldestNodeMajor) throw new Error(missing)
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
