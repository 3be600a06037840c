import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeMirror } from './mirror.ts'

const NETNS = path.resolve(import.meta.dirname, '../../../../netns.ts')

/** Builds the image with a cache of its own, which must be empty after the failure. */
async function build(
  t: ExecutionContext,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-archive-'))
  t.teardown(() => fs.rmSync(home, { recursive: true, force: true }))
  const env = { PATH: process.env.PATH, HOME: home, ...environment }
  const { status, stderr } = await new Promise<{ status: number | undefined; stderr: string }>(resolve => {
    const child = execFile(NETNS, ['setup', ...words], { env }, (_, __, text) =>
      resolve({ status: child.exitCode ?? undefined, stderr: text }),
    )
  })
  const left = fs.readdirSync(path.join(home, '.cache/xcluster-netns')).filter(name => !name.startsWith('bundle'))
  t.deepEqual(left, [], 'nothing stays in the cache')
  t.is(status, 3, stderr)
  const lines = stderr.trim().split('\n')
  return lines.slice(lines.findIndex(line => line.startsWith('netns.ts: '))).join('\n')
}

const from = (uri: string, keyring: string) => [`--mirror=${uri}`, `--keyring=${keyring}`]

test('refuses package lists that another key has signed', async t => {
  const { uri, otherKeyring } = await makeMirror(t)
  t.regex(
    await build(t, from(uri, otherKeyring)),
    /signature of the package lists is not by the expected keys.*--keyring/s,
  )
})

test('refuses package lists that are expired', async t => {
  const { uri, keyring } = await makeMirror(t, { expiresInDays: -3 })
  t.regex(await build(t, from(uri, keyring)), /package lists of http:\S+ are expired.*clock.*--snapshot/s)
})

test('reports a mirror whose files have other sizes than its signed lists say', async t => {
  for (const flaw of [{ listTooLong: 7 }, { tooLong: 7 }]) {
    const { uri, keyring } = await makeMirror(t, flaw)
    t.regex(await build(t, from(uri, keyring)), /other files than its signed lists say/)
  }
})

test('reports a release that the mirror does not have, and names those that exist', async t => {
  const { uri, keyring } = await makeMirror(t)
  t.regex(
    await build(t, [...from(uri, keyring), '--guest=nosuch']),
    /mirror has no release 'nosuch'.*bookworm, trixie/s,
  )
})

test('reports a package that does not exist before anything starts', async t => {
  const { uri, keyring } = await makeMirror(t)
  const message = await build(t, [...from(uri, keyring), '--package=no-such-package'])
  t.regex(message, /there is no package 'no-such-package' in Debian bookworm for (amd64|arm64)/)
})

test('reports a mirror that cannot be reached', async t => {
  const { keyring } = await makeMirror(t)
  t.regex(
    await build(t, from('http://127.0.0.1:9/debian', keyring)),
    /the mirror or proxy 127\.0\.0\.1:9 cannot be reached/,
  )
})

test('reports a mirror that refuses', async t => {
  const { keyring, refusing } = await makeMirror(t)
  const message = await build(t, from(`${await refusing(403)}/debian`, keyring), { http_proxy: '' })
  t.regex(message, /the mirror does not deliver \S+: 403/)
})

test('reports a proxy that refuses', async t => {
  const { uri, keyring, refusing } = await makeMirror(t)
  for (const [status, message] of [
    [407, /the proxy demands a password/],
    [403, /the proxy, or the mirror behind it, does not deliver \S+: 403 .*http_proxy/s],
  ] as const) {
    const environment = { http_proxy: await refusing(status), no_proxy: '' }
    t.regex(await build(t, from(uri.replace('127.0.0.1', 'mirror.invalid'), keyring), environment), message)
  }
})
