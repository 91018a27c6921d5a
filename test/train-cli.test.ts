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
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
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
