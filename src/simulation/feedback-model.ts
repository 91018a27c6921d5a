import type { Random } from '../routing/numeric/random.ts'

/** What users say of an answer. `react` gives a value in [0, 1], or `null` for silence. */
export interface FeedbackModel {
  /** As it is written on a command line, for example `sparse:0.3`. */
  readonly name: string
  /** The kind that a class is configured with. */
  readonly kind: 'chosen' | 'sparse' | 'one-sided' | 'none'
  react(satisfaction: number, random: Random): number | null
}

/** Everybody tells how satisfied they are. */
export const everybodySpeaks: FeedbackModel = {
  name: 'chosen',
  kind: 'chosen',
  react: satisfaction => satisfaction,
}

/** Nobody says anything. */
export const nobodySpeaks: FeedbackModel = { name: 'none', kind: 'none', react: () => null }

/** A share of users in (0, 1] tells how satisfied they are, whatever they think. */
export function someSpeak(share: number): FeedbackModel {
  return {
    name: `sparse:${share}`,
    kind: 'sparse',
    react: (satisfaction, random) => (random.next() < share ? satisfaction : null),
  }
}

/** Nobody praises; an unsatisfied user complains with a probability in (0, 1], a half satisfied one with half of it. */
export function someComplain(rate: number): FeedbackModel {
  return {
    name: `one-sided:${rate}`,
    kind: 'one-sided',
    react: (satisfaction, random) => (random.next() < rate * (1 - satisfaction) ? 0 : null),
  }
}

/** Reads `chosen`, `none`, `sparse:P` or `one-sided:R`; `null` for anything else. */
export function parseFeedbackModel(text: string): FeedbackModel | null {
  if (text === 'chosen') return everybodySpeaks
  if (text === 'none') return nobodySpeaks
  const found = /^(sparse|one-sided):(.+)$/.exec(text)
  const share = Number(found?.[2])
  if (found === null || !(share > 0 && share <= 1)) return null
  return found[1] === 'sparse' ? someSpeak(share) : someComplain(share)
}
