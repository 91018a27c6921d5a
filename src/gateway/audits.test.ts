import { describe, expect, it } from 'vitest'
import { type DecisionRecord, decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import type { NewEvent } from '../store/store.ts'
import { type AuditTask, createAudits, type Judge } from './audits.ts'
import { PINNED_POLICY } from './pinned.ts'

const model = modelId('p/large')
/** Audits read nothing of a record but its id. */
const recordOf = (id: string): DecisionRecord => ({ id: decisionId(id) }) as DecisionRecord

function setUp(probability: number, judge?: Judge) {
  const events: NewEvent[] = []
  const faults: unknown[] = []
  const audits = createAudits({
    ...(judge === undefined ? {} : { judge }),
    queue: { offer: event => events.push(event) > 0 },
    policy: () => ({ auditProbability: () => probability }),
    observer: { fault: (_what, error) => faults.push(error) },
    now: () => 7,
  })
  return { audits, events, faults }
}

const consider = async (
  { audits }: ReturnType<typeof setUp>,
  count: number,
  policy = 'plimsoll',
): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const record = recordOf(`d${i}`)
    const audit = audits.plan(record, policy)
    audits.consider({ record: audit === undefined ? record : { ...record, audit }, policy }, model)
  }
  await new Promise(resolve => setImmediate(resolve))
}

describe('audits', () => {
  it('draws with the probability that the policy asks for, and logs it with the label', async () => {
    const tasks: AuditTask[] = []
    const run = setUp(0.25, async task => (tasks.push(task) > 0 ? 0.5 : null))
    await consider(run, 2000)
    // Four standard errors of 2,000 coins.
    expect(Math.abs(run.events.length / 2000 - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 2000))
    expect(run.events).toHaveLength(tasks.length)
    const [task] = tasks
    expect(run.events[0]).toEqual({
      kind: 'audit',
      atMs: 7,
      decision: task?.decisionId,
      model,
      value: 0.5,
      probability: 0.25,
    })
  })

  it('draws the same answers again', async () => {
    const first = setUp(0.3, async () => 1)
    const second = setUp(0.3, async () => 1)
    await consider(first, 200)
    await consider(second, 200)
    expect(second.events).toEqual(first.events)
  })

  it('audits nothing at probability 0, of pinned requests, or without a judge', async () => {
    for (const [run, policy] of [
      [setUp(0, async () => 1), 'plimsoll'],
      [setUp(1, async () => 1), PINNED_POLICY],
      [setUp(1), 'plimsoll'],
    ] as const) {
      await consider(run, 50, policy)
      expect(run.events).toEqual([])
    }
  })

  it('logs nothing where the judge cannot tell, and reports a judge that fails', async () => {
    const unsure = setUp(1, async () => null)
    await consider(unsure, 3)
    expect(unsure.events).toEqual([])
    const failing = setUp(1, async () => {
      throw new Error('the judge is away')
    })
    await consider(failing, 2)
    expect(failing.faults).toHaveLength(2)
    expect(failing.events).toEqual([])
  })
})
