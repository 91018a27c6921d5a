import type { Random } from '../routing/numeric/random.ts'

/** How hard a prompt's wording makes it look: 0 easy, 1 ordinary, 2 hard. */
export type Tier = 0 | 1 | 2

export const TOPICS = [
  'arithmetic',
  'code',
  'translation',
  'summary',
  'support',
  'law',
  'science',
  'planning',
] as const
export type Topic = (typeof TOPICS)[number]

/** A prompt with what its author knows about it. */
export interface SyntheticPrompt {
  readonly text: string
  readonly topic: Topic
  readonly tier: Tier
}

interface TopicTemplates {
  /** Tasks of each tier; `{s}` is a subject, `{n}` and `{m}` are numbers, `{p}` a place. */
  readonly tasks: readonly [readonly string[], readonly string[], readonly string[]]
  readonly subjects: readonly string[]
}

const TEMPLATES: Readonly<Record<Topic, TopicTemplates>> = {
  arithmetic: {
    tasks: [
      [
        'What is {n} plus {m}, counted in {s}?',
        'A shop in {p} sells {s} at {n} cents each. What do {m} of them cost?',
      ],
      [
        'A merchant in {p} buys {n} crates of {s}, loses {m} percent and sells the rest at a profit of a fifth. What is left?',
        'Two carts carry {n} and {m} kilograms of {s} from {p}. By what percentage is the second heavier?',
      ],
      [
        'Derive a closed formula for the number of ways to split {n} units of {s} among {m} ports so that no port gets fewer than its neighbour, and prove it.',
        'Prove or refute: for every integer greater than {n}, the sum of the divisors bounds the stock of {s} in {p} modulo {m}.',
      ],
    ],
    subjects: ['apples', 'barrels', 'tickets', 'candles', 'sacks of rice', 'oranges', 'bolts', 'coins'],
  },
  code: {
    tasks: [
      [
        'Write a function that returns the {n} largest values of a list of {s}.',
        'Show a one-line loop that prints {s} from {n} to {m}.',
      ],
      [
        'Write a parser for a file of {s} with {n} columns that reports the line of each error.',
        'Refactor a class that caches {s} for {n} seconds so that it can be tested without a clock.',
      ],
      [
        'Design a lock-free queue of {s} for {n} writers and {m} readers, and argue that no interleaving loses an element.',
        'Find the race in a scheduler that retries {s} after {n} failures across {m} replicas, and give a formal invariant that excludes it.',
      ],
    ],
    subjects: [
      'invoices',
      'log entries',
      'user records',
      'sensor readings',
      'orders',
      'tokens',
      'graph edges',
    ],
  },
  translation: {
    tasks: [
      [
        'Translate into French: "The {s} leaves {p} at {n} past noon."',
        'How do you say "{n} tickets for the {s}, please" in Spanish?',
      ],
      [
        'Translate this notice of the {s} company in {p} into formal German, keeping all {n} clauses in order.',
        'Rewrite the letter about the {s} from {p} in plain English for a reader aged {n}.',
      ],
      [
        'Translate a sonnet about the {s} of {p} into Italian hendecasyllables, keeping metre, rhyme and the pun in line {n}.',
        'Render {n} idioms about the {s} into Japanese with their register, and explain what each loses.',
      ],
    ],
    subjects: ['ferry', 'night train', 'harbour bus', 'museum boat', 'mail coach', 'cable car'],
  },
  summary: {
    tasks: [
      [
        'Summarise in one line: the {s} of {p} met {n} times and agreed on the budget.',
        'Give a title for a note about the {s} in {p}, page {n}.',
      ],
      [
        'Summarise the minutes of the {s} of {p} in {n} bullet points and list who does what.',
        'Compare two reports of the {s} from {p}, {n} and {m} pages long, in a short paragraph.',
      ],
      [
        'Reconcile {n} contradictory testimonies before the {s} of {p}, weigh the reliability of each and state what remains unknown.',
        'Distil {m} years of rulings of the {s} of {p} into {n} principles, citing the exception to each.',
      ],
    ],
    subjects: ['town council', 'school board', 'harbour authority', 'cooperative', 'water board', 'union'],
  },
  support: {
    tasks: [
      [
        'My {s} order number {n} has not arrived in {p}. What do I do?',
        'How do I change the address for my {s} account ending in {n}?',
      ],
      [
        'The {s} was charged {n} times to my card after I moved to {p}. Explain the refund and the next steps.',
        'Write a polite answer to a customer in {p} whose {s} failed for the {n}th time.',
      ],
      [
        'Diagnose why the {s} in {p} drops every {n} minutes only under load, from symptoms that contradict each other, and rank the causes.',
        'Negotiate a settlement for {n} customers of {p} with a broken {s} under {m} different warranties, without admitting liability.',
      ],
    ],
    subjects: ['router', 'phone plan', 'washing machine', 'e-bike', 'streaming box', 'heating'],
  },
  law: {
    tasks: [
      [
        'What does the word "{s}" mean in a lease? Answer for tenant {n}.',
        'Which form do I need in {p} to register a {s}, number {n}?',
      ],
      [
        'Does a {s} signed in {p} with {n} days of notice bind the buyer? Name the usual conditions.',
        'Draft a {s} clause for a contract of {n} months in {p}.',
      ],
      [
        'Analyse the conflict of laws when a {s} governed by {p} is assigned {n} times across {m} jurisdictions, with the counter-argument to each step.',
        'Prove from the wording that the {s} in clause {n} defeats the limitation in clause {m}, and rebut the strongest objection.',
      ],
    ],
    subjects: ['deposit', 'guarantee', 'power of attorney', 'licence', 'easement', 'trademark'],
  },
  science: {
    tasks: [
      ['Name {n} facts about {s}.', 'Why is {s} important near {p}? Answer in {n} words.'],
      [
        'Explain how {s} changes when the temperature rises by {n} degrees, with one example from {p}.',
        'Describe an experiment with {n} samples that shows {s} to pupils in {p}.',
      ],
      [
        'Derive the stability condition of {s} coupled at {n} nodes with delay {m}, stating every assumption and where the linearisation fails.',
        'Estimate from first principles the error of measuring {s} in {p} with {n} biased instruments, and prove that the bound is tight.',
      ],
    ],
    subjects: [
      'osmosis',
      'friction',
      'tides',
      'photosynthesis',
      'magnetism',
      'heat conduction',
      'refraction',
    ],
  },
  planning: {
    tasks: [
      ['List {n} things to pack for {s} in {p}.', 'Suggest a date for {s} with {n} guests.'],
      [
        'Plan {s} in {p} over {n} days with a budget of {m} per person.',
        'Write a schedule for {s} with {n} volunteers and two rainy days in {p}.',
      ],
      [
        'Schedule {s} for {n} teams over {m} venues in {p} under precedence, fairness and noise constraints, and prove that no shorter plan exists.',
        'Find the contingency plan for {s} in {p} that minimises the worst regret over {n} scenarios with {m} shared resources.',
      ],
    ],
    subjects: ['a regatta', 'a wedding', 'a book fair', 'a field trip', 'a trade show', 'a chess tournament'],
  },
}

const PLACES = [
  'Lisbon',
  'Tromso',
  'Valparaiso',
  'Mombasa',
  'Trieste',
  'Busan',
  'Halifax',
  'Cork',
  'Gdansk',
  'Auckland',
  'Muscat',
  'Porto',
  'Bergen',
  'Naples',
  'Dakar',
  'Kochi',
  'Hobart',
  'Riga',
] as const

/** Remarks that users add; they tell of the tier, but not always, and not every prompt has one. */
const REMARKS: readonly [readonly string[], readonly string[], readonly string[]] = [
  [
    'Keep it short, please.',
    'One short sentence is enough.',
    'Just a quick answer, please.',
    'Please keep the answer short and simple.',
  ],
  [
    'Explain the main steps with an example.',
    'Explain your answer in a few steps.',
    'Give the main steps and one example.',
    'Explain the main idea first.',
  ],
  [
    'Justify every step rigorously and cover every edge case.',
    'State every assumption and justify each step.',
    'Be rigorous: every assumption, every edge case, every step.',
    'Argue rigorously and examine every counter-example.',
  ],
]

/** Share of remarks that are drawn from another tier's list: what makes wording a hint and not a label. */
const MISLEADING_REMARKS = 0.08

const TIER_SHARES = [0.56, 0.26, 0.18] as const

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[random.integer(items.length)]
  if (item === undefined) throw new RangeError('cannot pick from an empty list')
  return item
}

function drawTier(random: Random): Tier {
  const draw = random.next()
  if (draw < TIER_SHARES[0]) return 0
  return draw < TIER_SHARES[0] + TIER_SHARES[1] ? 1 : 2
}

/** Draws one prompt: topic and tier first, then the wording. */
export function drawPrompt(random: Random): SyntheticPrompt {
  const topic = pick(TOPICS, random)
  const tier = drawTier(random)
  const { tasks, subjects } = TEMPLATES[topic]
  const slots: Readonly<Record<string, string>> = {
    s: pick(subjects, random),
    p: pick(PLACES, random),
    n: String(2 + random.integer(97)),
    m: String(3 + random.integer(196)),
  }
  const task = pick(tasks[tier], random).replace(/\{([snmp])\}/g, (_, slot: string) => slots[slot] ?? '')
  const remarkTier = random.next() < MISLEADING_REMARKS ? (random.integer(3) as Tier) : tier
  const remark = pick(REMARKS[remarkTier], random)
  return { text: remark === '' ? task : `${task} ${remark}`, topic, tier }
}
