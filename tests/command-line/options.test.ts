import test from 'ava'
import { splitWords, variablesOfOptions } from '../../scripts/command-line/options.ts'
import { Failure } from '../../scripts/errors/failure.ts'

test('converts options of single nodes to variables, and keeps operands', t => {
  t.deepEqual(splitWords(['bridge', '--mem3=512', 'my-ovl', '--nets-vm=0,1', '--nets201=0,1'], [], false), {
    operands: ['bridge', 'my-ovl'],
    options: { __mem3: '512', __nets_vm: '0,1', __nets201: '0,1' },
  })
})

test('refuses an unknown option by name', t => {
  t.throws(() => splitWords(['--bogus=1'], [], false), { message: /--bogus/, code: 'UNKNOWN_OPTION' })
  t.throws(() => splitWords(['-x'], [], false), { message: /-x/, code: 'UNKNOWN_OPTION' })
  t.throws(() => splitWords(['--mem3'], [], false), { message: /--mem3: needs a value/, code: 'BAD_VALUE' })
})

test('converts options to variables and flags to yes, and refuses an empty value', t => {
  t.deepEqual(variablesOfOptions({ nvm: '2', cold: true }), { __nvm: '2', __cold: 'yes' })
  t.throws(() => variablesOfOptions({ nvm: '' }), { message: /--nvm: needs a value/, code: 'BAD_VALUE' })
})

test('suggests similar options', t => {
  const hint = (word: string) =>
    t.throws(() => splitWords([word], ['--nvm', '--no-stop'], false), { instanceOf: Failure })?.hint
  t.regex(hint('--nvmm=3') ?? '', /^did you mean --nvm\? /)
  t.regex(hint('--nostop') ?? '', /^did you mean --no-stop\? /)
  t.regex(hint('--nets-rooter=0') ?? '', /^did you mean --nets-router\? /)
  t.notRegex(hint('--something-else') ?? '', /did you mean/)
})

test('accepts any long option for an xcluster cluster', t => {
  t.deepEqual(splitWords(['--k8s-ver=v1'], ['--nvm'], true), { operands: [], options: { __k8s_ver: 'v1' } })
})
