/** Everything adjustable of the policy `plimsoll`. */
export const PLIMSOLL_PARAMETERS = [
  {
    name: 'exploration',
    default: 0.75,
    min: 0,
    max: 5,
    meaning: 'posterior deviations added to predicted satisfaction on a cold start; 0 never explores',
  },
  {
    name: 'coldHorizon',
    default: 0.3,
    min: 0,
    max: 10,
    meaning: 'share of the decisions so far within which a debt is repaid, on a cold start',
  },
  {
    name: 'warmHorizon',
    default: 0.25,
    min: 0,
    max: 10,
    meaning: 'the same after offline training',
  },
  {
    name: 'shortestHorizon',
    default: 300,
    min: 10,
    max: 1e6,
    meaning: 'fewest requests over which a debt is repaid',
  },
  {
    name: 'coldMean',
    default: 0.8,
    min: 0.05,
    max: 0.95,
    meaning: 'predicted satisfaction before the first label',
  },
  {
    name: 'newcomerMean',
    default: 0.7,
    min: 0.05,
    max: 0.95,
    meaning: 'predicted satisfaction of a model that joins after offline training',
  },
  {
    name: 'changeThreshold',
    default: 8,
    min: 1,
    max: 1e9,
    meaning: 'accumulated shortfall of a model against its predictions at which it counts as changed',
  },
  {
    name: 'changeSlack',
    default: 0.05,
    min: 0,
    max: 1,
    meaning: 'shortfall per label that counts as chance',
  },
  {
    name: 'maxPriceUsd',
    default: 0,
    min: 0,
    max: 1e9,
    meaning: 'ceiling in USD per extra satisfied request; 0 sets none',
  },
  {
    name: 'outlayGuard',
    default: 0,
    min: 0,
    max: 1,
    meaning:
      '1 limits calls of a model four times dearer than another until its advantage has shown in labels',
  },
  {
    name: 'auditReserve',
    default: 0,
    min: 0,
    max: 0.9,
    meaning:
      'share of the audits that is saved for models that complaints make suspect; not where a certificate is promised',
  },
  {
    name: 'complaintFallback',
    default: 0,
    min: 0,
    max: 1e9,
    meaning:
      'decisions for which a model that complaints made suspect is passed over; 0: only an alarm is raised',
  },
  {
    name: 'repayArrears',
    default: 0,
    min: 0,
    max: 1,
    meaning: '1: what was owed while a floor could not be met is repaid once it can; 0: it is let go',
  },
  {
    name: 'spendSurplus',
    default: 0,
    min: 0,
    max: 1,
    meaning:
      '1: a surplus is spent before its window ends; 0: the rest of the window still aims at the floor',
  },
] as const

/** Values of all parameters. */
export type PlimsollParameters = Readonly<Record<(typeof PLIMSOLL_PARAMETERS)[number]['name'], number>>
