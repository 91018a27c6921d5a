import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const launcher = fileURLToPath(new URL('../bin/plimsoll.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-train-'))
const file = (name: string): string => join(folder, name)
const [quiz, exam, other] = [file('quiz.jsonl'), file('exam.jsonl'), file('other.jsonl')]
const zoo = file('zoo.plimsoll')

/** Long questions need the large model; the small one answers the others. */
function writeTrace(path: string, from: number, names: readonly string[]): void {
  const lines = Array.from({ length: 120 }, (_, i) => {
    const hard = (from + i) % 3 === 0
    const scores = [hard ? 0.3 : 1, (from + i) % 12 === 0 ? 0.2 : 0.95, 0.5]
    const costs = [0.001, 0.02, 0.005]
    const byName = (values: readonly number[]) =>
      Object.fromEntries(names.map((name, m) => [name, values[m]]))
    return JSON.stringify({
      id: `q${from + i}`,
      prompt: hard ? `Prove theorem ${from + i} in full detail, please.` : `Add ${from + i}.`,
      scores: byName(scores),
      costs: byName(costs),
    })
  })
  writeFileSync(path, lines.join('\n'))
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function plimsoll(...args: string[]): Promise<Ended> {
  return run(args, null)
}

/** Runs a command; interrupts it once it has said something on standard error, if a text is given. */
function run(args: readonly string[], interruptAfter: string | null): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr, interrupted] = ['', '', interruptAfter === null]
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
      if (interrupted || !stderr.includes(interruptAfter ?? '')) return
      interrupted = child.kill('SIGINT')
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })
}

const trainArguments = (out: string, ...args: string[]) => [
  ...['train', '--trace', quiz, '--satisfied-at', '0.9', '--out', out],
  ...args,
]
const train = (out: string, ...args: string[]) => plimsoll(...trainArguments(out, ...args))
const replay = (trace: string, ...args: string[]) =>
  plimsoll('replay', '--trace', trace, '--satisfied-at', '0.9', '--floor', '0.8', ...args)

beforeAll(async () => {
  writeTrace(quiz, 0, ['small', 'large'])
  writeTrace(exam, 120, ['small', 'large'])
  writeTrace(other, 0, ['tiny', 'huge'])
  expect((await train(zoo)).code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('plimsoll train', () => {
  it('tells what was learned, and writes equal bytes for equal input', async () => {
    const again = file('again.plimsoll')
    const { code, stdout, stderr } = await train(again)
    expect(code).toBe(0)
    expect(stdout).toContain('plimsoll on quiz: 120 rows in the order of the file')
    expect(stdout).toMatch(/^small +0\.6667 +1\.0000 +0\.\d{4} +0\.\d{4}$/m)
    expect(stdout).toMatch(new RegExp(`s of training; ${again}: \\d\\.\\d\\d MB`))
    expect(stderr).toMatch(/read 120 rows of 2 models; training plimsoll\n.*trained in/)
    expect(readFileSync(again)).toEqual(readFileSync(zoo))
    expect(readdirSync(folder).filter(name => name.includes('partial'))).toEqual([])
  })
})

describe('a training in steps', () => {
  const long = ['--policy', 'proteus', '--param', 'steps=2000', '--param', 'width=8', '--seed', '3']

  it('is interrupted, and gone on with to the very bytes of an uninterrupted one', async () => {
    const [whole, cut] = [file('whole.plimsoll'), file('cut.plimsoll')]
    const curves = [file('whole.csv'), file('cut.csv')] as const
    expect((await train(whole, ...long, '--curve', curves[0])).code).toBe(0)
    const interrupted = await run(trainArguments(cut, ...long), 'training proteus in 2000 steps')
    expect([interrupted.code, interrupted.stdout]).toEqual([1, ''])
    expect(interrupted.stderr).toMatch(/interrupted at step \d+ of 2000; .* --resume goes on/)
    expect(readdirSync(folder)).not.toContain('cut.plimsoll')
    const other = await train(cut, ...long, '--resume', '--param', 'rate=0.1')
    expect([other.code, other.stderr]).toEqual([65, expect.stringContaining('its parameters is')])
    const resumed = await train(cut, ...long, '--resume', '--curve', curves[1])
    expect(resumed.code).toBe(0)
    expect(resumed.stderr).toMatch(/going on from step [1-9]/)
    expect(readFileSync(cut)).toEqual(readFileSync(whole))
    expect(readFileSync(curves[1])).toEqual(readFileSync(curves[0]))
    expect(readdirSync(folder).filter(name => name.includes('checkpoint'))).toEqual([])
  }, 60_000)

  it('serves every floor from one artefact, request by request', async () => {
    const zoo = file('floors.plimsoll')
    expect((await train(zoo, ...long)).code).toBe(0)
    const steps = file('floors.steps')
    const args = ['--trace', exam, '--satisfied-at', '0.9', '--artefact', zoo, '--floor', 'uniform:0.5:0.95']
    const { code, stdout } = await plimsoll('replay', ...args, '--steps', steps, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ policy: 'proteus', requests: 120 })
    const decisions = readFileSync(steps, 'utf8').trim().split('\n')
    const prices: number[] = decisions.map(line => JSON.parse(line).priceUsd)
    expect(new Set(prices).size).toBeGreaterThan(100)
  })
})

describe('plimsoll replay --artefact', () => {
  it('decides as after a warm start on the same rows', async () => {
    const [fromRows, fromFile] = [file('rows.steps'), file('file.steps')]
    const warm = await replay(exam, '--warm-start-trace', quiz, '--steps', fromRows, '--json')
    const cold = await replay(exam, '--artefact', zoo, '--steps', fromFile, '--json')
    expect([warm.code, cold.code]).toEqual([0, 0])
    expect(cold.stderr).toMatch(/^evidence at the start: tentative; promise no floor yet.*\n$/)
    expect(readFileSync(fromFile, 'utf8')).toBe(readFileSync(fromRows, 'utf8'))
    const { seconds: _, warmStart, artefact, ...figures } = JSON.parse(cold.stdout)
    expect([warmStart, artefact]).toEqual([0, zoo])
    expect(JSON.parse(warm.stdout)).toMatchObject(figures)
  })

  it('runs several seeds, and names the file in the table', async () => {
    const { code, stdout } = await replay(exam, '--artefact', zoo, '--seeds', '2')
    expect(code).toBe(0)
    expect(stdout).toContain(`start from ${zoo}`)
  })
})
