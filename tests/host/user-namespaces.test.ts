import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'ava'
import { requireUserNamespaces } from '../../scripts/host/user-namespaces.ts'

const MODULE = path.resolve(import.meta.dirname, '../../scripts/host/user-namespaces.ts')

test('accepts a host that allows user namespaces', t => {
  t.notThrows(() => requireUserNamespaces(process.env))
})

test('reports the message of unshare', t => {
  const bin = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-bin-'))
  t.teardown(() => fs.rmSync(bin, { recursive: true }))
  fs.writeFileSync(
    path.join(bin, 'unshare'),
    '#!/bin/sh\necho "unshare failed: Operation not permitted" >&2\nexit 1\n',
    {
      mode: 0o755,
    },
  )
  t.throws(() => requireUserNamespaces({ PATH: bin }), {
    code: 'NO_NAMESPACES',
    message: /^cannot create user namespaces: .* \(unshare failed: Operation not permitted\)$/,
  })
})

/** Runs the check as root of a new user namespace, so that an ordinary user can create a chroot. */
function inNamespace(script: string): string {
  const program = `
    const { requireUserNamespaces } = await import(${JSON.stringify(MODULE)})
    try { requireUserNamespaces(process.env); console.log('allowed') }
    catch (error) { console.log(error.message + ' / ' + error.hint) }`
  const words = ['--user', '--map-root-user', '--mount', '--net', '--pid', '--fork', '/bin/sh', '-ec', script, 'sh']
  const node = [process.execPath, '--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program]
  // chroot is not on the PATH of an ordinary user.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  const { stdout, stderr } = spawnSync('unshare', [...words, ...node], { encoding: 'utf8', env })
  return stdout + stderr
}

for (const [what, makeRoot] of [
  [
    'directory',
    `for d in /*; do
      if [ -L "$d" ]; then cp -P "$d" .; elif [ -d "$d" ]; then mkdir ".$d"; mount --rbind "$d" ".$d"; fi
    done`,
  ],
  ['mount', 'mount --rbind / .'],
] as const) {
  test(`names a chroot to a ${what} as the reason`, t => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-root-'))
    t.teardown(() => fs.rmSync(root, { recursive: true }))
    // The shell remains as process 1 outside of the chroot.
    const script = `mount -t proc proc /proc; cd "${root}"; ${makeRoot}; chroot "${root}" "$@"; exit`
    t.regex(inNamespace(script), /this root is a chroot, .* \/ enter the root .*pivot_root/)
  })
}

test('names a limit of the kernel as the reason', t => {
  const script = 'mount -t proc proc /proc; echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"'
  t.regex(inNamespace(script), /user\.max_user_namespaces is 0 .*\/ .*sysctl user\.max_user_namespaces=/)
})
