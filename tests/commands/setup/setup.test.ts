import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { EXAMPLE_PACKAGES } from '../../../scripts/commands/setup/parts.ts'
import { type SetupRequest, setUp } from '../../../scripts/commands/setup/setup.ts'
import { TO_BUILD, TO_RUN, TO_RUN_NAMESPACES, TO_TEST } from '../../../scripts/host/requirements.ts'
import { DEFAULT_GUEST } from '../../../scripts/settings/guest.ts'
import { readTests } from '../../../scripts/test-files/read.ts'

const TOP = path.resolve(import.meta.dirname, '../../..')

/** A directory with stubs of the required commands, except some. */
function binWithout(t: ExecutionContext, ...lacking: string[]): string {
  const bin = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-setup-'))
  t.teardown(() => fs.rmSync(bin, { recursive: true }))
  for (const { command } of [...TO_RUN, ...TO_RUN_NAMESPACES, ...TO_BUILD, ...TO_TEST]) {
    if (!path.isAbsolute(command) && !lacking.includes(command))
      fs.writeFileSync(path.join(bin, command), '#!/bin/sh\n', { mode: 0o755 })
  }
  return bin
}

/** The output and exit status of `setup --check`. */
async function check(t: ExecutionContext, tests: boolean) {
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'netns-setup-'))
  t.teardown(() => fs.rmSync(cache, { recursive: true }))
  const lines: string[] = []
  const request: SetupRequest = {
    directories: { cache, state: cache },
    accelerator: 'auto',
    guest: DEFAULT_GUEST,
    tests,
    check: true,
    refresh: false,
    environment: { PATH: binWithout(t, 'xmllint', 'zsh') },
    onLine: line => lines.push(line),
  }
  const failure = await t.throwsAsync(setUp(request))
  return { lines, failure: failure as Error & { code: string; hint: string } }
}

test('requires the commands of tests only with --tests, and installs them by one command', async t => {
  const { failure: without } = await check(t, false)
  t.false(without.message.includes('libxml2-utils'), without.message)
  const { failure, lines } = await check(t, true)
  t.true(lines.includes('image with dnsmasq-base, openvswitch-switch: not built yet'), lines.join('\n'))
  t.is(failure.code, 'HOST_LACKS')
  t.regex(failure.message, /\blibxml2-utils zsh$/)
  t.regex(failure.hint, /^run: \.\/netns\.ts setup --tests /)
  t.true(
    lines.some(line => /^xmllint +MISSING +- +libxml2-utils +the project's own tests$/.test(line)),
    lines.join('\n'),
  )
  t.true(lines.includes('to install what is missing: ./netns.ts setup --tests'))
})

test('the image for the examples has the packages that they need', async t => {
  const ovls = ['dhcp', 'ovs'].map(name => path.join(TOP, 'examples', name, 'tests'))
  const files = ovls.flatMap(ovl => fs.readdirSync(ovl).map(name => path.join(ovl, name)))
  const tests = await Promise.all(files.filter(file => file.includes('.test.')).map(file => readTests(file)))
  const needed = tests.flat().flatMap(({ definition }) => definition.packages ?? [])
  t.deepEqual([...new Set(needed)].sort(), EXAMPLE_PACKAGES)
})

test("the gate uses the README's command for the tests", t => {
  const read = (name: string) => fs.readFileSync(path.join(TOP, name), 'utf8')
  const commands = [...read('README.md').matchAll(/^```sh\n(npm ci && .*)\n```$/gm)].map(([, command]) => command)
  t.is(commands.length, 2)
  t.true(
    read('.ci/run')
      .split('\n')
      .includes(commands[1] ?? ''),
    commands[1],
  )
})
