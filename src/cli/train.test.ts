import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CommandError } from './exit.ts'
import { run as runReplay } from './replay.ts'
import { run as runTrain } from './train.ts'

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
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, as the program does. */
async function ended(command: Promise<number>): Promise<Ended> {
  let [stdout, stderr] = ['', '']
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    stdout += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    stderr += String(text)
    return true
  })
  try {
    return { code: await command, stdout, stderr }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { code: error.exitCode, stdout, stderr: `${stderr}${error.message}\n` }
  } finally {
    vi.restoreAllMocks()
  }
}

const plimsoll = (command: 'train' | 'replay', ...args: string[]) =>
  ended(command === 'train' ? runTrain(args) : runReplay(args))
const train = (out: string, ...args: string[]) =>
  plimsoll('train', '--trace', quiz, '--satisfied-at', '0.9', '--out', out, ...args)
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
  it('--json writes one object and nothing else', async () => {
    const { stdout } = await train(
      file('mixture.plimsoll'),
      '--policy',
      'static-mixture',
      '--json',
      '--seed',
      '2',
    )
    expect(JSON.parse(stdout)).toEqual({
      trace: 'quiz',
      rows: 120,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      satisfiedAt: 0.9,
      seed: 2,
      policy: 'static-mixture',
      parameters: expect.any(Object),
      encoder: 'hashed-ngrams@1',
      evidence: 'tentative',
      codeVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
      models: [
        {
          model: 'small',
          satisfaction: expect.closeTo(2 / 3),
          costUsd: expect.closeTo(0.001),
          brier: null,
          ece: null,
        },
        {
          model: 'large',
          satisfaction: expect.closeTo(11 / 12),
          costUsd: expect.closeTo(0.02),
          brier: null,
          ece: null,
        },
      ],
      prices: [],
      artefact: file('mixture.plimsoll'),
      bytes: readFileSync(file('mixture.plimsoll')).length,
      seconds: expect.any(Number),
    })
  })

  it('certifies floors on rows kept apart, and replay shows the certificate', async () => {
    const out = file('certified.plimsoll')
    const { code, stdout } = await train(
      out,
      '--certify',
      '0.7,0.99',
      '--calibration',
      '0.5',
      '--delta',
      '0.1',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/plimsoll on quiz: (5\d|6\d) rows/)
    expect(stdout).toMatch(
      /exploration and learning off: certified 0\.7 when asked for 0\.\d+ at .* delta 0\.05\)/,
    )
    expect(stdout).toMatch(
      /0\.99 cannot be certified by these rows, .*; the largest floor that can: certified 0\.\d+/,
    )
    const replayed = await replay(exam, '--artefact', out)
    expect(replayed.code).toBe(0)
    expect(replayed.stderr).toContain(`${out}: plimsoll with exploration and learning off: certified 0.7`)
    const { stdout: json } = await train(out, '--certify', '0.7', '--json')
    expect(JSON.parse(json).certified).toHaveLength(1)
  })

  it.each([
    ['a wish out of range', ['--certify', '1'], 64, '--certify must be floors between 0 and 1'],
    ['a delta without a wish', ['--delta', '0.1'], 64, '--delta belongs to --certify'],
    ['a delta out of range', ['--certify', '0.9', '--delta', '0'], 64, '--delta must lie between 0 and 1'],
    ['a share that leaves nothing', ['--certify', '0.9', '--calibration', '0.001'], 65, 'give more rows'],
    ['an unknown policy', ['--policy', 'nope'], 64, 'unknown policy "nope"'],
    ['the oracle', ['--policy', 'oracle'], 64, 'it sees the labels and learns nothing'],
    ['a model that is not there', ['--policy', 'fixed:medium'], 64, "no model 'medium' in the trace"],
    ['an unknown parameter', ['--param', 'nope=1'], 64, 'policy plimsoll has no parameter nope'],
    ['a parameter without a number', ['--param', 'c'], 64, '--param must be NAME=NUMBER'],
    ['a threshold out of range', ['--satisfied-at', '2'], 64, '--satisfied-at'],
    ['a trace that is not there', ['--trace', 'absent.jsonl'], 65, 'absent.jsonl: no such file'],
    ['a folder that is not there', ['--out', join(folder, 'absent', 'zoo')], 1, 'cannot be written'],
    ['a folder as file', ['--out', folder], 1, 'it is a folder'],
    ['the trace as output', ['--out', quiz], 64, '--out would overwrite the trace'],
  ])('refuses %s', async (_, args, code, message) => {
    const named = new Set(args.filter(arg => arg.startsWith('--')))
    const usual = Object.entries({ '--trace': quiz, '--out': file('never.plimsoll') })
    const ended = await plimsoll('train', ...args, ...usual.filter(([name]) => !named.has(name)).flat())
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toContain(message)
    expect(readdirSync(folder)).not.toContain('never.plimsoll')
  })

  it('refuses too few rows', async () => {
    const few = file('few.jsonl')
    writeFileSync(few, readFileSync(quiz, 'utf8').split('\n').slice(0, 9).join('\n'))
    const ended = await plimsoll('train', '--trace', few, '--out', file('never.plimsoll'))
    expect(ended.code).toBe(65)
    expect(ended.stderr).toContain(`${few}: 9 training rows were given, at least 30 are needed`)
  })
})

describe('plimsoll replay --artefact', () => {
  it('says what a reader of the figures should know', async () => {
    expect((await replay(quiz, '--artefact', zoo)).stderr).toContain(
      'trained on these very rows: the figures flatter it',
    )
    const fractions = await plimsoll('replay', '--trace', exam, '--floor', '0.8', '--artefact', zoo)
    expect(fractions.stderr).toContain('trained with --satisfied-at 0.9, replayed without --satisfied-at')
    const grown = file('grown.jsonl')
    writeTrace(grown, 120, ['small', 'renamed', 'newer'])
    const { code, stderr } = await replay(grown, '--artefact', zoo)
    expect(code).toBe(0)
    expect(stderr).toContain('not trained on renamed, newer: they start as unknown models')
    expect(stderr).toContain('trained on large as well, which the trace lacks')
  })

  it.each([
    ['warm start', ['--warm-start', '0.2'], '--warm-start would train anew'],
    ['warm start from a trace', ['--warm-start-trace', quiz], '--warm-start-trace would train anew'],
    [
      'another policy',
      ['--policy', 'mess-plus'],
      'holds the policy plimsoll, but --policy mess-plus was given',
    ],
    ['parameters', ['--param', 'exploration=1'], 'give --param to plimsoll train'],
  ])('takes no %s beside the artefact', async (_, args, message) => {
    const { code, stdout, stderr } = await replay(exam, '--artefact', zoo, ...args)
    expect([code, stdout]).toEqual([64, ''])
    expect(stderr).toContain(message)
  })

  it('refuses a trace of other models', async () => {
    const { code, stdout, stderr } = await replay(other, '--artefact', zoo)
    expect([code, stdout]).toEqual([65, ''])
    expect(stderr).toContain(`${zoo}: it was trained on small, large, and none of these is among tiny, huge`)
  })

  it('refuses what is no whole artefact', async () => {
    const cut = file('cut.plimsoll')
    writeFileSync(cut, readFileSync(zoo).subarray(0, 2000))
    for (const [path, message] of [
      [cut, 'the file is cut short'],
      [quiz, 'this is no artefact'],
      [file('absent'), 'no such file'],
    ] as const) {
      const { code, stdout, stderr } = await replay(exam, '--artefact', path)
      expect([code, stdout]).toEqual([65, ''])
      expect(stderr).toContain(`${path}: `)
      expect(stderr).toContain(message)
    }
  })
})
