import { toGatewayError } from '../inference/errors.ts'
import { createLearner, type Learner } from '../learner/learner.ts'
import { createHashedFeaturizer } from '../routing/features/hashed-ngrams.ts'
import { createPolicy } from '../routing/policies/registry.ts'
import { createEventQueue } from '../store/event-queue.ts'
import type { Store } from '../store/store.ts'
import { createConnectionPools } from '../upstream/openai/connection-pools.ts'
import { handleAdmin } from './admin-api.ts'
import { handleRequest } from './app.ts'
import { createAudits, type Judge } from './audits.ts'
import { createClassFloors } from './class-floors.ts'
import { createClassStatus } from './class-status.ts'
import type { ClassConfig, GatewayConfig } from './config.ts'
import { sendError } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { type Listener, listen } from './listen.ts'
import { createMetricRegistry } from './metrics.ts'
import { createObserver, type Observer } from './observe.ts'
import { createRecentDecisions } from './recent-decisions.ts'
import { createRequestIds } from './request-ids.ts'
import { createServing, type Serving } from './serving.ts'
import { createSessions } from './sessions.ts'
import { classKnowledge } from './sla-view.ts'
import { registerStateMetrics } from './state-metrics.ts'

const RECENT_DECISIONS = 20_000
const SESSIONS = 20_000

/** What a gateway is started with; the store stays the caller's to close. */
export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly store: Store
  /** Instead of the configured port; 0 takes any free one. */
  readonly port?: number
  readonly adminPort?: number
  /** Takes one line of the log; by default nothing is logged. */
  readonly log?: (line: string) => void
  /** Labels the answers that policies want audited; without it none is. */
  readonly judge?: Judge
}

/** A gateway that serves. */
export interface RunningGateway {
  readonly url: string
  readonly adminUrl: string
  /** Puts another configuration in force between two requests; rejects, and keeps the old one, when it cannot. */
  reload(config: GatewayConfig): Promise<void>
  /** Stops accepting, lets requests under way finish, writes what is queued and saves what was learned. */
  close(): Promise<void>
}

/** Builds everything and starts to serve: the one place where the parts of the gateway are put together. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { store, log = () => undefined } = options
  const now = (): number => Date.now()
  const pools = createConnectionPools()
  const serve = (config: GatewayConfig): Serving => createServing(config, { pools, now, random: Math.random })
  let serving = serve(options.config)
  const metrics = createMetricRegistry()
  const observer = createObserver({ metrics, log, now, logRequests: () => serving.config.log.requests })
  const queue = createEventQueue({ store })
  const startLearner = (config: GatewayConfig): Promise<Learner> =>
    createLearner({ store, queue, now, ...learnerSetup(config, observer) })
  let learner = await startLearner(options.config)
  const gateway: Gateway = {
    serving: () => serving,
    floors: createClassFloors(),
    get learner() {
      return learner
    },
    queue,
    store,
    ids: createRequestIds(await store.secret()),
    recent: createRecentDecisions(RECENT_DECISIONS),
    sessions: createSessions(SESSIONS),
    observer,
    status: createClassStatus(name => {
      const config = serving.classes.get(name)
      return config === undefined ? null : classKnowledge(gateway, config)
    }, now),
    audits: createAudits({
      ...(options.judge === undefined ? {} : { judge: options.judge }),
      queue,
      policy: name => learner.policy(name),
      observer,
      now,
    }),
    featurizer: createHashedFeaturizer(),
    now,
    log,
  }
  registerStateMetrics(metrics, gateway)
  const { host, adminHost } = options.config.listen
  const port = options.port ?? options.config.listen.port
  const adminPort = options.adminPort ?? options.config.listen.admin
  const { limits } = options.config
  const main = await listen({
    host,
    port,
    limits,
    handle: (request, response) => handleRequest(gateway, request, response),
  })
  const admin = await listenAdmin()

  let reloading: Promise<void> = Promise.resolve()

  async function swap(config: GatewayConfig): Promise<void> {
    const before = serving.config
    const next = serve(config)
    if (learnsDifferently(before, config)) {
      await queue.flush()
      await learner.close()
      learner = await startLearner(config).catch(async (error: unknown) => {
        learner = await startLearner(before)
        throw error
      })
    }
    serving = next
    gateway.floors.clear()
  }

  async function listenAdmin(): Promise<Listener> {
    try {
      return await listen({
        host: adminHost,
        port: adminPort,
        limits,
        handle: (request, response) =>
          handleAdmin(gateway, metrics, request, response).catch((thrown: unknown) =>
            sendError(response, toGatewayError(thrown)),
          ),
      })
    } catch (error) {
      await main.close(0)
      throw error
    }
  }

  return {
    url: main.url,
    adminUrl: admin.url,
    reload(config) {
      reloading = reloading.catch(() => undefined).then(() => swap(config))
      return reloading
    },
    async close() {
      await Promise.all([main.close(serving.config.limits.shutdownMs), admin.close(0)])
      await queue.close()
      await learner.close()
      await pools.close()
    },
  }
}

/** Every policy instance that the classes need, each once, and the classes with their windows. */
function learnerSetup(config: GatewayConfig, observer: Observer) {
  const instances = new Map<string, ClassConfig>()
  for (const entry of config.classes) instances.set(entry.policyInstance, entry)
  return {
    policies: [...instances].map(([name, entry]) => ({
      name,
      createPolicy: (snapshot: Parameters<typeof createPolicy>[1]['snapshot']) =>
        createPolicy(entry.policy, {
          parameters: entry.policyParameters,
          training: null,
          snapshot,
          auditBudget: entry.auditBudget,
        }),
    })),
    classes: config.classes.map(entry => ({ name: entry.sla.name, windowMs: entry.feedbackWindowMs })),
    onError: (error: unknown) => observer.fault('learner', error),
  }
}

function learnsDifferently(before: GatewayConfig, after: GatewayConfig): boolean {
  const shape = (config: GatewayConfig): string =>
    JSON.stringify(
      config.classes.map(entry => [entry.sla.name, entry.feedbackWindowMs, entry.policyInstance]),
    )
  return shape(before) !== shape(after)
}
