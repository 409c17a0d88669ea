import { YCodeCell, YNotebook } from '@jupyter/ydoc';

import { bytes, decimal, metric, moment, valueText, writeIn } from '../running/amounts';
import { openedOf } from '../running/opened';
import { givenIn, putOutputs } from '../running/outputs';
import { LONGEST, shownOf, Texts } from '../running/texts';

describe('shownOf', () => {
  it('shows what a terminal shows', () => {
    expect(shownOf('a\nb\n')).toBe('a\nb\n');
    expect(shownOf('\u001b[31mred\u001b[0m')).toBe('red');
    expect(shownOf(' 10%\r 20%\r100%\ndone')).toBe('100%\ndone');
    expect(shownOf('long line\rshort')).toBe('shortline');
    expect(shownOf('a\r\nb')).toBe('a\nb');
  });

  it('leaves script as the text that it is', () => {
    expect(shownOf('<script>1</script>')).toBe('<script>1</script>');
  });
});

describe('Texts', () => {
  it('keeps the last of what each step prints', () => {
    const texts = new Texts();
    let told = 0;
    texts.changed.connect(() => (told += 1));
    texts.add('load', 'a\n');
    texts.add('train', 'x'.repeat(LONGEST + 5) + 'end');
    texts.add('load', 'b\n');
    expect(texts.steps).toEqual(['load', 'train']);
    expect(texts.of('load')).toBe('a\nb\n');
    expect(texts.of('train')).toHaveLength(LONGEST);
    expect(texts.of('train').endsWith('xend')).toBe(true);
    expect(told).toBe(3);
    texts.clear();
    expect(texts.steps).toEqual([]);
  });
});

describe('amounts', () => {
  it('are written in the language of the page', () => {
    writeIn('it_IT');
    expect([bytes(1234), decimal(1234.5, 2), moment(0)]).toEqual([
      '1,2 kB',
      '1234,50',
      expect.stringMatching(/gen 1970/)
    ]);
    writeIn('en');
    expect(bytes(1234)).toBe('1.2 kB');
  });

  it('are short', () => {
    expect([0, 999, 1000, 1234, 9949, 9950, 123456, 999600, 5.4e9].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 kB',
      '9.9 kB',
      '10 kB',
      '123 kB',
      '1.0 MB',
      '5.4 GB'
    ]);
    expect([0.76112391, 12345678, null, undefined].map(metric)).toEqual([
      '0.761124',
      '12345700',
      '–',
      '–'
    ]);
    expect(['a', 1.5, [1], null, undefined].map(valueText)).toEqual([
      'a',
      '1.5',
      '[1]',
      'null',
      ''
    ]);
  });
});

const OUTPUT = { output_type: 'stream', name: 'stdout', text: ['one\n', 'two\n'] };
const OLD = { output_type: 'stream', name: 'stdout', text: 'old\n' };

function cell(id: string, source: string, outputs: object[] = []) {
  return {
    id,
    cell_type: 'code',
    source,
    metadata: {},
    outputs,
    execution_count: outputs.length > 0 ? 7 : null
  };
}

function notebook(...cells: object[]): YNotebook {
  const model = new YNotebook();
  model.fromJSON({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 } as never);
  model.clearUndoHistory();
  return model;
}

const copy = (...cells: object[]) => notebook(...cells).toJSON();
const textOf = (model: YNotebook, index: number) =>
  (model.getCell(index) as YCodeCell).outputs.map(output => output.text);

describe('openedOf', () => {
  it('knows the notebook of a step', () => {
    const opened = { run: '20261126-092459-3f2a', step: 'load', notebook: '/a/b.ipynb' };
    expect(openedOf({ opened })).toEqual(opened);
    expect([undefined, null, {}, { opened: { run: 1 } }, 'x'].map(openedOf)).toEqual(
      Array(5).fill(null)
    );
  });
});

describe('putOutputs', () => {
  it('puts them into the cells of the same text, and Undo takes all back at once', () => {
    const model = notebook(
      cell('a', 'x', [OLD]),
      { id: 'm', cell_type: 'markdown', source: 'x', metadata: {} },
      cell('b', 'y'),
      cell('c', '')
    );
    const executed = {
      ...copy(),
      cells: [
        cell('a', 'x', [OUTPUT]),
        cell('p', 'rate = 2', [OUTPUT]),
        cell('b', 'y', [OUTPUT])
      ]
    };
    expect(putOutputs(model, executed as never)).toEqual({ put: 2, others: 0 });
    expect(textOf(model, 0)).toEqual(['one\ntwo\n']);
    expect(textOf(model, 2)).toEqual(['one\ntwo\n']);
    expect((model.getCell(0) as YCodeCell).execution_count).toBe(7);
    model.undo();
    expect(textOf(model, 0)).toEqual(['old\n']);
    expect(textOf(model, 2)).toEqual([]);
    expect((model.getCell(2) as YCodeCell).execution_count).toBeNull();
    model.redo();
    expect(textOf(model, 2)).toEqual(['one\ntwo\n']);
  });

  it('says which parameters the copy was run with', () => {
    const executed = copy(cell('a', 'x'));
    expect(givenIn(executed)).toBe('');
    const papermill = { parameters: { rate: 3, name: 'b', list: [1] } };
    expect(givenIn({ ...executed, metadata: { papermill } } as never)).toBe(
      'rate = 3, name = b, list = [1]'
    );
  });

  it('leaves a cell that has changed since as it is', () => {
    const model = notebook(cell('a', 'x + 1', [OLD]), cell('b', 'y'));
    const executed = copy(cell('a', 'x', [OUTPUT]), cell('b', 'y', [OUTPUT]));
    expect(putOutputs(model, executed)).toEqual({ put: 1, others: 1 });
    expect(textOf(model, 0)).toEqual(['old\n']);
  });

  it('goes by the text where the copy has other ids, each cell once, in order', () => {
    const second = { ...OUTPUT, text: 'second\n' };
    const model = notebook(cell('a', 'x'), cell('b', 'x'));
    const executed = copy(cell('1', 'x', [OUTPUT]), cell('2', 'x', [second]));
    expect(putOutputs(model, executed)).toEqual({ put: 2, others: 0 });
    expect(textOf(model, 1)).toEqual(['second\n']);
    expect(putOutputs(notebook(cell('a', 'z')), executed)).toEqual({ put: 0, others: 1 });
  });
});
