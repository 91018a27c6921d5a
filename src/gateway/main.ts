import { toGatewayError } from '../inference/errors.ts'
import { featuresName } from '../routing/features/features.ts'
import { createHashedFeaturizer } from '../routing/features/hashed-ngrams.ts'
import type { TrainedPolicy } from '../routing/policies/trained-policy.ts'
import type { Policy } from '../routing/policy.ts'
import { createEventQueue } from '../store/event-queue.ts'
import type { Store } from '../store/store.ts'
import { type ConnectionPools, createConnectionPools } from '../upstream/openai/connection-pools.ts'
import { handleAdmin } from './admin-api.ts'
import { handleRequest } from './app.ts'
import { createAudits } from './audits.ts'
import { createClassFloors } from './class-floors.ts'
import { createClassStatus } from './class-status.ts'
import type { GatewayConfig } from './config.ts'
import { sendError } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { createImplicitSignals } from './implicit-signals.ts'
import { type Learning, startLearning } from './learning.ts'
import { type Listener, listen } from './listen.ts'
import { createMetricRegistry, type MetricRegistry } from './metrics.ts'
import { createSignalLog } from './note-signals.ts'
import { createObserver } from './observe.ts'
import { createRecentDecisions } from './recent-decisions.ts'
import { encoderIdentity, openRequestEncoder } from './request-encoder.ts'
import { createRequestIds } from './request-ids.ts'
import { createServing, type Serving } from './serving.ts'
import { createSessions } from './sessions.ts'
import { classKnowledge } from './sla-view.ts'
import { registerStateMetrics } from './state-metrics.ts'
import { requireStart } from './trained-start.ts'

const RECENT_DECISIONS = 5_000
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
  /** What classes with this policy start from, where the store holds no state of their own. `startGateway` rejects with an `ArtefactError` where no class can. */
  readonly artefact?: { readonly file: string; readonly trained: TrainedPolicy }
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
  const now = (): number => Date.now()
  const pools = createConnectionPools()
  const serve = (config: GatewayConfig): Serving => createServing(config, { pools, now, random: Math.random })
  const force = { serving: serve(options.config) }
  const { gateway, metrics, learning } = await createGateway(options, { force, now, pools })
  const finish = async (): Promise<void> => {
    await gateway.audits.close()
    await gateway.queue.close()
    await learning.close()
    await gateway.encoder?.close()
    await pools.close()
  }
  const { main, admin } = await openPorts(options, gateway, metrics).catch(async (error: unknown) => {
    await finish()
    throw error
  })
  const swap = async (config: GatewayConfig): Promise<void> => {
    refuseOtherEncoder(force.serving.config, config)
    const next = serve(config)
    await learning.change(config)
    await gateway.audits.change(config)
    force.serving = next
    gateway.floors.clear()
  }
  let reloading: Promise<void> = Promise.resolve()
  return {
    url: main.url,
    adminUrl: admin.url,
    reload(config) {
      reloading = reloading.catch(() => undefined).then(() => swap(config))
      return reloading
    },
    async close() {
      await Promise.all([main.close(force.serving.config.limits.shutdownMs), admin.close(0)])
      await finish()
    },
  }
}

/** What was learned on one encoder is of no use with another: a change begins with a start. */
function refuseOtherEncoder(now: GatewayConfig, next: GatewayConfig): void {
  if (encoderIdentity(now.encoder) === encoderIdentity(next.encoder)) return
  throw new RangeError('encoder: it cannot change while the gateway serves; restart it to use another one')
}

/** What the ports are opened on. */
interface Built {
  readonly gateway: Gateway
  readonly metrics: MetricRegistry
  readonly learning: Learning
}

/** What a gateway is built around. */
interface Around {
  /** Holds the configuration in force; whoever reloads replaces what it holds. */
  readonly force: { readonly serving: Serving }
  readonly now: () => number
  readonly pools: ConnectionPools
}

async function createGateway(
  { config, store, artefact, log = () => undefined }: GatewayOptions,
  { force, now, pools }: Around,
): Promise<Built> {
  const featurizer = createHashedFeaturizer()
  const metrics = createMetricRegistry()
  const encoder = config.encoder && (await openRequestEncoder(config.encoder, metrics))
  const made = featuresName(featurizer.name, encoder?.name ?? null)
  const start = artefact === undefined ? null : { ...artefact, encoder: made }
  if (start !== null) requireStart(start, config.classes)
  const observer = createObserver({ metrics, log, now, logRequests: () => force.serving.config.log.requests })
  const queue = createEventQueue({ store })
  const onError = (error: unknown): void => observer.fault('learner', error)
  const learning = await startLearning(config, { store, queue, now, onError, start, log })
  const policy = (name: string): Policy => learning.learner.policy(name)
  const audits = await createAudits({
    config,
    store,
    queue,
    policy,
    pools,
    observer,
    now,
    random: Math.random,
  })
  const logSignal = createSignalLog({ queue, observer, now })
  const gateway: Gateway = {
    serving: () => force.serving,
    floors: createClassFloors(),
    get learner() {
      return learning.learner
    },
    queue,
    store,
    ids: createRequestIds(await store.secret()),
    recent: createRecentDecisions(RECENT_DECISIONS),
    sessions: createSessions(SESSIONS),
    observer,
    status: createClassStatus(name => {
      const found = force.serving.classes.get(name)
      return found === undefined ? null : classKnowledge(gateway, found)
    }, now),
    audits,
    signals: createImplicitSignals(logSignal),
    logSignal,
    featurizer,
    encoder,
    now,
    log,
  }
  registerStateMetrics(metrics, gateway)
  return { gateway, metrics, learning }
}

/** Opens both ports or, when one is taken, neither. */
async function openPorts(
  { config, port, adminPort }: GatewayOptions,
  gateway: Gateway,
  metrics: MetricRegistry,
): Promise<{ readonly main: Listener; readonly admin: Listener }> {
  const { limits, listen: address } = config
  const main = await listen({
    host: address.host,
    port: port ?? address.port,
    limits,
    handle: (request, response) => handleRequest(gateway, request, response),
  })
  try {
    const admin = await listen({
      host: address.adminHost,
      port: adminPort ?? address.admin,
      limits,
      handle: (request, response) =>
        handleAdmin(gateway, metrics, request, response).catch((thrown: unknown) =>
          sendError(response, toGatewayError(thrown)),
        ),
    })
    return { main, admin }
  } catch (error) {
    await main.close(0)
    throw error
  }
}
