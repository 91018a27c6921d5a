/** Exit codes of every command: 64, 65 and 78 are those of BSD's sysexits.h. */
export const exitCodes = { done: 0, failed: 1, wrongUsage: 64, badData: 65, badConfiguration: 78 } as const

/** One of the exit codes that a command may end with. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Ends a command with one line on standard error and an exit code: what was given, what was expected, what to do. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** The command line itself is wrong. */
export function wrongUsage(message: string): CommandError {
  return new CommandError(exitCodes.wrongUsage, message)
}
