import { nullTranslator } from '@jupyterlab/translation';

import { IParameter } from '../protocol';
import { parametersOf } from '../schedule';
import { starter } from '../starter';
import { mark } from '../toc';

describe('mark', () => {
  const heading = (text: string, id: string) =>
    ({ text, level: 1, cellRef: { model: { id } } }) as never as {
      text: string;
      level: number;
      dataset?: Record<string, string>;
    };
  const step = (name: string, cell: string, colour = 0) => ({ name, cell, colour });

  it('puts each step to the last heading above its first cell', () => {
    const headings = [heading('Load', 'b'), heading('Rest', 'd')];
    headings[1].dataset = { 'data-running': '0' };
    const cells = ['a', 'b', 'c', 'd', 'e', 'f'];
    const steps = [
      step('early', 'a'),
      step('load', 'c', 1),
      step('x', 'e', 2),
      step('y', 'f')
    ];
    expect(mark(headings, cells, steps)).toBe(true);
    expect(headings.map(found => found.dataset)).toEqual([
      { 'data-nb2pipe-steps': 'load', 'data-nb2pipe-colour': '1' },
      { 'data-running': '0', 'data-nb2pipe-steps': 'x, y', 'data-nb2pipe-colour': '2' }
    ]);
    expect(mark(headings, cells, steps)).toBe(false);
    expect(mark(headings, cells, [])).toBe(true);
    expect(headings.map(found => found.dataset)).toEqual([{}, { 'data-running': '0' }]);
  });

  it('leaves out what is not in the notebook any longer', () => {
    const headings = [heading('Gone', 'z'), heading('Load', 'a')];
    expect(mark(headings, ['a', 'b'], [step('load', 'b'), step('gone', 'z')])).toBe(true);
    expect(headings.map(found => found.dataset?.['data-nb2pipe-steps'])).toEqual([
      undefined,
      'load'
    ]);
  });
});

describe('parametersOf', () => {
  const parameter = (name: string, type: string, value: unknown, text: string) =>
    ({ name, type, default: value, text, help: '' }) satisfies IParameter;

  it('writes values as Python: the given ones, and the defaults of the others', () => {
    const parameters = [
      parameter('month', 'str', '2026-01', "'2026-01'"),
      parameter('region', 'str', 'north', "'north'"),
      parameter('rows', 'int', 10, '10'),
      parameter('quick', 'bool', false, 'False'),
      parameter('none', '', null, 'None')
    ];
    const given = new Map([
      ['month', 'a "b"'],
      ['quick', 'true']
    ]);
    expect(parametersOf(parameters, given)).toEqual([
      { name: 'month', value: '"a \\"b\\""' },
      { name: 'region', value: "'north'" },
      { name: 'rows', value: '10' },
      { name: 'quick', value: 'True' },
      { name: 'none', value: 'None' }
    ]);
  });

  it('leaves out secrets, and what has to be executed or has several lines', () => {
    const parameters = [
      parameter('key', 'nb2pipe.Secret', '', "''"),
      parameter('where', '', 'os.getcwd()', 'os.getcwd()'),
      parameter('all', 'list', [1], '[\n1]')
    ];
    expect(parametersOf(parameters, new Map())).toEqual([]);
  });
});

describe('starter', () => {
  it('is a notebook of the kernel, each cell of code with its tag', () => {
    const kernel = { name: 'python3', display_name: 'Python 3', language: 'python' };
    const notebook = starter(kernel as never, nullTranslator.load('')) as {
      cells: { cell_type: string; metadata: { tags?: string[] } }[];
      metadata: object;
    };
    expect(notebook.metadata).toEqual({ kernelspec: kernel });
    const tags = notebook.cells
      .filter(c => c.cell_type === 'code')
      .map(c => c.metadata.tags);
    expect(tags).toEqual([['parameters'], ['step:load'], ['step:clean'], ['step:report']]);
  });
});
