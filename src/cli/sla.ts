import { createLabelLedger } from '../learner/label-ledger.ts'
import type { SlaReport } from '../learner/sla-ledger.ts'
import { createSlaLedger } from '../learner/sla-ledger.ts'
import { type CommandSpec, commandHelp, parseArguments } from './arguments.ts'
import { askAdmin } from './ask-admin.ts'
import { CommandError, exitCodes } from './exit.ts'
import { openStore } from './open-store.ts'

const PAGE_EVENTS = 1000

const slaCommand: CommandSpec = {
  name: 'sla',
  summary: 'show how the promises stand',
  positionals: ['[CLASS]'],
  options: [
    {
      name: 'url',
      kind: 'text',
      value: 'URL',
      default: 'http://127.0.0.1:4001',
      meaning: 'admin port of a gateway',
    },
    {
      name: 'store',
      kind: 'text',
      value: 'STORE',
      meaning: 'read the log itself, for example sqlite:plimsoll.db',
    },
  ],
  notes: [
    'The state is printed as JSON. From a store it is what the log says; prices and debts live in a gateway.',
  ],
}

/** `plimsoll sla [CLASS]`: prints the state of one class or of all. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(slaCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(slaCommand))
    return exitCodes.done
  }
  const [className] = given.positionals
  const storeName = given.text('store')
  const state =
    storeName === undefined
      ? await askAdmin(
          given.text('url') ?? '',
          className === undefined ? '/admin/classes' : `/admin/classes/${encodeURIComponent(className)}`,
        )
      : await readFromStore(storeName, className)
  process.stdout.write(`${JSON.stringify(state, null, 2)}\n`)
  return exitCodes.done
}

async function readFromStore(storeName: string, className: string | undefined): Promise<unknown> {
  const store = await openStore(storeName, true)
  try {
    const ledger = createSlaLedger(null)
    const labels = createLabelLedger(null)
    for (let after = 0; ; ) {
      const page = await store.readEvents(after, PAGE_EVENTS)
      for (const committed of page) {
        ledger.learn(committed)
        labels.learn(committed)
      }
      const last = page.at(-1)
      if (last === undefined) break
      after = last.cursor
    }
    const reports = ledger.reports().map((report: SlaReport) => {
      return { ...report, labelSources: labels.report(report.className) }
    })
    if (className === undefined) return { classes: reports }
    const report = reports.find(candidate => candidate.className === className)
    if (report !== undefined) return report
    const known = reports.map(candidate => candidate.className).join(', ')
    throw new CommandError(
      exitCodes.failed,
      `${storeName} holds no class ${className}; it holds ${known === '' ? 'none' : known}`,
    )
  } finally {
    await store.close()
  }
}
