import { commandHelp, parseArguments } from './arguments.ts'
import { type DemoOptions, demoCommand, readDemoOptions } from './demo/demo-command.ts'
import { type DemoReport, reportDemo } from './demo/demo-report.ts'
import { summariseDemo } from './demo/demo-summary.ts'
import { type DemoWorld, openDemoWorld } from './demo/demo-world.ts'
import { formatCount, formatPerThousand, formatShare } from './demo/figures.ts'
import { openLiveDisplay } from './demo/live-display.ts'
import { type Line, paintLine, wantsColour } from './demo/paint.ts'
import { type DemoOutcome, type DemoRun, fullPace, runDemo, watchablePace } from './demo/run-demo.ts'
import { exitCodes } from './exit.ts'
import { createProgress } from './progress.ts'

/** Signals that end a demo, with the exit codes that shells expect of them. */
const ENDING_SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** `plimsoll demo`: a gateway, simulated models and simulated users, live. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(demoCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(demoCommand))
    return exitCodes.done
  }
  const options = readDemoOptions(given)
  const demoWorld = await openDemoWorld(options)
  const ending = endOnSignals()
  try {
    const live = !options.json && process.stdout.isTTY === true
    const outcome = live
      ? await runWatched(options, demoWorld, ending)
      : await runUnwatched(options, demoWorld, ending)
    const report = reportDemo(options, demoWorld.world, outcome)
    return finish(options, { outcome, report, live }) ?? ending.exitCode()
  } finally {
    ending.release()
  }
}

/** Somebody's wish to end early, by a key or a signal. */
interface Ending {
  readonly signal: AbortSignal
  end(): void
  /** Of the signal that came, or 0. */
  exitCode(): number
  release(): void
}

function endOnSignals(): Ending {
  const controller = new AbortController()
  let exitCode: number = exitCodes.done
  const handlers = Object.entries(ENDING_SIGNALS).map(([name, code]) => {
    const handle = (): void => {
      exitCode = code
      controller.abort()
    }
    process.on(name, handle)
    return () => process.off(name, handle)
  })
  return {
    signal: controller.signal,
    end: () => controller.abort(),
    exitCode: () => exitCode,
    release() {
      for (const release of handlers) release()
    },
  }
}

async function runWatched(options: DemoOptions, demoWorld: DemoWorld, ending: Ending): Promise<DemoOutcome> {
  const display = openLiveDisplay({
    options,
    demoWorld,
    output: process.stdout,
    input: process.stdin,
    environment: process.env,
    onEnd: ending.end,
  })
  try {
    return await runDemo({
      options,
      demoWorld,
      pace: watchablePace(demoWorld.rows.length),
      signal: ending.signal,
      onStart: display.start,
      onFloor: display.floorChanged,
    })
  } finally {
    display.close()
  }
}

async function runUnwatched(
  options: DemoOptions,
  demoWorld: DemoWorld,
  ending: Ending,
): Promise<DemoOutcome> {
  const progress = createProgress(demoWorld.rows.length)
  let shown: NodeJS.Timeout | undefined
  try {
    return await runDemo({
      options,
      demoWorld,
      pace: fullPace,
      signal: ending.signal,
      onStart: run => {
        process.stderr.write(`${openingText(demoWorld, run)}\n`)
        shown = setInterval(() => progress.update(run.tally.answered.length, standingText(run)), 100)
      },
      onFloor: (floor, previous) =>
        void process.stderr.write(`floor ${formatShare(previous)} -> ${formatShare(floor)}\n`),
    })
  } finally {
    clearInterval(shown)
    progress.end()
  }
}

function openingText({ world, rows }: DemoWorld, { adminUrl }: DemoRun): string {
  return `${formatCount(rows.length)} requests to ${world.models.length} models, floor API ${adminUrl}/admin/classes/demo`
}

function standingText({ tally, watch }: DemoRun): string {
  const { answered, satisfaction, costUsd } = tally.standing()
  const mean = `satisfaction ${formatShare(satisfaction)} (floor ${formatShare(watch.floor)})`
  return `${answered} requests, ${mean}, ${formatPerThousand(costUsd)} per 1,000`
}

interface Ended {
  readonly outcome: DemoOutcome
  readonly report: DemoReport | null
  readonly live: boolean
}

/** Writes the result; an exit code where the demo failed. */
function finish(options: DemoOptions, { outcome, report, live }: Ended): number | null {
  if (report === null) {
    const why = outcome.failures[0] ?? 'it was ended before the first answer'
    process.stderr.write(`plimsoll demo: nothing was answered: ${why}\n`)
    return outcome.endedEarly ? null : exitCodes.failed
  }
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else {
    const setting = { watched: live, command: demoCommandLine(), trace: traceOptions(options) }
    write(summariseDemo(report, outcome, setting))
  }
  return null
}

/** How this demo was most likely started, so that what to try next can be copied. */
function demoCommandLine(): string {
  return process.env.npm_lifecycle_event === 'start' ? 'npm start --' : 'plimsoll demo'
}

function traceOptions({ tracePath, satisfiedAt }: DemoOptions): string | null {
  if (tracePath === null) return null
  return `--trace ${tracePath}${satisfiedAt === null ? '' : ` --satisfied-at ${satisfiedAt}`}`
}

function write(lines: readonly Line[]): void {
  const colour = process.stdout.isTTY === true && wantsColour(process.env)
  const plain = (line: Line): string => line.map(span => span.text).join('')
  const paint = (line: Line): string =>
    process.stdout.isTTY === true ? paintLine(line, colour) : plain(line)
  process.stdout.write(`\n${lines.map(paint).join('\n')}\n\n`)
}
