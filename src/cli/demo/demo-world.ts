import { readTrace, TraceError } from '../../lab/read-trace.ts'
import { shuffledOrder } from '../../lab/row-order.ts'
import { createSyntheticWorld } from '../../simulation/synthetic-world.ts'
import { createTraceWorld, withoutRepeatedPrompts } from '../../simulation/trace-world.ts'
import type { World } from '../../simulation/world.ts'
import { CommandError, exitCodes } from '../exit.ts'
import { type DemoOptions, USUAL_REQUESTS } from './demo-command.ts'

/** What is asked in a demo, and of whom. */
export interface DemoWorld {
  readonly world: World
  /** Rows in the order in which they are asked; none twice. */
  readonly rows: readonly number[]
}

/** A trace seldom says how long its models took: this stands in for all of them. */
const TRACED_LATENCY = { medianMs: 150, spread: 0.4 }

/** Draws the synthetic world, or reads a trace and shuffles its rows by the seed. */
export async function openDemoWorld(options: DemoOptions): Promise<DemoWorld> {
  const { tracePath, seed } = options
  if (tracePath === null) {
    const requests = options.requests ?? USUAL_REQUESTS
    const world = createSyntheticWorld({ seed, rows: requests })
    return { world, rows: Array.from({ length: requests }, (_, row) => row) }
  }
  const trace = await readTraceOrFail(tracePath, options.satisfiedAt)
  const rows = withoutRepeatedPrompts(trace.rows)
  const requests = options.requests ?? Math.min(USUAL_REQUESTS, rows.length)
  if (requests > rows.length) {
    const repeated = trace.rows.length - rows.length
    const left = repeated === 0 ? '' : ` (${repeated} more repeat a prompt)`
    const fault = `it holds ${rows.length} different prompts${left}, fewer than the ${requests} of --requests`
    throw new CommandError(
      exitCodes.badData,
      `${tracePath}: ${fault}; rows are never repeated, ask for fewer`,
    )
  }
  const world = createTraceWorld({ name: trace.name, models: trace.models, rows, latency: TRACED_LATENCY })
  return { world, rows: shuffledOrder(rows.length, seed).slice(0, requests) }
}

async function readTraceOrFail(path: string, satisfiedAt: number | null) {
  try {
    return await readTrace(path, { satisfiedAt })
  } catch (error) {
    if (error instanceof TraceError) throw new CommandError(exitCodes.badData, error.message, error)
    throw error
  }
}
