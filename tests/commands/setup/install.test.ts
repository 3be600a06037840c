import test from 'ava'
import { installCommands, installPackages } from '../../../scripts/commands/setup/install.ts'

test('uses sudo unless called by root', t => {
  t.deepEqual(installCommands(['vde2'], { PATH: '' }, 0), [
    ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'update', '--quiet'],
    [
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      'install',
      '--yes',
      '--quiet',
      '--no-install-recommends',
      'vde2',
    ],
  ])
  t.is(installCommands(['vde2'], { PATH: '/nowhere' }, 1000), undefined)
})

test('prints commands before they run, and stops at the first failure', async t => {
  const lines: string[] = []
  const commands = [['true'], ['sh', '-c', 'exit 100'], ['true', 'never']]
  await t.throwsAsync(
    installPackages(commands, process.env, line => lines.push(line)),
    { code: 'INSTALL_FAILED', message: "'sh -c exit 100' failed" },
  )
  t.deepEqual(lines, ['running: true', 'running: sh -c exit 100'])
})

test('fails for a missing command', async t => {
  await t.throwsAsync(
    installPackages([['no-such-command']], process.env, () => {}),
    { code: 'INSTALL_FAILED' },
  )
})
