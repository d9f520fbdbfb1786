import { expect, test } from 'vitest';
import { escapeHtml } from './escape-html.ts';

test('text is no markup, in content and in attributes', () => {
  expect(escapeHtml('a<b title="x">&amp;')).toBe('a&lt;b title=&quot;x&quot;&gt;&amp;amp;');
  expect(escapeHtml('plain ξ')).toBe('plain ξ');
});
