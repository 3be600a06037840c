import os from 'node:os'
import type { CodeFor } from '../../errors/codes.ts'
import { type Failure, infrastructureFailure } from '../../errors/failure.ts'
import type { Emit } from '../../events/events.ts'
import { afterRunning, withDeadline } from '../../host/deadline.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import type { Node } from '../../ssh/node.ts'
import { Semaphore } from '../../ssh/semaphore.ts'
import type { NodeRecord } from '../own/cluster-record.ts'
import { consoleTail } from '../own/consoles.ts'
import { type CommonIdentity, identityMessage } from '../own/identity.ts'
import { logIn } from '../own/login.ts'
import { type Machine, type MachineParts, planOf, startMachine } from './machine.ts'
import { cloneMachine } from './template/clone.ts'
import type { Template } from './template/template.ts'

export interface StartVmsRequest {
  readonly plans: readonly NodePlan[]
  readonly clusterDirectory: string
  readonly parts: MachineParts
  /** The template that a node is restored from; without one it boots. */
  readonly templateOf: (plan: NodePlan) => Template | undefined
  readonly identity: CommonIdentity
  /** Limit for all VMs together. */
  readonly timeoutSeconds: number
  /** Called with the QEMU version of the first VM. */
  readonly onQemu: (version: string) => void
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** A VM that accepts ssh logins. */
export interface StartedVm {
  readonly record: NodeRecord
  readonly machine: Machine
  readonly node: Node
}

const CONSOLE_LINES = 10
/** A clone is up within a second, or a few seconds on a busy host; one that hangs never comes up. */
const RESTORE_TIMEOUT_MS = 20_000
/** Enough to keep the CPUs busy, and few enough that each VM is up soon after its start. */
const MAX_CONCURRENT_STARTS = 2 * os.availableParallelism()

/**
 * Starts all VMs, at most `MAX_CONCURRENT_STARTS` at a time, gives each its identity and logs in.
 * @throws Failure VM_LOST, VM_GAVE_UP, VM_NOT_UP (exit 4) naming the VMs, with the last lines of a console;
 *   the signal's reason when it is aborted. The caller stops the VMs in all these cases.
 */
export async function startVms(request: StartVmsRequest): Promise<readonly StartedVm[]> {
  const { plans, timeoutSeconds, emit, signal } = request
  // Aborted by the first VM that fails, the caller, or the timeout.
  const startAbort = new AbortController()
  const onAbort = () => startAbort.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const up = new Set<string>()
  const stopTimer = afterRunning(timeoutSeconds * 1000, () => startAbort.abort(startTimeout(request, up)))
  try {
    signal.throwIfAborted()
    const semaphore = new Semaphore(MAX_CONCURRENT_STARTS)
    return await Promise.all(
      plans.map(async plan => {
        try {
          const result = await semaphore.use(() => startWithFallback(plan, request, startAbort.signal))
          up.add(plan.name)
          emit({ type: 'node-up', node: plan.name, up: up.size, of: plans.length })
          return result
        } catch (error) {
          startAbort.abort(error)
          throw error
        }
      }),
    )
  } finally {
    stopTimer()
    signal.removeEventListener('abort', onAbort)
  }
}

/** Failures of a clone that may be caused by its template. */
const TEMPLATE_FAULTS = ['VM_LOST', 'VM_GAVE_UP', 'VM_NOT_UP']

function discard(template: Template, { emit }: StartVmsRequest): void {
  template.discard()
  emit({ type: 'notice', text: 'the template is discarded: VMs restored from it do not come up' })
}

/**
 * Falls back to a cold boot, once, when a clone does not come up.
 * @throws as {@link startVms}
 */
async function startWithFallback(plan: NodePlan, request: StartVmsRequest, signal: AbortSignal): Promise<StartedVm> {
  signal.throwIfAborted()
  const template = request.templateOf(plan)
  if (template) {
    try {
      return await startVm(plan, request, signal, template)
    } catch (error) {
      signal.throwIfAborted()
      const [why] = (error as Error).message.split('\n')
      request.emit({ type: 'notice', text: `${why}; falling back to a cold boot` })
      const booted = await startVm(plan, request, signal)
      // A cold boot that fails as well has another cause: a setting, or the host.
      if (TEMPLATE_FAULTS.includes((error as Failure).code)) discard(template, request)
      return booted
    }
  }
  return await startVm(plan, request, signal)
}

async function startVm(
  plan: NodePlan,
  request: StartVmsRequest,
  signal: AbortSignal,
  template?: Template,
): Promise<StartedVm> {
  const { clusterDirectory, parts } = request
  const machine = template
    ? cloneMachine(planOf(plan), clusterDirectory, parts, template)
    : startMachine(planOf(plan), clusterDirectory, parts)
  if (plan === request.plans[0]) machine.qmp.version.then(request.onQemu)
  try {
    if (!template) return await waitUntilUp(machine, plan, request, signal)
    const why = `its template was not restored within ${RESTORE_TIMEOUT_MS / 1000} s`
    return await withDeadline(
      RESTORE_TIMEOUT_MS,
      deadline => waitUntilUp(machine, plan, request, deadline.signal, template),
      {
        parent: signal,
        reason: () => withConsole(clusterDirectory, plan, 'VM_NOT_UP', why),
      },
    )
  } catch (error) {
    if (template && !signal.aborted) await machine.kill()
    throw error
  }
}

async function waitUntilUp(
  machine: Machine,
  plan: NodePlan,
  { clusterDirectory, identity }: StartVmsRequest,
  signal: AbortSignal,
  template?: Template,
): Promise<StartedVm> {
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    machine.ended.then(how => reject(withConsole(clusterDirectory, plan, 'VM_LOST', `its QEMU ${how}`)))
  })
  over.catch(() => {}) // may reject after the last race
  const { control } = machine
  const rejectWithConsole = (error: Error) => {
    throw withConsole(clusterDirectory, plan, 'VM_GAVE_UP', error.message)
  }
  if (!template) await Promise.race([control.reached('ready').catch(rejectWithConsole), over])
  control.send(identityMessage(plan, identity, template !== undefined))
  const [port] = await Promise.race([
    Promise.all([machine.sshPort(), control.reached('up').catch(rejectWithConsole)]),
    over,
  ])
  const record: NodeRecord = { name: plan.name, number: plan.number, role: plan.role, port }
  const node = await Promise.race([logIn(clusterDirectory, record, identity.keys.hostPublicKey), over])
  return { record, machine, node }
}

function startTimeout({ plans, clusterDirectory, timeoutSeconds }: StartVmsRequest, up: ReadonlySet<string>): Failure {
  const missing = plans.filter(plan => !up.has(plan.name))
  const names = missing.map(plan => plan.name).join(', ')
  const [first = plans[0]] = missing
  const tail = first ? consoleLines(clusterDirectory, first) : ''
  return infrastructureFailure(
    'VM_NOT_UP',
    `${missing.length} of ${plans.length} VMs did not come up in ${timeoutSeconds} s: ${names}${tail}`,
    { hint: 'on a slow host, allow more time: --timeout <seconds>' },
  )
}

const withConsole = (clusterDirectory: string, plan: NodePlan, code: CodeFor<4>, why: string): Failure =>
  infrastructureFailure(code, `${plan.name} did not come up: ${why}${consoleLines(clusterDirectory, plan)}`)

function consoleLines(clusterDirectory: string, plan: NodePlan): string {
  const lines = consoleTail(clusterDirectory, plan.name, CONSOLE_LINES)
  if (lines.length === 0) return `\n  (the console of ${plan.name} is empty)`
  return `\n  last lines of the console of ${plan.name}:${lines.map(line => `\n    ${line}`).join('')}\n`
}
