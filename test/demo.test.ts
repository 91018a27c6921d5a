import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDemoWorld } from '../src/cli/demo/demo-world.ts'
import { type DemoOutcome, type DemoRun, fullPace, runDemo } from '../src/cli/demo/run-demo.ts'
import { everybodySpeaks } from '../src/simulation/feedback-model.ts'
import { createSyntheticWorld } from '../src/simulation/synthetic-world.ts'

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
let folder = ''
let trace = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  trace = join(folder, 'tiny.jsonl')
  writeFileSync(trace, tinyTrace(120))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A trace of two models: the cheap one satisfies every second prompt, the dear one all of them. */
function tinyTrace(rows: number): string {
  const row = (i: number): string =>
    JSON.stringify({
      id: `${i}`,
      prompt: `question ${i} about ${i % 2 === 0 ? 'easy apples' : 'hard proofs'}`,
      scores: { cheap: i % 2 === 0 ? 0.95 : 0.3, 'lab/dear': 0.92 },
      costs: { cheap: 0.001, 'lab/dear': 0.01 },
    })
  return `${Array.from({ length: rows }, (_, i) => row(i)).join('\n')}\n`
}

interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** What is left in the folder for temporary files. */
  readonly left: readonly string[]
}

/** Runs the command in a process of its own, which must end by itself or by the signal. */
async function demo(args: readonly string[], signal?: NodeJS.Signals): Promise<Finished> {
  const temporary = mkdtempSync(join(folder, 'tmp-'))
  const child = spawn(process.execPath, [main, 'demo', ...args], {
    env: { ...process.env, TMPDIR: temporary },
  })
  if (signal !== undefined) {
    child.stderr.on('data', (data: Buffer) => {
      const api = /floor API (\S+)/.exec(data.toString())?.[1]
      if (api !== undefined) void whenServed(api, 100).then(() => child.kill(signal))
    })
  }
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code, stdout, stderr, left: readdirSync(temporary) }
}

/** Waits until a running demo has decided so many requests. */
async function whenServed(api: string, requests: number): Promise<void> {
  for (;;) {
    const { body } = await request(api)
    if (Number(JSON.parse(await body.text()).requests) >= requests) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe('plimsoll demo', () => {
  it('serves the synthetic world through HTTP and closes with one JSON object', async () => {
    const { code, stdout, stderr, left } = await demo([
      '--json',
      '--requests',
      '150',
      '--seed',
      '4',
      '--no-browser',
    ])
    expect(code).toBe(0)
    expect(left).toEqual([])
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(
      /^150 requests to 6 models, floor API http:\/\/127\.0\.0\.1:\d+\/admin\/classes\/demo\n/,
    )
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      trace: 'synthetic',
      policy: 'plimsoll',
      floor: 0.9,
      seed: 4,
      feedback: 'chosen',
      audit: 0,
      delay: 0,
      warmStart: 0,
      requests: 150,
      failed: 0,
      shortfall200: null,
      shadowCostUsd: 0,
      certificate: { state: 'undecided', delta: 0.05, labels: 150 },
      infeasible: null,
    })
    expect(Object.keys(report.share)).toHaveLength(6)
    expect(sum(Object.values(report.share))).toBeCloseTo(1, 9)
    expect(report.requestsPerSecond).toBeCloseTo(150 / report.seconds, 6)
    expect(report.overheadMs.p50).toBeGreaterThan(0)
    expect(report.overheadMs.p99).toBeGreaterThanOrEqual(report.overheadMs.p50)
    const best = bestFixedOf(4, 150)
    expect(report.references.bestFixed.satisfaction).toBeCloseTo(best.satisfaction, 9)
    expect(report.references.bestFixed.costUsd).toBeCloseTo(best.costUsd, 12)
    expect(report.references.clairvoyant.costUsd).toBeLessThan(report.references.staticMixture.costUsd)
  })

  it('answers a trace with its recorded quality and cost', async () => {
    const args = [
      '--trace',
      trace,
      '--satisfied-at',
      '0.9',
      '--floor',
      '0.8',
      '--policy',
      'fixed:lab/dear',
      '--json',
    ]
    const { code, stdout, left } = await demo(args)
    expect([code, left]).toEqual([0, []])
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      trace: 'tiny',
      requests: 120,
      satisfaction: 1,
      share: { cheap: 0, 'lab/dear': 1 },
      references: {
        bestFixed: { model: 'lab/dear', satisfaction: expect.closeTo(1, 9) },
        cheapestFeasibleFixed: { model: 'lab/dear' },
      },
    })
    expect(report.costUsd).toBeCloseTo(0.01, 12)
    // Satisfaction .8 out of .5 at $.001 and 1 at $.01: six parts of ten of the dear one.
    expect(report.references.staticMixture.costUsd).toBeCloseTo(0.4 * 0.001 + 0.6 * 0.01, 9)
  })

  it('lets a policy explore with shadow calls, which are paid for and graded', async () => {
    const { code, stdout } = await demo(['--policy', 'mess-plus', '--requests', '120', '--json'])
    const report = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(report.exploration).toBeGreaterThan(0)
    expect(report.shadowCostUsd).toBeGreaterThan(0)
    expect(report.shadowCostUsd).toBeLessThan(report.costUsd)
  })

  it('has answers audited where users only complain', async () => {
    const { code, stdout } = await demo([
      '--feedback',
      'one-sided:0.5',
      '--audit',
      '0.4',
      '--requests',
      '150',
      '--json',
    ])
    const report = JSON.parse(stdout)
    expect(code).toBe(0)
    // Four standard errors of 150 coins.
    expect(Math.abs(report.auditRate - 0.4)).toBeLessThan(4 * Math.sqrt((0.4 * 0.6) / 150))
    expect(report.certificate.labels).toBe(Math.round(report.auditRate * 150))
  })

  it('ends with a summary for people', async () => {
    const { code, stdout, left } = await demo(['--requests', '60', '--feedback', 'sparse:0.5'])
    expect([code, left]).toEqual([0, []])
    expect(stdout).toContain('plimsoll on synthetic, seed 1, feedback sparse:0.5')
    expect(stdout).toMatch(/floor 0\.900, served [01]\.\d{3} over 60: (kept|missed|[01]\.\d{3} short)/)
    expect(stdout).toMatch(/not yet decided|proven/)
    expect(stdout).toContain('static mixture, as good')
    expect(stdout).not.toContain('\u001b[')
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with what was answered so far, and leaves nothing', async (signal, expected) => {
    const { code, stdout, left } = await demo(['--requests', '50000', '--json'], signal)
    expect(code).toBe(expected)
    expect(left).toEqual([])
    const report = JSON.parse(stdout)
    expect(report.requests).toBeGreaterThan(50)
    expect(report.requests).toBeLessThan(50_000)
  })

  it.each([
    [['--floor', '1.2'], 64, '--floor must lie between 0 and 1'],
    [['--policy', 'nobody', '--requests', '5'], 64, 'unknown policy "nobody"'],
    [['--trace', '/no/such/file.jsonl'], 65, 'no such file'],
    [
      ['--requests', '121', '--trace', 'TRACE'],
      65,
      '120 different prompts, fewer than the 121 of --requests',
    ],
  ] as const)('%j is refused with exit code %i and one line', async (args, expected, words) => {
    const { code, stdout, stderr, left } = await demo(
      args.map(argument => (argument === 'TRACE' ? trace : argument)),
    )
    expect(code).toBe(expected)
    expect(stdout).toBe('')
    expect(stderr).toContain(words)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(left).toEqual([])
  })
})

describe('a demo in this process', () => {
  const options = {
    tracePath: null,
    floor: 0.6,
    satisfiedAt: null,
    feedback: everybodySpeaks,
    auditBudget: 0,
    policy: 'plimsoll',
    requests: 300,
    seed: 2,
    json: false,
  }

  async function runHere(
    onStart: (run: DemoRun) => void,
    signal = new AbortController().signal,
  ): Promise<DemoOutcome> {
    const demoWorld = await openDemoWorld(options)
    // Slow enough for a floor that is changed on the way to be noticed before the end.
    const pace = { ...fullPace, perSecond: 150 }
    return runDemo({ options, demoWorld, pace, signal, onStart, onFloor: () => {} })
  }

  it('follows a floor that anybody changes through the admin API', async () => {
    const { tally, floor } = await runHere(run => void raiseFloor(run))
    expect(floor).toBe(0.97)
    const floors = tally.answered.map(request => request.floor)
    expect(new Set(floors)).toEqual(new Set([0.6, 0.97]))
    const mean = (from: number) => {
      const part = tally.answered.filter(request => request.floor === from)
      return sum(part.map(request => request.served.satisfaction)) / part.length
    }
    expect(mean(0.97)).toBeGreaterThan(mean(0.6))
  })

  it('agrees with the gateway on what was served and what it cost', async () => {
    const { tally, reading } = await runHere(() => {})
    const { answered, costUsd } = tally.standing()
    expect(reading).toMatchObject({ requests: 300 })
    expect(answered).toBe(300)
    expect(reading?.costUsd).toBeCloseTo(300 * (costUsd ?? 0), 9)
    expect(reading?.constraints[0]).toMatchObject({ name: 'satisfaction', labels: 300 })
  })

  it('breaks off without leaving a port or a request behind', async () => {
    const controller = new AbortController()
    let port = 0
    const outcome = await runHere(({ tally, adminUrl }) => {
      port = Number(new URL(adminUrl).port)
      const wait = setInterval(() => {
        if (tally.answered.length < 20) return
        clearInterval(wait)
        controller.abort()
      }, 2)
    }, controller.signal)
    expect(outcome.endedEarly).toBe(true)
    expect(outcome.tally.standing().failed).toBe(0)
    const [error] = await once(connect(port, '127.0.0.1'), 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  })
})

/** Raises the floor once a third of the requests was answered, as an operator's script would. */
async function raiseFloor({ tally, adminUrl }: DemoRun): Promise<void> {
  while (tally.answered.length < 100) await new Promise(resolve => setTimeout(resolve, 5))
  const response = await request(`${adminUrl}/admin/classes/demo/floor`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ floor: 0.97 }),
  })
  await response.body.dump()
}

function sum(values: readonly unknown[]): number {
  return values.reduce((total: number, value) => total + Number(value), 0)
}

/** The best fixed model of a synthetic world, computed from the world alone. */
function bestFixedOf(
  seed: number,
  requests: number,
): { readonly satisfaction: number; readonly costUsd: number } {
  const world = createSyntheticWorld({ seed, rows: requests })
  const means = world.models.map(({ id }) => {
    const answers = world.prompts.map((_, row) => world.answer(row, id))
    return {
      satisfaction: sum(answers.map(answer => answer.satisfaction)) / requests,
      costUsd: sum(answers.map(answer => answer.costUsd)) / requests,
    }
  })
  return (
    means.toSorted((a, b) => b.satisfaction - a.satisfaction || a.costUsd - b.costUsd)[0] ?? {
      satisfaction: 0,
      costUsd: 0,
    }
  )
}
