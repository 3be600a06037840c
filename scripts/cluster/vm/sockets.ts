import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { realPath } from '../../host/directories.ts'

/** sun_path holds 108 bytes, including the final NUL (unix(7)). */
const MAX_SOCKET_NAME = 107
/** vde_switch and its clients add the VM's number and a process ID to the directory of a net: `/240.4194304`. */
const MAX_MEMBER_NAME = 12

/** The directory of a net's sockets, relative to the cluster's. */
export const switchDirectory = (net: number): string => `net${net}`

/**
 * Checks the length of the socket paths of a cluster's switches, before anything starts. All other sockets have short
 * names, see {@link listenIn}.
 * @param nets numbers of the switched nets
 * @throws Failure STATE_PATH_TOO_LONG (exit 3)
 */
export function requireSocketNames(clusterDirectory: string, nets: readonly number[]): void {
  // vde_switch resolves symbolic links in the path of its directory.
  const names = nets.map(net => path.join(realPath(clusterDirectory), switchDirectory(net)))
  const most = MAX_SOCKET_NAME - MAX_MEMBER_NAME
  const tooLong = names.find(name => Buffer.byteLength(name) > most)
  if (tooLong === undefined) return
  throw environmentFailure(
    'STATE_PATH_TOO_LONG',
    `${tooLong}: ${Buffer.byteLength(tooLong)} bytes, but sockets of a network allow at most ${most}`,
    { hint: 'set XDG_STATE_HOME to a shorter directory, or --name to a shorter name' },
  )
}

/**
 * Listens on a unix socket in a directory whose path may be longer than sun_path: the kernel gets a file descriptor of
 * the directory instead.
 * @returns the listening server; the caller closes it
 * @throws the system's error
 */
export async function listenIn(directory: string, name: string): Promise<net.Server> {
  const descriptor = fs.openSync(directory, 'r')
  const server = net.createServer()
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(`/proc/self/fd/${descriptor}/${name}`, resolve)
    })
    return server
  } catch (error) {
    server.close()
    throw error
  } finally {
    fs.closeSync(descriptor)
  }
}
