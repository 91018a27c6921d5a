import type { ModelId } from '../routing/model.ts'
import { ownKeyPrefix } from '../store/store.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import type { OnSignal } from './implicit-signals.ts'
import { PINNED_POLICY } from './pinned.ts'
import type { Answered } from './respond.ts'
import { sessionOf, statedSession } from './sessions.ts'

/** Longer bodies are not compared: hashing them would hold up other requests. */
const COMPARED_BYTES = 256 * 1024

/** Signals as they are logged: feedback of the system under their own metrics, which no policy takes for satisfaction. */
export function createSignalLog({ queue, observer, now }: Pick<Gateway, 'queue' | 'observer' | 'now'>) {
  const log = (about: Parameters<OnSignal>[0], metric: Parameters<OnSignal>[1] | 'abandoned'): void => {
    const { decision, model, className } = about
    queue.offer({
      kind: 'feedback',
      atMs: now(),
      decision,
      model,
      metric,
      value: 1,
      source: 'system',
      idempotencyKey: `${ownKeyPrefix}${metric}`,
    })
    observer.signal(className, metric)
  }
  return log
}

/** Looks at a served answer and its request for what they say without saying it. Disturbs nothing: it never throws. */
export function noteSignals(
  gateway: Gateway,
  exchange: Exchange,
  { routed, chat, model }: Pick<Answered, 'routed' | 'chat' | 'model'>,
  abandoned: boolean,
): void {
  const { signals } = gateway.serving().config
  if (!signals.enabled || routed.policy === PINNED_POLICY) return
  try {
    const about = aboutOf(routed, model)
    if (abandoned) gateway.logSignal(about, 'abandoned')
    if (chat.bodyBytes > COMPARED_BYTES) return
    const { caller, request } = exchange
    const stated = statedSession(request.headers, chat)
    // Without a key or a named session all strangers would look like one who repeats himself.
    if (caller === null && stated === null) return
    gateway.signals.note(
      {
        ...about,
        atMs: routed.record.context.atMs,
        asker: JSON.stringify([caller?.name ?? null, stated]),
        session: sessionOf(request.headers, chat, caller),
        body: chat.body,
        messages: chat.messages,
      },
      signals.windowMs,
    )
  } catch (error) {
    gateway.observer.fault('signals', error)
  }
}

function aboutOf(routed: Answered['routed'], model: ModelId) {
  const { record } = routed
  return { decision: record.id, className: record.context.sla.name, model }
}
