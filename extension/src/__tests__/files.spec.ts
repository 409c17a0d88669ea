import { treeOf } from '../files';

describe('treeOf', () => {
  it('has folders before files, both sorted', () => {
    const tree = treeOf([
      { path: 'b.txt' },
      { path: 'src/x/a.py' },
      { path: 'src/b.py' },
      { path: 'a.txt' }
    ]);
    expect(tree.map(node => node.name)).toEqual(['src', 'a.txt', 'b.txt']);
    expect(tree[0].children?.map(node => node.path)).toEqual(['src/x', 'src/b.py']);
  });

  it('keeps a file and a folder of one name apart', () => {
    expect(treeOf([{ path: 'a' }, { path: 'a/b' }])).toHaveLength(2);
  });
});
