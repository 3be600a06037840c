import { infrastructureFailure } from '../errors/failure.ts'
import { shortText } from '../host/text.ts'
import { type KernelFacts, readKernel } from './kernel.ts'
import type { Network, PluginConfig } from './network.ts'
import type { Call } from './runtime/answer.ts'
import type { Attachment } from './runtime/derive.ts'
import type { Programs } from './runtime/programs.ts'
import type { Result } from './runtime/result.ts'
import { describeFailure, Runtime, type RuntimeOptions } from './runtime/runtime.ts'
import { createSandbox, type Sandbox } from './runtime/sandbox.ts'
import type { NodeShell } from './runtime/shell.ts'
import { Unmet } from './violation.ts'

/** Evidence of a check: a call of a plugin, or the state of the kernel. */
export type Evidence =
  | { readonly type: 'call'; readonly call: Call }
  | { readonly type: 'kernel'; readonly what: string; readonly text: string }

/** A container with its attachment's result. */
export interface Attached {
  readonly attachment: Attachment
  readonly result: Result
}

export interface BenchRequest {
  readonly network: Network
  readonly programs: Programs
  /** A shell script that runs in the sandbox first, for example to start a plugin's daemon. */
  readonly prepare?: string | undefined
  /** For each execution of a plugin, in seconds. */
  readonly timeout?: number | undefined
}

/** The environment of a check: its own sandbox, in which it calls the plugins of a network. */
export class Bench {
  readonly network: Network
  readonly shell: NodeShell
  readonly programs: Programs
  readonly #request: BenchRequest
  readonly #sandbox: Sandbox
  /** In the order in which it was seen. */
  readonly evidence: Evidence[] = []
  #containers = 0

  private constructor(request: BenchRequest, sandbox: Sandbox) {
    this.#request = request
    this.#sandbox = sandbox
    this.network = request.network
    this.shell = sandbox.shell
    this.programs = request.programs
  }

  /**
   * Creates a sandbox on a node, and runs the script that starts what the plugins need. The caller owes a `close`.
   * @throws Failure CNI_NODES (exit 4)
   */
  static async open(node: NodeShell, request: BenchRequest): Promise<Bench> {
    const bench = new Bench(request, await createSandbox(node))
    try {
      if (request.prepare !== undefined) await bench.mustRun(request.prepare)
      return bench
    } catch (error) {
      await bench.close()
      throw error
    }
  }

  /** Calls a function with a bench in a sandbox within this one; what that bench saw is evidence of this one, too. */
  async within<T>(run: (inner: Bench) => Promise<T>): Promise<T> {
    const inner = await Bench.open(this.shell, this.#request)
    try {
      return await run(inner)
    } finally {
      this.evidence.push(...inner.evidence)
      await inner.close()
    }
  }

  /** Removes the sandbox. */
  async close(): Promise<void> {
    await this.#sandbox.remove()
  }

  /** A runtime whose calls are evidence. */
  runtime(network: Network = this.network, options: RuntimeOptions = {}): Runtime {
    const { timeout } = this.#request
    return new Runtime(network, this.shell, this.programs, {
      ...(timeout !== undefined && { timeout }),
      ...options,
      onCall: call => void this.evidence.push({ type: 'call', call }),
    })
  }

  /** Creates network namespaces for containers. */
  async containers(count: number, more: Partial<Attachment> = {}): Promise<readonly Attachment[]> {
    const ids = Array.from({ length: count }, () => `bench-${++this.#containers}`)
    const script = `for pod; do
      ip netns add "$pod" && ip netns exec "$pod" sh -c \\
        'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; exec ip link set lo up' || exit
    done`
    await this.mustRun(script, ...ids)
    return ids.map(containerId => ({ containerId, netns: `/run/netns/${containerId}`, ifname: this.ifname, ...more }))
  }

  /** Creates the network namespace of a container. */
  async container(more: Partial<Attachment> = {}): Promise<Attachment> {
    const [attachment] = await this.containers(1, more)
    return attachment as Attachment
  }

  /** CNI_IFNAME: the plugin loopback configures the interface lo, which each container has. */
  get ifname(): string {
    return this.network.plugins[0]?.type === 'loopback' ? 'lo' : 'eth0'
  }

  /**
   * Attaches a new container.
   * @throws Unmet when ADD fails
   */
  async attach(runtime: Runtime, more: Partial<Attachment> = {}): Promise<Attached> {
    const attachment = await this.container(more)
    return { attachment, result: await this.addTo(runtime, attachment) }
  }

  /** @throws Unmet when ADD fails */
  async addTo(runtime: Runtime, attachment: Attachment): Promise<Result> {
    const [outcome] = await runtime.add([attachment])
    if (!outcome?.result) throw new Unmet(`ADD failed: ${describeFailure(outcome)}`)
    return outcome.result
  }

  /**
   * Reads the network of a container, or of the node, as evidence.
   * @param netns empty for the node
   */
  async kernel(netns: string): Promise<KernelFacts> {
    const facts = await readKernel(this.shell, netns)
    const links = facts.links.map(
      ({ ifname, mac, mtu, addresses }) => `${ifname} ${mac} mtu ${mtu} ${addresses.join(' ')}`,
    )
    const routes = facts.routes.map(
      ({ dst, gateway, dev }) => `${dst}${gateway ? ` via ${gateway}` : ''}${dev ? ` dev ${dev}` : ''}`,
    )
    this.note(netns ? `network of ${netns}` : 'network of the node', [...links, ...routes].join('\n'))
    return facts
  }

  /** The addresses of a container, without their prefix lengths. */
  async addressesOf({ netns, ifname }: Attachment): Promise<readonly string[]> {
    const { links } = await this.kernel(netns)
    return links.find(link => link.ifname === ifname)?.addresses.map(each => each.split('/')[0] ?? '') ?? []
  }

  note(what: string, text: string): void {
    this.evidence.push({ type: 'kernel', what, text: text.trim() })
  }

  /** Runs a shell script where the plugins run. */
  async run(script: string, ...args: readonly string[]) {
    const { exitCode, stdout, stderr } = await this.shell.run(['sh', '-c', script, 'sh', ...args])
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
  }

  /**
   * Runs a script that must succeed.
   * @returns what it printed
   * @throws Failure CNI_NODES (exit 4)
   */
  async mustRun(script: string, ...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(script, ...args)
    if (exitCode === 0) return stdout
    const why = shortText(stderr) || `exit status ${exitCode}`
    throw infrastructureFailure('CNI_NODES', `${this.shell.name}: ${why}`, { node: this.shell.name })
  }
}

/** The first plugin with an IPAM plugin. */
export const ipamOf = ({ plugins }: Network): (PluginConfig & { ipam: { type: string } }) | undefined =>
  plugins.find((plugin): plugin is PluginConfig & { ipam: { type: string } } => plugin.ipam?.type !== undefined)
