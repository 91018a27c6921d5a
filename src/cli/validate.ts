import { configJsonSchema } from '../gateway/config-schema.ts'
import { type CommandSpec, commandHelp, parseArguments } from './arguments.ts'
import { exitCodes, wrongUsage } from './exit.ts'
import { readConfig } from './read-config.ts'

const validateCommand: CommandSpec = {
  name: 'validate',
  summary: 'check a configuration, or print its JSON Schema',
  options: [
    { name: 'config', kind: 'text', value: 'FILE', meaning: 'the configuration to check' },
    { name: 'schema', kind: 'flag', meaning: 'print the JSON Schema of configurations' },
  ],
  notes: ['A faulty configuration ends with exit code 78 and every fault, each with its path in the file.'],
}

/** `plimsoll validate`: says what is wrong with a configuration, all at once. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(validateCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(validateCommand))
    return exitCodes.done
  }
  if (given.flag('schema')) {
    process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
    return exitCodes.done
  }
  const path = given.text('config')
  if (path === undefined) throw wrongUsage('--config FILE is required, or --schema')
  const config = readConfig(path)
  const classes = config.classes.map(entry => `${entry.sla.name} (${entry.policy}, floor ${entry.sla.floor})`)
  process.stderr.write(`${path} is valid: ${config.models.length} models, classes ${classes.join(', ')}\n`)
  return exitCodes.done
}
