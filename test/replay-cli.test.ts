import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const launcher = fileURLToPath(new URL('../bin/plimsoll.mjs', import.meta.url))
const program = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-replay-'))
const trace = join(folder, 'quiz.jsonl')

beforeAll(() => {
  // Long questions need the large model; the small one answers the others.
  const rows = Array.from({ length: 240 }, (_, i) => ({
    id: `q${i}`,
    prompt: i % 3 === 0 ? 'Prove the following theorem in full detail, please.' : `Add ${i}.`,
    scores: { small: i % 3 === 0 ? 0.3 : 1, large: i % 12 === 0 ? 0.2 : 0.95 },
    costs: { small: 0.001, large: 0.02 },
  }))
  writeFileSync(trace, rows.map(row => JSON.stringify(row)).join('\n'))
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function plimsoll(...args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })
}

const replay = (...args: string[]) => plimsoll('replay', '--trace', trace, '--satisfied-at', '0.9', ...args)
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

describe('plimsoll replay', () => {
  it('writes one object per floor and seed, and nothing else, to standard output', async () => {
    const ended = await replay('--policy', 'random', '--floor', '.6,.8', '--seeds', '2', '--json')
    expect(ended.code).toBe(0)
    const runs = linesOf(ended.stdout)
    expect(runs.map(run => [run.floor, run.seed])).toEqual([
      [0.6, 1],
      [0.6, 2],
      [0.8, 1],
      [0.8, 2],
    ])
    expect(Object.keys(runs[0])).toEqual([
      'trace',
      'policy',
      'floor',
      'seed',
      'feedback',
      'audit',
      'delay',
      'warmStart',
      'requests',
      'satisfaction',
      'costUsd',
      'shadowCostUsd',
      'exploration',
      'auditRate',
      'share',
      'shortfall200',
      'violations200',
      'overshoot',
      'phases',
      'certificate',
      'infeasible',
      'alarms',
      'seconds',
      'references',
    ])
    expect(runs[0]).toMatchObject({
      trace: 'quiz',
      policy: 'random',
      feedback: 'chosen',
      audit: 0,
      delay: 0,
      warmStart: 0,
      requests: 240,
      phases: [{ from: 0, to: 240 }],
      certificate: { delta: 0.05, labels: 240 },
      infeasible: null,
      alarms: [],
    })
    // small satisfies 160 of 240 rows, large all but 20.
    const { references } = runs[2]
    expect(references.bestFixed).toMatchObject({ model: 'large', costUsd: expect.closeTo(0.02, 9) })
    expect(references.bestFixed.satisfaction).toBeCloseTo(220 / 240, 9)
    const share = (0.8 - 160 / 240) / (60 / 240)
    expect(references.staticMixture.costUsd).toBeCloseTo(0.001 + share * 0.019, 9)
  })

  it('writes one line per decision where asked to, and the same ones again for the same seed', async () => {
    const steps = async (name: string): Promise<string> => {
      const path = join(folder, name)
      const ended = await replay(
        '--policy',
        'mess-plus',
        '--floor',
        '.8',
        '--seed',
        '7',
        '--delay',
        '3',
        '--steps',
        path,
      )
      expect(ended.code).toBe(0)
      return readFileSync(path, 'utf8')
    }
    const [first, second] = await Promise.all([steps('a.jsonl'), steps('b.jsonl')])
    expect(second).toBe(first)
    const lines = linesOf(first ?? '')
    expect(lines).toHaveLength(240)
    expect(lines[5]).toMatchObject({
      i: 5,
      seed: 7,
      floor: 0.8,
      audited: false,
      auditProbability: 0,
      state: 'undecided',
    })
    for (const line of lines) {
      expect(line.id).toMatch(/^q\d+$/)
      expect(['small', 'large']).toContain(line.chosen)
      expect(line.propensity).toBeGreaterThan(0)
      expect(line.costUsd).toBeCloseTo(line.shadowCostUsd + (line.chosen === 'small' ? 0.001 : 0.02), 12)
    }
  })

  it('gives the same figures whether it runs seeds side by side or one alone', async () => {
    const options = ['--policy', 'mess-plus', '--floor', '.8', '--json']
    const [together, alone] = await Promise.all([
      replay(...options, '--seeds', '3'),
      replay(...options, '--seed', '3'),
    ])
    const figures = (ended: Ended) => linesOf(ended.stdout).map(({ seconds, ...rest }) => rest)
    expect(figures(together).slice(2)).toEqual(figures(alone))
  })

  it('prints a table for people', async () => {
    const ended = await replay('--policy', 'oracle', '--floor', '.7', '--warm-start', '.25')
    expect(ended.code).toBe(0)
    expect(ended.stdout).toMatch(/^oracle on quiz, 240 rows, 2 models/)
    expect(ended.stdout).toMatch(/\n0\.7 +0\.9/)
    expect(ended.stdout).toMatch(/\nsmall +\d/)
  })

  it.each([
    [64, ['replay'], '--trace FILE is required'],
    [64, ['replay', '--trace', trace, '--floor', '0'], "floor '0': a floor lies strictly between 0 and 1"],
    [64, ['replay', '--trace', trace, '--floor', '.8', '--polcy', 'x'], 'did you mean --policy?'],
    [64, ['replay', '--trace', trace, '--floor', '.8', '--limit', '241'], 'fewer than the 241 asked for'],
    [
      64,
      ['replay', '--trace', trace, '--floor', '.8', '--policy', 'fixed:huge'],
      "no model 'huge' in the trace",
    ],
    [64, ['replay', '--trace', trace, '--floor', '.8', '--proven', 'huge'], "no model 'huge' in the trace"],
    [65, ['replay', '--trace', `${trace}.gone`, '--floor', '.8'], 'no such file'],
    [65, ['replay', '--trace', launcher, '--floor', '.8'], 'line 1: expected one JSON object per line'],
    [
      64,
      ['replay', '--trace', trace, '--floor', '.8', '--promise', 'proven'],
      "--promise must be on-average or certified, but 'proven' was given",
    ],
    [
      64,
      ['replay', '--trace', trace, '--floor', '.8', '--promise', 'certified', '--feedback', 'one-sided:0.1'],
      'users only complain and nothing is audited',
    ],
    [64, ['rpelay'], "unknown command 'rpelay'; did you mean replay?"],
    [64, [], 'no command given'],
  ] as const)('ends with %i on %j and says why in one line', async (code, args, message) => {
    const ended = await plimsoll(...args)
    expect(ended).toMatchObject({ code, stdout: '' })
    expect(ended.stderr).toContain(message)
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('shows its help and version', async () => {
    const help = await plimsoll('--help')
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('replay')
    expect((await plimsoll('replay', '--help')).stdout).toContain('--floor SPEC')
    expect((await plimsoll('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('ends quietly when its reader goes away', async () => {
    const child = spawn(process.execPath, [
      launcher,
      'replay',
      '--trace',
      trace,
      '--floor',
      '.8',
      '--policy',
      'random',
      '--seeds',
      '300',
      '--json',
    ])
    child.stdout.once('data', () => child.stdout.destroy())
    let stderr = ''
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(stderr).not.toContain('EPIPE')
    expect(code).toBe(0)
  })

  it('ends when whoever started it dies', async () => {
    const args = [
      'replay',
      '--trace',
      trace,
      '--floor',
      '.8',
      '--policy',
      'random',
      '--seeds',
      '5000',
      '--json',
    ]
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] })
    const exited = new Promise(resolve => child.on('exit', resolve))
    child.stdout?.once('data', () => child.disconnect())
    child.stdout?.resume()
    expect(await exited).toBe(1)
  })
})
