import type { ReadStream, WriteStream } from 'node:tty'
import { satisfactionOf } from './class-watch.ts'
import type { DemoOptions } from './demo-command.ts'
import type { DemoWorld } from './demo-world.ts'
import { formatShare } from './figures.ts'
import { span, wantsColour } from './paint.ts'
import type { DemoRun } from './run-demo.ts'
import { type DemoView, layOutScreen } from './screen-layout.ts'
import { openLiveTerminal } from './terminal.ts'

/** Where a demo is shown and steered. */
export interface LiveDisplay {
  /** The traffic has begun. */
  start(run: DemoRun): void
  /** Somebody changed the floor. */
  floorChanged(floor: number, previous: number): void
  /** Gives the terminal back. */
  close(): void
}

const FRAME_MS = 100
const NOTICE_MS = 4000
const FLOOR_STEP = 0.01
/** Span over which the rate of requests is measured. */
const RATE_MS = 3000

/** The neighbouring floor, kept inside (0, 1) and free of rounding dust. */
export function steppedFloor(floor: number, direction: 1 | -1): number {
  const stepped = Math.round((floor + direction * FLOOR_STEP) * 1e6) / 1e6
  return Math.min(0.99, Math.max(0.01, stepped))
}

/** Requests per second over the last few seconds. */
function createRateMeter(): (done: number) => number {
  const samples: { readonly atMs: number; readonly done: number }[] = []
  return done => {
    const atMs = performance.now()
    samples.push({ atMs, done })
    while (samples.length > 2 && atMs - (samples[0]?.atMs ?? 0) > RATE_MS) samples.shift()
    const [first] = samples
    if (first === undefined || atMs - first.atMs < 200) return 0
    return (1000 * (done - first.done)) / (atMs - first.atMs)
  }
}

/** What the display is made for. */
export interface LiveDisplayOptions {
  readonly options: DemoOptions
  readonly demoWorld: DemoWorld
  readonly output: WriteStream
  readonly input: ReadStream
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The user wants to end. */
  onEnd(): void
}

/** Opens the live display on the other screen of a terminal. */
export function openLiveDisplay(setup: LiveDisplayOptions): LiveDisplay {
  let run: DemoRun | null = null
  let notice: { readonly text: string; readonly untilMs: number } | null = null
  /** What the keys ask for, which may be ahead of what the gateway has confirmed. */
  let wanted: number | null = null
  const rate = createRateMeter()

  const say = (text: string): void => {
    notice = { text, untilMs: performance.now() + NOTICE_MS }
    draw()
  }
  const moveFloor = async (direction: 1 | -1): Promise<void> => {
    if (run === null) return
    const floor = steppedFloor(wanted ?? run.watch.floor, direction)
    wanted = floor
    await run.watch.setFloor(floor)
    if (wanted === floor) wanted = null
  }
  const terminal = openLiveTerminal({
    output: setup.output,
    input: setup.input,
    colour: wantsColour(setup.environment),
    onKey: key => {
      if (key === 'end') return setup.onEnd()
      moveFloor(key === 'raise' ? 1 : -1).catch(error => {
        wanted = null
        say(`the floor stays: ${error instanceof Error ? error.message : error}`)
      })
    },
    onResize: () => draw(),
  })
  const draw = (): void => {
    if (run === null) return
    if (notice !== null && performance.now() > notice.untilMs) notice = null
    const view = viewOf(setup, run, { rate, notice: notice?.text ?? null, keys: terminal.hearsKeys })
    terminal.draw(layOutScreen(view, terminal.size))
  }
  const restore = (): void => terminal.restore()
  terminal.draw([
    [],
    [span(' ⊖ ', 'floor'), span('PLIMSOLL', 'title'), span('  starting the gateway …', 'dim')],
  ])
  // A process that is made to exit must not leave the terminal on its other screen, without a cursor.
  process.once('exit', restore)
  let frames: NodeJS.Timeout | undefined
  return {
    start(started) {
      run = started
      draw()
      frames = setInterval(draw, FRAME_MS)
    },
    floorChanged: (floor, previous) => say(`floor ${formatShare(previous)} → ${formatShare(floor)}`),
    close() {
      clearInterval(frames)
      process.off('exit', restore)
      restore()
    },
  }
}

interface FrameState {
  readonly rate: (done: number) => number
  readonly notice: string | null
  readonly keys: boolean
}

function viewOf({ options, demoWorld }: LiveDisplayOptions, run: DemoRun, frame: FrameState): DemoView {
  const standing = run.tally.standing()
  const constraint = satisfactionOf(run.watch.reading)
  return {
    policy: options.policy,
    world: demoWorld.world.name,
    seed: options.seed,
    feedback: options.feedback.name,
    total: demoWorld.rows.length,
    elapsedMs: performance.now() - run.startedMs,
    perSecond: frame.rate(standing.answered + standing.failed),
    floor: run.watch.floor,
    standing,
    promise:
      constraint === undefined || constraint.labels === 0
        ? null
        : { ...constraint, reachable: constraint.reachable ?? null },
    notice: frame.notice,
    keys: frame.keys,
    adminUrl: run.adminUrl,
  }
}
