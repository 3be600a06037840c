import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { infrastructureFailure } from '../../errors/failure.ts'
import { spawnInCluster } from '../own/spawn.ts'
import { switchDirectory } from './sockets.ts'

/** A fixed limit of vde_switch: enough for the 240 VMs that the numbering allows. */
const PORTS = 256
/** A switch starts within milliseconds, or hundreds of milliseconds on a busy host. */
const TIMEOUT_MS = 30_000
/** Polling, since inotify instances are limited and editors may use them all up. */
const POLL_INTERVAL_MS = 5

/** 802.1Q reserves 0 and 4095. */
const LAST_VLAN = 4094
const VLANS_FILE = 'vlans.rc'

/**
 * Starts a learning user-space switch for each net, on sockets that only this user can open. It forwards frames of all
 * VLANs and learns addresses for each VLAN.
 * @param nets their numbers, without 0: that net is private to each VM, see machine.ts
 * @param members the number of VMs
 * @returns when all switches accept connections
 * @throws Failure SWITCH_FAILED (exit 4); the signal's reason when it is aborted
 */
export async function startSwitches(
  clusterDirectory: string,
  nets: readonly number[],
  members: number,
  signal: AbortSignal,
): Promise<void> {
  fs.writeFileSync(path.join(clusterDirectory, VLANS_FILE), vlanCommands(members))
  await Promise.all(nets.map(net => startSwitch(clusterDirectory, net, signal)))
}

/**
 * vde_switch drops frames of VLANs that are not configured on a port, and only existing ports can be configured.
 * Created ports are `allocatable`: clients that connect get them.
 */
function vlanCommands(ports: number): string {
  const numbers = Array.from({ length: ports }, (_, index) => index + 1)
  const lines = numbers.map(port => `port/create ${port}\nport/allocatable ${port} 1\n`)
  for (let vlan = 1; vlan <= LAST_VLAN; vlan++) {
    lines.push(`vlan/create ${vlan}\n`)
    for (const port of numbers) lines.push(`vlan/addport ${vlan} ${port}\n`)
  }
  return lines.join('')
}

async function startSwitch(clusterDirectory: string, net: number, signal: AbortSignal): Promise<void> {
  const name = switchDirectory(net)
  fs.mkdirSync(path.join(clusterDirectory, name), { mode: 0o700 })
  const arguments_ = ['-s', name, '-m', '600', '--dirmode', '700', '-n', String(PORTS), '-f', VLANS_FILE]
  const { child, ended, errors } = spawnInCluster(name, clusterDirectory, ['vde_switch', ...arguments_], {
    // It exits at the end of its standard input: a fifo that it holds open itself never ends.
    stdin: `${name}.stdin`,
  })
  child.unref()
  let end: string | undefined
  ended.then(how => {
    end = how
  })
  const failed = (why: string) =>
    infrastructureFailure('SWITCH_FAILED', `the switch of net ${net} ${why}${errors() && `: ${errors()}`}`)
  for (let polls = 0; !fs.existsSync(path.join(clusterDirectory, name, 'ctl')); polls++) {
    signal.throwIfAborted()
    if (end !== undefined) throw failed(end)
    if (polls * POLL_INTERVAL_MS > TIMEOUT_MS) throw failed(`did not start within ${TIMEOUT_MS / 1000} s`)
    await delay(POLL_INTERVAL_MS)
  }
}
