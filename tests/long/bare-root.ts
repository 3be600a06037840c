import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const TOP = path.resolve(import.meta.dirname, '../..')
const ENTER = path.join(import.meta.dirname, 'enter-root.sh')
/** The installation prefix of Node.js and npm on the host. */
const NODES_PREFIX = path.resolve(process.execPath, '../..')
/** Variables that name certificate files and directories, which a host may need to reach registries. */
const CERTIFICATES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'] as const

/** An unprivileged user in a bare root. */
export const USER = 'somebody'

/**
 * Creates the root directory of a Debian with git, ca-certificates, and Node.js: its own package or, where that is too
 * old, as in Debian 12, that of the host, with the host's npm. The homes of root and of {@link USER} contain a clone of
 * the committed state of this repository.
 */
export function makeBareRoot(root: string, release: 'bookworm' | 'trixie'): void {
  const hasNode = release !== 'bookworm'
  const include = `--include=git,ca-certificates${hasNode ? ',nodejs' : ''}`
  execFileSync('mmdebstrap', ['--variant=minbase', include, release, root], { stdio: ['ignore', 'ignore', 'inherit'] })
  const inRoot = (name: string) => path.join(root, name)
  if (!hasNode) fs.cpSync(process.execPath, inRoot('usr/local/bin/node'))
  fs.cpSync(path.join(NODES_PREFIX, 'lib/node_modules/npm'), inRoot('usr/local/lib/node_modules/npm'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  for (const name of ['npm', 'npx'])
    fs.symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, inRoot(`usr/local/bin/${name}`))
  fs.cpSync('/etc/resolv.conf', inRoot('etc/resolv.conf'), { dereference: true })
  for (const name of CERTIFICATES) {
    const file = process.env[name]
    if (file && fs.existsSync(file)) execFileSync('cp', ['-rL', '--remove-destination', '--parents', file, root])
  }
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', TOP, inRoot('root/clone')])
  inBareRoot(
    root,
    'root',
    `useradd --create-home --shell /bin/bash ${USER} && cp -r clone /home/${USER} && chown -R ${USER}: /home/${USER}`,
  )
}

/**
 * Runs a shell command in a user's home, in a bare root. Its output goes to stderr.
 * @throws Error when it fails
 */
export function inBareRoot(root: string, user: string, command: string): void {
  const { status } = spawnSync('sh', [ENTER, root, user, command], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${user}: ${command}: exit status ${status}`)
}
