import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import * as z from 'zod'

const constraintSchema = z.object({
  name: z.string(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  delta: z.number(),
  labels: z.number(),
  state: z.string(),
  priceUsd: z.number().nullable(),
  reachable: z.number().nullish(),
})

const classSchema = z.object({
  floor: z.number(),
  requests: z.number(),
  costUsd: z.number(),
  constraints: z.array(constraintSchema),
  infeasible: z
    .object({ atDecision: z.number(), bindingConstraint: z.string(), reachable: z.number() })
    .nullable(),
  alarms: z.array(z.object({ atDecision: z.number(), kind: z.string() })),
})

/** What the gateway's admin API says of a class. */
export type ClassReading = z.output<typeof classSchema>

/** The satisfaction constraint of a reading; `undefined` before the gateway knows of one. */
export function satisfactionOf(
  reading: ClassReading | null,
): ClassReading['constraints'][number] | undefined {
  return reading?.constraints.find(constraint => constraint.name === 'satisfaction')
}

/** Follows one class of a gateway through its admin API, as any operator's tool would. */
export interface ClassWatch {
  /** The floor as it was read or set last: whoever changes it, it is followed. */
  readonly floor: number
  /** `null` before the first reading. */
  readonly reading: ClassReading | null
  /** Asks the gateway for another floor; it holds from the next request on. */
  setFloor(floor: number): Promise<void>
  /** Reads at once. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** Where the class is found and how often it is read. */
export interface ClassWatchOptions {
  readonly adminUrl: string
  readonly className: string
  readonly floor: number
  readonly everyMs: number
  /** Told when the floor was found changed, or changed by `setFloor`. */
  onFloor?(floor: number, previous: number): void
}

/** Starts to follow a class. */
export function watchClass(options: ClassWatchOptions): ClassWatch {
  const pool = new Pool(new URL(options.adminUrl).origin, { connections: 2 })
  const path = `/admin/classes/${encodeURIComponent(options.className)}`
  const stop = new AbortController()
  let floor = options.floor
  let reading: ClassReading | null = null

  const follow = (found: number): void => {
    if (found === floor) return
    const previous = floor
    floor = found
    options.onFloor?.(found, previous)
  }
  const refresh = async (): Promise<void> => {
    const { statusCode, body } = await pool.request({ method: 'GET', path })
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`GET ${path} was answered ${statusCode}: ${text}`)
    reading = classSchema.parse(JSON.parse(text))
    follow(reading.floor)
  }
  const poll = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      // A busy gateway may answer late; the next reading is as good.
      await refresh().catch(() => {})
      await sleep(options.everyMs, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const polling = poll()
  return {
    get floor() {
      return floor
    },
    get reading() {
      return reading
    },
    async setFloor(wanted) {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ floor: wanted })
      const response = await pool.request({ method: 'PUT', path: `${path}/floor`, headers, body })
      const text = await response.body.text()
      if (response.statusCode !== 200) {
        throw new Error(`PUT ${path}/floor was answered ${response.statusCode}: ${text}`)
      }
      follow(wanted)
    },
    refresh,
    async close() {
      stop.abort()
      await pool.destroy()
      await polling
    },
  }
}
