import fs from 'node:fs'
import path from 'node:path'
import { environmentFailure, infrastructureFailure } from '../../errors/failure.ts'
import { spawnInCluster } from './spawn.ts'

/** vde_switch's limit is set when it starts: one port for each of the 240 VMs that the numbering allows. */
const PORTS = 256
/** sun_path holds 108 bytes with the final NUL (unix(7)); vde_switch and its clients add up to `/240.4194304`. */
const LONGEST_DIRECTORY = 107 - 12

/** The directory of a net's sockets, relative to the cluster's. */
export const switchDirectory = (net: number): string => `net${net}`

/** 802.1Q: 0 and 4095 are not for use. */
const LAST_VLAN = 4094
const VLANS_FILE = 'vlans.rc'

/**
 * Starts a learning switch for each net: in user space, on sockets that only this user can open. Frames of all VLANs pass, each
 * learnt for itself.
 * @param nets numbers; 0 is not among them: each VM has its own, see machine.ts
 * @param members how many VMs there are
 * @returns when all of them take connections
 * @throws Failure STATE_PATH_TOO_LONG (exit 3) or SWITCH_FAILED (exit 4)
 */
export async function startSwitches(clusterDirectory: string, nets: readonly number[], members: number): Promise<void> {
  for (const net of nets) refuseLongNames(path.join(clusterDirectory, switchDirectory(net)))
  fs.writeFileSync(path.join(clusterDirectory, VLANS_FILE), vlanCommands(members))
  await Promise.all(nets.map(net => startSwitch(clusterDirectory, net)))
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

function refuseLongNames(directory: string): void {
  if (Buffer.byteLength(directory) <= LONGEST_DIRECTORY) return
  throw environmentFailure('STATE_PATH_TOO_LONG', `${directory}: too long for the names of sockets`, {
    hint: 'set XDG_STATE_HOME to a shorter directory',
  })
}

async function startSwitch(clusterDirectory: string, net: number): Promise<void> {
  const name = switchDirectory(net)
  const directory = path.join(clusterDirectory, name)
  // Made here, so that it can be watched before the switch puts its socket in.
  fs.mkdirSync(directory, { mode: 0o700 })
  const watcher = fs.watch(directory)
  const answers = new Promise<void>(resolve => {
    const look = () => fs.existsSync(path.join(directory, 'ctl')) && resolve()
    watcher.on('change', look)
    look()
  })
  const arguments_ = ['-s', name, '-m', '600', '--dirmode', '700', '-n', String(PORTS), '-f', VLANS_FILE]
  const { child, ended, errors } = spawnInCluster(name, clusterDirectory, ['vde_switch', ...arguments_], {
    // It ends at the end of its standard input, which must never come: a fifo that it holds open itself.
    stdin: `${name}.stdin`,
  })
  child.unref()
  try {
    await Promise.race([
      answers,
      ended.then(how => {
        throw infrastructureFailure('SWITCH_FAILED', `the switch of net ${net} ${how}: ${errors()}`)
      }),
    ])
  } finally {
    watcher.close()
  }
}
