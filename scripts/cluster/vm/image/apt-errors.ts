import type { Guest } from '../../../settings/guest.ts'

interface Explanation {
  readonly message: string
  readonly hint: string
}

const mirrorHint = 'another mirror: --mirror <uri>'

/** What is known about a failed download, besides its messages. */
interface Circumstances {
  readonly guest: Guest
  /** Whether requests go through a proxy, whose answers look like the mirror's. */
  readonly hasProxy: boolean
}

type Wording = string | ((circumstances: Circumstances) => string)

/**
 * Patterns of messages of apt, gpgv and mmdebstrap, from the most specific to the least, each with what it means.
 * `$1` is the pattern's first group.
 */
const EXPLANATIONS: readonly (readonly [RegExp, Wording, string])[] = [
  [
    /Unable to locate package (\S+)/,
    ({ guest: { release, architecture } }) =>
      `there is no package '$1' in Debian ${release} for ${architecture} (main)`,
    'apt-cache search finds names; packages of other components are not supported',
  ],
  [
    /Package '?([^\s']+)'? has no installation candidate/,
    ({ guest: { release, architecture } }) =>
      `there is no package '$1' in Debian ${release} for ${architecture} (main)`,
    'it is a virtual package, or only others refer to it: name a real one',
  ],
  [
    /(?:Release file for|The repository) '?(\S+?)'? is expired|Release file for (\S+) is expired/,
    'the package lists of $1 are expired: the mirror is out of date, or the clock of this host is wrong',
    `${mirrorHint}; for an old state of Debian: --snapshot <time>`,
  ],
  [
    /Release file for (\S+) is not valid yet/,
    'the package lists of $1 are not valid yet: the clock of this host is wrong',
    'set the clock',
  ],
  [
    /(?:BADSIG|EXPKEYSIG|REVKEYSIG|NO_PUBKEY|Missing key|Bad signature|Clearsigned file isn't valid)/,
    'the signature of the package lists is not by the expected keys, so they are not used',
    'another mirror: --mirror <uri>; a mirror with keys of its own: --keyring <file>',
  ],
  [
    /407\s+Proxy Authentication Required|(?:HTTP|Invalid response from) proxy.*407/i,
    'the proxy demands a password',
    'set Acquire::http::Proxy in /etc/apt/apt.conf.d, or http_proxy, to http://<user>:<password>@<host>:<port>',
  ],
  [
    /(\S+ ?\S*) .*(?:Invalid response from proxy|from proxy|Proxy CONNECT)/i,
    'the proxy refuses the connection to the mirror',
    'check Acquire::http::Proxy in /etc/apt/apt.conf.d and http_proxy',
  ],
  [
    /File has unexpected size|Hash Sum mismatch|Size mismatch/,
    'the mirror delivers other files than its signed lists say (size or checksum)',
    `it may be in the middle of an update: try again later, or use ${mirrorHint}`,
  ],
  [
    /The repository '(\S+) \S+ Release' does not have a Release file|(\S+\/dists\/\S+) +404 +Not Found/,
    ({ guest: { release, snapshot } }) =>
      `the mirror has no release '${release}'${snapshot ? ` of ${snapshot}` : ''}: $1`,
    "Debian's releases: bookworm, trixie, forky, sid; another mirror: --mirror <uri>",
  ],
  [
    /(?:Could not resolve|Temporary failure resolving) '?([^\s']+?)'?(?:\s|$)/,
    'the mirror $1 cannot be resolved: no network, or no such host',
    `${mirrorHint}; a proxy is read from apt's configuration and http_proxy`,
  ],
  [
    /(?:Could not connect to|Cannot initiate the connection to|Unable to connect to) (\S+)/,
    'the mirror or proxy $1 cannot be reached',
    `${mirrorHint}; a proxy is read from apt's configuration and http_proxy`,
  ],
  [
    /Failed to fetch (\S+)\s+(\d{3} .*|Connection failed.*|Connection timed out.*|.*[Ee]rror.*)/,
    ({ hasProxy }) =>
      hasProxy ? 'the proxy, or the mirror behind it, does not deliver $1: $2' : 'the mirror does not deliver $1: $2',
    `${mirrorHint}; a proxy is read from apt's configuration and http_proxy`,
  ],
  [/is not signed/, 'the package lists of the mirror are not signed, so they are not used', mirrorHint],
]

/**
 * Explains why apt or mmdebstrap failed.
 * @param lines that it wrote to stderr
 * @returns undefined for an unknown failure
 */
export function explainApt(lines: readonly string[], circumstances: Circumstances): Explanation | undefined {
  for (const [pattern, meaning, hint] of EXPLANATIONS) {
    const found = lines.map(line => pattern.exec(line)).find(Boolean)
    if (!found) continue
    const groups = found.slice(1).filter(group => group !== undefined)
    const message = typeof meaning === 'string' ? meaning : meaning(circumstances)
    return { message: message.replaceAll(/\$(\d)/g, (_, number) => groups[Number(number) - 1] ?? ''), hint }
  }
  return undefined
}
