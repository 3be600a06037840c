import test from 'ava'
import { splitWords, variablesOfOptions } from '../../scripts/command-line/options.ts'
import { Failure } from '../../scripts/errors/failure.ts'

test('options of single nodes become variables, operands stay', t => {
  t.deepEqual(splitWords(['bridge', '--mem3=512', 'my-ovl', '--nets-vm=0,1', '--nets201=0,1'], [], false), {
    operands: ['bridge', 'my-ovl'],
    options: { __mem3: '512', __nets_vm: '0,1', __nets201: '0,1' },
  })
})

test('what is no option of ours is refused by name', t => {
  t.throws(() => splitWords(['--bogus=1'], [], false), { message: /--bogus/, code: 'UNKNOWN_OPTION' })
  t.throws(() => splitWords(['-x'], [], false), { message: /-x/, code: 'UNKNOWN_OPTION' })
  t.throws(() => splitWords(['--mem3'], [], false), { message: /--mem3: needs a value/, code: 'BAD_VALUE' })
})

test('options with a value become variables, flags say yes, and an empty value is none', t => {
  t.deepEqual(variablesOfOptions({ nvm: '2', cold: true }), { __nvm: '2', __cold: 'yes' })
  t.throws(() => variablesOfOptions({ nvm: '' }), { message: /--nvm: needs a value/, code: 'BAD_VALUE' })
})

test('what was probably meant is told', t => {
  const hint = (word: string) =>
    t.throws(() => splitWords([word], ['--nvm', '--no-stop'], false), { instanceOf: Failure })?.hint
  t.regex(hint('--nvmm=3') ?? '', /^did you mean --nvm\? /)
  t.regex(hint('--nostop') ?? '', /^did you mean --no-stop\? /)
  t.regex(hint('--nets-rooter=0') ?? '', /^did you mean --nets-router\? /)
  t.notRegex(hint('--something-else') ?? '', /did you mean/)
})

test('on an xcluster every long option is taken: it knows many', t => {
  t.deepEqual(splitWords(['--k8s-ver=v1'], ['--nvm'], true), { operands: [], options: { __k8s_ver: 'v1' } })
})
