import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import { recipe } from '../../../../scripts/cluster/vm/image/recipe.ts'
import { nativeArchitecture } from '../../../../scripts/settings/guest.ts'
import { tool } from '../../../needs.ts'

/** What is wrong with a mirror. */
export interface Flaw {
  /** Days from now until the package lists expire. */
  readonly expiresInDays?: number
  /** Bytes that the package has more than its list says. */
  readonly tooLong?: number
  /** Bytes that the list of packages has more than the signed index says. */
  readonly listTooLong?: number
}

/** All packages that an image needs, so that apt begins to download. */
const PACKAGES = [...recipe.packages, `linux-image-cloud-${nativeArchitecture()}`]
/** apt looks at size and checksum only. */
const CONTENT = Buffer.from('a package')

/**
 * A mirror of all packages that an image needs, without content, signed with a key of its own, on the loopback address.
 */
export interface Mirror {
  readonly uri: string
  /** Its public key. */
  readonly keyring: string
  /** A key that has signed nothing. */
  readonly otherKeyring: string
  /** Paths that were requested. */
  readonly requested: readonly string[]
  /** Another server, which answers all requests with this status, as a proxy that refuses. */
  refusing(status: number): Promise<string>
}

/** Serves a mirror until the test ends. */
export async function makeMirror(t: ExecutionContext, flaw: Flaw = {}): Promise<Mirror> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-mirror-'))
  t.teardown(() => fs.rmSync(directory, { recursive: true, force: true }))
  const [keyring, otherKeyring] = ['mirror', 'other'].map(name => makeKey(directory, name)) as [string, string]
  const put = (name: string, content: string | Buffer) => {
    const file = path.join(directory, 'debian', name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, content)
    return file
  }
  const architecture = nativeArchitecture()
  const entries = PACKAGES.map(name => {
    const pool = `pool/${name}_1_${architecture}.deb`
    put(pool, Buffer.concat([CONTENT, Buffer.alloc(flaw.tooLong ?? 0)]))
    const fields = [
      `Package: ${name}`,
      'Version: 1',
      `Architecture: ${architecture}`,
      'Maintainer: nobody <nobody@example.org>',
      'Description: a fixture',
      `Filename: ${pool}`,
      `Size: ${CONTENT.length}`,
      `SHA256: ${sha256(CONTENT)}`,
    ]
    return `${fields.join('\n')}\n`
  })
  for (const suite of ['bookworm', 'bookworm-updates']) {
    const list = suite === 'bookworm' ? entries.join('\n') : ''
    const name = `main/binary-${architecture}/Packages`
    put(`dists/${suite}/${name}`, list + '\n'.repeat(flaw.listTooLong ?? 0))
    const expires = new Date(Date.now() + (flaw.expiresInDays ?? 30) * 86_400_000)
    const release = put(`dists/${suite}/Release`, releaseText(suite, architecture, expires, name, list))
    const signed = path.join(path.dirname(release), 'InRelease')
    gpg(directory, 'mirror', ['--clearsign', '--output', signed, release])
  }
  const requested: string[] = []
  const uri = await serve(t, (request, response) => {
    requested.push(request.url ?? '')
    const file = path.join(directory, new URL(request.url ?? '', 'http://x').pathname)
    if (fs.existsSync(file) && fs.statSync(file).isFile()) response.end(fs.readFileSync(file))
    else response.writeHead(404).end()
  })
  const refusing = (status: number) => serve(t, (_, response) => response.writeHead(status).end())
  return { uri: `${uri}/debian`, keyring, otherKeyring, requested, refusing }
}

async function serve(t: ExecutionContext, answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function releaseText(suite: string, architecture: string, expires: Date, name: string, list: string): string {
  return [
    'Origin: Debian',
    'Label: Debian',
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${new Date(Date.now() - 40 * 86_400_000).toUTCString()}`,
    `Valid-Until: ${expires.toUTCString()}`,
    `Architectures: ${architecture}`,
    'Components: main',
    'SHA256:',
    ` ${sha256(Buffer.from(list))} ${Buffer.byteLength(list)} ${name}`,
    '',
  ].join('\n')
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

function gpg(directory: string, name: string, words: readonly string[]): void {
  const home = path.join(directory, `gnupg-${name}`)
  fs.mkdirSync(home, { recursive: true, mode: 0o700 })
  const common = [
    '--homedir',
    home,
    '--batch',
    '--quiet',
    '--no-tty',
    '--pinentry-mode',
    'loopback',
    '--passphrase',
    '',
  ]
  try {
    execFileSync(tool('gpg'), [...common, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  } finally {
    // The agent that gpg started.
    execFileSync(tool('gpgconf'), ['--homedir', home, '--kill', 'all'], { stdio: 'ignore' })
  }
}

/** @returns the file with the public key */
function makeKey(directory: string, name: string): string {
  gpg(directory, name, ['--quick-generate-key', `${name}@example.org`, 'ed25519', 'sign', 'never'])
  const file = path.join(directory, `${name}.gpg`)
  gpg(directory, name, ['--output', file, '--export', `${name}@example.org`])
  return file
}
