import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { environmentFailure } from '../../errors/failure.ts'
import { realPath } from '../../host/directories.ts'

/** sun_path holds 108 bytes with the final NUL (unix(7)). */
const LONGEST_NAME = 107
/** What vde_switch and its clients add to the directory of a net: `/240.4194304`, VM and process. */
const LONGEST_MEMBER = 12

/** The directory of a net's sockets, relative to the cluster's. */
export const switchDirectory = (net: number): string => `net${net}`

/**
 * Checks the names of all sockets that a cluster has by absolute path, before anything starts: those of its switches. All others have
 * short names, see {@link listenIn}.
 * @param nets the numbers of the switched nets
 * @throws Failure STATE_PATH_TOO_LONG (exit 3)
 */
export function requireSocketNames(clusterDirectory: string, nets: readonly number[]): void {
  // vde_switch resolves the links of its directory.
  const names = nets.map(net => path.join(realPath(clusterDirectory), switchDirectory(net)))
  const most = LONGEST_NAME - LONGEST_MEMBER
  const tooLong = names.find(name => Buffer.byteLength(name) > most)
  if (tooLong === undefined) return
  throw environmentFailure(
    'STATE_PATH_TOO_LONG',
    `${tooLong}: ${Buffer.byteLength(tooLong)} bytes, and sockets of a network need a directory of at most ${most}`,
    { hint: 'set XDG_STATE_HOME to a shorter directory, or --name to a shorter name' },
  )
}

/**
 * Listens on a unix socket in a directory, however long the directory's name is: the kernel gets the directory's file descriptor in
 * place of the name.
 * @returns the server, which takes connections; the caller closes it
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
