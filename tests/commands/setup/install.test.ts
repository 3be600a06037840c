import test from 'ava'
import { installCommands, installPackages } from '../../../scripts/commands/setup/install.ts'

test('the administrator needs no sudo; others do', t => {
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

test('commands are told before they run, and the first that fails ends it', async t => {
  const lines: string[] = []
  const commands = [['true'], ['sh', '-c', 'exit 100'], ['true', 'never']]
  await t.throwsAsync(
    installPackages(commands, process.env, line => lines.push(line)),
    { code: 'INSTALL_FAILED', message: "'sh -c exit 100' failed" },
  )
  t.deepEqual(lines, ['running: true', 'running: sh -c exit 100'])
})

test('a command that is not there is a failure as well', async t => {
  await t.throwsAsync(
    installPackages([['no-such-command']], process.env, () => {}),
    { code: 'INSTALL_FAILED' },
  )
})
