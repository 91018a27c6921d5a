import { decisionId } from '../../routing/decision.ts'
import { createRandom } from '../../routing/numeric/random.ts'
import type { Policy } from '../../routing/policy.ts'
import type { PreparedTrace } from '../prepare-trace.ts'
import { shuffledOrder } from '../row-order.ts'
import { className, contextOf } from './decide-rows.ts'
import type { SplitData } from './split-data.ts'

/** The training rows that a policy may be rehearsed on. */
export interface RehearsalRows {
  readonly prepared: PreparedTrace
  readonly rows: Int32Array
  readonly data: SplitData
}

/** Floors at the two ends of what can be asked; a policy that reads its floor answers them differently on some prompt. */
const probeFloors = [0.02, 0.98] as const
const probeRows = 100

/** Whether a trained policy, without learning anything more, chooses by the floor that it is asked for. */
export function answersFloors(policy: Policy, { prepared, rows, data }: RehearsalRows): boolean {
  const { models } = data.training
  return rows.subarray(0, probeRows).some(row => {
    const [low, high] = probeFloors.map(floor => {
      const context = contextOf(
        { prepared, models },
        { row, floor, name: `probe-${floor}`, feedback: 'none' },
      )
      return policy.decide(context, createRandom(`probe/${row}`))
    })
    return low?.chosen !== high?.chosen || low?.prices[0]?.priceUsd !== high?.prices[0]?.priceUsd
  })
}

/**
 * Runs a policy once over the training rows in the order of the seed, online, once for every floor at the same time, each
 * floor a class of its own: decide, pay, and see every model's label. For policies whose price moves by learning alone, and
 * which would otherwise answer every floor in the same way.
 */
export function rehearse(policy: Policy, { prepared, rows, data }: RehearsalRows): void {
  const { models, satisfaction, costUsd } = data.training
  for (const [turn, i] of shuffledOrder(rows.length, data.seed).entries()) {
    for (const [f, floor] of data.floors.entries()) {
      const request = { row: rows[i] ?? 0, floor, name: className(f), feedback: 'full' } as const
      const context = contextOf({ prepared, models }, request)
      const id = decisionId(`rehearsal-${data.seed}-${f}-${turn}`)
      const decision = policy.decide(context, createRandom(id))
      const record = { id, context, decision, learnedUpTo: 0 }
      const atMs = turn
      policy.learn({ kind: 'decision', atMs, record })
      const called = [decision.chosen, ...decision.shadows]
      for (const [m, { id: model }] of models.entries()) {
        const at = i * models.length + m
        if (called.includes(model)) {
          policy.learn({
            kind: 'outcome',
            atMs,
            record,
            model,
            outcome: answered(costUsd[at] ?? 0, model !== decision.chosen),
          })
        }
        policy.learn({
          kind: 'feedback',
          atMs,
          record,
          model,
          metric: 'satisfaction',
          value: satisfaction[at] ?? 0,
          source: 'test',
        })
      }
    }
  }
}

function answered(costUsd: number, shadow: boolean) {
  return {
    costUsd,
    promptTokens: null,
    completionTokens: null,
    latencyMs: null,
    firstTokenMs: null,
    error: null,
    shadow,
  }
}
