import fs from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { needsUserNamespaces } from '../needs-user-namespaces.ts'
import { ordinaryUser, packInto } from '../package/user.ts'

needsUserNamespaces()

const TOP = path.resolve(import.meta.dirname, '../..')

for (const version of ['20', '22', '24']) {
  test(`the npm package runs own tests on Node ${version}, below node_modules`, async t => {
    const { home, run, own } = ordinaryUser(t)
    const directory = path.join(home, 'project')
    fs.mkdirSync(directory)
    packInto(directory, TOP)
    own(directory)
    const commands = [
      'npm init --yes',
      'npm install ./xcluster-netns-*.tgz',
      'npx xcluster-netns init',
      'node --version && npx xcluster-netns test bridge tests/first.test.ts --nvm=2 --cluster namespaces > log',
    ]
    for (const command of commands) {
      const words = `npx --yes --package node@${version} -- sh -c '${command}'`
      const { status, stdout, stderr } = await run(words, directory)
      t.is(status, 0, `${command}\n${stdout}\n${stderr}`)
      if (command.startsWith('node')) t.regex(stdout, new RegExp(`^v${version}\\.`))
    }
  })
}

test('the npm package runs own tests when it is installed globally', async t => {
  const { home, run, own } = ordinaryUser(t)
  const directory = path.join(home, 'project')
  fs.mkdirSync(directory)
  packInto(directory, TOP)
  own(directory)
  const program = '"$HOME/global/bin/xcluster-netns"'
  // Another prefix has another global configuration, but registry and certificates are those of the host.
  const options = '--prefix "$HOME/global" --globalconfig "$(npm config get globalconfig)"'
  for (const command of [
    `npm install --global ${options} ./xcluster-netns-*.tgz`,
    `${program} init`,
    `${program} test tests/first.test.ts my-ovl/greeting --cluster namespaces --stop > log`,
  ]) {
    const { status, stdout, stderr } = await run(command, directory)
    t.is(status, 0, `${command}\n${stdout}\n${stderr}`)
    if (command.includes(' test ')) t.regex(stderr, /passed: 3 tests/)
  }
  const { status, stderr } = await run(`${program} test tests/second.tset.yaml`, directory)
  t.is(status, 2)
  t.regex(stderr, /second\.tset\.yaml: cannot read it/)
})
