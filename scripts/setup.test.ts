import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { repositoryRoot } from './report-faults.ts'
import { writeTree } from './temporary-tree.ts'

const lock = {
  packages: {
    '': { name: 'clone' },
    'node_modules/yaml': { version: '2.0.0' },
    'node_modules/for-another-platform': { version: '1.0.0', optional: true },
    'node_modules/node': { version: '26.0.0' },
    'node_modules/program-of-a-tool': { version: '1.0.0', optional: true },
  },
}

/** Stands in for npm: installs what the lock file names, slowly, and leaves a line for every run. */
const npm = `#!/usr/bin/env node
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
appendFileSync(process.env.NPM_RUNS, process.argv.slice(2).join(' ') + '\\n')
if (process.env.NPM_FAILS) { console.error('npm error offline'); process.exit(1) }
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const installed = {}
for (const [path, entry] of Object.entries(packages)) {
  if (path === '' || path.endsWith('another-platform')) continue
  mkdirSync(path + '/bin', { recursive: true })
  writeFileSync(path + '/package.json', '{}')
  if (!process.env.NPM_IGNORES_SCRIPTS) writeFileSync(path + '/bin/node', '')
  installed[path] = entry
  await new Promise(resolve => setTimeout(resolve, 50))
}
if (process.env.NPM_HANGS) await new Promise(resolve => setTimeout(resolve, 30_000))
console.log('added packages')
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: installed }))
`

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function writeClone(): string {
  const root = writeTree({
    'package.json': '{ "devDependencies": { "node": "26.0.0" } }',
    'package-lock.json': JSON.stringify(lock),
    'scripts/setup.mjs': readFileSync(`${repositoryRoot}/scripts/setup.mjs`, 'utf8'),
    'fake/package.json': '{ "type": "module" }',
    'fake/npm': npm,
    runs: '',
  })
  chmodSync(join(root, 'fake/npm'), 0o755)
  return root
}

/** Makes a Node believe that it is an old one: a new one would do without the pinned one. */
const pretendOld = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })",
)}`

function start(root: string, environment: Readonly<Record<string, string>> = {}, cwd = root) {
  return spawn(process.execPath, ['--import', pretendOld, join(root, 'scripts/setup.mjs')], {
    cwd,
    detached: true,
    env: {
      ...process.env,
      PATH: `${join(root, 'fake')}${delimiter}${process.env.PATH}`,
      NPM_RUNS: join(root, 'runs'),
      ...environment,
    },
  })
}

async function run(...args: Parameters<typeof start>): Promise<Run> {
  const child = start(...args)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => (stdout += chunk))
  child.stderr.on('data', chunk => (stderr += chunk))
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  return { code, stdout, stderr }
}

const runsOf = (root: string) => readFileSync(join(root, 'runs'), 'utf8').split('\n').slice(0, -1)
const leftovers = (root: string) => readdirSync(root).filter(name => name.startsWith('.setup-'))

test('installs once and prints nothing on standard output', async () => {
  const root = writeClone()
  const first = await run(root)
  expect(first).toMatchObject({ code: 0, stdout: '' })
  expect(first.stderr).toContain('installing dependencies (once per clone)')
  expect(existsSync(join(root, 'node_modules/yaml/package.json'))).toBe(true)
  expect(await run(root, {}, '/')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(runsOf(root)).toEqual([expect.stringContaining('ci --include=dev --include=optional')])
  expect(leftovers(root)).toEqual([])
})

test('two first runs at once both end with a whole installation', async () => {
  const root = writeClone()
  const both = await Promise.all([run(root), run(root)])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(await run(root)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(leftovers(root)).toEqual([])
})

test('an installation that was killed is done again', async () => {
  const root = writeClone()
  const child = start(root, { NPM_HANGS: '1' })
  while (leftovers(root).every(name => !existsSync(join(root, name, 'node_modules/program-of-a-tool')))) {
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  await new Promise(resolve => child.on('close', resolve))
  expect(existsSync(join(root, 'node_modules'))).toBe(false)
  expect(await run(root)).toMatchObject({ code: 0 })
})

test.each([
  ['a package is missing', (root: string) => rmSync(join(root, 'node_modules/yaml'), { recursive: true })],
  ['npm was interrupted', (root: string) => rmSync(join(root, 'node_modules/.package-lock.json'))],
  [
    'the lock file changed',
    (root: string) =>
      writeFileSync(
        join(root, 'package-lock.json'),
        JSON.stringify({ packages: { ...lock.packages, 'node_modules/yaml': { version: '2.0.1' } } }),
      ),
  ],
])('installs again when %s', async (_, change) => {
  const root = writeClone()
  await run(root)
  change(root)
  expect(await run(root)).toMatchObject({ code: 0 })
  expect(runsOf(root)).toHaveLength(2)
  expect(await run(root)).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('works through a symbolic link', async () => {
  const root = writeClone()
  const elsewhere = writeTree({})
  symlinkSync(root, join(elsewhere, 'link'))
  expect(await run(root)).toMatchObject({ code: 0 })
  const linked = spawn(process.execPath, [join(elsewhere, 'link/scripts/setup.mjs')], { stdio: 'ignore' })
  expect(await new Promise(resolve => linked.on('close', resolve))).toBe(0)
  expect(runsOf(root)).toHaveLength(1)
})

test('says what to do when npm fails, and leaves what was there', async () => {
  const root = writeClone()
  const failed = await run(root, { NPM_FAILS: '1' })
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toMatch(/npm error offline\n[\s\S]*`npm ci` failed; its messages are above/)
  expect(leftovers(root)).toEqual([])
})

test('says what is missing where install scripts are switched off', async () => {
  const root = writeClone()
  const failed = await run(root, { NPM_IGNORES_SCRIPTS: '1' })
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toContain('Node 26.0.0 is not installed')
  expect(failed.stderr).toContain('npm rebuild node --ignore-scripts=false')
  expect(await run(root, { NPM_IGNORES_SCRIPTS: '1' })).toMatchObject({ code: 1 })
  expect(runsOf(root)).toHaveLength(1)
})
