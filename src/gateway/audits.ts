import { type Auditor, type AuditorReport, createAuditor, type DrawnAudit } from '../audit/auditor.ts'
import { createCallbackJudge, createCallbackUpstream } from '../audit/callback-judge.ts'
import { createHumanDesk } from '../audit/human-desk.ts'
import type { Judge } from '../audit/judge.ts'
import { createModelJudge } from '../audit/model-judge.ts'
import { type AuditPlan, isDrawnForAudit } from '../routing/audit-plan.ts'
import type { DecisionRecord } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import type { Policy } from '../routing/policy.ts'
import type { WaitingAudit } from '../store/audit-desk.ts'
import type { EventQueue } from '../store/event-queue.ts'
import type { Store } from '../store/store.ts'
import { createCircuitBreaker, withCircuitBreaker } from '../upstream/circuit-breaker.ts'
import type { ConnectionPools } from '../upstream/openai/connection-pools.ts'
import { createOpenAiUpstream } from '../upstream/openai/upstream.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { withRetry } from '../upstream/with-retry.ts'
import { type AuditsConfig, auditsIdentity, type JudgeConfig } from './audits-config.ts'
import type { ClassConfig, GatewayConfig } from './config.ts'
import type { Observer } from './observe.ts'

const CONNECT_TIMEOUT_MS = 5_000
const RETRY = { baseDelayMs: 200, maxDelayMs: 5_000 } as const
const BREAKER = { failures: 5, coolDownMs: 10_000 } as const
/** How often answers that have waited too long are looked for. */
const EXPIRE_EVERY_MS = 60_000
/** Judges under way when the gateway stops get so long. */
const GRACE_MS = 2_000

/** The audits of every class: whose answers are drawn, who judges them, what it costs. */
export interface Audits {
  /** How likely a decision is to be audited, to be logged with it; `undefined` where it cannot be. Changes nothing, never throws. */
  plan(record: DecisionRecord, policy: string): AuditPlan | undefined
  /** Takes up a decision that was logged with a plan; `null` where it was not drawn. To be called once, at once after `plan`. */
  begin(record: DecisionRecord): DrawnAudit | null
  /** `null` for a class without audits. */
  report(className: string): AuditorReport | null
  /** Answers that wait for a human, without what a judge said of them. */
  waiting(className: string | null, limit: number): Promise<readonly WaitingAudit[]>
  /** A human's verdict in [0, 1]; false where no such answer waits. On disk once it resolves. */
  judge(decision: string, value: number): Promise<boolean>
  /** Deletes an answer that waits to be judged; false where none waits. */
  remove(decision: string): Promise<boolean>
  /** Audits by another configuration from now on. */
  change(config: GatewayConfig): Promise<void>
  close(): Promise<void>
}

/** What audits need. */
export interface AuditsOptions {
  readonly config: GatewayConfig
  readonly store: Pick<Store, 'auditDesk'>
  readonly queue: Pick<EventQueue, 'offer' | 'appendDurably' | 'flush'>
  readonly policy: (name: string) => Pick<Policy, 'auditProbability'>
  readonly pools: ConnectionPools
  readonly observer: Pick<Observer, 'fault' | 'audit'>
  /** Wall clock in milliseconds. */
  readonly now: () => number
  /** Uniform in [0, 1): spreads retries. */
  readonly random: () => number
}

interface ClassAudits {
  readonly identity: string
  readonly auditor: Auditor
}

/** Starts the audits that a configuration states. */
export async function createAudits(options: AuditsOptions): Promise<Audits> {
  const { store, queue, policy, observer, now } = options
  let classes = await openClasses(options, new Map())
  const desk = createHumanDesk({
    desk: store.auditDesk,
    append: event => queue.appendDurably(event),
    now,
    onLeft: (className, how) => {
      classes.get(className)?.auditor.leftDesk()
      observer.audit({ className, result: how === 'judged' ? 'labelled-by-human' : how, costUsd: 0 })
    },
  })
  const expire = (): void => void desk.expire().catch(error => observer.fault('audit', error))
  const timer = setInterval(expire, EXPIRE_EVERY_MS)
  timer.unref()
  expire()
  return {
    plan(record, name) {
      const found = classes.get(record.context.sla.name)
      if (found === undefined) return undefined
      try {
        return found.auditor.plan(policy(name).auditProbability(record))
      } catch (error) {
        // Nothing of an audit, a policy that a reload removed included, may disturb the request that it is about.
        observer.fault('audit', error)
        return undefined
      }
    },
    begin({ id, audit, context }) {
      if (audit === undefined || !isDrawnForAudit(id, audit.probability)) return null
      return classes.get(context.sla.name)?.auditor.begin(id, audit) ?? null
    },
    report: className => classes.get(className)?.auditor.report() ?? null,
    waiting: (className, limit) => store.auditDesk.list({ className, nowMs: now(), limit }),
    judge: (decision, value) => desk.judge(decision, value),
    async remove(decision) {
      for (const { auditor } of classes.values()) if (auditor.forget(decision)) return true
      return desk.remove(decision)
    },
    async change(config) {
      const before = classes
      classes = await openClasses({ ...options, config }, before)
      for (const [name, { auditor }] of before)
        if (classes.get(name)?.auditor !== auditor)
          auditor.close(GRACE_MS).catch(error => observer.fault('audit', error))
    },
    async close() {
      clearInterval(timer)
      await Promise.all([...classes.values()].map(({ auditor }) => auditor.close(GRACE_MS)))
    },
  }
}

/** Every audited class, those that go on as they are with the auditor that they have. */
async function openClasses(
  options: AuditsOptions,
  before: ReadonlyMap<string, ClassAudits>,
): Promise<ReadonlyMap<string, ClassAudits>> {
  const classes = new Map<string, ClassAudits>()
  for (const entry of options.config.classes) {
    if (entry.audits === null) continue
    const { name } = entry.sla
    const identity = auditsIdentity(entry.audits)
    const kept = before.get(name)
    if (kept?.identity === identity) classes.set(name, kept)
    else classes.set(name, { identity, auditor: await openAuditor(options, entry, entry.audits) })
  }
  return classes
}

function openAuditor(options: AuditsOptions, entry: ClassConfig, audits: AuditsConfig): Promise<Auditor> {
  const { store, queue, observer, now } = options
  const { judge, ...bounds } = audits
  return createAuditor({
    ...bounds,
    className: entry.sla.name,
    judge: judge.kind === 'human' ? null : openJudge(judge, entry.sla.name, options),
    humanShare: judge.kind === 'human' ? 1 : audits.humanShare,
    statedUsd: judge.costUsd,
    desk: store.auditDesk,
    flush: () => queue.flush(),
    offer: event => void queue.offer(event),
    now,
    onSettled: settled => observer.audit(settled),
    onError: error => observer.fault('audit', error),
  })
}

function openJudge(
  judge: Exclude<JudgeConfig, { readonly kind: 'human' }>,
  className: string,
  { pools, now, random }: AuditsOptions,
): Judge {
  const breaker = createCircuitBreaker(BREAKER)
  const wrap = (upstream: Upstream): Upstream =>
    withRetry(withCircuitBreaker(upstream, breaker, now), { ...RETRY, attempts: judge.maxAttempts, random })
  const apiKey = judge.apiKey?.reveal() ?? null
  if (judge.kind === 'http') {
    const upstream = wrap(
      createCallbackUpstream({ url: judge.url, apiKey, timeoutMs: judge.timeoutMs }, pools),
    )
    return createCallbackJudge({ upstream, breaker, now })
  }
  const wire = createOpenAiUpstream(
    {
      model: modelId(`judge/${className}`),
      provider: 'judge',
      baseUrl: judge.baseUrl,
      upstreamModel: judge.model,
      apiKey,
      timeoutMs: { connect: CONNECT_TIMEOUT_MS, firstToken: judge.timeoutMs, total: judge.timeoutMs },
      measureUsage: false,
    },
    pools,
  )
  const { rubric, parameters, prices } = judge
  return createModelJudge({ upstream: wrap(wire), breaker, prices, rubric, parameters, now })
}
