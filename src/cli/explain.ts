import { decisionTrailView } from '../gateway/decision-view.ts'
import { decisionId } from '../routing/decision.ts'
import { type CommandSpec, commandHelp, parseArguments } from './arguments.ts'
import { askAdmin } from './ask-admin.ts'
import { CommandError, exitCodes } from './exit.ts'
import { openStore } from './open-store.ts'

const explainCommand: CommandSpec = {
  name: 'explain',
  summary: 'show why a request went where it went, and what became of it',
  positionals: ['ID'],
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
  notes: ['ID is x-plimsoll-decision-id or x-request-id of an answer. The explanation is printed as JSON.'],
}

/** `plimsoll explain ID`: prints one decision with its estimates, prices, propensity, outcome and feedback. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(explainCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(explainCommand))
    return exitCodes.done
  }
  const [id = ''] = given.positionals
  const storeName = given.text('store')
  const explanation =
    storeName === undefined
      ? await askAdmin(given.text('url') ?? '', `/admin/decisions/${encodeURIComponent(id)}`)
      : await readFromStore(storeName, id)
  process.stdout.write(`${JSON.stringify(explanation, null, 2)}\n`)
  return exitCodes.done
}

async function readFromStore(storeName: string, id: string): Promise<unknown> {
  const store = await openStore(storeName, true)
  try {
    const trail = await store.findDecision(decisionId(id.replace(/^req_/, 'dec_')))
    if (trail === null) throw new CommandError(exitCodes.failed, `${storeName} holds no decision ${id}`)
    return decisionTrailView(trail)
  } finally {
    await store.close()
  }
}
