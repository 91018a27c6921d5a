/**
 * Plimsoll as a library: decide which model answers a request so that a satisfaction floor is kept at least cost,
 * and learn from what follows. Pure and synchronous: no clock, no I/O, no global randomness. A policy is a fold over
 * learning events with a pure decision on top; the caller keeps the log, calls the models and delivers the feedback.
 *
 * @example
 * import { createPolicy, createRandom, createHashedFeaturizer, decisionId, modelId } from 'plimsoll'
 *
 * const policy = createPolicy('mess-plus', { parameters: {}, training: null, snapshot: null, auditBudget: 0 })
 * const featurizer = createHashedFeaturizer()
 * const models = [
 *   { id: modelId('local/small'), priceUsdPerMillion: { input: 0.05, output: 0.08 }, typicalCostUsd: null },
 *   { id: modelId('openai/large'), priceUsdPerMillion: { input: 2.5, output: 10 }, typicalCostUsd: null },
 * ]
 * const sla = { name: 'gold', floor: 0.9, feedback: 'chosen', promise: 'on-average', delta: 0.05 } as const
 *
 * const id = decisionId('request-1')
 * const context = {
 *   sla,
 *   floor: sla.floor,
 *   atMs: 0,
 *   models,
 *   features: featurizer.featurize('What is the capital of France?'),
 *   promptTokens: 7,
 *   load: [],
 * }
 * const decision = policy.decide(context, createRandom(id))
 * const record = { id, context, decision, learnedUpTo: 0 }
 * // Call `decision.chosen`, then tell the policy what happened and what the user said of it.
 * policy.learn({ kind: 'decision', atMs: 0, record })
 * policy.learn({
 *   kind: 'feedback',
 *   atMs: 900,
 *   record,
 *   model: decision.chosen,
 *   metric: 'satisfaction',
 *   value: 0,
 *   source: 'user',
 * })
 * console.log(decision.chosen, policy.report('gold')?.debt) // one of the two models, 0.9
 *
 * @packageDocumentation
 */
export type { AuditPlan } from './audit-plan.ts'
export { isDrawnForAudit } from './audit-plan.ts'
export type { BreachAlarm, BreachAlarmOptions, BreachAlarmState } from './certify/breach-alarm.ts'
export { createBreachAlarm } from './certify/breach-alarm.ts'
export type {
  Certificate,
  CertificateOptions,
  CertificateReading,
  CertificateState,
  CertificateStateRecord,
  CertifiedLabel,
} from './certify/certificate.ts'
export { createCertificate } from './certify/certificate.ts'
export type { ChangeAlarm, ChangeAlarmOptions, ChangeAlarmState } from './certify/change-alarm.ts'
export { createChangeAlarm } from './certify/change-alarm.ts'
export type {
  CertificateWindow,
  CertifiedDecision,
  ClassCertificate,
  ClassCertificateOptions,
  ClassCertificateState,
  ClassReading,
  Evidence,
  RaisedAlarm,
} from './certify/class-certificate.ts'
export { createClassCertificate } from './certify/class-certificate.ts'
export type {
  Bounds,
  ConfidenceSequence,
  ConfidenceSequenceOptions,
  ConfidenceSequenceState,
} from './certify/confidence-sequence.ts'
export { createConfidenceSequence, stitchedBoundary } from './certify/confidence-sequence.ts'
export type { FloorClaim, Losses, PathTest, StepTest } from './certify/learn-then-test.ts'
export {
  binomialPValue,
  hoeffdingBentkusPValue,
  labelsForFloor,
  largestFloor,
  learnThenTest,
  testStep,
} from './certify/learn-then-test.ts'
export type { DeltaSplit } from './certify/split-delta.ts'
export { splitDelta } from './certify/split-delta.ts'
export type { AuditDraw, StandInRange, ThinnestAudits } from './certify/stand-in.ts'
export { standIn, standInRange } from './certify/stand-in.ts'
export type { ChoiceInputs, Exploration } from './choose.ts'
export { certain, choose, drawIndex, lagrangianScores, uniform, uniformOverMinima } from './choose.ts'
export type {
  ConstraintPrice,
  Cursor,
  Decision,
  DecisionId,
  DecisionRecord,
  ModelEstimate,
  RoutingContext,
  UpstreamLoad,
} from './decision.ts'
export { decisionId, estimateOf, modelIndex } from './decision.ts'
export type { FixedChoice } from './evaluate/cheapest-feasible.ts'
export { bestFixed, cheapestFeasibleFixed, columnMeans } from './evaluate/cheapest-feasible.ts'
export type { ClairvoyantCost } from './evaluate/clairvoyant.ts'
export { clairvoyantCost } from './evaluate/clairvoyant.ts'
export type { StaticMixture } from './evaluate/static-mixture.ts'
export { mixtureCostAt, staticMixture } from './evaluate/static-mixture.ts'
export type { Embedding, Features, Featurizer, NgramCounts } from './features/features.ts'
export { createHashedFeaturizer } from './features/hashed-ngrams.ts'
export type { AuditDesign } from './labels/audit-design.ts'
export {
  auditProbability,
  designWithin,
  predictionAfterComplaint,
  scaleForBudget,
} from './labels/audit-design.ts'
export type {
  AuditedAnswer,
  ComplaintRate,
  ComplaintRateOptions,
  ComplaintRates,
  ComplaintRatesState,
} from './labels/complaint-rates.ts'
export { createComplaintRates } from './labels/complaint-rates.ts'
export type { DoublyRobustDesign, DrawnLabel } from './labels/doubly-robust.ts'
export { doublyRobust, doublyRobustVariance, humanCorrected } from './labels/doubly-robust.ts'
export {
  logisticGradient,
  pseudoLabel,
  pseudoLabelVariance,
  satisfactionGivenSilence,
  unbiasedRisk,
} from './labels/one-sided.ts'
export type { Feedback, FeedbackSource, LearningEvent, Metric, Outcome } from './learning-event.ts'
export type { ModelId, ModelSpec, TokenPrices } from './model.ts'
export { modelId } from './model.ts'
export type { Random } from './numeric/random.ts'
export { createRandom } from './numeric/random.ts'
export { createPolicy, policyDefinitions, readsNgrams } from './policies/registry.ts'
export type {
  ClassReport,
  Infeasibility,
  Policy,
  PolicyAlarm,
  PolicyDefinition,
  PolicyParameter,
  PolicySetup,
  PolicySnapshot,
  PromiseReport,
  TrainingRows,
} from './policy.ts'
export type { LogisticOptions, LogisticPredictor, LogisticState } from './predict/logistic.ts'
export { createLogisticPredictor } from './predict/logistic.ts'
export type { SatisfactionPredictor } from './predict/satisfaction-predictor.ts'
export type { FeedbackKind, PromiseKind, SlaClass } from './sla.ts'
