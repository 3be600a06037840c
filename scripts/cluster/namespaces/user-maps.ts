import process from 'node:process'
import { environmentFailure } from '../../errors/failure.ts'
import { tryRead } from '../../host/files.ts'
import { findAccount } from '../../settings/home.ts'

/** The mapping of users of a user namespace to those of the host. */
export interface UserMaps {
  /** Use `newuidmap` and `newgidmap`, unless root writes the maps. */
  readonly tool: boolean
  /** Arguments of the tool, or lines of `uid_map`. */
  readonly uid: string
  readonly gid: string
}

/** A range of /etc/subuid or /etc/subgid (subuid(5)). */
export interface SubordinateRange {
  readonly first: number
  readonly count: number
}

/** Enough for system users in nodes. Debian's ranges have 65,536. */
const FEWEST = 1000

/**
 * The largest range of a user.
 * @param text of /etc/subuid or /etc/subgid
 */
export function subordinateRange(text: string, name: string, id: number): SubordinateRange | undefined {
  const ranges = text.split('\n').flatMap(line => {
    const [owner, first, count] = line.split(':')
    const range = { first: Number(first), count: Number(count) }
    return (owner === name || owner === String(id)) && range.first > 0 && range.count > 0 ? [range] : []
  })
  return ranges.sort((a, b) => b.count - a.count)[0]
}

/**
 * The maps of this process. Root is root in nodes, too.
 * @throws Failure NO_SUBUIDS (exit 3)
 */
export function readUserMaps(): UserMaps {
  const account = findAccount()
  const [uid = 0, gid = 0] = [process.getuid?.(), process.getgid?.()]
  // Ranges of a user without a name are listed by ID.
  const username = account?.username ?? String(uid)
  if (uid === 0) return { tool: false, uid: sameUsers('uid'), gid: sameUsers('gid') }
  const mapOf = (kind: 'uid' | 'gid', own: number) => {
    const file = `/etc/sub${kind}`
    const range = subordinateRange(read(file), username, uid)
    if (range && range.count >= FEWEST) return `0 ${own} 1 1 ${range.first} ${range.count}`
    throw environmentFailure('NO_SUBUIDS', `${file} has no range of at least ${FEWEST} IDs for ${username}`, {
      hint: `an administrator can run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`,
    })
  }
  return { tool: true, uid: mapOf('uid', uid), gid: mapOf('gid', gid) }
}

export const ONE_USER = 'this process is root of a user namespace with a single user, which cannot change its groups'
export const ONE_USER_HINT =
  'run the container with subordinate IDs (/etc/subuid, /etc/subgid), or use VMs: --cluster embedded'

/**
 * @param setgroups the text of /proc/self/setgroups, see user_namespaces(7)
 * @throws Failure NO_SUBUIDS (exit 3) where nodes could start, but nobody could log in
 */
export function requireGroups(setgroups = read('/proc/self/setgroups')): void {
  if (setgroups.trim() === 'deny') throw environmentFailure('NO_SUBUIDS', ONE_USER, { hint: ONE_USER_HINT })
}

/** The users of this process, mapped to themselves: in a container not all. */
const sameUsers = (kind: 'uid' | 'gid'): string =>
  read(`/proc/${process.pid}/${kind}_map`)
    .split('\n')
    .flatMap(line => {
      const [inside, , count] = line.trim().split(/\s+/)
      return inside && count ? [`${inside} ${inside} ${count}\n`] : []
    })
    .join('')

const read = (file: string): string => tryRead(file) ?? ''
