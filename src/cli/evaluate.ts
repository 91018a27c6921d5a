import { writeFile } from 'node:fs/promises'
import { alignModels } from '../lab/evaluate/align-models.ts'
import { evaluationCsv } from '../lab/evaluate/evaluation-csv.ts'
import { evaluationJson } from '../lab/evaluate/evaluation-json.ts'
import { type EvaluationPlan, planEvaluation } from '../lab/evaluate/evaluation-plan.ts'
import { namedPolicy } from '../lab/evaluate/named-policy.ts'
import { concludeEvaluation, type Evaluation, evaluationTasks } from '../lab/evaluate.ts'
import { readTrace, TraceError } from '../lab/read-trace.ts'
import { renderReport } from '../lab/report/render-report.ts'
import { reportFigures } from '../lab/report/report-figures.ts'
import { SpecificationError } from '../lab/specification-error.ts'
import { commandHelp, parseArguments } from './arguments.ts'
import { evaluateCommand } from './evaluate/options.ts'
import { checkPolicyModels, type EvaluateRequest, readEvaluateRequest } from './evaluate/request.ts'
import { runEvaluationTasks } from './evaluate/run-tasks.ts'
import { evaluationTable } from './evaluate/table.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { createProgress } from './progress.ts'
import { openPreparer, type TracePreparer } from './trace-preparer.ts'

/** `plimsoll evaluate`: trains policies on one part of a trace and compares them on the other. */
export async function run(args: readonly string[]): Promise<number> {
  const given = parseArguments(evaluateCommand, args)
  if (given === 'help') {
    process.stdout.write(commandHelp(evaluateCommand))
    return exitCodes.done
  }
  try {
    const request = readEvaluateRequest(given)
    const preparer = await openPreparer(
      request.encoder,
      request.policies.map(name => namedPolicy(name).policy),
    )
    const plan = await planOf(request, preparer).finally(preparer.close)
    const evaluation = await runPlan(plan)
    await write(request, evaluation, rerunCommand(args))
    if (request.jsonPath !== '-') process.stdout.write(evaluationTable(evaluation))
    return exitCodes.done
  } catch (error) {
    if (error instanceof SpecificationError) throw wrongUsage(error.message)
    if (error instanceof TraceError) throw new CommandError(exitCodes.badData, error.message, error)
    throw error
  }
}

async function planOf(request: EvaluateRequest, preparer: TracePreparer): Promise<EvaluationPlan> {
  const { policies, floors, seeds, trainingShare, testTracePath } = request
  const prepared = await preparer.prepare(await readTrace(request.tracePath, request))
  checkPolicyModels(policies, prepared.trace)
  if (testTracePath === null) {
    return planEvaluation({ prepared, policies, floors, rows: { kind: 'random', trainingShare, seeds } })
  }
  const other = await preparer.prepare(await readTrace(testTracePath, request))
  const trace = alignModels(other.trace, prepared.trace.models)
  if (trace === null) {
    const fault = `its models are ${other.trace.models.join(', ')}; expected those of the other trace`
    throw new TraceError(testTracePath, null, `${fault}, ${prepared.trace.models.join(', ')}`)
  }
  return planEvaluation({ prepared, policies, floors, rows: { kind: 'trace', test: { ...other, trace } } })
}

async function runPlan(plan: EvaluationPlan): Promise<Evaluation> {
  const tasks = evaluationTasks(plan)
  const rows = plan.splits.reduce((sum, split) => sum + split.test.length, 0)
  const total = rows * plan.policies.length * floorCount(plan)
  const progress = createProgress(total)
  let decided = 0
  let finished = 0
  const show = (): void =>
    progress.update(decided, `${finished} of ${tasks.length} policies trained and tested`)
  try {
    const results = await runEvaluationTasks(plan, tasks, {
      decided(count) {
        decided += count
        show()
      },
      finished() {
        finished++
        show()
      },
    })
    return concludeEvaluation(plan, results)
  } finally {
    progress.end()
  }
}

function floorCount({ floors }: EvaluationPlan): number {
  return floors.kind === 'list' ? floors.floors.length : 11
}

async function write(request: EvaluateRequest, evaluation: Evaluation, command: string): Promise<void> {
  const { jsonPath, csvPath, reportPath } = request
  const json = `${JSON.stringify(evaluationJson(evaluation))}\n`
  if (jsonPath === '-') process.stdout.write(json)
  else if (jsonPath !== null) await writeTo(jsonPath, json, '--json')
  if (csvPath !== null) await writeTo(csvPath, evaluationCsv(evaluation), '--csv')
  if (reportPath !== null)
    await writeTo(reportPath, renderReport(reportFigures(evaluation), command), '--report')
}

async function writeTo(path: string, text: string, option: string): Promise<void> {
  try {
    await writeFile(path, text)
  } catch (error) {
    const reason = (error as Error).message
    throw new CommandError(exitCodes.failed, `${option}: ${path} cannot be written: ${reason}`, error)
  }
}

/** The command line as a shell would take it. */
function rerunCommand(args: readonly string[]): string {
  const quoted = args.map(arg => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
  return `plimsoll evaluate ${quoted.join(' ')}`
}
