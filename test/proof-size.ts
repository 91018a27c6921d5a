/** Size of a proof by repetition: the usual one in `npm test`, the full one in `npm run verify`. */
export function proofSize(usual: number, full: number): number {
  return process.env.PLIMSOLL_PROOF === 'full' ? full : usual
}
