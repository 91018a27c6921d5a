import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest: {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** Makes a Node believe that it is an old one. */
const pretendOld = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } }); Object.defineProperty(process, 'version', { value: 'v20.20.2' })",
)}`

let project = ''

/** Packs this repository and installs the package into an empty project, with nothing from the network. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'plimsoll-package-'))
  const packed: readonly { readonly filename: string }[] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', project], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    }),
  )
  const installed = Object.keys(manifest.dependencies).map(name => [name, `file:${root}node_modules/${name}`])
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { plimsoll: `file:${packed[0]?.filename}`, ...Object.fromEntries(installed) },
    }),
  )
  // Linked dependencies must not run their own build scripts.
  execFileSync(
    'npm',
    ['install', '--offline', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund'],
    {
      cwd: project,
    },
  )
}, 120_000)

afterAll(() => rmSync(project, { recursive: true, force: true }))

function run(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('the installed program tells its version and its commands', () => {
  const npx = spawnSync('npx', ['--offline', 'plimsoll', '--version'], { cwd: project, encoding: 'utf8' })
  expect(npx).toMatchObject({ status: 0, stdout: `${manifest.version}\n` })
  const help = run(['node_modules/.bin/plimsoll', '--help'])
  expect(help).toMatchObject({ status: 0, stderr: '' })
  for (const command of ['serve', 'demo', 'replay', 'validate'])
    expect(help.stdout).toContain(`  ${command} `)
})

test('the installed program refuses an old Node with a sentence', () => {
  expect(run(['--import', pretendOld, 'node_modules/.bin/plimsoll', '--version'])).toEqual({
    status: 1,
    stdout: '',
    stderr: 'plimsoll needs Node 24 or newer; this is v20.20.2. Install a newer Node and run it again.\n',
  })
})

test('a clone started by an old Node, elsewhere and through a link, goes on with the pinned one', () => {
  const link = join(project, 'plimsoll')
  symlinkSync(join(root, 'bin/plimsoll.mjs'), link)
  expect(run(['--import', pretendOld, link, '--version'])).toEqual({
    status: 0,
    stdout: `${manifest.version}\n`,
    stderr: '',
  })
  expect(run(['--import', pretendOld, link, 'no-such-command'])).toMatchObject({ status: 64, stdout: '' })
})

const config = `
listen: { port: 0, admin: 0 }
models: [{ id: small, provider: local, baseUrl: http://127.0.0.1:9/v1 }]
classes: [{ name: gold, satisfaction: { floor: 0.9 } }]
`

/** Starts a gateway and gives the process and the address it serves on, once it does. */
async function startServe(args: readonly string[], store: string) {
  writeFileSync(join(project, 'plimsoll.yaml'), config)
  const child = spawn(process.execPath, [...args, 'serve', '--config', 'plimsoll.yaml', '--store', store], {
    cwd: project,
    detached: true,
  })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk
      const found = /serves on (http:\S+),/.exec(output)?.[1]
      if (found) resolve(found)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    ended.then(code => reject(new Error(`ended with ${code}: ${output}`)))
  })
  const signal = (target: number, name: NodeJS.Signals): void =>
    void process.kill(target * (child.pid ?? 0), name)
  return { url, ended, signal, output: () => output }
}

test('the installed gateway serves, and its store with the thread that it lives in', async () => {
  const gateway = await startServe(['node_modules/.bin/plimsoll'], 'sqlite:installed.db')
  expect((await fetch(`${gateway.url}/ready`)).status).toBe(200)
  expect(existsSync(join(project, 'installed.db'))).toBe(true)
  gateway.signal(1, 'SIGTERM')
  expect({ code: await gateway.ended, output: gateway.output() }).toMatchObject({
    code: 0,
    output: expect.stringContaining('plimsoll stopped'),
  })
})

test('the installed lab and demo run, with their threads and simulated models', () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    id: `row-${i}`,
    prompt: `What is ${i} plus ${i}?`,
    scores: { 'a/small': i % 3 === 0 ? 0 : 1, 'b/large': 1 },
    costs: { 'a/small': 0.0001, 'b/large': 0.001 },
  }))
  writeFileSync(join(project, 'trace.jsonl'), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  const program = 'node_modules/.bin/plimsoll'
  const replay = run([
    program,
    'replay',
    '--trace',
    'trace.jsonl',
    '--floor',
    '0.8',
    '--seeds',
    '2',
    '--json',
  ])
  expect(replay.status).toBe(0)
  expect(
    replay.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
  ).toMatchObject([
    { requests: 60, seed: 1 },
    { requests: 60, seed: 2 },
  ])
  const demo = run([program, 'demo', '--requests', '40', '--json'])
  expect(demo.status).toBe(0)
  expect(JSON.parse(demo.stdout)).toMatchObject({ requests: 40, failed: 0 })
})

test('a signal to the whole group of a launcher stops the gateway once, and in order', async () => {
  const gateway = await startServe(['--import', pretendOld, join(root, 'bin/plimsoll.mjs')], 'memory:')
  gateway.signal(-1, 'SIGTERM')
  expect({ code: await gateway.ended, output: gateway.output() }).toMatchObject({
    code: 0,
    output: expect.stringContaining('plimsoll stopped'),
  })
})

test('nothing outlives a launcher that is killed', async () => {
  const gateway = await startServe(['--import', pretendOld, join(root, 'bin/plimsoll.mjs')], 'memory:')
  gateway.signal(-1, 'SIGKILL')
  // The streams that the gateway inherited close when it has ended as well.
  await gateway.ended
  await expect(fetch(`${gateway.url}/health`)).rejects.toThrow()
})

test('the library runs in plain JavaScript', () => {
  const script = `
    import { createRandom, modelId } from 'plimsoll'
    console.log(modelId('a/b'), createRandom('seed').next() === createRandom('seed').next())
  `
  expect(run(['--input-type=module', '-'], script)).toEqual({ status: 0, stdout: 'a/b true\n', stderr: '' })
})

test("the README's example of the library runs as it stands", () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const example = /```js\n([^`]*from 'plimsoll'[^`]*)```/.exec(readme)?.[1] ?? ''
  const { status, stdout, stderr } = run(['--input-type=module', '-'], example)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  // The debt of one satisfied request with floor 0.92.
  expect(stdout).toMatch(/^(vllm\/small|openai\/large) -0\.07999/)
})

test('every subpath can be imported and carries types', () => {
  const { exports }: { readonly exports: Readonly<Record<string, unknown>> } = JSON.parse(
    readFileSync(join(project, 'node_modules/plimsoll/package.json'), 'utf8'),
  )
  const names = Object.keys(exports)
    .filter(name => name !== './package.json')
    .map(name => name.replace(/^\./, 'plimsoll'))
  writeFileSync(
    join(project, 'use.ts'),
    names
      .map(
        (name, i) =>
          `import * as part${i} from '${name}'\nif (Object.keys(part${i}).length === 0) throw new Error('${name} is empty')\n`,
      )
      .join(''),
  )
  symlinkSync(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'))
  const checked = spawnSync(
    join(root, 'node_modules/.bin/tsc'),
    ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node', 'use.ts'],
    { cwd: project, encoding: 'utf8' },
  )
  expect(checked).toMatchObject({ status: 0, stdout: '' })
  expect(run(['use.ts'])).toEqual({ status: 0, stdout: '', stderr: '' })
})
