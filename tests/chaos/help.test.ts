import { spawnSync } from 'node:child_process'
import path from 'node:path'
import test from 'ava'

for (const name of ['chaos', 'fuzz']) {
  test(`npm run ${name} prints its help, and refuses unknown options`, t => {
    const call = (...words: string[]) =>
      spawnSync('npm', ['run', '-s', name, '--', ...words], {
        cwd: path.resolve(import.meta.dirname, '../..'),
        encoding: 'utf8',
      })
    const help = call('--help')
    t.is(help.status, 0, help.stderr)
    t.regex(help.stdout, new RegExp(`^usage: npm run ${name} -- `))
    t.not(call('--nonsense').status, 0)
  })
}
