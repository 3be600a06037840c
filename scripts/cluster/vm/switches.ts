import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { infrastructureFailure } from '../../errors/failure.ts'
import { spawnInCluster } from '../own/spawn.ts'
import { switchDirectory } from './sockets.ts'

/** vde_switch's limit is set when it starts: one port for each of the 240 VMs that the numbering allows. */
const PORTS = 256
/** A switch is there in some milliseconds; on a busy host in some hundred. */
const PATIENCE_MS = 30_000
/** From one look for its socket to the next. The system's own watching (inotify) is a limited good, of which editors take all. */
const LOOK_EVERY_MS = 5

/** 802.1Q: 0 and 4095 are not for use. */
const LAST_VLAN = 4094
const VLANS_FILE = 'vlans.rc'

/**
 * Starts a learning switch for each net: in user space, on sockets that only this user can open. Frames of all VLANs pass, each
 * learnt for itself.
 * @param nets numbers; 0 is not among them: each VM has its own, see machine.ts
 * @param members how many VMs there are
 * @returns when all of them take connections
 * @throws Failure SWITCH_FAILED (exit 4); the signal's reason when that is aborted
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
 * vde_switch drops frames of a VLAN that it has not been told of, for each port. It knows a port only when that was made; these
 * are given to whoever connects.
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
    // It ends at the end of its standard input, which must never come: a fifo that it holds open itself.
    stdin: `${name}.stdin`,
  })
  child.unref()
  let end: string | undefined
  ended.then(how => {
    end = how
  })
  const failed = (why: string) =>
    infrastructureFailure('SWITCH_FAILED', `the switch of net ${net} ${why}${errors() && `: ${errors()}`}`)
  for (let looks = 0; !fs.existsSync(path.join(clusterDirectory, name, 'ctl')); looks++) {
    signal.throwIfAborted()
    if (end !== undefined) throw failed(end)
    if (looks * LOOK_EVERY_MS > PATIENCE_MS) throw failed(`did not start in ${PATIENCE_MS / 1000} s`)
    await delay(LOOK_EVERY_MS)
  }
}
