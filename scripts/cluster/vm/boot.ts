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

/** What {@link bringUp} needs. */
export interface BringUpRequest {
  readonly plans: readonly NodePlan[]
  readonly clusterDirectory: string
  readonly parts: MachineParts
  /** From which VM a node goes on; it boots where there is none. */
  readonly templateOf: (plan: NodePlan) => Template | undefined
  readonly identity: CommonIdentity
  /** For all of them together. */
  readonly timeoutSeconds: number
  /** Gets the version of the first VM's QEMU. */
  readonly onQemu: (version: string) => void
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** A VM that answers. */
export interface BroughtUp {
  readonly record: NodeRecord
  readonly machine: Machine
  readonly node: Node
}

const CONSOLE_LINES = 10
/** A clone is up in a second, and on a busy host in some; one that hangs does so for ever. */
const CLONE_MS = 20_000
/** VMs that come up at once: enough to keep the CPUs busy, and few enough that each is up soon after its start, however many there are. */
const AT_ONCE = 2 * os.availableParallelism()

/**
 * Starts all VMs, some at once, gives each its identity and logs in on it.
 * @throws Failure VM_LOST, VM_GAVE_UP, VM_NOT_UP (exit 4) naming the VMs, with the last lines of a console;
 *   the signal's reason when that is aborted. The VMs run on then: ending them is the caller's.
 */
export async function bringUp(request: BringUpRequest): Promise<readonly BroughtUp[]> {
  const { plans, timeoutSeconds, emit, signal } = request
  // What ends the waiting of all: the first VM that fails, the person, or the end of patience.
  const giveUp = new AbortController()
  const onAbort = () => giveUp.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const up = new Set<string>()
  const stopTimer = afterRunning(timeoutSeconds * 1000, () => giveUp.abort(notUp(request, up)))
  try {
    signal.throwIfAborted()
    const semaphore = new Semaphore(AT_ONCE)
    return await Promise.all(
      plans.map(async plan => {
        try {
          const result = await semaphore.use(() => bringOneUp(plan, request, giveUp.signal))
          up.add(plan.name)
          emit({ type: 'node-up', node: plan.name, up: up.size, of: plans.length })
          return result
        } catch (error) {
          giveUp.abort(error)
          throw error
        }
      }),
    )
  } finally {
    stopTimer()
    signal.removeEventListener('abort', onAbort)
  }
}

/** How a clone fails whose template is bad. */
const ITS_FAULT = ['VM_LOST', 'VM_GAVE_UP', 'VM_NOT_UP']

function discard(template: Template, { emit }: BringUpRequest): void {
  template.discard()
  emit({ type: 'notice', text: 'the template is discarded: what starts from it does not come up, and boots' })
}

/** @throws as {@link bringUp}; a clone that does not come up is no failure yet: its node boots, once. */
async function bringOneUp(plan: NodePlan, request: BringUpRequest, giveUp: AbortSignal): Promise<BroughtUp> {
  giveUp.throwIfAborted()
  const template = request.templateOf(plan)
  if (template) {
    try {
      return await start(plan, request, giveUp, template)
    } catch (error) {
      giveUp.throwIfAborted()
      const [why] = (error as Error).message.split('\n')
      request.emit({ type: 'notice', text: `${why}; it boots instead` })
      const booted = await start(plan, request, giveUp)
      // What keeps a node that boots from coming up as well, a setting or the host, is not the template's fault.
      if (ITS_FAULT.includes((error as Failure).code)) discard(template, request)
      return booted
    }
  }
  return await start(plan, request, giveUp)
}

async function start(
  plan: NodePlan,
  request: BringUpRequest,
  giveUp: AbortSignal,
  template?: Template,
): Promise<BroughtUp> {
  const { clusterDirectory, parts } = request
  const machine = template
    ? cloneMachine(planOf(plan), clusterDirectory, parts, template)
    : startMachine(planOf(plan), clusterDirectory, parts)
  if (plan === request.plans[0]) machine.qmp.version.then(request.onQemu)
  try {
    if (!template) return await comeUp(machine, plan, request, giveUp)
    const why = `its template did not go on in ${CLONE_MS / 1000} s`
    return await withDeadline(CLONE_MS, ({ signal }) => comeUp(machine, plan, request, signal, template), {
      parent: giveUp,
      reason: () => withConsole(clusterDirectory, plan, 'VM_NOT_UP', why),
    })
  } catch (error) {
    if (template && !giveUp.aborted) await machine.kill()
    throw error
  }
}

async function comeUp(
  machine: Machine,
  plan: NodePlan,
  { clusterDirectory, identity }: BringUpRequest,
  signal: AbortSignal,
  template?: Template,
): Promise<BroughtUp> {
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    machine.ended.then(how => reject(withConsole(clusterDirectory, plan, 'VM_LOST', `its QEMU ${how}`)))
  })
  over.catch(() => {}) // may come after the last wait for it
  const { control } = machine
  const gaveUp = (error: Error) => {
    throw withConsole(clusterDirectory, plan, 'VM_GAVE_UP', error.message)
  }
  if (!template) await Promise.race([control.reached('ready').catch(gaveUp), over])
  control.send(identityMessage(plan, identity, template !== undefined))
  const [port] = await Promise.race([Promise.all([machine.sshPort(), control.reached('up').catch(gaveUp)]), over])
  const record: NodeRecord = { name: plan.name, number: plan.number, role: plan.role, port }
  const node = await Promise.race([logIn(clusterDirectory, record, identity.keys.hostPublicKey), over])
  return { record, machine, node }
}

function notUp({ plans, clusterDirectory, timeoutSeconds }: BringUpRequest, up: ReadonlySet<string>): Failure {
  const missing = plans.filter(plan => !up.has(plan.name))
  const names = missing.map(plan => plan.name).join(', ')
  const [first = plans[0]] = missing
  const tail = first ? consoleLines(clusterDirectory, first) : ''
  return infrastructureFailure(
    'VM_NOT_UP',
    `${missing.length} of ${plans.length} VMs did not come up in ${timeoutSeconds} s: ${names}${tail}`,
    { hint: 'a slow host needs more: --timeout <seconds>' },
  )
}

const withConsole = (clusterDirectory: string, plan: NodePlan, code: CodeFor<4>, why: string): Failure =>
  infrastructureFailure(code, `${plan.name} did not come up: ${why}${consoleLines(clusterDirectory, plan)}`)

function consoleLines(clusterDirectory: string, plan: NodePlan): string {
  const lines = consoleTail(clusterDirectory, plan.name, CONSOLE_LINES)
  if (lines.length === 0) return `\n  (nothing on the console of ${plan.name})`
  return `\n  the last lines on the console of ${plan.name}:${lines.map(line => `\n    ${line}`).join('')}\n`
}
