import { createHmac, randomBytes } from 'node:crypto'
import type { DecisionId } from '../routing/decision.ts'
import { type MessageText, promptText } from '../routing/features/prompt-text.ts'
import type { ModelId } from '../routing/model.ts'
import { resemblance, sketchWords } from './word-sketch.ts'

/** What a request says of the answer to an earlier one. */
export type RequestSignal = 'regenerated' | 'rephrased'

/** An answer that was served, and the request that it was for. */
export interface ServedExchange {
  readonly decision: DecisionId
  /** The model that answered. */
  readonly model: ModelId
  readonly className: string
  /** When the request came, wall clock. */
  readonly atMs: number
  /** Who asked: nobody can be said to repeat himself who is not known. */
  readonly asker: string
  /** The conversation. */
  readonly session: string
  readonly body: Readonly<Record<string, unknown>>
  readonly messages: readonly MessageText[]
}

/** Hears of what an earlier answer seems to have been worth. */
export type OnSignal = (
  about: Pick<ServedExchange, 'decision' | 'model' | 'className'>,
  metric: RequestSignal,
) => void

/**
 * Notices requests that repeat an earlier one. It keeps no text: fingerprints under a key of this process, for a bounded number
 * of requests, gone with the process.
 */
export interface ImplicitSignals {
  /** To be told of every served answer. @param windowMs how soon a repetition counts */
  note(served: ServedExchange, windowMs: number): void
}

interface Remembered extends Pick<ServedExchange, 'decision' | 'model' | 'className' | 'atMs'> {
  readonly words: Uint32Array
}

const REMEMBERED = 10_000
/** From this resemblance on the last message says the same in other words. */
const REPHRASED = 0.5
const NO_WORDS = new Uint32Array(0)

/** Starts with nothing remembered. */
export function createImplicitSignals(onSignal: OnSignal): ImplicitSignals {
  const key = randomBytes(32)
  const seed = key.readUInt32LE(0)
  const byBody = createRing<Remembered>(REMEMBERED)
  const bySession = createRing<Remembered>(REMEMBERED)
  const fingerprint = (...parts: readonly unknown[]): string =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url').slice(0, 24)
  return {
    note(served, windowMs) {
      const { decision, model, className, atMs } = served
      const body = fingerprint(served.asker, { ...served.body, stream: null, stream_options: null })
      const session = fingerprint(served.asker, served.session)
      const last = served.messages.findLast(message => message.role === 'user')
      const words = last === undefined ? NO_WORDS : sketchWords(promptText([last]), seed)
      const isRecent = (before: Remembered | undefined): before is Remembered =>
        before !== undefined && atMs > before.atMs && atMs - before.atMs <= windowMs
      const same = byBody.get(body)
      const previous = bySession.get(session)
      if (isRecent(same)) onSignal(same, 'regenerated')
      else if (isRecent(previous) && resemblance(previous.words, words) >= REPHRASED)
        onSignal(previous, 'rephrased')
      const remembered = { decision, model, className, atMs, words }
      byBody.set(body, remembered)
      bySession.set(session, remembered)
    },
  }
}

interface Ring<T> {
  get(key: string): T | undefined
  set(key: string, value: T): void
}

/** The latest keys; a Map alone walks over all that was deleted from its front to find its oldest entry. */
function createRing<T>(capacity: number): Ring<T> {
  const keys: string[] = []
  const values = new Map<string, T>()
  let next = 0
  return {
    get: key => values.get(key),
    set(key, value) {
      if (!values.has(key)) {
        const oldest = keys[next]
        if (oldest !== undefined) values.delete(oldest)
        keys[next] = key
        next = (next + 1) % capacity
      }
      values.set(key, value)
    },
  }
}
