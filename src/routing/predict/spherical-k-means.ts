import { createRandom, type Random } from '../numeric/random.ts'

const RESTARTS = 2
const PASSES = 12
/** Directions are found on at most so many points: more of them hardly move. */
const MOST_POINTS = 4000

/** Points of unit norm, row-major [points x dimension]. */
export interface UnitPoints {
  readonly values: Float64Array
  readonly dimension: number
}

/** Divides a row of coordinates by its norm, in place; a zero row stays. */
export function toUnit(values: Float64Array, start: number, dimension: number): void {
  let square = 0
  for (let k = start; k < start + dimension; k++) square += (values[k] ?? 0) ** 2
  if (square === 0) return
  const factor = 1 / Math.sqrt(square)
  for (let k = start; k < start + dimension; k++) values[k] = (values[k] ?? 0) * factor
}

/**
 * Centroids of unit norm, row-major [clusters x dimension], that maximise the summed cosine between each point and its
 * nearest one (Dhillon & Modha 2001, spherical k-means); the better of two starts. Deterministic.
 */
export function sphericalKMeans(points: UnitPoints, clusters: number): Float64Array {
  const random = createRandom('clusters')
  const sample = thinned(points)
  let best: { readonly centroids: Float64Array; readonly closeness: number } = {
    centroids: new Float64Array(0),
    closeness: Number.NEGATIVE_INFINITY,
  }
  for (let restart = 0; restart < RESTARTS; restart++) {
    const centroids = firstCentroids(sample, clusters, random)
    let closeness = 0
    for (let pass = 0; pass < PASSES; pass++) closeness = improve(sample, centroids)
    if (closeness > best.closeness) best = { centroids, closeness }
  }
  return best.centroids
}

/** Every so-and-so-many-th point. */
function thinned({ values, dimension }: UnitPoints): UnitPoints {
  const points = values.length / dimension
  const step = Math.ceil(points / MOST_POINTS)
  if (step <= 1) return { values, dimension }
  return { values: values.filter((_, i) => Math.floor(i / dimension) % step === 0), dimension }
}

/** Points drawn with a chance in proportion to how far they are from those drawn before (k-means++). */
function firstCentroids({ values, dimension }: UnitPoints, clusters: number, random: Random): Float64Array {
  const points = values.length / dimension
  const centroids = new Float64Array(clusters * dimension)
  const distance = new Float64Array(points).fill(2)
  for (let c = 0; c < clusters; c++) {
    let left = random.next() * distance.reduce((sum, d) => sum + d, 0)
    let drawn = 0
    while (drawn < points - 1 && left >= (distance[drawn] ?? 0)) left -= distance[drawn++] ?? 0
    centroids.set(values.subarray(drawn * dimension, (drawn + 1) * dimension), c * dimension)
    for (let i = 0; i < points; i++) {
      const apart = 1 - cosine(values, i * dimension, centroids, c * dimension, dimension)
      distance[i] = Math.max(0, Math.min(distance[i] ?? 0, apart))
    }
  }
  return centroids
}

/** Moves every centroid to the direction of its points' sum; returns the summed cosines before. */
function improve({ values, dimension }: UnitPoints, centroids: Float64Array): number {
  const clusters = centroids.length / dimension
  const sums = new Float64Array(centroids.length)
  const sizes = new Int32Array(clusters)
  let closeness = 0
  for (let from = 0; from < values.length; from += dimension) {
    let nearest = 0
    let largest = Number.NEGATIVE_INFINITY
    for (let c = 0; c < clusters; c++) {
      const close = cosine(values, from, centroids, c * dimension, dimension)
      if (close <= largest) continue
      largest = close
      nearest = c
    }
    closeness += largest
    sizes[nearest] = (sizes[nearest] ?? 0) + 1
    const to = nearest * dimension
    for (let k = 0; k < dimension; k++) sums[to + k] = (sums[to + k] ?? 0) + (values[from + k] ?? 0)
  }
  for (let c = 0; c < clusters; c++) {
    // A centroid that lost all its points stays where it is.
    if ((sizes[c] ?? 0) === 0) continue
    toUnit(sums, c * dimension, dimension)
    centroids.set(sums.subarray(c * dimension, (c + 1) * dimension), c * dimension)
  }
  return closeness
}

/** Inner product of two rows of `dimension` numbers. */
function cosine(a: Float64Array, i: number, b: Float64Array, j: number, dimension: number): number {
  let sum = 0
  for (let k = 0; k < dimension; k++) sum += (a[i + k] ?? 0) * (b[j + k] ?? 0)
  return sum
}
