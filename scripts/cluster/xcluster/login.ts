import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readEnd } from '../../consoles/end-of-file.ts'
import { type Failure, infrastructureFailure } from '../../errors/failure.ts'
import type { Emit } from '../../events/events.ts'
import { withDeadline } from '../../host/deadline.ts'
import type { NodePlan } from '../../settings/nodes.ts'
import { Connection } from '../../ssh/connection.ts'
import type { PortLogin } from '../../ssh/login.ts'
import { allOrNone, type Node } from '../../ssh/node.ts'

export interface AwaitRequest {
  readonly plans: readonly NodePlan[]
  /** $XCLUSTER_TMP */
  readonly tmp: string
  /** Limit for all nodes together. */
  readonly timeoutSeconds: number
  readonly emit: Emit
  readonly signal: AbortSignal
}

const RETRY_INTERVAL_MS = 1000
/** Time limits of the login attempts: short at first, since QEMU accepts connections before the VM can answer them. */
const ATTEMPT_TIMEOUTS_MS = [2000, 2000, 4000, 6000, 10_000]
const CONNECT_TIMEOUT_MS = 500
const CONSOLE_LINES = 10
/** Base of the ssh ports that xcluster forwards to VMs without a network in common with the host. */
const FIRST_PORT = 12_300

/**
 * The login of an xcluster VM: its address on the maintenance net if the host has xcluster's bridge, or else a
 * forwarded port; without a password, and with host keys that change at every start.
 */
export function loginOf({ number, name }: Pick<NodePlan, 'number' | 'name'>): PortLogin {
  const common = { name, user: 'root', hostKey: 'unchecked' }
  if (hasMaintenanceBridge()) return { ...common, host: `192.168.0.${number}`, port: 22 }
  return { ...common, host: '127.0.0.1', port: FIRST_PORT + number }
}

/** Reads /proc/net, since /sys may show another network namespace. */
const hasMaintenanceBridge = (): boolean => /^\s*xcbr1:/m.test(fs.readFileSync('/proc/net/dev', 'utf8'))

/**
 * Logs in on all VMs concurrently, retrying until they are up.
 * @throws Failure VM_NOT_UP (exit 4) naming the VMs that are not up, with the last lines of a console; the signal's
 *   reason
 */
export async function awaitNodes(request: AwaitRequest): Promise<readonly Node[]> {
  const { plans, timeoutSeconds, emit, signal } = request
  const up = new Set<string>()
  const logInOn = async (plan: NodePlan, deadline: AbortSignal): Promise<Node> => {
    const { name, number, role } = plan
    const node = { name, number, role, connection: await retryLogin(plan, deadline) }
    up.add(name)
    emit({ type: 'node-up', node: name, up: up.size, of: plans.length })
    return node
  }
  return await withDeadline(
    timeoutSeconds * 1000,
    deadline => allOrNone(plans.map(plan => logInOn(plan, deadline.signal))),
    { parent: signal, reason: () => startTimeout(request, up) },
  )
}

async function retryLogin(plan: NodePlan, signal: AbortSignal): Promise<Connection> {
  for (let attempt = 0; ; attempt++) {
    const startedAt = performance.now()
    const readyTimeoutMs = ATTEMPT_TIMEOUTS_MS[Math.min(attempt, ATTEMPT_TIMEOUTS_MS.length - 1)] as number
    try {
      return await Connection.open(loginOf(plan), { readyTimeoutMs, signal, once: true })
    } catch {
      // Not up yet. The timeout reports it, with the console.
      signal.throwIfAborted()
    }
    await delay(Math.max(0, startedAt + RETRY_INTERVAL_MS - performance.now()), undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

function startTimeout({ plans, tmp, timeoutSeconds }: AwaitRequest, up: ReadonlySet<string>): Failure {
  const missing = plans.filter(({ name }) => !up.has(name))
  const names = missing.map(({ name }) => name).join(', ')
  const lines = consoleOf(tmp, missing[0]?.name ?? '')
    .trimEnd()
    .split('\n')
    .slice(-CONSOLE_LINES)
  const tail = lines.join('\n    ').trim()
  const shown = tail ? `last lines of the console of ${missing[0]?.name}:\n    ${tail}` : 'no console was found'
  return infrastructureFailure(
    'VM_NOT_UP',
    `${missing.length} of ${plans.length} VMs did not come up in ${timeoutSeconds} s: ${names}\n  ${shown}`,
    { hint: 'on a slow host, allow more time: --timeout <seconds>' },
  )
}

/** Where xcluster logs the consoles of VMs that run in `screen`. */
export const screenDirectory = (tmp: string): string => path.join(tmp, 'screen')

const CONSOLE = 'screenlog.'

/** The VM that a console log belongs to. */
export const nodeOfConsole = (file: string): string | undefined =>
  file.startsWith(CONSOLE) ? file.slice(CONSOLE.length) : undefined

/** The end of a VM's console log; empty when the VM does not run in `screen`. */
export const consoleOf = (tmp: string, name: string): string =>
  (readEnd(path.join(screenDirectory(tmp), `${CONSOLE}${name}`)) ?? '').replaceAll('\r', '')

/**
 * Logs in on a VM that may still be booting.
 * @returns undefined when it accepts connections, but no login yet
 * @throws Failure VM_GONE (exit 4) when nothing accepts connections
 */
export async function logInByName(name: string): Promise<Connection | undefined> {
  const plan = { name, number: Number(/\d+$/.exec(name)?.[0]) }
  if (!(await listens(plan))) throw infrastructureFailure('VM_GONE', `${name}: nothing accepts connections`)
  return await Connection.open(loginOf(plan), { once: true }).catch(() => undefined)
}

/** Whether something accepts connections on a VM's ssh port. */
export const listens = (plan: Pick<NodePlan, 'number' | 'name'>): Promise<boolean> => connects(plan, 'connect')

/** Whether an ssh server responds there: it sends its version first (RFC 4253, section 4.2). */
export const answersSsh = (plan: Pick<NodePlan, 'number' | 'name'>): Promise<boolean> => connects(plan, 'data')

async function connects(plan: Pick<NodePlan, 'number' | 'name'>, sign: 'connect' | 'data'): Promise<boolean> {
  const { host, port } = loginOf(plan)
  const socket = net.connect({ host, port })
  try {
    return await new Promise<boolean>(resolve => {
      socket.once(sign, data => resolve(sign === 'connect' || String(data).startsWith('SSH-')))
      socket.once('close', () => resolve(false))
      socket.once('error', () => resolve(false))
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}
