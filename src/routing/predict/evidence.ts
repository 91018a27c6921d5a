/** Fewer rows than this tell models apart, but not prompts. */
export const FEWEST_ROWS_TO_PREDICT = 100
/** Fewer rows than this estimate a mean to three points at best: no floor should be promised on them alone. */
export const FEWEST_ROWS_TO_PROMISE = 300

/** What a number of fully labelled rows is good for: means of the models, predictions without a promise, or all. */
export type Evidence = 'means' | 'tentative' | 'full'

/** Grades a number of fully labelled rows. */
export function evidenceOf(rows: number): Evidence {
  if (rows < FEWEST_ROWS_TO_PREDICT) return 'means'
  return rows < FEWEST_ROWS_TO_PROMISE ? 'tentative' : 'full'
}

/** What a grade means for whoever has a floor to keep, in one sentence without a stop. */
export function evidenceAdvice(evidence: Evidence): string {
  switch (evidence) {
    case 'means':
      return `promise no floor: fewer than ${FEWEST_ROWS_TO_PREDICT} labelled rows tell models apart but not prompts, and each model's mean only to five points or worse`
    case 'tentative':
      return `promise no floor yet: predictions are tentative, and fewer than ${FEWEST_ROWS_TO_PROMISE} labelled rows give each model's mean only to three points or worse`
    case 'full':
      return `enough to promise a floor: ${FEWEST_ROWS_TO_PROMISE} labelled rows or more`
    default:
      return evidence satisfies never
  }
}
