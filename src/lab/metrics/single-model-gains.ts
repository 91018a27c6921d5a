import type { RouterPoint } from './outcome-matrix.ts'

/** Relative gain over a reference satisfaction, of the random router (Gain@R) or the best single model (Gain@B). */
export function relativeGain(satisfaction: number, reference: number): number {
  return (satisfaction - reference) / reference
}

/** Gap@O (LLMRouterBench, arXiv 2601.07206): the share of the oracle's satisfaction that is not reached. */
export function oracleGap(satisfaction: number, oracle: number): number {
  return (oracle - satisfaction) / oracle
}

/** PerfGain (LLMRouterBench): the best relative gain over the best single model among a router's settings. */
export function bestGain(points: readonly RouterPoint[], best: RouterPoint): number {
  return Math.max(...points.map(point => relativeGain(point.satisfaction, best.satisfaction)))
}

/**
 * CostSave (LLMRouterBench): the largest cut of cost, 1 - cost / cost of the best single model, among the settings that reach
 * the best single model's satisfaction. `null` where none does.
 */
export function largestSaving(points: readonly RouterPoint[], best: RouterPoint): number | null {
  const reaching = points.filter(point => point.satisfaction >= best.satisfaction)
  return reaching.length === 0 ? null : Math.max(...reaching.map(point => 1 - point.costUsd / best.costUsd))
}

/** Satisfaction gained over the random router per millisecond of routing (RE of PROTEUS, arXiv 2601.19402). */
export function routingEfficiency(satisfaction: number, random: number, routingMs: number): number {
  return (satisfaction - random) / routingMs
}

/** What RPI takes: means over the requests. */
export interface RoutingPerformance extends RouterPoint {
  readonly oracleSatisfaction: number
  /** Mean cost of the dearest model. */
  readonly largestCostUsd: number
  readonly routingMs: number
  readonly answerMs: number
}

/**
 * Routing performance index (RPI of PROTEUS): 100 * satisfaction / oracle * (1 - cost / largest cost) * (1 - routing time /
 * answer time). It rewards cheapness whatever the floor: a figure to compare with print, not one to optimise.
 */
export function routingPerformanceIndex(given: RoutingPerformance): number {
  const quality = given.satisfaction / given.oracleSatisfaction
  return 100 * quality * (1 - given.costUsd / given.largestCostUsd) * (1 - given.routingMs / given.answerMs)
}
