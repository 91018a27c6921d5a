import { writeSync } from 'node:fs'
import { createLearner } from '../src/learner/learner.ts'
import { serveScript } from '../src/learner/scripted-server.fixture.ts'
import { createPolicy } from '../src/routing/policies/registry.ts'
import { createEventQueue } from '../src/store/event-queue.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'

// Serves until it is killed. Prints `ready`, then the decision of every acknowledged feedback, one a line.
// The write is synchronous: what is printed was acknowledged, whatever happens next.

const [path = '', seed = ''] = process.argv.slice(2)
const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

const store = await openSqliteStore(path)
const queue = createEventQueue({ store })
const name = 'plimsoll'
const learner = await createLearner({
  store,
  queue,
  policies: [
    {
      name,
      createPolicy: snapshot =>
        createPolicy(name, { parameters: {}, training: null, snapshot, auditBudget: 0 }),
    },
  ],
  classes: [{ name: 'gold', windowMs: null }],
  now: Date.now,
  snapshotEveryEvents: 50,
  onError: error => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(2)
  },
})
say('ready')
await serveScript({
  learner,
  queue,
  policy: name,
  requests: Number.POSITIVE_INFINITY,
  concurrency: 32,
  seed,
  onAcknowledged: say,
})
