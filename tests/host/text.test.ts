import test from 'ava'
import { escapeXml, plainLines, plainText, safeJson } from '../../scripts/host/text.ts'

test('strips escape sequences, control characters and bidirectional controls', t => {
  t.is(plainText('a\u202eb\u2066c\u200ed\u061ce\u2028f\u2029g'), 'abcdefg')
  t.is(plainText('\u001b[31mred\u001b[0m \u001b]0;title\u0007\u009b2J'), 'red 2J')
  t.is(plainLines('a\u001b[2J\n\tb\u0007'), 'a\n\tb')
  t.is(plainText('vm-001: Grüße 漢字 👋'), 'vm-001: Grüße 漢字 👋')
})

test('escapes XML, and strips characters that it does not allow', t => {
  t.is(escapeXml('<a\u001b\u0000\ufffe"&\u202eb>'), '&lt;a&quot;&amp;b&gt;')
})

test('escapes JSON for a terminal without changing its value', t => {
  const value = { name: 'a\u009b2Jb\u202ec\u2028d\u007f\u001be\ud83d\udc4b' }
  const text = safeJson(JSON.stringify(value, undefined, 2))
  t.regex(text, /^[\n -~\u{1f44b}]+$/u)
  t.deepEqual(JSON.parse(text), value)
  t.deepEqual(
    JSON.parse(safeJson('{"name": "\u0007"}')),
    { name: '\u0007' },
    'ip -j writes control characters unescaped',
  )
})
