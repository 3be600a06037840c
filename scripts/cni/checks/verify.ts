import type { Attached, Bench } from '../bench.ts'
import { watchIpam } from '../ipam.ts'
import type { Network } from '../network.ts'
import { missingOperation, type Operation } from '../runtime/derive.ts'
import type { Result } from '../runtime/result.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { Inapplicable, requireThat } from '../violation.ts'
import { type CheckCode, type Checks, needsIpam } from './check.ts'
import { requireFailure, requireSuccess, requireWorking } from './outcomes.ts'

/** True if a network's version has an operation and the network meets more conditions; otherwise the reason. */
export const has =
  (operation: Operation, ...more: readonly ((network: Network) => true | string)[]) =>
  (network: Network): true | string => {
    const missing = missingOperation(operation, network.cniVersion)
    if (missing) return missing
    if (operation === 'CHECK' && network.disableCheck) return 'the network disables CHECK'
    if (operation === 'GC' && network.disableGC) return 'the network disables GC'
    return more.map(applies => applies(network)).find(answer => answer !== true) ?? true
  }

/** A check that damages an attachment, and expects CHECK to fail. */
const damaged = (what: string, damage: (bench: Bench, attached: Attached) => Promise<void>): CheckCode => ({
  applies: has('CHECK'),
  run: async bench => {
    const runtime = bench.runtime()
    const attached = await bench.attach(runtime)
    await requireCheck(runtime, attached.attachment)
    await damage(bench, attached)
    const [outcome] = await runtime.check([attached.attachment])
    requireFailure(outcome, `CHECK succeeded, and ${what} is gone`)
  },
})

/**
 * Requires that CHECK succeeds on an intact attachment: if it always fails, its later failure proves nothing.
 * @throws Inapplicable when it fails
 */
async function requireCheck(runtime: Runtime, attachment: Attached['attachment']): Promise<void> {
  const [outcome] = await runtime.check([attachment])
  requireWorking('CHECK fails also when nothing is gone', outcome)
}

const inside = 'ip netns exec "$1"'

/** Checks of CHECK. */
export const verify: Checks<
  | 'CHECK after ADD'
  | 'CHECK after changed routes'
  | 'CHECK without the interface'
  | 'CHECK without an address'
  | 'CHECK without a route'
  | 'CHECK without a firewall rule'
  | 'CHECK without the shaping'
  | 'CHECK without the IPAM reservation'
  | 'CHECK calls IPAM'
  | 'CHECK returns the error of IPAM'
> = {
  'CHECK after ADD': {
    applies: has('CHECK'),
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime)
      const [outcome] = await runtime.check([attachment])
      requireSuccess(outcome)
    },
  },
  'CHECK after changed routes': {
    applies: has('CHECK'),
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment, result } = await bench.attach(runtime)
      const changed = await changeRoutes(bench, attachment.containerId, result, attachment.ifname)
      for (const plugin of bench.network.plugins) {
        const { answer } = await runtime.call('CHECK', plugin, attachment, changed)
        requireThat(answer.ok, `the plugin ${plugin.type} ${answer.ok ? '' : answer.why}`)
      }
    },
  },
  'CHECK without the interface': damaged('the interface', async (bench, { attachment }) => {
    const { containerId, ifname } = attachment
    if (ifname === 'lo') await bench.mustRun('ip -netns "$1" link set lo down', containerId)
    else await bench.mustRun('ip -netns "$1" link delete "$2"', containerId, ifname)
  }),
  'CHECK without an address': damaged('an address', async (bench, { attachment, result }) => {
    const { containerId, ifname } = attachment
    const [ip] = result.ips ?? []
    if (!ip || ifname === 'lo') throw new Inapplicable('ADD assigned no address')
    await bench.mustRun('ip -netns "$1" address delete "$2" dev "$3"', containerId, ip.address, ifname)
  }),
  'CHECK without a route': damaged('a route', async (bench, { attachment, result }) => {
    const [route] = result.routes ?? []
    if (!route) throw new Inapplicable('ADD returned no route')
    await deleteRoute(bench, attachment.containerId, route.dst)
  }),
  'CHECK without a firewall rule': {
    applies: has('CHECK'),
    run: async bench => {
      const before = await bench.mustRun('nft list ruleset')
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime, { capabilityArgs: PORTS })
      const after = await bench.mustRun('nft list ruleset')
      if (before === after) throw new Inapplicable('ADD created no firewall rule')
      bench.note('firewall rules before they are deleted', after)
      await requireCheck(runtime, attachment)
      await bench.mustRun('nft flush ruleset')
      const [outcome] = await runtime.check([attachment])
      requireFailure(outcome, 'CHECK succeeded, and the firewall rules are gone')
    },
  },
  'CHECK without the shaping': {
    applies: has('CHECK'),
    run: async bench => {
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime, { capabilityArgs: BANDWIDTH })
      await requireCheck(runtime, attachment)
      const deleted = await bench.mustRun(DELETE_SHAPING, attachment.containerId)
      if (deleted === '') throw new Inapplicable('ADD created no traffic shaping')
      bench.note('traffic shaping that was deleted', deleted)
      const [outcome] = await runtime.check([attachment])
      requireFailure(outcome, 'CHECK succeeded, and the traffic shaping is gone')
    },
  },
  'CHECK without the IPAM reservation': {
    applies: has('CHECK', needsIpam),
    run: async bench => {
      const before = await listState(bench)
      const runtime = bench.runtime()
      const { attachment } = await bench.attach(runtime)
      const files = newReservations(before, await listState(bench))
      if (files.length === 0) throw new Inapplicable('ADD left no reservation in /var/lib/cni')
      bench.note('files of the reservation, which are deleted', files.join('\n'))
      await requireCheck(runtime, attachment)
      await bench.mustRun('rm -f "$@"', ...files)
      const [outcome] = await runtime.check([attachment])
      requireFailure(outcome, 'CHECK succeeded, and the reservation of the address is gone')
    },
  },
  'CHECK calls IPAM': callsIpam('CHECK'),
  'CHECK returns the error of IPAM': returnsErrorOfIpam('CHECK'),
}

const PORTS = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }
const BANDWIDTH = {
  bandwidth: { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 8_000_000, egressBurst: 800_000 },
}

export const listState = async (bench: Bench): Promise<readonly string[]> =>
  (await bench.mustRun('find /var/lib/cni -type f')).split('\n').filter(Boolean)

/** The files of reservations that were added to {@link listState}: not locks, nor host-local's cursor. */
export const newReservations = (before: readonly string[], now: readonly string[]): readonly string[] =>
  now.filter(file => !before.includes(file) && !/lock|last_reserved/.test(file))

/** Deletes queueing disciplines that limit a rate, in the node and in the container, and prints them. */
const DELETE_SHAPING = `
remove() {
	tc "$@" qdisc show | while read -r _ kind handle _ dev rest; do
		case $kind in
		tbf | htb | hfsc | ingress | clsact | cake)
			[ "$kind" = ingress ] || [ "$kind" = clsact ] && place=$kind || place=root
			tc "$@" qdisc delete dev "$dev" $place && echo "$kind $handle dev $dev $rest"
			;;
		esac
	done
}
remove
remove -netns "$1"
`

/** Expects that plugins call their IPAM plugin for an operation on an attachment. */
export function callsIpam(operation: 'CHECK' | 'DEL'): CheckCode {
  return {
    applies: has(operation, needsIpam),
    run: async bench => {
      const { cniPath, calls } = await watchIpam(bench)
      const runtime = bench.runtime(bench.network, { cniPath })
      const { attachment } = await bench.attach(runtime)
      await calls()
      await operate(runtime, operation, attachment)
      requireThat((await calls()).includes(operation), `${operation} did not call the IPAM plugin`)
    },
  }
}

/** Expects that plugins return the error of their IPAM plugin. */
export function returnsErrorOfIpam(operation: 'CHECK' | 'DEL'): CheckCode {
  return {
    applies: has(operation, needsIpam),
    run: async bench => {
      const { cniPath, fail, calls } = await watchIpam(bench)
      const runtime = bench.runtime(bench.network, { cniPath })
      const { attachment: first } = await bench.attach(runtime)
      requireWorking(`${operation} fails also when IPAM does not`, await operate(runtime, operation, first))
      // Another container: DEL may leave the interface in the first, which is another check's concern.
      const { attachment } = operation === 'DEL' ? await bench.attach(runtime) : { attachment: first }
      await fail(operation)
      const outcome = await operate(runtime, operation, attachment)
      if (!(await calls()).includes(operation)) throw new Inapplicable(`${operation} does not call the IPAM plugin`)
      requireFailure(outcome, `${operation} succeeded, and its IPAM plugin had failed`)
    },
  }
}

async function operate(runtime: Runtime, operation: 'CHECK' | 'DEL', attachment: Attached['attachment']) {
  const [outcome] = operation === 'CHECK' ? await runtime.check([attachment]) : await runtime.del([attachment])
  return outcome
}

/** Plugins such as sbr move routes to other tables. */
const DELETE_ROUTE = `case $2 in *:*) family=-6 ;; *) family=-4 ;; esac
for table in main $(ip -netns "$1" $family rule show | sed -n 's/.* lookup \\([0-9a-z]*\\).*/\\1/p'); do
	ip -netns "$1" $family route delete "$2" table "$table" 2>/dev/null && exit
done
exit 9`

/** @throws Inapplicable when the container does not have the route: another check reports that */
async function deleteRoute(bench: Bench, pod: string, dst: string): Promise<void> {
  const { exitCode } = await bench.run(DELETE_ROUTE, pod, dst)
  if (exitCode !== 0) throw new Inapplicable(`the container has no route to ${dst}, which ADD returned`)
}

/** A network that is not in use: TEST-NET-2. */
const ADDED = '198.51.100.0/24'

/**
 * Changes the routes of a container as a later plugin of the chain would: replaces one, adds one, and returns the
 * result that this plugin would print.
 */
async function changeRoutes(bench: Bench, pod: string, result: Result, ifname: string): Promise<Result> {
  const [first, ...rest] = result.routes ?? []
  if (first) await deleteRoute(bench, pod, first.dst)
  await bench.mustRun(`${inside} ip route add "$2" dev "$3"`, pod, ADDED, ifname)
  await bench.kernel(`/run/netns/${pod}`)
  return { ...result, routes: [...rest, { dst: ADDED }] }
}
