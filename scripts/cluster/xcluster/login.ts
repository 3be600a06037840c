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

/** Whom {@link awaitNodes} waits for. */
export interface AwaitRequest {
  readonly plans: readonly NodePlan[]
  /** $XCLUSTER_TMP */
  readonly tmp: string
  /** For all of them together. */
  readonly timeoutSeconds: number
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** From one try of a login to the next. */
const BETWEEN_TRIES_MS = 1000
/** How long tries may take: short at first, since QEMU takes a connection before the VM is there to answer it. */
const TRIES_MS = [2000, 2000, 4000, 6000, 10_000]
const LISTENS_MS = 500
const CONSOLE_LINES = 10
/** Where xcluster's VMs are reached that have no network in common with the host: contract, "Networks and login". */
const FIRST_PORT = 12_300

/**
 * How a VM of xcluster is logged in to: by its address on the maintenance net where the host has xcluster's bridge, else by a
 * forwarded port; without a password, and with host keys that are new at every start.
 */
export function loginOf({ number, name }: Pick<NodePlan, 'number' | 'name'>): PortLogin {
  const common = { name, user: 'root', hostKey: 'unchecked' }
  if (hasMaintenanceBridge()) return { ...common, host: `192.168.0.${number}`, port: 22 }
  return { ...common, host: '127.0.0.1', port: FIRST_PORT + number }
}

/** In the network namespace that this process is in: /sys may show another one's. */
const hasMaintenanceBridge = (): boolean => /^\s*xcbr1:/m.test(fs.readFileSync('/proc/net/dev', 'utf8'))

/**
 * Logs in on all VMs at once, trying again until they are up.
 * @throws Failure VM_NOT_UP (exit 4) naming the VMs that do not answer, with the last lines of a console; the signal's reason
 */
export async function awaitNodes(request: AwaitRequest): Promise<readonly Node[]> {
  const { plans, timeoutSeconds, emit, signal } = request
  const up = new Set<string>()
  const tryOne = async (plan: NodePlan, patience: AbortSignal): Promise<Node> => {
    const { name, number, role } = plan
    const node = { name, number, role, connection: await keepTrying(plan, patience) }
    up.add(name)
    emit({ type: 'node-up', node: name, up: up.size, of: plans.length })
    return node
  }
  return await withDeadline(
    timeoutSeconds * 1000,
    deadline => allOrNone(plans.map(plan => tryOne(plan, deadline.signal))),
    { parent: signal, reason: () => notUp(request, up) },
  )
}

async function keepTrying(plan: NodePlan, signal: AbortSignal): Promise<Connection> {
  for (let tries = 0; ; tries++) {
    const begun = performance.now()
    const readyTimeoutMs = TRIES_MS[Math.min(tries, TRIES_MS.length - 1)] as number
    try {
      return await Connection.open(loginOf(plan), { readyTimeoutMs, signal, once: true })
    } catch {
      // Not up yet: at the end of patience it is told, with the console.
      signal.throwIfAborted()
    }
    await delay(Math.max(0, begun + BETWEEN_TRIES_MS - performance.now()), undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

function notUp({ plans, tmp, timeoutSeconds }: AwaitRequest, up: ReadonlySet<string>): Failure {
  const missing = plans.filter(({ name }) => !up.has(name))
  const names = missing.map(({ name }) => name).join(', ')
  const lines = consoleOf(tmp, missing[0]?.name ?? '')
    .trimEnd()
    .split('\n')
    .slice(-CONSOLE_LINES)
  const tail = lines.join('\n    ').trim()
  const shown = tail ? `the last lines on the console of ${missing[0]?.name}:\n    ${tail}` : 'no console was found'
  return infrastructureFailure(
    'VM_NOT_UP',
    `${missing.length} of ${plans.length} VMs did not come up in ${timeoutSeconds} s: ${names}\n  ${shown}`,
    { hint: 'a slow host needs more: --timeout <seconds>' },
  )
}

/** Where xcluster keeps the consoles of VMs that it runs in `screen`. */
export const screenDirectory = (tmp: string): string => path.join(tmp, 'screen')

const CONSOLE = 'screenlog.'

/** The VM whose console a file there is. */
export const nodeOfConsole = (file: string): string | undefined =>
  file.startsWith(CONSOLE) ? file.slice(CONSOLE.length) : undefined

/** The end of what a VM wrote on its console, where xcluster runs it in `screen`; empty otherwise. */
export const consoleOf = (tmp: string, name: string): string =>
  (readEnd(path.join(screenDirectory(tmp), `${CONSOLE}${name}`)) ?? '').replaceAll('\r', '')

/**
 * Logs in on a VM that may still be coming up.
 * @returns undefined when it takes connections, and does not let us in yet
 * @throws Failure VM_GONE (exit 4) when nothing takes connections
 */
export async function logInByName(name: string): Promise<Connection | undefined> {
  const plan = { name, number: Number(/\d+$/.exec(name)?.[0]) }
  if (!(await listens(plan))) throw infrastructureFailure('VM_GONE', `${name}: nothing takes connections`)
  return await Connection.open(loginOf(plan), { once: true }).catch(() => undefined)
}

/** Whether something takes connections where a VM's ssh would. */
export const listens = (plan: Pick<NodePlan, 'number' | 'name'>): Promise<boolean> => connects(plan, 'connect')

/** Whether an ssh server answers there: its version comes first (RFC 4253, section 4.2). */
export const answersSsh = (plan: Pick<NodePlan, 'number' | 'name'>): Promise<boolean> => connects(plan, 'data')

async function connects(plan: Pick<NodePlan, 'number' | 'name'>, sign: 'connect' | 'data'): Promise<boolean> {
  const { host, port } = loginOf(plan)
  const socket = net.connect({ host, port })
  try {
    return await new Promise<boolean>(resolve => {
      socket.once(sign, data => resolve(sign === 'connect' || String(data).startsWith('SSH-')))
      socket.once('close', () => resolve(false))
      socket.once('error', () => resolve(false))
      socket.setTimeout(LISTENS_MS, () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}
