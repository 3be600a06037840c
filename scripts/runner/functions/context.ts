import { AsyncLocalStorage } from 'node:async_hooks'
import { commandName } from '../../cases/command.ts'
import type { BackgroundProcess, CommandResult, ContextPod, TestContext } from '../../cases/context.ts'
import { fileOf } from '../../cases/test-case.ts'
import { locationIn } from '../../host/stack.ts'
import { podAddresses, readNetwork } from '../../proof/network.ts'
import { ownAddresses } from '../../proof/reach.ts'
import type { Selector } from '../../settings/selectors.ts'
import { capture } from '../../ssh/node.ts'
import { endBackground, startBackground } from '../commands/background.ts'
import { type CommandRequest, runCommand } from '../commands/command.ts'
import { putFiles } from '../commands/files.ts'
import { expectReach } from '../expect-reach.ts'
import { holdConnections } from '../hold.ts'
import { measureAll } from '../measure-all.ts'
import type { StepFailure } from '../steps.ts'
import { nodesFor } from '../test-run.ts'
import { type FunctionScope, innerContext, Reported, runCheck, runWithin, track } from './scope.ts'

/**
 * What a function of a test can do.
 * @param where the nodes that its step selects
 */
export function contextFor(where: Selector, outer: FunctionScope): TestContext {
  const { run, signal } = outer
  const { test, strict } = run
  // Calls belong to the `step` or `check` whose function makes them.
  const scopes = new AsyncLocalStorage<FunctionScope>()
  const current = () => scopes.getStore() ?? outer
  return {
    test: test.name,
    nodes: nodesFor(run, where).map(({ name, number, role }) => ({ name, number, role })),
    parameters: test.parameters ?? {},
    strict,
    signal,
    pods: () => track(outer, readPods(outer)),
    step: (name, perform) =>
      track(
        outer,
        runWithin(name, current(), scope => scopes.run(scope, perform)),
      ),
    check: (name, perform, options) =>
      track(
        outer,
        runCheck(
          name,
          current(),
          (scope, outcome) => {
            const log = (text: string) => logTo(scope, text, options?.node)
            return scopes.run(scope, () => perform({ ...outcome, log }))
          },
          options,
        ),
      ),
    run: (command, { name = commandName(command), report = true, ...options } = {}) => {
      const request = { ...options, name, command, location: caller(outer) }
      return track(outer, report ? runAsStep(request, current()) : runSilently(request, current()))
    },
    capture: (name, words, input) => {
      const [node] = nodesFor(run, name)
      if (!node) throw new Error(`there is no node ${name}`)
      return track(outer, capture(node, words, signal, input))
    },
    background: (command, { name = commandName(command), ...options } = {}) =>
      track(
        outer,
        runWithin(`start ${name}`, current(), async (): Promise<BackgroundProcess> => {
          const task = await startBackground({ ...options, name, command }, run, signal)
          return { end: () => track(outer, endBackground(task, run, signal)) }
        }),
      ),
    put: (files, { on = 'workers' } = {}) =>
      track(
        outer,
        runWithin('put', current(), () => putFiles(files, nodesFor(run, on), test.file, signal)),
      ),
    measure: () =>
      track(
        outer,
        runWithin('measure', current(), () => measureAll(run, signal)),
      ),
    expectReach: expected => {
      const scope = current()
      const location = caller(outer)
      return track(
        outer,
        expectReach(expected, run, innerContext(scope)).then(({ failures }) => reportTo(scope, failures, location)),
      )
    },
    hold: request =>
      track(
        outer,
        runWithin('hold', current(), async () => {
          const held = await holdConnections(request, run, signal)
          return { count: held.count, release: () => track(outer, runWithin('release', current(), held.release)) }
        }),
      ),
    log: text => logTo(current(), text),
    notice: text => outer.run.emit({ type: 'notice', text }),
    conformance: conformance => outer.run.emit({ type: 'conformance', test: test.name, conformance }),
  }
}

/** The place in the test's file that calls the context. */
const caller = ({ run: { test } }: FunctionScope): string | undefined =>
  locationIn(new Error('here').stack, test.file, fileOf(test))

async function runAsStep(request: CommandRequest, scope: FunctionScope): Promise<readonly CommandResult[]> {
  const { results, failures } = await runCommand(request, scope.run, innerContext(scope))
  reportTo(scope, failures, request.location)
  return results
}

/** Without events: a failure is that of the step around it. */
async function runSilently(request: CommandRequest, scope: FunctionScope): Promise<readonly CommandResult[]> {
  const { run, id, signal } = scope
  const { settings, cluster } = run
  const context = { ...id, of: 0, timeoutSeconds: settings.timeoutSeconds, emit: () => {}, signal }
  const { results, failures } = await runCommand(request, run, { ...context, diagnose: cluster.diagnose })
  const [failure] = failures
  if (!failure) return results
  // Not Reported: no step of its own shows it.
  if (!failure.broken) throw new Error(`${request.name} on ${failure.node}: ${failure.why}`)
  scope.failures.push({ ...failure, ...id })
  throw new Reported(failure.why)
}

/** @throws Reported if there are failures */
function reportTo(scope: FunctionScope, failures: readonly StepFailure[], location: string | undefined): void {
  const [first] = failures
  if (!first) return
  scope.failures.push(...failures.map(failure => ({ ...(location && { location }), ...failure })))
  throw new Reported(`${first.step} on ${first.node}: ${first.why}`)
}

function logTo({ run, id }: FunctionScope, text: string, node = 'host'): void {
  for (const line of text.split('\n')) run.emit({ type: 'output', ...id, node, stream: 'stdout', line })
}

async function readPods({ run, signal }: FunctionScope): Promise<readonly ContextPod[]> {
  const network = await readNetwork(run.cluster.nodes, signal)
  const addresses = podAddresses(network)
  return network.flatMap(({ node, pods }) =>
    pods.map(({ name }) => {
      const own = ownAddresses(addresses, { pod: name, node })
      const of = (family: 4 | 6) => own.filter(each => each.family === family).map(({ address }) => address)
      return { name, node, ipv4: of(4), ipv6: of(6) }
    }),
  )
}
