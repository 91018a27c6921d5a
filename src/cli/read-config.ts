import { type GatewayConfig, readConfigFile } from '../gateway/config.ts'
import { CommandError, exitCodes } from './exit.ts'

/** Reads a configuration file; ends the command with every fault at once when there is one. */
export function readConfig(path: string): GatewayConfig {
  const result = readConfigFile(path, process.env)
  if (result.ok) return result.config
  const count = result.faults.length === 1 ? '1 fault' : `${result.faults.length} faults`
  const lines = result.faults.map(fault => `  ${fault.path}: ${fault.message}`)
  throw new CommandError(exitCodes.badConfiguration, `${path} has ${count}\n${lines.join('\n')}`)
}
