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

/**
 * Starts a learning switch for each net: in user space, on sockets that only this user can open.
 * @param nets numbers; 0 is not among them: each VM has its own, see machine.ts
 * @returns when all of them take connections
 * @throws Failure STATE_PATH_TOO_LONG (exit 3) or SWITCH_FAILED (exit 4)
 */
export async function startSwitches(clusterDirectory: string, nets: readonly number[]): Promise<void> {
  await Promise.all(nets.map(net => startSwitch(clusterDirectory, net)))
}

async function startSwitch(clusterDirectory: string, net: number): Promise<void> {
  const name = switchDirectory(net)
  const directory = path.join(clusterDirectory, name)
  if (Buffer.byteLength(directory) > LONGEST_DIRECTORY) {
    throw environmentFailure('STATE_PATH_TOO_LONG', `${directory}: too long for the names of sockets`, {
      hint: 'set XDG_STATE_HOME to a shorter directory',
    })
  }
  // Made here, so that it can be watched before the switch puts its socket in.
  fs.mkdirSync(directory, { mode: 0o700 })
  const watcher = fs.watch(directory)
  const answers = new Promise<void>(resolve => {
    const look = () => fs.existsSync(path.join(directory, 'ctl')) && resolve()
    watcher.on('change', look)
    look()
  })
  const arguments_ = ['-s', name, '-m', '600', '--dirmode', '700', '-n', String(PORTS), '-f', '/dev/null']
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
