import { YNotebook } from '@jupyter/ydoc';

import { documentOf, makeFix, tagsOf } from '../edits';

function notebook(...cells: { source: string; tags?: string[] }[]): YNotebook {
  const model = new YNotebook();
  model.fromJSON({
    cells: cells.map(({ source, tags }, i) => ({
      id: `c${i}`,
      cell_type: 'code',
      source,
      metadata: tags ? { tags } : {},
      outputs: [],
      execution_count: null
    })),
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' }, other: 1 },
    nbformat: 4,
    nbformat_minor: 5
  });
  model.clearUndoHistory();
  return model;
}

function sources(model: YNotebook): string[] {
  return model.cells.map(cell => cell.getSource());
}

describe('makeFix', () => {
  const ids = ['c0', 'c1'];

  it('renames a tag, and Undo takes it back', () => {
    const model = notebook({ source: 'x', tags: ['a', 'stpe:load'] });
    const fix = {
      kind: 'rename-tag',
      cell: 0,
      old: 'stpe:load',
      new: 'step:load'
    } as const;
    expect(makeFix(model, ids, fix)).toBe(true);
    expect(tagsOf(model.getCell(0))).toEqual(['a', 'step:load']);
    model.undo();
    expect(tagsOf(model.getCell(0))).toEqual(['a', 'stpe:load']);
    model.redo();
    expect(tagsOf(model.getCell(0))).toEqual(['a', 'step:load']);
  });

  it('does nothing where the notebook has changed meanwhile', () => {
    const model = notebook({ source: 'x', tags: ['step:load'] });
    expect(
      makeFix(model, ids, {
        kind: 'rename-tag',
        cell: 0,
        old: 'stpe:load',
        new: 'step:load'
      })
    ).toBe(false);
    expect(makeFix(model, ['gone'], { kind: 'add-tag', cell: 0, tag: 'x' })).toBe(false);
    expect(makeFix(model, ids, { kind: 'move-cell', cell: 1, above: 0 })).toBe(false);
    expect(tagsOf(model.getCell(0))).toEqual(['step:load']);
  });

  it('finds the cell by its id, wherever it stands by now', () => {
    const model = notebook({ source: 'x' }, { source: 'y' });
    model.moveCell(1, 0);
    expect(makeFix(model, ids, { kind: 'add-tag', cell: 1, tag: 'step:a' })).toBe(true);
    expect(tagsOf(model.getCell(0))).toEqual(['step:a']);
  });

  it('moves a cell up, and Undo takes it back', () => {
    const model = notebook({ source: 'print(a)' }, { source: 'a = 1' });
    expect(makeFix(model, ids, { kind: 'move-cell', cell: 1, above: 0 })).toBe(true);
    expect(sources(model)).toEqual(['a = 1', 'print(a)']);
    model.undo();
    expect(sources(model)).toEqual(['print(a)', 'a = 1']);
  });

  it('inserts a line, and Undo takes it back', () => {
    const model = notebook({ source: 'a\nb' });
    expect(
      makeFix(model, ids, { kind: 'insert-line', cell: 0, line: 2, text: 'new' })
    ).toBe(true);
    expect(sources(model)).toEqual(['a\nnew\nb']);
    model.undo();
    expect(sources(model)).toEqual(['a\nb']);
  });
});

describe('a fix that makes a parameter', () => {
  const ids = ['c0', 'c1'];
  const edit = { cell: 1, old: 'print(open("/a/b.csv"))', new: 'print(open(b_path))' };
  const fix = {
    kind: 'make-parameter',
    cell: 1,
    name: 'b_path',
    edits: [edit],
    added: { above: 0, source: 'b_path = "/a/b.csv"' }
  } as const;

  it('writes all of it as one change, which Undo takes back', () => {
    const model = notebook({ source: 'x = 1' }, { source: edit.old });
    expect(makeFix(model, ids, { ...fix, edits: [edit] })).toBe(true);
    expect(sources(model)).toEqual(['b_path = "/a/b.csv"', 'x = 1', 'print(open(b_path))']);
    expect(tagsOf(model.getCell(0))).toEqual(['parameters']);
    model.undo();
    expect(sources(model)).toEqual(['x = 1', edit.old]);
    model.redo();
    expect(sources(model)).toEqual(['b_path = "/a/b.csv"', 'x = 1', 'print(open(b_path))']);
    expect(tagsOf(model.getCell(0))).toEqual(['parameters']);
  });

  it('writes into the cell of parameters that is there', () => {
    const model = notebook({ source: 'n = 1\nn' }, { source: edit.old });
    const edits = [
      edit,
      { cell: 0, old: 'n = 1\nn', new: 'n = 1\nb_path = "/a/b.csv"\nn' }
    ];
    expect(makeFix(model, ids, { ...fix, edits, added: null })).toBe(true);
    expect(sources(model)).toEqual([
      'n = 1\nb_path = "/a/b.csv"\nn',
      'print(open(b_path))'
    ]);
  });

  it('changes nothing where any of its cells is another by now', () => {
    const model = notebook({ source: 'x = 1' }, { source: `${edit.old} ` });
    expect(makeFix(model, ids, { ...fix, edits: [edit] })).toBe(false);
    expect(makeFix(model, ['gone', 'c1'], { ...fix, edits: [] })).toBe(false);
    expect(sources(model)).toEqual(['x = 1', `${edit.old} `]);
  });
});

describe('documentOf', () => {
  it('has what the analysis looks at, and no outputs', () => {
    const model = notebook({ source: 'x', tags: ['step:a'] }, { source: 'y' });
    expect(documentOf(model)).toMatchObject({
      cells: [
        { id: 'c0', cell_type: 'code', source: 'x', metadata: { tags: ['step:a'] } },
        { id: 'c1', source: 'y', metadata: {}, execution_count: null }
      ],
      metadata: { kernelspec: { name: 'python3' } }
    });
    expect(JSON.stringify(documentOf(model))).not.toMatch(/outputs|other/);
  });
});
