import { expect, test } from 'vitest'
import { isDrawnForAudit } from '../routing/audit-plan.ts'
import { decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import { createMemoryStore } from '../store/memory.ts'
import type { NewEvent } from '../store/store.ts'
import {
  type Auditor,
  type AuditorOptions,
  createAuditor,
  type DrawnAudit,
  type SettledAudit,
} from './auditor.ts'
import { createHumanDesk } from './human-desk.ts'
import type { Judge, Verdict } from './judge.ts'

const model = modelId('p/m')
const TRANSCRIPT = '{"request":{},"answer":{},"complete":true}'
const label = (value: number, costUsd: number | null = null): Verdict => ({ kind: 'label', value, costUsd })

function judgeOf(judge: Judge['judge'], available = () => true): Judge {
  return { judge, available }
}

async function setUp(options: Partial<AuditorOptions> = {}) {
  const store = createMemoryStore()
  const events: NewEvent[] = []
  const settled: SettledAudit[] = []
  const errors: unknown[] = []
  const auditor = await createAuditor({
    className: 'gold',
    judge: judgeOf(async () => label(1)),
    humanShare: 0,
    usdPerDay: null,
    statedUsd: 0,
    maxWaiting: 1000,
    concurrency: 4,
    deadlineMs: 5000,
    keepMs: 60_000,
    maxTranscriptBytes: 1000,
    desk: store.auditDesk,
    flush: async () => undefined,
    offer: event => events.push(event),
    now: () => 7,
    onSettled: audit => settled.push(audit),
    onError: error => errors.push(error),
    ...options,
  })
  return { auditor, events, settled, errors, desk: store.auditDesk }
}

/** What the gateway does with one answer; whether it was drawn. */
function serve(
  auditor: Auditor,
  id: string,
  probability = 1,
  transcript: string | null = TRANSCRIPT,
): boolean {
  const drawn = begin(auditor, id, probability)
  drawn?.submit(model, transcript)
  return drawn !== null
}

function begin(auditor: Auditor, id: string, probability = 1): DrawnAudit | null {
  const plan = auditor.plan(probability)
  const drawn = plan !== undefined && isDrawnForAudit(decisionId(id), plan.probability)
  return drawn ? auditor.begin(decisionId(id), plan) : null
}

async function audit(auditor: Auditor, count: number, probability = 1): Promise<number> {
  let drawn = 0
  for (let i = 0; i < count; i++) {
    if (serve(auditor, `d${i}`, probability)) drawn++
  }
  await new Promise(resolve => setTimeout(resolve, 20))
  return drawn
}

test('draws with the probability that is asked for, and logs it with the label', async () => {
  const { auditor, events } = await setUp({ maxWaiting: 10_000 })
  const drawn = await audit(auditor, 4000, 0.25)
  // Four standard errors of 4,000 coins.
  expect(Math.abs(drawn / 4000 - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 4000))
  expect(events).toHaveLength(drawn)
  expect(events[0]).toMatchObject({ kind: 'audit', atMs: 7, model, value: 1, probability: 0.25 })
})

test('draws the same answers again', async () => {
  const runOf = async (judge: Judge['judge']) => {
    const run = await setUp({ judge: judgeOf(judge) })
    await audit(run.auditor, 300, 0.3)
    return run.events.map(event => 'decision' in event && event.decision)
  }
  const first = await runOf(async () => label(1))
  expect(first.length).toBeGreaterThan(50)
  // Whatever the answers were worth, and whether or not they could be judged.
  expect(await runOf(async () => label(0))).toEqual(first)
  expect(await runOf(async () => ({ kind: 'no-verdict', costUsd: null }))).toEqual(first)
})

test('a plan says what is granted and how a human corrects it; planning changes nothing', async () => {
  const judge = judgeOf(async () => label(1))
  const planned = async (options: Partial<AuditorOptions>, asked: number) =>
    (await setUp({ maxWaiting: 1, usdPerDay: 1, statedUsd: 1, ...options })).auditor.plan(asked)
  expect(await planned({ judge, humanShare: 0 }, 0.3)).toEqual({ probability: 0.3, humanShare: 1 })
  expect(await planned({ judge, humanShare: 0.1 }, 2)).toEqual({ probability: 1, humanShare: 0.1 })
  expect(await planned({ judge: null, humanShare: 1 }, 0.3)).toEqual({ probability: 0.3, humanShare: 1 })
  expect(await planned({ judge }, 0)).toBeUndefined()
  const { auditor } = await setUp({ maxWaiting: 1, usdPerDay: 1, statedUsd: 1 })
  for (let i = 0; i < 5; i++) expect(auditor.plan(0.5)).toEqual({ probability: 0.5, humanShare: 1 })
  expect(auditor.report()).toMatchObject({ state: 'open', drawn: 0 })
})

test('grants nothing once the budget is spent, whatever the answers were worth, and says so', async () => {
  for (const value of [0, 1]) {
    const { auditor, events, desk } = await setUp({
      judge: judgeOf(async () => label(value, 0.1)),
      usdPerDay: 0.5,
      statedUsd: 0.1,
    })
    expect(await audit(auditor, 20)).toBe(5)
    expect(auditor.plan(1)).toBeUndefined()
    expect(auditor.report()).toMatchObject({ state: 'budget-spent', labelled: 5, usdPerAudit: 0.1 })
    expect(auditor.report().spentTodayUsd).toBeCloseTo(0.5, 9)
    expect(events).toHaveLength(5)
    expect((await desk.spending(0))[0]?.usd).toBeCloseTo(0.5, 9)
  }
})

test('goes on with what was spent on the same day before', async () => {
  const store = createMemoryStore()
  await store.auditDesk.spend('gold', 0, 0.45)
  const { auditor } = await setUp({ desk: store.auditDesk, usdPerDay: 0.5, statedUsd: 0.1 })
  expect(auditor.report()).toMatchObject({ state: 'budget-spent', spentTodayUsd: 0.45 })
})

test('draws nothing for a judge that is down, and counts what a failing one missed', async () => {
  let up = true
  const verdicts: Verdict[] = [
    { kind: 'failed', code: 'upstream_error', costUsd: null },
    { kind: 'no-verdict', costUsd: 0.2 },
    label(0.5, 0.2),
  ]
  const { auditor, events, settled } = await setUp({
    judge: judgeOf(
      async () => verdicts.shift() ?? label(1),
      () => up,
    ),
  })
  await audit(auditor, 3)
  expect(events.map(event => (event.kind === 'feedback' ? event.metric : event.kind))).toEqual([
    'audit-missed',
    'audit-missed',
    'audit',
  ])
  expect(settled.map(({ result, costUsd }) => [result, costUsd])).toEqual([
    ['judge-failed', 0],
    ['no-verdict', 0.2],
    ['labelled', 0.2],
  ])
  up = false
  expect(await audit(auditor, 5)).toBe(0)
  expect(auditor.report()).toMatchObject({
    state: 'judge-down',
    drawn: 3,
    labelled: 1,
    missed: { 'judge-failed': 1, 'no-verdict': 1 },
  })
})

test('keeps a bounded number under way, and a judge that never answers misses its deadline', async () => {
  const { auditor, events } = await setUp({
    judge: judgeOf(
      (_, cancellation) =>
        new Promise(resolve =>
          cancellation.onCancel({
            cancel: () => resolve({ kind: 'failed', code: 'client_closed_request', costUsd: null }),
          }),
        ),
    ),
    maxWaiting: 3,
    concurrency: 2,
    deadlineMs: 40,
    now: () => Date.now(),
  })
  expect(await audit(auditor, 10)).toBe(3)
  expect(auditor.report().state).toBe('queue-full')
  await new Promise(resolve => setTimeout(resolve, 120))
  expect(auditor.report()).toMatchObject({ state: 'open', waiting: 0, missed: { deadline: 3 } })
  expect(events).toHaveLength(3)
})

test('a drawn answer keeps its place until it is submitted or abandoned', async () => {
  const { auditor, events } = await setUp({ maxWaiting: 1 })
  const first = begin(auditor, 'a')
  expect(auditor.plan(1)).toBeUndefined()
  first?.abandon(model)
  first?.abandon(model)
  expect(auditor.plan(1)).toBeDefined()
  expect(auditor.report()).toMatchObject({ drawn: 1, missed: { 'not-served': 1 } })
  expect(events).toMatchObject([{ metric: 'audit-missed', decision: 'a' }])
})

test('requests that are too long, answers that are deleted or come after the end are missed', async () => {
  const { auditor, events } = await setUp({ concurrency: 1 })
  serve(auditor, 'long', 1, null)
  const late = begin(auditor, 'late')
  for (const id of ['running', 'waits', 'stops']) serve(auditor, id)
  expect([auditor.forget('waits'), auditor.forget('waits')]).toEqual([true, false])
  await auditor.close(0)
  late?.submit(model, TRANSCRIPT)
  expect(auditor.report().missed).toEqual({ 'too-large': 1, deleted: 1, stopped: 2 })
  expect(auditor.report().state).toBe('closed')
  expect(events.filter(event => event.kind === 'audit')).toHaveLength(1)
})

test('where a human corrects a judge that errs, the mean label is the truth', async () => {
  const count = 6000
  const share = 0.4
  const truth = (id: string): number => Number(Number(id.slice(1)) % 4 > 0)
  // It calls every third unsatisfying answer satisfying.
  const judged = (id: string): number => (Number(id.slice(1)) % 12 === 0 ? 1 : truth(id))
  const { auditor, events, desk } = await setUp({
    judge: judgeOf(async ({ decisionId: id }) => label(judged(id))),
    humanShare: share,
    maxWaiting: count * 2,
  })
  await audit(auditor, count)
  const waiting = await desk.list({ className: null, nowMs: 0, limit: count })
  expect(Math.abs(waiting.length / count - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / count))
  const appended: NewEvent[] = []
  const clerk = createHumanDesk({
    desk,
    append: async event => {
      appended.push(event)
      return { status: 'committed', cursor: appended.length }
    },
    now: () => 8,
    onLeft: () => auditor.leftDesk(),
  })
  for (const { decision } of waiting) expect(await clerk.judge(decision, truth(decision))).toBe(true)
  const labels = [...events, ...appended].flatMap(event => (event.kind === 'audit' ? [event.value] : []))
  expect(labels).toHaveLength(count)
  const mean = labels.reduce((sum, value) => sum + value, 0) / count
  // Truth .75, the judge says .833. Var(J + (H/q2)(S - J)) <= Var J + (1/12)(1/.4) = .35: four standard errors are .031.
  expect(Math.abs(mean - 0.75)).toBeLessThan(0.031)
  const both = appended.filter(event => event.kind === 'feedback').map(event => event.metric)
  expect(both.filter(metric => metric === 'judge-verdict')).toHaveLength(waiting.length)
  expect(both.filter(metric => metric === 'human-verdict')).toHaveLength(waiting.length)
  expect(auditor.report().waitingForHumans).toBe(0)
})

test('a store that fails misses the audit and nothing else', async () => {
  const store = createMemoryStore()
  const failing = { ...store.auditDesk, hold: () => Promise.reject(new Error('disk full')) }
  const { auditor, events, errors } = await setUp({ judge: null, humanShare: 1, desk: failing })
  await audit(auditor, 1)
  expect(auditor.report()).toMatchObject({ missed: { 'store-failed': 1 }, waitingForHumans: 0 })
  expect([events.length, errors.length]).toEqual([1, 1])
})
