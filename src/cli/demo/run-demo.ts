import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseConfig } from '../../gateway/config.ts'
import { type RunningGateway, startGateway } from '../../gateway/main.ts'
import { startSimulatedJudge } from '../../simulation/simulated-judge.ts'
import { type SimulatedProvider, startSimulatedProvider } from '../../simulation/simulated-provider.ts'
import { runTraffic } from '../../simulation/traffic.ts'
import { openSqliteStore } from '../../store/sqlite.ts'
import { CommandError, exitCodes } from '../exit.ts'
import { type ClassReading, type ClassWatch, satisfactionOf, watchClass } from './class-watch.ts'
import type { DemoOptions } from './demo-command.ts'
import type { DemoWorld } from './demo-world.ts'
import { DEMO_CLASS, gatewayDocument, type Simulated } from './gateway-document.ts'
import { createTally, type Tally } from './tally.ts'

/** How fast a demo runs. */
export interface Pace {
  /** Requests begun per second; `null`: as fast as the users can. */
  readonly perSecond: number | null
  readonly users: number
  /** Factor on the latencies of the world's models. */
  readonly latencyScale: number
  /** Mean time between reading an answer and telling. */
  readonly feedbackDelayMs: number
  /** How long users may take to speak, after which the gateway logs their silence: minutes, in this fast time. */
  readonly feedbackWindowMs: number
}

/** Slow enough to watch: all requests in about half a minute. */
export function watchablePace(requests: number): Pace {
  const perSecond = Math.min(150, Math.max(10, Math.ceil(requests / 30)))
  return { perSecond, users: perSecond, latencyScale: 0.25, feedbackDelayMs: 250, feedbackWindowMs: 3000 }
}

/** As fast as it goes: models that answer in a few milliseconds, users who speak at once. */
export const fullPace: Pace = {
  perSecond: null,
  users: 8,
  latencyScale: 0.01,
  feedbackDelayMs: 0,
  feedbackWindowMs: 1000,
}

/** A demo under way, for whoever shows it. */
export interface DemoRun {
  readonly tally: Tally
  readonly watch: ClassWatch
  readonly adminUrl: string
  readonly startedMs: number
}

/** A demo that has ended. */
export interface DemoOutcome {
  readonly tally: Tally
  /** The class at the end; `null` when the gateway did not say. */
  readonly reading: ClassReading | null
  readonly floor: number
  readonly elapsedMs: number
  /** Answers that were audited. */
  readonly audited: number
  /** Messages of the first few failures. */
  readonly failures: readonly string[]
  /** It was ended before every request was sent. */
  readonly endedEarly: boolean
}

/** What a demo needs beside its options. */
export interface DemoSetup {
  readonly options: DemoOptions
  readonly demoWorld: DemoWorld
  readonly pace: Pace
  /** Ends the traffic early. */
  readonly signal: AbortSignal
  /** Told once everything stands and the traffic begins. */
  onStart(run: DemoRun): void
  onFloor(floor: number, previous: number): void
}

/** Failures that are quoted; more of them say the same. */
const QUOTED_FAILURES = 3
/** Share of the requests that stream. */
const STREAM_SHARE = 0.3
const READ_EVERY_MS = 200
/** The gateway looks for closed feedback windows once a second. */
const SILENCE_LAG_MS = 1300

/** Undoes what was begun, last first, even when undoing one of them fails. */
type Undo = (() => unknown)[]

async function undoAll(undo: Undo): Promise<void> {
  const failures: unknown[] = []
  for (const step of undo.splice(0).reverse()) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the demo could not be cleared away')
}

/** A folder that is gone at the end, also when the process is made to exit. */
async function temporaryFolder(undo: Undo): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-demo-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  undo.push(() => {
    process.off('exit', remove)
    remove()
  })
  return folder
}

async function startProviders(
  setup: DemoSetup,
  tally: Tally,
  undo: Undo,
): Promise<readonly SimulatedProvider[]> {
  const { world } = setup.demoWorld
  const providers: SimulatedProvider[] = []
  for (const { id, latency } of world.models) {
    const provider = await startSimulatedProvider({
      world,
      model: id,
      latency: { ...latency, medianMs: latency.medianMs * setup.pace.latencyScale },
      seed: setup.options.seed,
      onCall: ({ row, costUsd }) => {
        if (row !== null) tally.bill(row, costUsd)
      },
    })
    undo.push(() => provider.close())
    providers.push(provider)
  }
  return providers
}

async function openGateway(setup: DemoSetup, simulated: Simulated, undo: Undo): Promise<RunningGateway> {
  const path = join(await temporaryFolder(undo), 'log.db')
  const parsed = parseConfig(gatewayDocument(setup, simulated, path), {})
  if (!parsed.ok) {
    const faults = parsed.faults.map(fault => `${fault.path}: ${fault.message}`).join('; ')
    throw new CommandError(exitCodes.wrongUsage, `the gateway refuses this demo: ${faults}`)
  }
  const store = await openSqliteStore(path)
  undo.push(() => store.close())
  const gateway = await startGateway({ config: parsed.config, store })
  undo.push(() => gateway.close())
  return gateway
}

/** Runs a demo from start to end; whatever happens, nothing of it is left running. */
export async function runDemo(setup: DemoSetup): Promise<DemoOutcome> {
  const undo: Undo = []
  try {
    const tally = createTally(setup.demoWorld.world, setup.demoWorld.rows.length)
    const providers = await startProviders(setup, tally, undo)
    const { options, demoWorld } = setup
    const judge =
      options.auditBudget > 0
        ? await startSimulatedJudge({ world: demoWorld.world, seed: options.seed })
        : null
    undo.push(() => judge?.close())
    const gateway = await openGateway(setup, { providers, judge }, undo)
    const watch = watchClass({
      adminUrl: gateway.adminUrl,
      className: DEMO_CLASS,
      floor: setup.options.floor,
      everyMs: READ_EVERY_MS,
      onFloor: setup.onFloor,
    })
    undo.push(() => watch.close())
    const { url, adminUrl } = gateway
    return await observe(setup, { url, judge }, { tally, watch, adminUrl, startedMs: performance.now() })
  } finally {
    await undoAll(undo)
  }
}

interface Served {
  readonly url: string
  readonly judge: Simulated['judge']
}

async function observe(setup: DemoSetup, { url, judge }: Served, run: DemoRun): Promise<DemoOutcome> {
  const { tally, watch, startedMs } = run
  const { options, demoWorld, pace, signal } = setup
  const failures: string[] = []
  // The floor that held when a request was asked is the one that it was promised.
  const promised = new Map<number, number>()
  setup.onStart(run)
  await runTraffic({
    gatewayUrl: url,
    ...demoWorld,
    model: `auto/${DEMO_CLASS}`,
    users: pace.users,
    perSecond: pace.perSecond,
    streamShare: STREAM_SHARE,
    feedback: options.feedback,
    feedbackDelayMs: pace.feedbackDelayMs,
    seed: options.seed,
    signal,
    onAsk: row => void promised.set(row, watch.floor),
    onServed: served => {
      tally.serve({ served, floor: promised.get(served.row) ?? watch.floor })
    },
    onTold: () => tally.tell(),
    onFailure: ({ row, what, message }) => {
      if (what === 'request') tally.fail(row)
      if (failures.length < QUOTED_FAILURES) failures.push(`${what}: ${message}`)
    },
  })
  const elapsedMs = performance.now() - startedMs
  if (!signal.aborted) await settle(setup, run)
  await watch.refresh().catch(() => {})
  const { reading, floor } = watch
  return {
    tally,
    reading,
    floor,
    elapsedMs,
    audited: judge?.labelled ?? 0,
    failures,
    endedEarly: signal.aborted,
  }
}

/** Waits until the gateway has learned what it was told and, where users may stay silent, until the last window has closed. */
async function settle({ options, pace }: DemoSetup, { watch, tally }: DemoRun): Promise<void> {
  const everybodySpeaks = options.feedback.kind === 'chosen'
  if (!everybodySpeaks) await sleep(pace.feedbackWindowMs + SILENCE_LAG_MS)
  const { told } = tally.standing()
  for (let attempt = 0; attempt < 20; attempt++) {
    await watch.refresh().catch(() => {})
    if (!everybodySpeaks || (satisfactionOf(watch.reading)?.labels ?? 0) >= told) return
    await sleep(50)
  }
}
