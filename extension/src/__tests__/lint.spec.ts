import { Text } from '@codemirror/state';
import { nullTranslator } from '@jupyterlab/translation';

import { diagnosticOf } from '../lint';
import { IFinding } from '../protocol';

const FINDING: IFinding = {
  code: 'NB102',
  severity: 'error',
  message: 'what',
  why: 'why',
  hint: '',
  cell: 0,
  line: 2,
  column: 4,
  end_line: 2,
  end_column: 9,
  sites: [],
  said: { message: ['what'], why: null, hint: null },
  fixes: []
};
const TRANS = nullTranslator.load('');

describe('diagnosticOf', () => {
  it('stands where the finding does, and says why', () => {
    const text = Text.of(['x = 1', 'y = rates']);
    const found = diagnosticOf(FINDING, text, TRANS);
    expect(text.sliceString(found.from, found.to)).toBe('rates');
    expect(found.message).toBe('what\nwhy');
    expect(found.source).toBe('NB102');
  });

  it('counts characters where CodeMirror counts units', () => {
    const text = Text.of(['', '😀😀😀 rates']);
    const found = diagnosticOf(FINDING, text, TRANS);
    expect(text.sliceString(found.from, found.to)).toBe('rates');
  });

  it('is the rest of the line where the end is not known', () => {
    const text = Text.of(['x', 'y = rates # more']);
    const found = diagnosticOf({ ...FINDING, end_column: 0 }, text, TRANS);
    expect(text.sliceString(found.from, found.to)).toBe('rates # more');
  });

  it('stays within a text that has become shorter', () => {
    const text = Text.of(['x']);
    const found = diagnosticOf(FINDING, text, TRANS);
    expect([found.from, found.to]).toEqual([1, 1]);
  });
});
